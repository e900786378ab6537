import type { Program, StepProgram } from "../../program.ts";
import type { Tensor, TensorSpec } from "../../tensor.ts";
import type { Leaves, Tree } from "../../tree.ts";
import { hashOf } from "../hash.ts";
import { decodeModel } from "../onnx/decode.ts";
import { encodeModel } from "../onnx/encode.ts";
import { runnableProgram, runnableStep } from "../runnable.ts";
import type { OpenSession } from "../session.ts";
import type { Limits } from "./check.ts";
import { checkModel, LIMITS, RefusedProgram } from "./check.ts";
import type { Manifest, Port } from "./manifest.ts";
import { MANIFEST_KEY, readManifest } from "./manifest.ts";

/** Under which conditions a party runs a program that somebody else sent. */
export interface ProgramPolicy {
  /** Hashes that the party's own code derives for built-in tasks, or that its owner has approved. */
  readonly approved: ReadonlySet<string>;
  readonly limits?: Partial<Limits>;
}

export type LoadedProgram =
  | { readonly kind: "program"; readonly manifest: Manifest; readonly program: Program }
  | { readonly kind: "step"; readonly manifest: Manifest; readonly program: StepProgram };

/**
 * Opens a program from its bytes alone. Which `open` decides what a program can do to its host: in a process of its own
 * (`isolatedSession` in Node) a run is stopped at its deadline whatever it does, and a crash takes nobody along. Throws RefusedProgram for one that is not approved or breaks a rule, and
 * MalformedModel for bytes that are no program.
 */
export async function loadProgram(bytes: Uint8Array, policy: ProgramPolicy, open: OpenSession): Promise<LoadedProgram> {
  const limits = { ...LIMITS, ...policy.limits };
  if (bytes.length > limits.bytes) throw new RefusedProgram(`${bytes.length} bytes are more than ${limits.bytes}`);
  // One copy is hashed, read and run: nobody can change the bytes in between.
  const own = new Uint8Array(bytes);
  const hash = await hashOf(own);
  if (!policy.approved.has(hash)) throw new RefusedProgram(`nobody has approved the program ${hash}`);
  const { manifest, work } = checkedProgram(own, limits);
  // What runs is what was understood, written again, not bytes that another reader might understand differently.
  const session = await open(encodeModel(decodeModel(own)));
  let held = true;
  const release = () => {
    if (held) session.release().catch(() => undefined);
    held = false;
  };
  const lease = { session, release };
  if (manifest.kind === "program") {
    const model = { inputs: leaves(manifest.inputs), outputs: leaves(manifest.outputs) };
    const program = runnableProgram(manifest.name, model, lease);
    const run = (inputs: Tree<Tensor>) => program.run(inputs, deadline(limits));
    return { kind: "program", manifest, program: { ...program, run } };
  }
  const { name, carry, input, output } = manifest;
  const model = { work, carry: leaves(carry), input: leaves(input), output: leaves(output) };
  const program = runnableStep(name, model, lease);
  const run: StepProgram["run"] = (start, inputs, signal) => program.run(start, inputs, deadline(limits, signal));
  return { kind: "step", manifest, program: { ...program, run } };
}

/** Aborts when a run has taken too long, with a TimeoutError, or when the caller aborts. */
function deadline({ milliseconds }: Limits, signal?: AbortSignal): AbortSignal {
  const late = AbortSignal.timeout(milliseconds);
  return signal === undefined ? late : AbortSignal.any([signal, late]);
}

/** What a program says about itself, and what was found out about it. */
export interface CheckedProgram {
  readonly manifest: Manifest;
  /** Floating-point operations of one step or run, roughly, counted from the graph. */
  readonly work: number;
}

/** Checks a program without running it. Throws as {@link loadProgram} does. */
export function checkedProgram(bytes: Uint8Array, given: Partial<Limits> = {}): CheckedProgram {
  const limits = { ...LIMITS, ...given };
  const model = decodeModel(bytes);
  const text = model.metadata[MANIFEST_KEY];
  if (text === undefined) throw new RefusedProgram("the program has no manifest");
  let manifest: Manifest;
  try {
    manifest = readManifest(text);
  } catch (error) {
    throw new RefusedProgram(error instanceof Error ? error.message : String(error));
  }
  return { manifest, ...checkModel(model, manifest, limits) };
}

function leaves(ports: readonly Port[]): Leaves<TensorSpec> {
  return ports.map(({ path, dtype, shape }) => [path, { dtype, shape }] as const);
}
