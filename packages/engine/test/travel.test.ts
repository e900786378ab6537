import * as jax from "@jax-js/jax";
import { beforeAll, describe, expect, it } from "vitest";
import { isolatedSession, openSession } from "../src/index.node.ts";
import {
  checkedProgram,
  exportProgram,
  exportStep,
  type Limits,
  loadProgram,
  MalformedModel,
  RefusedProgram,
} from "../src/index.programs.ts";
import type { ArrayTree, StepDefinition, Tensor } from "../src/index.ts";
import { float32, matmul, mean, NDArray, portableEngine, square, tanh, valueAndGrad } from "../src/index.ts";
import { hashOf } from "../src/native/hash.ts";
import { decodeModel } from "../src/native/onnx/decode.ts";
import { encodeModel } from "../src/native/onnx/encode.ts";
import type { Graph, Model, Node } from "../src/native/onnx/model.ts";
import { MessageWriter } from "../src/native/onnx/wire.ts";

// Programs as data, and what a party refuses to run.

const open = (bytes: Uint8Array) => openSession(bytes, 1);
const SPEC = { dtype: "float32", shape: [3, 3] } as const;
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

describe("a session in a process of its own", () => {
  it("gives the same bits as one on this thread", async () => {
    const { bytes, hash } = await exportStep(descent());
    const runs = [isolatedSession, open].map(async (opened) => {
      const loaded = await loadProgram(bytes, { approved: new Set([hash]) }, opened);
      if (loaded.kind !== "step") throw new Error("not a step");
      const result = await loaded.program.run(CARRY, [{ x: X }, { x: X }]);
      loaded.program.dispose();
      return result;
    });
    const [apart, here] = await Promise.all(runs);
    expect(apart).toEqual(here);
  });

  it("says why a model cannot be opened", async () => {
    await expect(isolatedSession(Uint8Array.of(1, 2, 3))).rejects.toThrow(/protobuf|model/i);
  });
});

