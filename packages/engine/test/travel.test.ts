import { beforeAll, describe, expect, it } from "vitest";
import { openSession } from "../src/index.node.ts";
import {
  checkedProgram,
  exportProgram,
  exportStep,
  loadProgram,
  MalformedModel,
  RefusedProgram,
} from "../src/index.programs.ts";
import type { ArrayTree, NDArray, StepDefinition, Tensor } from "../src/index.ts";
import { float32, matmul, mean, portableEngine, square, valueAndGrad } from "../src/index.ts";
import { hashOf } from "../src/native/hash.ts";
import { decodeModel } from "../src/native/onnx/decode.ts";
import { encodeModel } from "../src/native/onnx/encode.ts";
import type { Graph, Model, Node } from "../src/native/onnx/model.ts";
import { MessageWriter } from "../src/native/onnx/wire.ts";

// Programs as data, and what a party refuses to run.

const open = (bytes: Uint8Array) => openSession(bytes, 1);
const X = float32([2, 3], [1, 2, 3, 4, 5, 6]);
const CARRY = { parameters: { w: float32([3, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1]) } };

beforeAll(async () => {
  await portableEngine();
});

/** One step of gradient descent on mean (x w)². */
function descent(change: (next: NDArray, x: NDArray) => NDArray = (next) => next): StepDefinition {
  return {
    name: "descent",
    carry: { parameters: { w: { dtype: "float32", shape: [3, 3] } } },
    input: { x: { dtype: "float32", shape: [2, 3] } },
    apply(carry, input) {
      const x = input.x as NDArray;
      const objective = (p: ArrayTree) => ({ loss: mean(square(matmul(x, p.w as NDArray))), aux: {} });
      const { w } = carry.parameters as ArrayTree;
      const { loss, gradient } = valueAndGrad(objective)({ w } as ArrayTree);
      return {
        carry: { parameters: { w: change((w as NDArray).sub((gradient.w as NDArray).mul(0.01)), x) } },
        output: { loss },
      };
    },
  };
}

describe("a program that travels", () => {
  it("runs from its bytes alone as it does at home", async () => {
    const { bytes, hash, manifest } = await exportStep(descent());
    expect(manifest).toMatchObject({
      kind: "step",
      carry: [{ path: "parameters.w", role: "parameters", shape: [3, 3] }],
      input: [{ path: "x", role: "batch" }],
      output: [{ path: "loss", role: "metrics", shape: [] }],
    });
    const loaded = await loadProgram(bytes, { approved: new Set([hash]) }, open);
    if (loaded.kind !== "step") throw new Error("not a step");
    const home = await (await portableEngine()).compileStep(descent());
    const [away, here] = [
      await loaded.program.run(CARRY, [{ x: X }, { x: X }]),
      await home.run(CARRY, [{ x: X }, { x: X }]),
    ];
    for (const [i, value] of numbers(here.carry.parameters).entries()) {
      expect(numbers(away.carry.parameters)[i]).toBeCloseTo(value, 5);
    }
    expect(away.outputs).toHaveLength(2);
    loaded.program.dispose();
  });

  it("has the same hash whenever it is derived", async () => {
    expect((await exportStep(descent())).hash).toBe((await exportStep(descent())).hash);
  });

  it("is understood and written again to the byte", async () => {
    const { bytes } = await exportStep(descent());
    expect(encodeModel(decodeModel(bytes))).toEqual(bytes);
  });

  it("can be an evaluation", async () => {
    const { bytes, hash } = await exportProgram({
      name: "evaluation",
      inputs: { parameters: { w: { dtype: "float32", shape: [3, 3] } }, x: { dtype: "float32", shape: [2, 3] } },
      apply: ({ parameters, x }) => ({
        loss: mean(square(matmul(x as NDArray, (parameters as ArrayTree).w as NDArray))),
      }),
    });
    const loaded = await loadProgram(bytes, { approved: new Set([hash]) }, open);
    if (loaded.kind !== "program") throw new Error("not a program");
    const { loss } = await loaded.program.run({ ...CARRY, x: X });
    expect((loss as Tensor).data[0]).toBeCloseTo(91 / 6, 4);
  });
});

