import { loadProgram, webSessions } from "../../src/index.programs.ts";
import type { Tensor } from "../../src/index.ts";
import { flatten, tensor, unflatten } from "../../src/index.ts";

/** What the test hands over: everything a party in a browser would get from the coordinator. */
export interface Order {
  readonly bytes: readonly number[];
  readonly hash: string;
  readonly assets: string;
  readonly carry: readonly (readonly [path: string, shape: readonly number[], data: readonly number[]])[];
  readonly inputs: readonly (readonly (readonly [
    path: string,
    dtype: string,
    shape: readonly number[],
    data: readonly number[],
  ])[])[];
}

/** Runs the steps in this page and returns the carry as plain numbers. */
export async function train({ bytes, hash, assets, carry, inputs }: Order): Promise<Record<string, number[]>> {
  const open = await webSessions(assets);
  const loaded = await loadProgram(Uint8Array.from(bytes), { approved: new Set([hash]) }, open);
  if (loaded.kind !== "step") throw new Error("not a step");
  const start = unflatten(carry.map(([path, shape, data]) => [path, floats(shape, data)] as const));
  const steps = inputs.map((input) =>
    Object.fromEntries(
      input.map(([path, dtype, shape, data]) => [
        path,
        dtype === "int32" ? tensor("int32", shape, Int32Array.from(data)) : floats(shape, data),
      ]),
    ),
  );
  const { carry: after } = await loaded.program.run(start, steps);
  loaded.program.dispose();
  return Object.fromEntries(flatten(after).map(([path, leaf]) => [path, [...leaf.data]]));
}

function floats(shape: readonly number[], data: readonly number[]): Tensor {
  return tensor("float32", shape, Float32Array.from(data));
}

Object.assign(globalThis, { train });
