import { describe, expect, it } from "vitest";
import type { Tensor } from "../../tensor.ts";
import { float32, int32, sizeOf, tensor } from "../../tensor.ts";
import { openSession } from "../session.node.ts";
import { costOf } from "./cost.ts";
import { encodeModel } from "./encode.ts";
import type { Attribute, Attributes, Constant, Graph } from "./model.ts";
import { IR_VERSION, MICROSOFT, OPSET } from "./model.ts";
import { inferShapes, ShapeError } from "./shapes.ts";

// Shapes worked out ahead against those that the runtime's own kernels give.

const zeros = (...shape: number[]) => float32(shape, new Float32Array(sizeOf(shape)));
const int = (value: number): Attribute => ({ kind: "int", value });
const ints = (...value: number[]): Attribute => ({ kind: "ints", value });
const text = (value: string): Attribute => ({ kind: "string", value });

/** An input of a node: a tensor, a list that is a constant, or nothing. */
type Given = Tensor | readonly number[] | undefined;

interface Case {
  readonly op: string;
  readonly given: readonly Given[];
  readonly attributes?: Attributes;
  readonly domain?: string;
}

const CASES: readonly Case[] = [
  { op: "Add", given: [zeros(2, 1, 3), zeros(4, 1)] },
  { op: "Less", given: [zeros(3), zeros()] },
  { op: "Max", given: [zeros(3, 1), zeros(2)] },
  { op: "Where", given: [tensor("bool", [2, 1], Uint8Array.of(1, 0)), zeros(3), zeros()] },
  { op: "Cast", given: [zeros(2, 3)], attributes: { to: int(6) } },
  { op: "Softmax", given: [zeros(2, 3)], attributes: { axis: int(1) } },
  { op: "ReduceSum", given: [zeros(2, 3, 4), [0, -1]], attributes: { keepdims: int(0) } },
  { op: "ReduceMax", given: [zeros(2, 3, 4), [1]] },
  { op: "ReduceSum", given: [zeros(2, 3)], attributes: { keepdims: int(0) } },
  { op: "MatMul", given: [zeros(2, 1, 3, 4), zeros(5, 4, 6)] },
  { op: "MatMul", given: [zeros(3, 4), zeros(4, 2)] },
  {
    op: "FusedMatMul",
    domain: MICROSOFT,
    given: [zeros(2, 4, 3), zeros(2, 5, 4)],
    attributes: { transA: int(1), transB: int(1) },
  },
  { op: "Gemm", given: [zeros(4, 3), zeros(4, 2), zeros(2)], attributes: { transA: int(1) } },
  {
    op: "Conv",
    given: [zeros(2, 3, 9, 8), zeros(5, 3, 3, 2)],
    attributes: { pads: ints(1, 0, 2, 1), strides: ints(2, 3), dilations: ints(2, 1) },
  },
  {
    op: "Conv",
    given: [zeros(1, 4, 5, 5), zeros(6, 2, 3, 3)],
    attributes: { group: int(2), kernel_shape: ints(3, 3) },
  },
  {
    op: "ConvTranspose",
    given: [zeros(2, 3, 4, 5), zeros(3, 6, 3, 2)],
    attributes: { pads: ints(1, 0, 2, 1), strides: ints(2, 3), dilations: ints(2, 1) },
  },
  { op: "ConvTranspose", given: [zeros(1, 4, 5, 5), zeros(4, 2, 3, 3)], attributes: { group: int(2) } },
  { op: "MaxPool", given: [zeros(1, 2, 7, 5)], attributes: { kernel_shape: ints(3, 2), strides: ints(2, 2) } },
  { op: "AveragePool", given: [zeros(1, 2, 6, 6)], attributes: { kernel_shape: ints(2, 2), strides: ints(2, 2) } },
  { op: "Concat", given: [zeros(2, 3), zeros(2, 5)], attributes: { axis: int(-1) } },
  { op: "Expand", given: [zeros(2, 1, 3), [4, 1]] },
  { op: "Gather", given: [zeros(5, 3), int32([2, 4], Array(8).fill(1))], attributes: { axis: int(1) } },
  { op: "Pad", given: [zeros(2, 3), [1, 0, 2, 4]] },
  { op: "Pad", given: [zeros(4, 3), [-1, 0, -2, 1]] },
  { op: "Reshape", given: [zeros(2, 6), [3, 4]] },
  { op: "Transpose", given: [zeros(2, 3, 4)], attributes: { perm: ints(2, 0, 1) } },
  { op: "Transpose", given: [zeros(2, 3)] },
  {
    op: "Resize",
    given: [zeros(1, 2, 3, 4), undefined, undefined, [1, 2, 6, 8]],
    attributes: {
      mode: text("nearest"),
      nearest_mode: text("floor"),
      coordinate_transformation_mode: text("asymmetric"),
    },
  },
  ...[
    [[1], [3], [0], [1]],
    [[0], [100], [1], [2]],
    [[-3], [-1], [0], [1]],
    [[-1], [-(2 ** 31)], [0], [-1]],
    [[3], [0], [0], [-2]],
    [[4], [2], [0], [1]],
    [
      [-1, 0],
      [-(2 ** 31), 5],
      [0, 1],
      [-1, 3],
    ],
    [[2], [-100], [-2], [-1]],
  ].map((bounds) => ({ op: "Slice", given: [zeros(5, 4), ...bounds] })),
];