describe("a party refuses", () => {
  it("a program that nobody approved", async () => {
    const { bytes } = await exportStep(descent());
    await expect(loadProgram(bytes, { approved: new Set() }, open)).rejects.toThrow(/nobody has approved/);
  });

  it("a program that returns the batch as a parameter", async () => {
    const thief: StepDefinition = {
      name: "thief",
      carry: { parameters: { w: { dtype: "float32", shape: [3, 2] } } },
      input: { x: { dtype: "float32", shape: [2, 3] } },
      apply: (_, input) => ({
        carry: { parameters: { w: (input.x as NDArray).reshape([3, 2]) } },
        output: { loss: mean(input.x as NDArray) },
      }),
    };
    const { bytes, hash } = await exportStep(thief);
    await expect(loadProgram(bytes, { approved: new Set() }, open)).rejects.toThrow(RefusedProgram);
    // Even where somebody was talked into approving it.
    await expect(loadProgram(bytes, { approved: new Set([hash]) }, open)).rejects.toThrow(/hands on the batch/);
  });

  it("a program that names a local file", async () => {
    // TensorProto with external_data { location: "/etc/passwd" } and data_location EXTERNAL.
    const location = new MessageWriter().text(1, "location").text(2, "/etc/passwd");
    const stolen = new MessageWriter().ints(1, [4]).int(2, 1).text(8, "file").message(13, location).int(14, 1);
    const { bytes } = await exportStep(descent());
    const graph = new MessageWriter().text(2, "g").message(5, stolen);
    const bad = concat(bytes.slice(0, 2), new MessageWriter().text(2, "concord").message(7, graph).finish());
    const approved = new Set([await hashOf(bad)]);
    await expect(loadProgram(bad, { approved }, open)).rejects.toThrow(/external data/);
  });

  it.each<[string, (node: Node) => Node, RegExp]>([
    ["an operator outside the list", (node) => ({ ...node, op: "RandomNormal" }), /RandomNormal is not allowed/],
    ["an operator of its own domain", (node) => ({ ...node, domain: "evil" }), /evil\.\w+ is not allowed/],
    [
      "a loop inside",
      (node) => ({ ...node, op: "Loop", attributes: { body: { kind: "graph", value: EMPTY } } }),
      /not allowed/,
    ],
    [
      "an attribute that it does not know",
      (node) => ({ ...node, attributes: { x: { kind: "int", value: 1 } } }),
      /no attribute/,
    ],
  ])("%s", async (_, change, message) => {
    const { bytes } = await exportStep(descent());
    const bad = changed(bytes, (body) => ({
      ...body,
      nodes: body.nodes.map((node, i) => (i === 1 ? change(node) : node)),
    }));
    expect(() => checkedProgram(bad)).toThrow(message);
  });

  it("a shape beyond the limit", async () => {
    const { bytes } = await exportStep(descent());
    expect(() =>
      checkedProgram(bytes, { bytes: 1e9, nodes: 1000, elements: 5, work: 1e12, milliseconds: 1000 }),
    ).toThrow(/larger than 5/);
    await expect(loadProgram(bytes, { approved: new Set(), limits: { bytes: 10 } }, open)).rejects.toThrow(
      /more than 10/,
    );
  });

  it("to compute for ever", async () => {
    const { bytes, hash } = await exportStep(descent());
    const loaded = await loadProgram(bytes, { approved: new Set([hash]), limits: { milliseconds: 20 } }, open);
    if (loaded.kind !== "step") throw new Error("not a step");
    const endless = function* () {
      for (;;) yield { x: X };
    };
    await expect(loaded.program.run(CARRY, endless())).rejects.toThrow(/timeout/i);
    loaded.program.dispose();
  });

  it("ports that the manifest does not name", async () => {
    const { bytes } = await exportStep(descent());
    const model = decodeModel(bytes);
    const graph = { ...model.graph, outputs: model.graph.outputs.toReversed() };
    expect(() => checkedProgram(encodeModel({ ...model, graph }))).toThrow(/not those of the manifest/);
  });

  it("bytes that are cut off or are something else", async () => {
    const { bytes } = await exportStep(descent());
    for (const bad of [bytes.slice(0, 100), new Uint8Array([1, 2, 3]), new TextEncoder().encode("not a program")]) {
      expect(() => checkedProgram(bad)).toThrow(MalformedModel);
    }
  });
});

const EMPTY: Graph = { name: "", nodes: [], initializers: [], inputs: [], outputs: [] };

/** The program with another body of its Scan. */
function changed(bytes: Uint8Array, f: (body: Graph) => Graph): Uint8Array {
  const model: Model = decodeModel(bytes);
  const [scan] = model.graph.nodes;
  const body = scan?.attributes.body;
  if (scan === undefined || body?.kind !== "graph") throw new Error("no Scan");
  const attributes = { ...scan.attributes, body: { kind: "graph", value: f(body.value) } as const };
  return encodeModel({ ...model, graph: { ...model.graph, nodes: [{ ...scan, attributes }] } });
}

function numbers(tree: unknown): number[] {
  return [...((tree as { w: Tensor }).w.data as Float32Array)];
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  return Uint8Array.from([...a, ...b]);
}
