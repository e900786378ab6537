import { portableEngine } from "../portable.ts";
import type { Definition, Engine, Program, StepDefinition, StepProgram } from "../program.ts";
import { checkTree } from "../program.ts";
import type { Tensor } from "../tensor.ts";
import { flatten, unflatten } from "../tree.ts";
import { chunkLength, stackInputs, unstack } from "./chunk.ts";
import { encodeModel } from "./onnx/encode.ts";
import { programModel, stepModel } from "./program-model.ts";
import type { SessionCache } from "./session-cache.node.ts";
import { sessionCache } from "./session-cache.node.ts";
import { UnsupportedPrimitive } from "./trace/unsupported.ts";

export interface NativeOptions {
  /** Threads inside one operator. One by default: several workers side by side use the cores better than one. */
  readonly intraOpThreads?: number;
  /** Sessions that stay open after their program was disposed, for the next one of the same shapes; 8 by default. */
  readonly idleSessions?: number;
  /** Told once for each program that cannot be lowered; `console.warn` by default. */
  readonly warn?: (message: string) => void;
  /** Throws UnsupportedPrimitive for a program that cannot be lowered, instead of running it on the portable back end. */
  readonly strict?: boolean;
}

/**
 * The native back end: a program becomes one ONNX graph, which ONNX Runtime runs on the CPU. A run blocks the thread while it
 * computes; a step program lets timers and sockets have their turn between chunks of steps.
 * Rejects where the platform has no native runtime.
 */
export async function nativeEngine(options: NativeOptions = {}): Promise<Engine> {
  const { intraOpThreads = 1, idleSessions = 8, warn = console.warn, strict = false } = options;
  const { version } = await runtime();
  // Traced constants are computed by jax-js, and it runs what cannot be lowered.
  const portable = await portableEngine();
  const sessions = sessionCache(intraOpThreads, idleSessions);
  const warned = new Set<string>();

  async function orPortable<P>(name: string, native: () => Promise<P>, fallback: () => Promise<P>): Promise<P> {
    try {
      return await native();
    } catch (error) {
      const cause = obstacle(error);
      if (cause === undefined || strict) throw error;
      const message = `${name}: ${cause} cannot be lowered, so this program runs on the portable back end`;
      if (!warned.has(message)) warn(message);
      warned.add(message);
      return fallback();
    }
  }

  return {
    kind: "native",
    description: `ONNX Runtime ${version}, ${intraOpThreads} ${intraOpThreads === 1 ? "thread" : "threads"}`,
    compile: (definition) =>
      orPortable(
        definition.name,
        () => nativeProgram(definition, sessions),
        () => portable.compile(definition),
      ),
    compileStep: (definition) =>
      orPortable(
        definition.name,
        () => nativeStep(definition, sessions),
        () => portable.compileStep(definition),
      ),
  };
}

/** Loads the runtime. Rejects where there is none for this platform. */
async function runtime(): Promise<{ version: string }> {
  const { env } = await import("onnxruntime-node");
  return { version: env.versions.node ?? env.versions.common };
}

async function nativeProgram(definition: Definition, sessions: SessionCache): Promise<Program> {
  const started = performance.now();
  const { model, outputs } = await programModel(definition);
  const lease = await sessions.acquire(encodeModel(model));
  return {
    name: definition.name,
    compileMilliseconds: performance.now() - started,
    async run(tree) {
      checkTree(`${definition.name}: inputs`, tree, definition.inputs);
      const feeds = flatten(tree).map(([path, leaf]) => [`input:${path}`, leaf] as const);
      const results = await lease.session.run(new Map(feeds));
      return unflatten(outputs.map(([path]) => [path, results.get(`output:${path}`) as Tensor] as const));
    },
    dispose: () => lease.release(),
  };
}

async function nativeStep(definition: StepDefinition, sessions: SessionCache): Promise<StepProgram> {
  const started = performance.now();
  const { name } = definition;
  const { model, work, carry: carryLeaves, input: inputLeaves, output: outputLeaves } = await stepModel(definition);
  const lease = await sessions.acquire(encodeModel(model));
  const length = chunkLength(work, inputLeaves);
  return {
    name,
    compileMilliseconds: performance.now() - started,
    async run(initial, inputs, signal) {
      checkTree(`${name}: carry`, initial, definition.carry);
      let carry = flatten(initial);
      const outputs: ReturnType<typeof unstack> = [];
      const runChunk = async (chunk: Parameters<typeof stackInputs>[1]) => {
        signal?.throwIfAborted();
        const feeds = new Map<string, Tensor>(carry.map(([path, leaf]) => [`carry:${path}`, leaf]));
        for (const [path, stack] of stackInputs(inputLeaves, chunk)) feeds.set(`input:${path}`, stack);
        const results = await lease.session.run(feeds);
        carry = carryLeaves.map(([path]) => [path, results.get(`next:${path}`) as Tensor] as const);
        const stacks = outputLeaves.map(([path]) => [path, results.get(`output:${path}`) as Tensor] as const);
        outputs.push(...unstack(stacks, chunk.length));
      };
      let chunk: (typeof initial)[] = [];
      for (const input of inputs) {
        checkTree(`${name}: input`, input, definition.input);
        chunk.push(input);
        if (chunk.length < length) continue;
        await runChunk(chunk);
        chunk = [];
      }
      if (chunk.length > 0) await runChunk(chunk);
      return { carry: unflatten(carry), outputs };
    },
    dispose: () => lease.release(),
  };
}

/** What stood in the way of the native back end, in words; undefined for errors of the program itself. */
function obstacle(error: unknown): string | undefined {
  if (error instanceof UnsupportedPrimitive) return error.primitive;
  // The runtime has kernels for some element types only, and says so when the session is opened.
  const missing = error instanceof Error ? /implementation for (?:the node )?(\S+)/.exec(error.message) : null;
  return missing ? `the operator ${missing[1]}` : undefined;
}