describe("a party refuses", () => {
  it("a program that nobody approved", async () => {
    const { bytes } = await exportStep(descent());
    await expect(loadProgram(bytes, { approved: new Set() }, open)).rejects.toThrow(/nobody has approved/);
  });

  it("a program of which a single byte differs from the approved one", async () => {
    const { bytes, hash } = await exportStep(descent());
    const other = bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte));
    const own = await hashOf(other);
    const refused = loadProgram(other, { approved: new Set([hash]) }, open);
    await expect(refused).rejects.toThrow(`nobody has approved the program ${own}`);
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

  it.each<[string, Partial<Limits>, RegExp]>([
    ["elements", { elements: 8 }, /"carry:parameters\.w" of shape \[3,3\] is larger than 8 elements/],
    ["memory", { memory: 100 }, /\d+ bytes would be in use at once, more than 100/],
    ["work", { work: 50 }, /a step of \d+ operations is more than 50/],
    ["nodes", { nodes: 2 }, /\d+ nodes are more than 2/],
    ["metrics", { metric: 0 }, /the metric "loss" has 1 elements, at most 0 are allowed/],
  ])("a program beyond the limit of %s", async (_, limits, message) => {
    const { bytes } = await exportStep(descent());
    expect(() => checkedProgram(bytes, limits)).toThrow(message);
    expect(() => checkedProgram(bytes, limits)).toThrow(RefusedProgram);
  });

  it("a file beyond the limit, before anything else", async () => {
    const { bytes } = await exportStep(descent());
    const refused = loadProgram(bytes, { approved: new Set(), limits: { bytes: 10 } }, open);
    await expect(refused).rejects.toThrow(`${bytes.length} bytes are more than 10`);
  });

  it("a tensor that grows inside, though all that goes in and out is small", async () => {
    const { bytes } = await exportProgram({
      name: "bomb",
      inputs: { x: { dtype: "float32", shape: [40_000] } },
      apply: ({ x }) => {
        const column = (x as NDArray).reshape([40_000, 1]);
        return { y: mean(tanh(column.add((x as NDArray).reshape([1, 40_000])))) };
      },
    });
    expect(() => checkedProgram(bytes)).toThrow(/of shape \[40000,40000\] is larger than 268435456 elements/);
    expect(() => checkedProgram(bytes, { elements: 2 ** 40 })).toThrow(/\d{11} bytes would be in use at once/);
  });

  it("to believe the file about a shape", async () => {
    const { bytes } = await exportStep(descent());
    const liar = (body: Graph) => ({
      ...body,
      nodes: body.nodes.map((node) =>
        node.op === "Gemm" || node.op === "MatMul" ? { ...node, op: "Transpose", attributes: {} } : node,
      ),
    });
    expect(() => checkedProgram(changed(bytes, liar))).toThrow(RefusedProgram);
    const other = (body: Graph) => ({
      ...body,
      outputs: body.outputs.map((output, i) => (i === 0 ? { ...output, shape: [9] } : output)),
    });
    expect(() => checkedProgram(changed(bytes, other))).toThrow(/the body of the Scan gives float32\[9\]/);
  });

  it("a program that hands on private state as a parameter or as a metric", async () => {
    const leak = (into: "parameters" | "metric"): StepDefinition => ({
      name: "leak",
      carry: { parameters: { w: SPEC }, momentum: SPEC },
      input: { x: SPEC },
      apply: ({ parameters, momentum }, { x }) => {
        const { w } = parameters as ArrayTree;
        const [state, next] = [momentum as NDArray, (w as NDArray).add(x as NDArray)];
        return into === "parameters"
          ? { carry: { parameters: { w: state }, momentum: next }, output: { loss: mean(next) } }
          : { carry: { parameters: { w: next }, momentum: next }, output: { loss: state } };
      },
    });
    const parameters = (await exportStep(leak("parameters"))).bytes;
    expect(() => checkedProgram(parameters)).toThrow(/"parameters\.w" hands on private state \(.*momentum\)/);
    const metric = (await exportStep(leak("metric"))).bytes;
    expect(() => checkedProgram(metric)).toThrow(/"loss" hands on private state/);
  });

  it("a loop without a bound, and anything around the Scan", async () => {
    const { bytes } = await exportStep(descent());
    const model = decodeModel(bytes);
    const [scan] = model.graph.nodes;
    if (scan === undefined) throw new Error("no Scan");
    const around = (nodes: Node[]) => () => checkedProgram(encodeModel({ ...model, graph: { ...model.graph, nodes } }));
    expect(around([{ ...scan, op: "Loop" }])).toThrow("a step must be one Scan, not Loop");
    expect(around([scan, scan])).toThrow("a step must be one Scan, not Scan, Scan");
    const directed = { ...scan.attributes, scan_input_directions: { kind: "ints", value: [1] } as const };
    expect(around([{ ...scan, attributes: directed }])).toThrow("a step must be one Scan");
    const short = { ...scan.attributes, num_scan_inputs: { kind: "int", value: 0 } as const };
    expect(around([{ ...scan, attributes: short }])).toThrow("the Scan of a step must run over its 1 inputs");
  });

  it("a division that would end the process", async () => {
    const spec = { dtype: "int32", shape: [3] } as const;
    const { bytes } = await exportProgram({
      name: "division",
      inputs: { x: spec, y: spec },
      apply: ({ x, y }) => ({ z: new NDArray(jax.numpy.floorDivide((x as NDArray).ref, (y as NDArray).ref)) }),
    });
    expect(() => checkedProgram(bytes)).toThrow(/(Div|Mod) ".*" divides integers by what is no constant, or by −1/);
  });

  it("a domain of operators that it does not know", async () => {
    const model = decodeModel((await exportStep(descent())).bytes);
    const opsets = [...model.opsets, { domain: "evil.example", version: 1 }];
    expect(() => checkedProgram(encodeModel({ ...model, opsets }))).toThrow(
      'the operator domain "evil.example" is not allowed',
    );
  });

  it("a role that would share what must stay", async () => {
    const model = decodeModel((await exportStep(descent())).bytes);
    const manifest = model.metadata["concord.manifest"] ?? "";
    for (const [from, to, message] of [
      ['"role":"metrics"', '"role":"parameters"', 'the output "loss" has the role parameters, expected metrics'],
      ['"role":"batch"', '"role":"metrics"', 'the input "x" has the role metrics, expected batch'],
      ['"role":"parameters"', '"role":"batch"', 'the carry "parameters.w" has the role batch'],
    ] as const) {
      const metadata = { "concord.manifest": manifest.replace(from, to) };
      expect(metadata["concord.manifest"]).not.toBe(manifest);
      expect(() => checkedProgram(encodeModel({ ...model, metadata }))).toThrow(message);
    }
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

  it("to be held by one run that takes for ever: its process is ended", { timeout: 120_000 }, async () => {
    // Many seconds of products, in one run without any chunk.
    const { bytes, hash } = await exportProgram({
      name: "long",
      inputs: { x: { dtype: "float32", shape: [800, 800] } },
      apply: ({ x }) => {
        let product = x as NDArray;
        for (let i = 0; i < 400; i++) product = tanh(matmul(product, x as NDArray));
        return { y: mean(product) };
      },
    });
    const limits = { milliseconds: 500, work: 1e13 };
    const loaded = await loadProgram(bytes, { approved: new Set([hash]), limits }, isolatedSession);
    if (loaded.kind !== "program") throw new Error("not a program");
    const x = float32([800, 800], new Float32Array(800 * 800));
    let beats = 0;
    const heart = setInterval(() => beats++, 10);
    await expect(loaded.program.run({ x })).rejects.toThrow(/timeout/i);
    clearInterval(heart);
    // The party's own thread was free meanwhile.
    expect(beats).toBeGreaterThan(0);
    await expect(loaded.program.run({ x })).rejects.toThrow(/timeout/i);
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
