import type { Tensor } from "../../tensor.ts";
import { sizeOf } from "../../tensor.ts";
import { operations } from "../onnx/cost.ts";
import type { Attribute, Attributes, Constant, ElementType, Graph, Node, ValueInfo } from "../onnx/model.ts";
import { fuseChoices } from "./peepholes/fuse-choices.ts";
import { fuseBias, fuseDescent } from "./peepholes/fuse-gemm.ts";
import type { Fusion } from "./peepholes/fusion.ts";
import { fuse } from "./peepholes/fusion.ts";
import type { Peephole } from "./peepholes/names.ts";

/** A tensor of the graph under construction, in row-major order. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
  /** The value of which this is a reshape; itself otherwise. */
  readonly root: Value | undefined;
}

/** Tried on the finished nodes, one after the other. */
const FUSIONS: readonly (readonly [Peephole, Fusion])[] = [
  ["bias", fuseBias],
  ["descent", fuseDescent],
  ["choices", fuseChoices],
];

export interface NodeSpec {
  readonly op: string;
  readonly inputs: readonly (Value | undefined)[];
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly attributes?: Attributes;
  readonly domain?: string;
}

/**
 * Builds one ONNX graph. Equal nodes are made once (common subexpressions), reshapes of reshapes become one, and nodes
 * that no output needs are left out at the end.
 */
export class GraphBuilder {
  /** Floating-point operations of everything built, roughly: it decides how many steps go into one run. */
  work = 0;

  readonly #nodes: Node[] = [];
  readonly #constants = new Map<string, Constant>();
  readonly #known = new Map<string, Value>();
  readonly #indicators = new Set<string>();
  readonly #omitted: ReadonlySet<Peephole>;
  #next = 0;

  /** @param omitted peepholes that are left out, to see what they gain */
  constructor(omitted: ReadonlySet<Peephole> = new Set()) {
    this.#omitted = omitted;
  }

  uses(peephole: Peephole): boolean {
    return !this.#omitted.has(peephole);
  }

  input(name: string, type: ElementType, dims: readonly number[]): Value {
    return { name, type, dims, root: undefined };
  }

  node(spec: NodeSpec): Value {
    return this.nodes({ ...spec, outputs: [{ type: spec.type, dims: spec.dims }] })[0] as Value;
  }

  /** A node with several outputs. */
  nodes(spec: {
    readonly op: string;
    readonly inputs: readonly (Value | undefined)[];
    readonly outputs: readonly { readonly type: ElementType; readonly dims: readonly number[] }[];
    readonly attributes?: Attributes;
    readonly domain?: string;
  }): Value[] {
    const { op, attributes = {}, domain = "" } = spec;
    const inputs = spec.inputs.map((value) => value?.name ?? "");
    const key = JSON.stringify([op, domain, inputs, attributes, spec.outputs.map(({ dims }) => dims)]);
    return spec.outputs.map(({ type, dims }, i) => {
      const known = this.#known.get(`${key}#${i}`);
      if (known !== undefined) return known;
      const value: Value = { name: `t${this.#next++}`, type, dims, root: undefined };
      this.#known.set(`${key}#${i}`, value);
      if (i === 0) {
        this.work += operations(
          op,
          spec.inputs.map((value) => value?.dims),
          dims,
        );
        const outputs = spec.outputs.map((_, j) => `t${this.#next - 1 + j}`);
        this.#nodes.push({ op, domain, name: `${op}_${this.#nodes.length}`, inputs, outputs, attributes });
      }
      return value;
    });
  }

  /** The same elements under other dims. The runtime does not copy for it. */
  reshape(value: Value, dims: readonly number[]): Value {
    if (sameDims(value.dims, dims)) return value;
    const root = value.root ?? value;
    if (sameDims(root.dims, dims)) return root;
    const made = this.node({ op: "Reshape", inputs: [root, this.integers(dims)], type: value.type, dims });
    return { ...made, root };
  }

  /** An int64 vector: the shapes, axes and bounds that operators take as inputs. */
  integers(values: readonly number[]): Value {
    const data = BigInt64Array.from(values.map(BigInt));
    return this.#constant("int64", [values.length], new Uint8Array(data.buffer));
  }

  constant(value: Tensor): Value {
    const { buffer, byteOffset, byteLength } = value.data;
    return this.#constant(value.dtype, value.shape, new Uint8Array(buffer, byteOffset, byteLength));
  }

