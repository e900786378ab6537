import type { Definition, Engine, Program, StepDefinition, StepProgram } from "../program.ts";
import type { Peephole } from "./lower/peepholes/names.ts";
import { encodeModel } from "./onnx/encode.ts";
import { programModel, stepModel } from "./program-model.ts";
import { runnableProgram, runnableStep } from "./runnable.ts";
import type { Session } from "./session.ts";
import type { SessionCache } from "./session-cache.ts";
import { sessionCache } from "./session-cache.ts";
import { UnsupportedPrimitive } from "./trace/unsupported.ts";

export interface OnnxEngineOptions {
  readonly kind: Engine["kind"];
  readonly description: string;
  /** Opens a model of so many floating-point operations a step. */
  readonly open: (bytes: Uint8Array, work: number) => Promise<Session>;
  /** Milliseconds since any instant, to say how long compiling took. */
  readonly now: () => number;
  /** Runs what cannot be lowered. */
  readonly portable: Engine;
  /** Sessions that stay open after their program was disposed, for the next one of the same shapes; 8 by default. */
  readonly idleSessions?: number | undefined;
  /** Told once for each program that cannot be lowered; `console.warn` by default. */
  readonly warn?: ((message: string) => void) | undefined;
  /** Throws UnsupportedPrimitive for a program that cannot be lowered, instead of running it on the portable back end. */
  readonly strict?: boolean | undefined;
  /** Peepholes that are left out, to see what they gain. */
  readonly omitted?: ReadonlySet<Peephole> | undefined;
}

/** An engine that lowers programs to ONNX graphs and runs them on a runtime of the host. */
export function onnxEngine(options: OnnxEngineOptions): Engine {
  const {
    kind,
    description,
    open,
    now,
    portable,
    idleSessions = 8,
    warn = console.warn,
    strict = false,
    omitted,
  } = options;
  const sessions = sessionCache(open, idleSessions);
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
    kind,
    description,
    compile: (definition) =>
      orPortable(
        definition.name,
        () => timed(now, (took) => lowered(definition, sessions, took, omitted)),
        () => portable.compile(definition),
      ),
    compileStep: (definition) =>
      orPortable(
        definition.name,
        () => timed(now, (took) => loweredStep(definition, sessions, took, omitted)),
        () => portable.compileStep(definition),
      ),
  };
}

/** Hands over what tells how many milliseconds have passed by then. */
function timed<T>(now: () => number, work: (took: () => number) => T): T {
  const started = now();
  return work(() => now() - started);
}

async function lowered(
  definition: Definition,
  sessions: SessionCache,
  took: () => number,
  omitted?: ReadonlySet<Peephole>,
): Promise<Program> {
  const model = await programModel(definition, omitted);
  const lease = await sessions.acquire(encodeModel(model.model), model.work);
  return runnableProgram(definition.name, model, lease, took());
}

async function loweredStep(
  definition: StepDefinition,
  sessions: SessionCache,
  took: () => number,
  omitted?: ReadonlySet<Peephole>,
): Promise<StepProgram> {
  const model = await stepModel(definition, omitted);
  const lease = await sessions.acquire(encodeModel(model.model), model.work);
  return runnableStep(definition.name, model, lease, took());
}

/** What stood in the way of the native back end, in words; undefined for errors of the program itself. */
function obstacle(error: unknown): string | undefined {
  if (error instanceof UnsupportedPrimitive) return error.primitive;
  // The runtime has kernels for some element types only, and says so when the session is opened.
  const missing = error instanceof Error ? /implementation for (?:the node )?(\S+)/.exec(error.message) : null;
  return missing ? `the operator ${missing[1]}` : undefined;
}
