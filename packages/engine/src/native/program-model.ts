import type * as jax from "@jax-js/jax";
import { unwrapTree, wrapTree } from "../ndarray.ts";
import type { Definition, StepDefinition } from "../program.ts";
import type { TensorSpec } from "../tensor.ts";
import type { Leaves, Tree } from "../tree.ts";
import { flatten, unflatten } from "../tree.ts";
import { lower } from "./lower/lower.ts";
import type { Peephole } from "./lower/peepholes/names.ts";
import type { Graph, Model, ValueInfo } from "./onnx/model.ts";
import { IR_VERSION, MICROSOFT, OPSET } from "./onnx/model.ts";
import { trace } from "./trace/trace.ts";

/** A definition as an ONNX model: inputs and outputs carry their paths in the named trees. */
export interface ProgramModel {
  readonly model: Model;
  /** Floating-point operations of one run, roughly. */
  readonly work: number;
  readonly inputs: Leaves<TensorSpec>;
  readonly outputs: Leaves<TensorSpec>;
}

/** A step as an ONNX model of a chunk of steps. */
export interface StepModel {
  readonly model: Model;
  /** Floating-point operations of one step, roughly. */
  readonly work: number;
  readonly carry: Leaves<TensorSpec>;
  readonly input: Leaves<TensorSpec>;
  readonly output: Leaves<TensorSpec>;
}

/** Throws UnsupportedPrimitive where the function cannot be lowered. */
export async function programModel(
  { name, inputs, apply }: Definition,
  omitted?: ReadonlySet<Peephole>,
): Promise<ProgramModel> {
  const given = flatten(inputs);
  let returned: readonly string[] = [];
  const equations = await trace(
    (...arrays) => {
      const outputs = flatten(unwrapTree(apply(wrapTree(treeOf(given, arrays)))));
      returned = outputs.map(([path]) => path);
      return outputs.map(([, array]) => array);
    },
    given.map(([, spec]) => spec),
  );
  const names = (kind: string, paths: readonly string[]) => paths.map((path) => `${kind}:${path}`);
  const { graph, work } = lower(
    name,
    equations,
    names(
      "input",
      given.map(([path]) => path),
    ),
    names("output", returned),
    omitted,
  );
  const outputs = equations.outputs.map(({ dtype, shape }, i) => [returned[i] ?? "", { dtype, shape }] as const);
  return { model: modelOf(graph), work, inputs: given, outputs };
}

/**
 * The step becomes the body of a Scan: a run takes the carry and a stack of inputs, and the carry stays inside the runtime
 * from one step to the next. How many steps a run makes is the length of the stack.
 */
export async function stepModel(
  { name, carry, input, apply }: StepDefinition,
  omitted?: ReadonlySet<Peephole>,
): Promise<StepModel> {
  const carried = flatten(carry);
  const given = flatten(input);
  let returned: readonly string[] = [];
  const equations = await trace(
    (...arrays) => {
      const next = apply(
        wrapTree(treeOf(carried, arrays.slice(0, carried.length))),
        wrapTree(treeOf(given, arrays.slice(carried.length))),
      );
      const nextCarry = flatten(unwrapTree(next.carry));
      const same = nextCarry.length === carried.length && nextCarry.every(([path], i) => path === carried[i]?.[0]);
      if (!same) {
        throw new TypeError(
          `${name}: a step must return the carry it was given (${carried.map(([path]) => path).join(", ")})`,
        );
      }
      const output = flatten(unwrapTree(next.output));
      returned = output.map(([path]) => path);
      return [...nextCarry, ...output].map(([, array]) => array);
    },
    [...carried, ...given].map(([, spec]) => spec),
  );
  const output = equations.outputs
    .slice(carried.length)
    .map(({ dtype, shape }, i) => [returned[i] ?? "", { dtype, shape }] as const);
  const { graph: body, work } = lower(
    name,
    equations,
    [...carried.map(([path]) => `body:carry:${path}`), ...given.map(([path]) => `body:input:${path}`)],
    [...carried.map(([path]) => `body:next:${path}`), ...output.map(([path]) => `body:output:${path}`)],
    omitted,
  );
  return { model: modelOf(scan(body, { carried, given, output })), work, carry: carried, input: given, output };
}

/** The name of the size that only a run knows. */
export const STEPS = "steps";

function scan(
  body: Graph,
  { carried, given, output }: { carried: Leaves<TensorSpec>; given: Leaves<TensorSpec>; output: Leaves<TensorSpec> },
): Graph {
  const single =
    (kind: string) =>
    ([path, { dtype, shape }]: Leaves<TensorSpec>[number]): ValueInfo => {
      return { name: `${kind}:${path}`, type: dtype, shape };
    };
  const stacked =
    (kind: string) =>
    ([path, { dtype, shape }]: Leaves<TensorSpec>[number]): ValueInfo => {
      return { name: `${kind}:${path}`, type: dtype, shape: [STEPS, ...shape] };
    };
  const inputs = [...carried.map(single("carry")), ...given.map(stacked("input"))];
  const outputs = [...carried.map(single("next")), ...output.map(stacked("output"))];
  return {
    name: body.name,
    nodes: [
      {
        op: "Scan",
        domain: "",
        name: "steps",
        inputs: inputs.map((input) => input.name),
        outputs: outputs.map((value) => value.name),
        attributes: { body: { kind: "graph", value: body }, num_scan_inputs: { kind: "int", value: given.length } },
      },
    ],
    initializers: [],
    inputs,
    outputs,
  };
}

function modelOf(graph: Graph): Model {
  return {
    irVersion: IR_VERSION,
    producerName: "concord",
    opsets: [
      { domain: "", version: OPSET },
      { domain: MICROSOFT, version: 1 },
    ],
    graph,
    metadata: {},
  };
}

function treeOf(leaves: Leaves<TensorSpec>, arrays: readonly jax.Array[]): Tree<jax.Array> {
  return unflatten(leaves.map(([path], i) => [path, arrays[i] as jax.Array] as const));
}