  /** Says that a value holds nothing but zeros and ones. */
  markIndicator(value: Value): void {
    this.#indicators.add((value.root ?? value).name);
  }

  /** True if a value is known to hold nothing but zeros and ones, none of them NaN or infinite. */
  isIndicator(value: Value): boolean {
    return this.#indicators.has((value.root ?? value).name);
  }

  /** What the graph computes, without what no output needs. */
  finish(name: string, inputs: readonly ValueInfo[], outputs: readonly { name: string; value: Value }[]): Graph {
    // An output needs a name of its own, even if it is an input or another output too.
    const named = outputs.map(({ name: output, value }): Node => {
      return {
        op: "Identity",
        domain: "",
        name: `output_${output}`,
        inputs: [value.name],
        outputs: [output],
        attributes: {},
      };
    });
    const { nodes, constants } = alive(
      [...this.#nodes, ...named],
      outputs.map((output) => output.name),
    );
    const renamed = fuse(
      nameOutputsDirectly(nodes, inputs, new Set(this.#constants.keys())),
      this.#dims(inputs, outputs),
      new Set(outputs.map((output) => output.name)),
      this.#zeros(),
      FUSIONS.filter(([peephole]) => this.uses(peephole)).map(([, fusion]) => fusion),
    );
    return {
      name,
      nodes: renamed,
      initializers: [...this.#constants.values()].filter((constant) => constants.has(constant.name)),
      inputs,
      outputs: outputs.map(({ name: output, value }) => ({ name: output, type: value.type, shape: value.dims })),
    };
  }

  #zeros(): Set<string> {
    const zeros = [...this.#constants.values()].filter(({ type, dims, bytes }) => {
      return type === "float32" && sizeOf(dims) === 1 && bytes.every((byte) => byte === 0);
    });
    return new Set(zeros.map(({ name }) => name));
  }

  #dims(
    inputs: readonly ValueInfo[],
    outputs: readonly { readonly name: string; readonly value: Value }[],
  ): Map<string, readonly number[]> {
    return new Map([
      ...inputs.map(({ name, shape }) => [name, shape.map(Number)] as const),
      ...[...this.#known.values()].map(({ name, dims }) => [name, dims] as const),
      ...outputs.map(({ name, value }) => [name, value.dims] as const),
    ]);
  }

  #constant(type: ElementType, dims: readonly number[], bytes: Uint8Array): Value {
    const key = `${type}[${dims}]${bytes.length <= 4096 ? bytes.toString() : this.#next}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const value: Value = { name: `c${this.#next++}`, type, dims, root: undefined };
    if (bytes.length > 0 && sizeOf(dims) === 0) throw new RangeError("a constant without elements has no bytes");
    this.#known.set(key, value);
    this.#constants.set(value.name, { name: value.name, type, dims, bytes });
    return value;
  }
}

export function int(value: number): Attribute {
  return { kind: "int", value };
}
export function ints(value: readonly number[]): Attribute {
  return { kind: "ints", value };
}
export function text(value: string): Attribute {
  return { kind: "string", value };
}

function sameDims(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/** The nodes on which the outputs depend, and the names that those nodes read. */
function alive(nodes: readonly Node[], outputs: readonly string[]): { nodes: Node[]; constants: Set<string> } {
  const needed = new Set(outputs);
  const kept: Node[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    kept.push(node);
    for (const input of node.inputs) needed.add(input);
  }
  return { nodes: kept.reverse(), constants: needed };
}

/** Lets a node write an output itself where an Identity would only rename what it made: one copy less. */
function nameOutputsDirectly(
  nodes: readonly Node[],
  inputs: readonly ValueInfo[],
  constants: ReadonlySet<string>,
): Node[] {
  const taken = new Set([...inputs.map((input) => input.name), ...constants]);
  const aliases = new Map<string, string>();
  const dropped = new Set<Node>();
  for (const node of nodes) {
    const [source = ""] = node.inputs;
    const [target = ""] = node.outputs;
    if (!node.name.startsWith("output_") || taken.has(source) || aliases.has(source)) continue;
    aliases.set(source, target);
    dropped.add(node);
  }
  const rename = (name: string) => aliases.get(name) ?? name;
  return nodes
    .filter((node) => !dropped.has(node))
    .map((node) => ({ ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) }));
}
