import { costOf } from "../onnx/cost.ts";
import type { Graph, Model, ValueInfo } from "../onnx/model.ts";
import { MICROSOFT, OPSET } from "../onnx/model.ts";
import { inferShapes, ShapeError } from "../onnx/shapes.ts";
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
  /** Elements of any tensor. */
  readonly elements: number;
  /** Bytes of what is alive at the same time in one step or run: constants, inputs, outputs, and what is made on the way. */
  readonly memory: number;
  /** Floating-point operations of one step or run, counted from the graph. */
  readonly work: number;
  /** Elements of a metric: what is reported is a number, or one for each class, and no example. */
  readonly metric: number;
  /**
   * Milliseconds of one call of `run`. A session in a process of its own ends then; one on the party's own thread only before
   * the next chunk of steps.
   */
  readonly milliseconds: number;
}

export const LIMITS: Limits = {
  bytes: 256 * 1024 * 1024,
  nodes: 50_000,
  elements: 2 ** 28,
  memory: 4 * 1024 ** 3,
  work: 1e12,
  metric: 256,
  milliseconds: 600_000,
};

/**
 * Throws RefusedProgram unless the model keeps the rules for programs that somebody else chose (DESIGN, "Numbers"). Returns
 * how many operations one step or run takes, which nobody need be believed.
 */
export function checkModel({ opsets, graph }: Model, manifest: Manifest, limits: Limits): { readonly work: number } {
  for (const { domain, version } of opsets) {
    if (domain !== "" && domain !== MICROSOFT) refuse(`the operator domain "${domain}" is not allowed`);
    if (domain === "" && version !== OPSET) refuse(`operator set ${version} is not ${OPSET}`);
  }
  checkPorts(graph, manifest, limits);
  checkRoles(manifest, limits);
  if (manifest.kind === "program") {
    checkGraph(graph, limits);
    checkCopies(graph, manifest.inputs, manifest.outputs);
    return checkCost(graph, limits);
  }
  const body = bodyOf(graph, manifest.input.length);
  checkSame(body.inputs, [...manifest.carry, ...manifest.input], "takes");
  checkSame(body.outputs, [...manifest.carry, ...manifest.output], "gives");
  checkGraph(body, limits);
  checkCopies(body, [...manifest.carry, ...manifest.input], [...manifest.carry, ...manifest.output]);
  return checkCost(body, limits);
}

/** A step is one Scan, as long as the inputs that a run is given: no other loop is allowed, and none inside. */
function bodyOf(graph: Graph, inputs: number): Graph {
  const [scan, ...more] = graph.nodes;
  const body = scan?.attributes.body;
  const count = scan?.attributes.num_scan_inputs;
  const plain = Object.keys(scan?.attributes ?? {}).every((name) => name === "body" || name === "num_scan_inputs");
  if (scan?.op !== "Scan" || scan.domain !== "" || more.length > 0 || body?.kind !== "graph" || !plain) {
    throw new RefusedProgram(`a step must be one Scan, not ${graph.nodes.map(({ op }) => op).join(", ") || "nothing"}`);
  }
  if (count?.kind !== "int" || count.value !== inputs || graph.initializers.length > 0) {
    refuse(`the Scan of a step must run over its ${inputs} inputs`);
  }
  const same = (given: readonly string[], ports: readonly ValueInfo[]) =>
    given.join("\n") === ports.map(({ name }) => name).join("\n");
  if (!same(scan.inputs, graph.inputs) || !same(scan.outputs, graph.outputs)) {
    refuse("the Scan of a step must take and give what the step takes and gives, in order");
  }
  return body.value;
}

/** Inside of the Scan the ports have the same types and shapes, without the axis of the steps. */
function checkSame(values: readonly ValueInfo[], ports: readonly Port[], what: string): void {
  const show = (list: readonly { readonly shape: readonly unknown[] }[], types: readonly string[]) =>
    list.map(({ shape }, i) => `${types[i]}[${shape}]`).join(", ");
  const [is, said] = [
    show(
      values,
      values.map(({ type }) => type),
    ),
    show(
      ports,
      ports.map(({ dtype }) => dtype),
    ),
  ];
  if (is !== said) refuse(`the body of the Scan ${what} ${is}, the manifest says ${said}`);
}