describe("the shape of", () => {
  it.each(CASES.map((one) => [one.op, one] as const))("%s is the one that its kernel gives", async (_, one) => {
    const { graph, tensors } = graphOf(one);
    const inferred = inferShapes({ ...graph, outputs: [] }).get("out");
    const rank = inferred?.dims.length ?? 0;
    // What the output's axes are is left open for the runtime.
    const shape = Array.from({ length: rank }, (_, i) => `axis${i}`);
    const open = { ...graph, outputs: [{ name: "out", type: inferred?.type ?? "float32", shape }] };
    const opsets = [
      { domain: "", version: OPSET },
      { domain: MICROSOFT, version: 1 },
    ];
    const model = { irVersion: IR_VERSION, producerName: "test", opsets, graph: open, metadata: {} };
    const session = await openSession(encodeModel(model), 1);
    const result = (await session.run(new Map(tensors))).get("out");
    await session.release();
    expect({ type: result?.dtype, dims: result?.shape }).toEqual(inferred);
  });
});

describe("refused are", () => {
  it.each<[string, Case, string]>([
    ["shapes that do not fit", { op: "Add", given: [zeros(2), zeros(3)] }, "[2], [3]"],
    [
      "a product of what does not fit",
      { op: "MatMul", given: [zeros(2, 3), zeros(4, 2)] },
      "multiplies [2,3] and [4,2]",
    ],
    ["another number of elements", { op: "Reshape", given: [zeros(2, 3), [4, 2]] }, "makes [4,2] of [2,3]"],
    ["a size that only a run would know", { op: "Reshape", given: [zeros(2, 3), [-1]] }, "must name every size"],
    [
      "a window larger than the image",
      { op: "MaxPool", given: [zeros(1, 1, 2, 2)], attributes: { kernel_shape: ints(9, 9) } },
      "would give the shape",
    ],
    ["a walk that stands still", { op: "Slice", given: [zeros(3), [0], [3], [0], [0]] }, "step of 0"],
    [
      "a stride of nothing",
      { op: "Conv", given: [zeros(1, 1, 4, 4), zeros(1, 1, 1, 1)], attributes: { strides: ints(0, 1) } },
      "strides [0,1]",
    ],
    ["an operator without a rule", { op: "Loop", given: [zeros(1)] }, "no known shape"],
  ])("%s", (_, one, message) => {
    expect(() => inferShapes({ ...graphOf(one).graph, outputs: [] })).toThrow(ShapeError);
    expect(() => inferShapes({ ...graphOf(one).graph, outputs: [] })).toThrow(message);
  });

  it("an output that is not what the file says", () => {
    const { graph } = graphOf({ op: "Neg", given: [zeros(4)] });
    const wrong = { ...graph, outputs: [{ name: "out", type: "float32", shape: [2] } as const] };
    expect(() => inferShapes(wrong)).toThrow('the output "out" is float32[4], not float32[2] as the file says');
  });
});

it("a pass costs what is alive at once, and the operations of its products", () => {
  // x [10, 20] → a = x·w [10, 30] → b = −a → c = −b: w, x, and the last two at once; three are never there together.
  const chain = (op: string, from: readonly string[], to: string) => {
    return { op, domain: "", name: to, inputs: from, outputs: [to], attributes: {} };
  };
  const graph: Graph = {
    name: "chain",
    nodes: [chain("MatMul", ["x", "w"], "a"), chain("Neg", ["a"], "b"), chain("Neg", ["b"], "c")],
    initializers: [{ name: "w", type: "float32", dims: [20, 30], bytes: new Uint8Array(2400) }],
    inputs: [{ name: "x", type: "float32", shape: [10, 20] }],
    outputs: [{ name: "c", type: "float32", shape: [10, 30] }],
  };
  expect(costOf(graph)).toEqual({
    work: 2 * 10 * 20 * 30 + 2 * (4 * 300),
    memory: 4 * (10 * 20 + 20 * 30 + 2 * 300),
    largest: { name: "w", dims: [20, 30] },
  });
});

function graphOf({ op, given, attributes = {}, domain = "" }: Case) {
  const names = given.map((value, i) => (value === undefined ? "" : `in${i}`));
  const tensors = given.flatMap((value, i) => (value && "dtype" in value ? [[`in${i}`, value] as const] : []));
  const initializers = given.flatMap((value, i): Constant[] => {
    if (value === undefined || "dtype" in value) return [];
    const bytes = new Uint8Array(BigInt64Array.from(value.map(BigInt)).buffer);
    return [{ name: `in${i}`, type: "int64", dims: [value.length], bytes }];
  });
  const graph: Graph = {
    name: op,
    nodes: [{ op, domain, name: op, inputs: names, outputs: ["out"], attributes }],
    initializers,
    inputs: tensors.map(([name, { dtype, shape }]) => ({ name, type: dtype, shape })),
    outputs: [],
  };
  return { graph, tensors };
}
