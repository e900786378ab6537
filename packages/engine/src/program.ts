import type { ArrayTree } from "./ndarray.ts";
import type { Tensor, TensorSpec } from "./tensor.ts";
import { sameSpec, showSpec } from "./tensor.ts";
import type { Tree } from "./tree.ts";
import { flatten } from "./tree.ts";

/** A pure function over named arrays of fixed shapes: what an engine compiles. */
export interface Definition {
  /** Names the program in messages and logs. */
  readonly name: string;
  readonly inputs: Tree<TensorSpec>;
  readonly apply: (inputs: ArrayTree) => ArrayTree;
}

/**
 * One step of a loop: a pure function (carry, input) → (carry, output), as `lax.scan` has it.
 * The carry (parameters, optimiser state) stays on the engine's side from one step to the next.
 */
export interface StepDefinition {
  readonly name: string;
  readonly carry: Tree<TensorSpec>;
  readonly input: Tree<TensorSpec>;
  readonly apply: (carry: ArrayTree, input: ArrayTree) => { readonly carry: ArrayTree; readonly output: ArrayTree };
}

/** A compiled function. */
export interface Program {
  readonly name: string;
  /** What tracing, lowering and opening it took, where the back end compiles ahead of the first run. */
  readonly compileMilliseconds?: number;
  /** Throws TypeError, naming path and specs, if the inputs do not fit the definition. */
  run(inputs: Tree<Tensor>): Promise<Tree<Tensor>>;
  /** Frees what the program holds; it cannot run afterwards. */
  dispose(): void;
}

/** A compiled step. */
export interface StepProgram {
  readonly name: string;
  readonly compileMilliseconds?: number;
  /**
   * Runs one step for each input and returns the last carry with the output of every step.
   * Rejects with the signal's reason when it is aborted between two steps, and with TypeError for inputs that do not fit.
   */
  run(
    carry: Tree<Tensor>,
    inputs: Iterable<Tree<Tensor>>,
    signal?: AbortSignal,
  ): Promise<{ readonly carry: Tree<Tensor>; readonly outputs: readonly Tree<Tensor>[] }>;
  dispose(): void;
}

/** Compiles programs and runs them. Back ends agree to float32 rounding; one back end repeats itself to the bit. */
export interface Engine {
  /** `portable` runs everywhere (jax-js); `native` is ONNX Runtime in Node, `web` the same in WebAssembly. */
  readonly kind: "portable" | "native" | "web";
  /** For logs and `concord doctor`, such as "jax-js 0.1 on WebAssembly". */
  readonly description: string;
  compile(definition: Definition): Promise<Program>;
  compileStep(definition: StepDefinition): Promise<StepProgram>;
}

/** Throws TypeError unless the tree has exactly the paths, shapes and dtypes of the specs. */
export function checkTree(what: string, tree: Tree<Tensor>, specs: Tree<TensorSpec>): void {
  const expected = new Map(flatten(specs));
  const leaves = flatten(tree);
  for (const [path, leaf] of leaves) {
    const spec = expected.get(path);
    if (spec === undefined) throw new TypeError(`${what}: no tensor "${path}" is expected`);
    if (!sameSpec(leaf, spec)) {
      throw new TypeError(`${what}: "${path}" is ${showSpec(leaf)}, expected ${showSpec(spec)}`);
    }
  }
  if (leaves.length !== expected.size) {
    const present = new Set(leaves.map(([path]) => path));
    const missing = [...expected.keys()].find((path) => !present.has(path));
    throw new TypeError(`${what}: tensor "${missing}" is missing`);
  }
}
