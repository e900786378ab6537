import type { Graph, Model, ValueInfo } from "../onnx/model.ts";
import { MICROSOFT, OPSET } from "../onnx/model.ts";
import { STEPS } from "../program-model.ts";
import { copiedInputs } from "./copies.ts";
import type { Manifest, Port } from "./manifest.ts";
import { ALLOWED } from "./operators.ts";

/** Thrown for a program that a party does not run. The message says why. */
export class RefusedProgram extends Error {
  constructor(message: string) {
    super(message);
    this.name = "RefusedProgram";
  }
}

export interface Limits {
  /** Bytes of the file. */
  readonly bytes: number;
  readonly nodes: number;
  /** Elements of any input, output, constant, or tensor whose shape the program names. */
  readonly elements: number;
  /** Floating-point operations of a step, as the manifest says. */
  readonly work: number;
  /** Milliseconds of one run of a step program; it ends between two chunks. */
  readonly milliseconds: number;
}

export const LIMITS: Limits = {
  bytes: 256 * 1024 * 1024,
  nodes: 50_000,
  elements: 2 ** 28,
  work: 1e13,
  milliseconds: 600_000,
};

/** Throws RefusedProgram unless the model keeps the rules for programs that somebody else chose (DESIGN, "Numbers"). */
export function checkModel({ opsets, graph }: Model, manifest: Manifest, limits: Limits): void {
  for (const { domain, version } of opsets) {
    if (domain !== "" && domain !== MICROSOFT) refuse(`the operator domain "${domain}" is not allowed`);
    if (domain === "" && version !== OPSET) refuse(`operator set ${version} is not ${OPSET}`);
  }
  checkPorts(graph, manifest, limits);
  if (manifest.kind === "program") {
    checkGraph(graph, limits, []);
    checkCopies(graph, manifest.inputs, manifest.outputs);
    return;
  }
  if (manifest.work > limits.work) refuse(`a step of ${manifest.work} operations is more than ${limits.work}`);
  // A step is one Scan, whose length is that of the inputs: no other loop is allowed, and none inside.
  const [scan, ...more] = graph.nodes;
  const body = scan?.attributes.body;
  const count = scan?.attributes.num_scan_inputs;
  const plain = Object.keys(scan?.attributes ?? {}).every((name) => name === "body" || name === "num_scan_inputs");
  if (scan?.op !== "Scan" || scan.domain !== "" || more.length > 0 || body?.kind !== "graph" || !plain) {
    throw new RefusedProgram("a step must be one Scan");
  }
  if (count?.kind !== "int" || count.value !== manifest.input.length || graph.initializers.length > 0) {
    refuse("the Scan of a step must run over the inputs of the step");
  }
  const same = (given: readonly string[], ports: readonly ValueInfo[]) =>
    given.join("\n") === ports.map(({ name }) => name).join("\n");
  if (!same(scan.inputs, graph.inputs) || !same(scan.outputs, graph.outputs)) {
    refuse("the Scan of a step must take and give what the step takes and gives, in order");
  }
  checkGraph(body.value, limits, []);
  checkCopies(body.value, [...manifest.carry, ...manifest.input], [...manifest.carry, ...manifest.output]);
}

function checkGraph(graph: Graph, limits: Limits, outer: readonly string[]): void {
  if (graph.nodes.length > limits.nodes) refuse(`${graph.nodes.length} nodes are more than ${limits.nodes}`);
  const known = new Set([
    ...outer,
    "",
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.map(({ name }) => name),
  ]);
  for (const { name, dims, type, bytes } of graph.initializers) {
    checkElements(`constant "${name}"`, dims, limits);
    // Shapes come as int64 constants: what they ask for must fit too.
    if (type === "int64") checkElements(`the shape "${name}"`, shapeIn(bytes), limits);
  }
  const constants = new Set(graph.initializers.map(({ name }) => name));
  for (const { op, domain, inputs, outputs, attributes } of graph.nodes) {
    const rule = Object.hasOwn(ALLOWED, op) ? ALLOWED[op] : undefined;
    if (rule === undefined || rule.domain !== domain)
      refuse(`the operator ${domain === "" ? op : `${domain}.${op}`} is not allowed`);
    for (const [name, attribute] of Object.entries(attributes)) {
      if (attribute.kind === "graph") refuse(`${op} has a graph inside, which only the Scan of a step may have`);
      if (!rule?.attributes.includes(name)) refuse(`${op} may have no attribute "${name}"`);
    }
    for (const at of rule?.constantInputs ?? []) {
      if (inputs[at] !== undefined && !constants.has(inputs[at])) refuse(`input ${at} of ${op} must be a constant`);
    }
    for (const input of inputs) if (!known.has(input)) refuse(`${op} reads "${input}", which nothing before it made`);
    for (const output of outputs) {
      if (known.has(output)) refuse(`"${output}" is made twice`);
      known.add(output);
    }
  }
  for (const { name } of graph.outputs) if (!known.has(name)) refuse(`the output "${name}" is never made`);
}

function checkPorts(graph: Graph, manifest: Manifest, limits: Limits): void {
  const [inputs, outputs] =
    manifest.kind === "program"
      ? [expected("input", manifest.inputs), expected("output", manifest.outputs)]
      : [
          [...expected("carry", manifest.carry), ...expected("input", manifest.input, [STEPS])],
          [...expected("next", manifest.carry), ...expected("output", manifest.output, [STEPS])],
        ];
  compare("inputs", graph.inputs, inputs, limits);
  compare("outputs", graph.outputs, outputs, limits);
}

function expected(kind: string, ports: readonly Port[], lead: readonly string[] = []): ValueInfo[] {
  return ports.map(({ path, dtype, shape }) => ({ name: `${kind}:${path}`, type: dtype, shape: [...lead, ...shape] }));
}

function compare(what: string, actual: readonly ValueInfo[], ports: readonly ValueInfo[], limits: Limits): void {
  const show = (values: readonly ValueInfo[]) => values.map(({ name, type, shape }) => `${name} ${type}[${shape}]`);
  if (show(actual).join("\n") !== show(ports).join("\n"))
    refuse(`the ${what} of the graph are not those of the manifest`);
  for (const { name, shape } of actual) {
    checkElements(
      `"${name}"`,
      shape.filter((size) => typeof size === "number"),
      limits,
    );
  }
}

/** No output may hand on an example that only changed its place. */
function checkCopies(graph: Graph, inputs: readonly Port[], outputs: readonly Port[]): void {
  const batch = graph.inputs.filter((_, i) => inputs[i]?.role === "batch").map(({ name }) => name);
  const copies = copiedInputs(graph, batch);
  for (const [i, { name }] of graph.outputs.entries()) {
    const source = copies.get(name);
    if (source !== undefined) refuse(`the output "${outputs[i]?.path}" hands on the batch (${source})`);
  }
}

function checkElements(what: string, dims: readonly number[], limits: Limits): void {
  const size = dims.reduce((n, axis) => n * Math.max(1, Math.abs(axis)), 1);
  if (size > limits.elements) refuse(`${what} of shape [${dims}] is larger than ${limits.elements} elements`);
}

function shapeIn(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = Array.from({ length: bytes.length / 8 }, (_, i) => Number(view.getBigInt64(8 * i, true)));
  // The bound of a reversed slice lies far outside by design, and is no size.
  return values.filter((value) => value > 0);
}

function refuse(reason: string): never {
  throw new RefusedProgram(reason);
}
