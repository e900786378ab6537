import type { Program, StepProgram } from "../../program.ts";
import type { TensorSpec } from "../../tensor.ts";
import type { Leaves } from "../../tree.ts";
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
 * Opens a program from its bytes alone. Throws RefusedProgram for one that is not approved or breaks a rule, and
 * MalformedModel for bytes that are no program.
 */
export async function loadProgram(bytes: Uint8Array, policy: ProgramPolicy, open: OpenSession): Promise<LoadedProgram> {
  const limits = { ...LIMITS, ...policy.limits };
  if (bytes.length > limits.bytes) throw new RefusedProgram(`${bytes.length} bytes are more than ${limits.bytes}`);
  // One copy is hashed, read and run: nobody can change the bytes in between.
  const own = new Uint8Array(bytes);
  const hash = await hashOf(own);
  if (!policy.approved.has(hash)) throw new RefusedProgram(`nobody has approved the program ${hash}`);
  const manifest = checkedProgram(own, limits);
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
    return { kind: "program", manifest, program: runnableProgram(manifest.name, model, lease) };
  }
  const { work, name } = manifest;
  const model = { work, carry: leaves(manifest.carry), input: leaves(manifest.input), output: leaves(manifest.output) };
  return { kind: "step", manifest, program: withDeadline(runnableStep(name, model, lease), limits.milliseconds) };
}

/** The same program, whose runs end with a TimeoutError when they take too long. */
function withDeadline(program: StepProgram, milliseconds: number): StepProgram {
  return {
    ...program,
    run(carry, inputs, signal) {
      const deadline = AbortSignal.timeout(milliseconds);
      return program.run(carry, inputs, signal === undefined ? deadline : AbortSignal.any([signal, deadline]));
    },
  };
}

/** Checks a program without running it, and returns what it says about itself. Throws as {@link loadProgram} does. */
export function checkedProgram(bytes: Uint8Array, limits: Limits = LIMITS): Manifest {
  const model = decodeModel(bytes);
  const text = model.metadata[MANIFEST_KEY];
  if (text === undefined) throw new RefusedProgram("the program has no manifest");
  let manifest: Manifest;
  try {
    manifest = readManifest(text);
  } catch (error) {
    throw new RefusedProgram(error instanceof Error ? error.message : String(error));
  }
  checkModel(model, manifest, limits);
  return manifest;
}

function leaves(ports: readonly Port[]): Leaves<TensorSpec> {
  return ports.map(({ path, dtype, shape }) => [path, { dtype, shape }] as const);
}