/** What may be shared with a federation are parameters and metrics; private state and examples stay. */
function checkRoles(manifest: Manifest, limits: Limits): void {
  const only = (ports: readonly Port[], what: string, ...roles: readonly Port["role"][]) => {
    const stray = ports.find(({ role }) => !roles.includes(role));
    if (stray !== undefined)
      refuse(`${what} "${stray.path}" has the role ${stray.role}, expected ${roles.join(" or ")}`);
  };
  if (manifest.kind === "step") {
    only(manifest.carry, "the carry", "parameters", "state");
    only(manifest.input, "the input", "batch");
  }
  const outputs = manifest.kind === "step" ? manifest.output : manifest.outputs;
  only(outputs, "the output", "metrics");
  for (const { path, shape } of outputs) {
    const size = shape.reduce((n, axis) => n * axis, 1);
    if (size > limits.metric) refuse(`the metric "${path}" has ${size} elements, at most ${limits.metric} are allowed`);
  }
}

/** Bounds on what a pass takes, from the shapes of all that it makes. */
function checkCost(graph: Graph, limits: Limits): { readonly work: number } {
  try {
    checkDivisions(graph);
    const { work, memory, largest } = costOf(graph);
    checkElements(`"${largest.name}"`, largest.dims, limits);
    if (memory > limits.memory) refuse(`${memory} bytes would be in use at once, more than ${limits.memory}`);
    if (work > limits.work) refuse(`a step of ${work} operations is more than ${limits.work}`);
    return { work };
  } catch (error) {
    if (error instanceof ShapeError) throw new RefusedProgram(error.message);
    throw error;
  }
}

/** Integers only by constants other than −1: the processor ends the process where the least integer is divided by it. */
function checkDivisions(graph: Graph): void {
  const known = inferShapes(graph);
  const constants = new Map(graph.initializers.map((constant) => [constant.name, constant]));
  for (const { op, inputs, name } of graph.nodes) {
    const [, divisor = ""] = inputs;
    const type = known.get(divisor)?.type;
    if ((op !== "Div" && op !== "Mod") || (type !== "int32" && type !== "int64")) continue;
    const bytes = constants.get(divisor)?.bytes;
    const values = type === "int32" && bytes !== undefined ? new Int32Array(new Uint8Array(bytes).buffer) : [-1];
    if (values.includes(-1)) refuse(`${op} "${name}" divides integers by what is no constant, or by −1`);
  }
}

function checkGraph(graph: Graph, limits: Limits): void {
  if (graph.nodes.length > limits.nodes) refuse(`${graph.nodes.length} nodes are more than ${limits.nodes}`);
  const known = new Set(["", ...graph.inputs.map(({ name }) => name), ...graph.initializers.map(({ name }) => name)]);
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

/** No output that is shared may hand on an example, or private state, that only changed its place. */
function checkCopies(graph: Graph, inputs: readonly Port[], outputs: readonly Port[]): void {
  for (const [role, what] of [
    ["batch", "the batch"],
    ["state", "private state"],
  ] as const) {
    const sources = graph.inputs.filter((_, i) => inputs[i]?.role === role).map(({ name }) => name);
    const copies = copiedInputs(graph, sources);
    for (const [i, { name }] of graph.outputs.entries()) {
      const source = copies.get(name);
      if (source === undefined || outputs[i]?.role === "state") continue;
      refuse(`the output "${outputs[i]?.path}" hands on ${what} (${source})`);
    }
  }
}

function checkElements(what: string, dims: readonly number[], limits: Limits): void {
  const size = dims.reduce((n, axis) => n * axis, 1);
  if (size > limits.elements) refuse(`${what} of shape [${dims}] is larger than ${limits.elements} elements`);
}

function refuse(reason: string): never {
  throw new RefusedProgram(reason);
}
