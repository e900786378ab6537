import * as jax from "@jax-js/jax";
import { fetchArray, put, specOfArray, unwrapTree, wrapTree } from "./ndarray.ts";
import type { Definition, Engine, Program, StepDefinition, StepProgram } from "./program.ts";
import { checkTree } from "./program.ts";
import { treePayload } from "./safetensors.ts";
import type { Tensor, TensorSpec } from "./tensor.ts";
import { sameSpec, showSpec } from "./tensor.ts";
import type { Leaves, Tree } from "./tree.ts";
import { flatten, unflatten } from "./tree.ts";

/** Where jax-js computes: `webgpu` only in browsers that have it; `wasm` everywhere. */
export type PortableDevice = "wasm" | "webgpu";

/**
 * The portable back end: jax-js (github.com/ekzhang/jax-js), the reference for every other.
 * In Node it runs on one thread of WebAssembly. Rejects if the device is not there.
 */
export async function portableEngine(device: PortableDevice = "wasm"): Promise<Engine> {
  const ready = await jax.init(device);
  if (!ready.includes(device)) throw new Error(`this host has no ${device}; available: ${ready.join(", ")}`);
  jax.defaultDevice(device);
  return {
    kind: "portable",
    description: `jax-js on ${device === "wasm" ? "WebAssembly" : "WebGPU"}`,
    compile: async (definition) => program(definition),
    compileStep: async (definition) => stepProgram(definition),
  };
}

function program({ name, inputs, apply }: Definition): Program {
  const paths = pathsOf(inputs);
  let outputPaths: readonly string[] = [];
  const compiled = compile(name, (arrays) => {
    const outputs = flatten(unwrapTree(apply(wrapTree(zip(paths, arrays)))));
    checkOutputs(name, outputs);
    outputPaths = outputs.map(([path]) => path);
    return outputs.map(([, array]) => array);
  });
  return {
    name,
    async run(tree) {
      checkTree(`${name}: inputs`, tree, inputs);
      // The first run traces, which is when the output paths become known.
      const outputs = compiled.run(putAll(tree));
      return read(outputPaths, outputs);
    },
    dispose: compiled.dispose,
  };
}

/** Bytes of input that may be queued before the loop waits for results: jax-js keeps what has not been computed yet. */
const QUEUE_BYTES = 4 * 1024 * 1024;
const QUEUE_STEPS = 4;

function stepProgram({ name, carry: carrySpecs, input: inputSpecs, apply }: StepDefinition): StepProgram {
  const carryPaths = pathsOf(carrySpecs);
  const inputPaths = pathsOf(inputSpecs);
  const inputBytes = treePayload(inputSpecs);
  let outputPaths: readonly string[] = [];
  const compiled = compile(name, (arrays) => {
    const carry = wrapTree(zip(carryPaths, arrays.slice(0, carryPaths.length)));
    const input = wrapTree(zip(inputPaths, arrays.slice(carryPaths.length)));
    const next = apply(carry, input);
    const nextCarry = flatten(unwrapTree(next.carry));
    const output = flatten(unwrapTree(next.output));
    checkCarry(name, carrySpecs, nextCarry);
    checkOutputs(name, output);
    outputPaths = output.map(([path]) => path);
    return [...nextCarry, ...output].map(([, array]) => array);
  });
  return {
    name,
    async run(initial, inputs, signal) {
      checkTree(`${name}: carry`, initial, carrySpecs);
      let carry = putAll(initial);
      const outputs: Tree<Tensor>[] = [];
      let pending: jax.Array[][] = [];
      let pendingBytes = 0;
      const drain = async () => {
        for (const output of pending) outputs.push(await read(outputPaths, output));
        await Promise.all(carry.map((array) => array.blockUntilReady()));
        pending = [];
        pendingBytes = 0;
      };
      try {
        for (const input of inputs) {
          signal?.throwIfAborted();
          checkTree(`${name}: input`, input, inputSpecs);
          const results = compiled.run([...carry, ...putAll(input)]);
          carry = results.slice(0, carryPaths.length);
          pending.push(results.slice(carryPaths.length));
          pendingBytes += inputBytes;
          if (pending.length >= QUEUE_STEPS || pendingBytes > QUEUE_BYTES) {
            await drain();
            await macrotask();
          }
        }
        await drain();
      } catch (error) {
        release([...carry, ...pending.flat()]);
        throw error;
      }
      return { carry: await read(carryPaths, carry), outputs };
    },
    dispose: compiled.dispose,
  };
}

