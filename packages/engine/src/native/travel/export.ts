import type { Definition, StepDefinition } from "../../program.ts";
import type { TensorSpec } from "../../tensor.ts";
import type { Leaves } from "../../tree.ts";
import { hashOf } from "../hash.ts";
import type { Peephole } from "../lower/peepholes/names.ts";
import { encodeModel } from "../onnx/encode.ts";
import { programModel, stepModel } from "../program-model.ts";
import type { Manifest, Port, Role } from "./manifest.ts";
import { MANIFEST_KEY, writeManifest } from "./manifest.ts";

/** A program as data: an ONNX file that holds its own manifest, and the hash of its bytes. */
export interface ExportedProgram {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly manifest: Manifest;
  /** SHA-256 of the bytes in hexadecimal: what a party approves. */
  readonly hash: string;
}

/**
 * The ONNX file of a program. Inputs under `parameters` are parameters, all others the batch; outputs are metrics.
 * jax-js must have been started; throws UnsupportedPrimitive where the program cannot be lowered.
 */
export async function exportProgram(definition: Definition): Promise<ExportedProgram> {
  const { model, inputs, outputs } = await programModel(definition);
  const manifest: Manifest = {
    kind: "program",
    name: definition.name,
    inputs: ports(inputs, (path) => (isParameter(path) ? "parameters" : "batch")),
    outputs: ports(outputs, () => "metrics"),
  };
  return finish({ ...model, metadata: { [MANIFEST_KEY]: writeManifest(manifest) } }, manifest);
}

/** The ONNX file of a step: of what it carries, what stands under `parameters` is parameters and the rest private state. */
export async function exportStep(
  definition: StepDefinition,
  omitted?: ReadonlySet<Peephole>,
): Promise<ExportedProgram> {
  const { model, carry, input, output } = await stepModel(definition, omitted);
  const manifest: Manifest = {
    kind: "step",
    name: definition.name,
    carry: ports(carry, (path) => (isParameter(path) ? "parameters" : "state")),
    input: ports(input, () => "batch"),
    output: ports(output, () => "metrics"),
  };
  return finish({ ...model, metadata: { [MANIFEST_KEY]: writeManifest(manifest) } }, manifest);
}

async function finish(model: Parameters<typeof encodeModel>[0], manifest: Manifest): Promise<ExportedProgram> {
  const bytes = encodeModel(model);
  return { bytes, manifest, hash: await hashOf(bytes) };
}

function isParameter(path: string): boolean {
  return path === "parameters" || path.startsWith("parameters.");
}

function ports(leaves: Leaves<TensorSpec>, roleOf: (path: string) => Role): Port[] {
  return leaves.map(([path, { dtype, shape }]) => ({ path, role: roleOf(path), dtype, shape }));
}
