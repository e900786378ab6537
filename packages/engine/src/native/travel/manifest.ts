import type { DType } from "../../tensor.ts";
import { DTYPES } from "../../tensor.ts";

/** What a tensor of a program is for; it decides what may be shared with a federation. */
export type Role =
  /** What is trained and merged: goes up and comes down. */
  | "parameters"
  /** What a party keeps between steps: optimiser state and whatever else is carried. */
  | "state"
  /** A party's own examples. Never leaves it. */
  | "batch"
  /** Numbers that a step or an evaluation reports. */
  | "metrics";

export interface Port {
  /** Path in the named tree of its kind, such as `parameters.fc1.weight`. */
  readonly path: string;
  readonly role: Role;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** What a program's bytes say about themselves: everything that is needed to run them. */
export type Manifest =
  | {
      readonly kind: "program";
      readonly name: string;
      readonly inputs: readonly Port[];
      readonly outputs: readonly Port[];
    }
  | {
      readonly kind: "step";
      readonly name: string;
      readonly carry: readonly Port[];
      readonly input: readonly Port[];
      readonly output: readonly Port[];
    };

/** Under which key of the ONNX file's metadata the manifest stands. */
export const MANIFEST_KEY = "concord.manifest";

export function writeManifest(manifest: Manifest): string {
  return JSON.stringify(manifest);
}

/** Throws TypeError, saying what is wrong, for text that is no manifest. */
export function readManifest(text: string): Manifest {
  const value: unknown = JSON.parse(text);
  const record = asRecord(value, "the manifest");
  const name = typeof record.name === "string" ? record.name : fail("the manifest's name is no text");
  if (record.kind === "program") {
    return { kind: "program", name, inputs: ports(record.inputs, "inputs"), outputs: ports(record.outputs, "outputs") };
  }
  if (record.kind !== "step") return fail(`the manifest's kind is "${String(record.kind)}", expected program or step`);
  return {
    kind: "step",
    name,
    carry: ports(record.carry, "carry"),
    input: ports(record.input, "input"),
    output: ports(record.output, "output"),
  };
}

const ROLES: readonly string[] = ["parameters", "state", "batch", "metrics"] satisfies Role[];

function ports(value: unknown, what: string): Port[] {
  if (!Array.isArray(value)) return fail(`the manifest's ${what} is no list`);
  return value.map((entry) => {
    const { path, role, dtype, shape } = asRecord(entry, `an entry of ${what}`);
    if (typeof path !== "string" || path === "") return fail(`an entry of ${what} has no path`);
    if (typeof role !== "string" || !ROLES.includes(role)) return fail(`"${path}" has the role "${String(role)}"`);
    if (!(DTYPES as readonly unknown[]).includes(dtype)) return fail(`"${path}" has the dtype "${String(dtype)}"`);
    const sizes = Array.isArray(shape) ? shape : fail(`"${path}" has no shape`);
    if (!sizes.every((size) => Number.isSafeInteger(size) && size >= 0))
      return fail(`"${path}" has an axis that is no size`);
    return { path, role: role as Role, dtype: dtype as DType, shape: sizes as number[] };
  });
}

function asRecord(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return fail(`${what} is no record`);
  return value as Record<string, unknown>;
}

function fail(message: string): never {
  throw new TypeError(message);
}