/** Traces and compiles a function of arrays on its first run. A run consumes its arguments, also where it throws. */
function compile(name: string, trace: (arrays: readonly jax.Array[]) => jax.Array[]) {
  const compiled = jax.jit((...arrays: jax.Array[]) => trace(arrays));
  let disposed = false;
  return {
    run(arrays: readonly jax.Array[]): readonly jax.Array[] {
      try {
        if (disposed) throw new Error(`${name} was disposed of and cannot run`);
        return compiled(...arrays);
      } catch (error) {
        release(arrays);
        throw error;
      }
    },
    dispose(): void {
      if (!disposed) compiled.dispose();
      disposed = true;
    },
  };
}

/** Frees those arrays that nothing has consumed yet. */
function release(arrays: readonly jax.Array[]): void {
  for (const array of arrays) if (array.refCount > 0) array.dispose();
}

/** Lets timers and sockets have their turn: WebAssembly blocks the thread, and a party must send heartbeats. */
function macrotask(): Promise<void> {
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.addEventListener("message", () => {
      channel.port1.close();
      resolve();
    });
    channel.port1.start();
    channel.port2.postMessage(null);
  });
}

function putAll(tree: Tree<Tensor>): jax.Array[] {
  return flatten(tree).map(([, leaf]) => put(leaf));
}

/** Reads arrays back to the host and frees them. */
async function read(paths: readonly string[], arrays: readonly jax.Array[]): Promise<Tree<Tensor>> {
  const leaves: [string, Tensor][] = [];
  for (const [i, array] of arrays.entries()) {
    leaves.push([paths[i] as string, await fetchArray(array)]);
  }
  return unflatten(leaves);
}

function zip(paths: readonly string[], arrays: readonly jax.Array[]): Tree<jax.Array> {
  return unflatten(paths.map((path, i) => [path, arrays[i] as jax.Array] as const));
}

function pathsOf(specs: Tree<TensorSpec>): readonly string[] {
  return flatten(specs).map(([path]) => path);
}

/** Throws TypeError, naming the output, for a dtype that no host tensor has. */
function checkOutputs(name: string, outputs: Leaves<jax.Array>): void {
  for (const [path, array] of outputs) {
    try {
      specOfArray(array);
    } catch (error) {
      throw new TypeError(`${name}: output "${path}": ${error instanceof Error ? error.message : error}`);
    }
  }
}

/** Throws TypeError unless the next carry has the paths, shapes and dtypes of the one before. */
function checkCarry(name: string, specs: Tree<TensorSpec>, next: Leaves<jax.Array>): void {
  const expected = flatten(specs);
  const paths = next.map(([path]) => path);
  if (paths.length !== expected.length || expected.some(([path], i) => path !== paths[i])) {
    const wanted = expected.map(([path]) => path).join(", ");
    throw new TypeError(`${name}: a step must return the carry it was given (${wanted}), not (${paths.join(", ")})`);
  }
  for (const [i, [path, spec]] of expected.entries()) {
    const found = specOfArray((next[i] as Leaves<jax.Array>[number])[1]);
    if (!sameSpec(found, spec)) {
      throw new TypeError(`${name}: carry "${path}" comes back as ${showSpec(found)}, expected ${showSpec(spec)}`);
    }
  }
}
