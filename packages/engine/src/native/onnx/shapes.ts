import type { Attributes, Constant, ElementType, Graph, Node, ValueInfo } from "./model.ts";
import { TYPE_CODES } from "./model.ts";

/** What is known of a value before anything runs. */
export interface Known {
  readonly type: ElementType;
  readonly dims: readonly number[];
}

/** Thrown for a graph whose shapes do not fit each other, or cannot be known. */
export class ShapeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ShapeError";
  }
}

/**
 * The type and shape of every value of a graph, worked out from those of its inputs as ONNX defines the operators; what the
 * file says about its outputs is compared, not believed. For the operators that our lowering writes. Throws ShapeError.
 */
export function inferShapes(graph: Graph): Map<string, Known> {
  const known = new Map<string, Known>();
  for (const input of graph.inputs) known.set(input.name, { type: input.type, dims: fixed(input) });
  const constants = new Map(graph.initializers.map((constant) => [constant.name, constant]));
  for (const { name, type, dims } of graph.initializers) known.set(name, { type, dims });
  for (const node of graph.nodes) {
    const rule = Object.hasOwn(SHAPES, node.op) ? SHAPES[node.op] : undefined;
    const [output, ...more] = node.outputs;
    if (rule === undefined || output === undefined || more.length > 0) {
      throw new ShapeError(`${node.op} with ${node.outputs.length} outputs has no known shape`);
    }
    const inputs = node.inputs.map((name) => {
      const value = known.get(name);
      if (name !== "" && value === undefined)
        throw new ShapeError(`${node.op} reads "${name}", which is not there yet`);
      return value;
    });
    const call = new Call(node, inputs, constants);
    const made = rule(call);
    if (!made.dims.every((size) => Number.isSafeInteger(size) && size >= 0)) {
      throw call.error(`would give the shape [${made.dims}]`);
    }
    known.set(output, made);
  }
  for (const output of graph.outputs) {
    const found = known.get(output.name);
    const said = `${output.type}[${fixed(output)}]`;
    const is = found === undefined ? "never made" : `${found.type}[${found.dims}]`;
    if (is !== said) throw new ShapeError(`the output "${output.name}" is ${is}, not ${said} as the file says`);
  }
  return known;
}

type ShapeRule = (call: Call) => Known;

const alike: ShapeRule = (call) => call.input(0);
const elementwise: ShapeRule = (call) => ({ type: call.input(0).type, dims: call.broadcast(call.all()) });
const comparison: ShapeRule = (call) => ({ type: "bool", dims: call.broadcast(call.all()) });

const reduction: ShapeRule = (call) => {
  const { type, dims } = call.input(0);
  const listed = call.node.inputs.length > 1 ? call.integers(1) : [];
  const axes = listed.length === 0 ? dims.map((_, i) => i) : listed.map((axis) => call.axis(axis, dims.length));
  const kept = call.int("keepdims", 1) === 1;
  return { type, dims: dims.flatMap((size, i) => (axes.includes(i) ? (kept ? [1] : []) : [size])) };
};

const product: ShapeRule = (call) => {
  const [a, b] = [call.matrix(0, call.int("transA", 0)), call.matrix(1, call.int("transB", 0))];
  if (a.columns !== b.rows) throw call.error(`multiplies [${call.input(0).dims}] and [${call.input(1).dims}]`);
  return { type: call.input(0).type, dims: [...call.broadcast([a.batch, b.batch]), a.rows, b.columns] };
};

const pooling: ShapeRule = (call) => {
  const { type, dims } = call.input(0);
  const kernel = call.ints("kernel_shape", undefined, 1);
  const strides = call.ints(
    "strides",
    kernel.map(() => 1),
    1,
  );
  call.expect(dims.length === kernel.length + 2, `has a window of ${kernel.length} axes for [${dims}]`);
  const places = kernel.map((size, i) => Math.floor(((dims[i + 2] ?? 0) - size) / at(strides, i)) + 1);
  return { type, dims: [...dims.slice(0, 2), ...places] };
};

const convolution: ShapeRule = (call) => {
  const [x, kernel] = [call.input(0), call.input(1).dims];
  const window = kernel.slice(2);
  call.expect(x.dims.length === kernel.length && window.length > 0, `has a kernel [${kernel}] for [${x.dims}]`);
  const group = call.int("group", 1);
  const [images = 0, channels = 0] = x.dims;
  const [filters = 0, depth = 0] = kernel;
  call.expect(group >= 1 && channels === depth * group && filters % group === 0, `has ${group} groups of [${kernel}]`);
  const { strides, dilations, pads } = placement(call, window);
  const places = window.map((size, i) => {
    const room = at(x.dims, i + 2) + at(pads, i) + at(pads, i + window.length);
    return Math.floor((room - at(dilations, i) * (size - 1) - 1) / at(strides, i)) + 1;
  });
  return { type: x.type, dims: [images, filters, ...places] };
};

/** Without output_padding and output_shape, which the lowering does not write. */
const transposedConvolution: ShapeRule = (call) => {
  const [x, kernel] = [call.input(0), call.input(1).dims];
  const window = kernel.slice(2);
  call.expect(x.dims.length === kernel.length && window.length > 0, `has a kernel [${kernel}] for [${x.dims}]`);
  const group = call.int("group", 1);
  const [images = 0, channels = 0] = x.dims;
  const [depth = 0, filters = 0] = kernel;
  call.expect(group >= 1 && channels === depth && depth % group === 0, `has ${group} groups of [${kernel}]`);
  const { strides, dilations, pads } = placement(call, window);
  const places = window.map((size, i) => {
    const reach = (at(x.dims, i + 2) - 1) * at(strides, i) + at(dilations, i) * (size - 1) + 1;
    return reach - at(pads, i) - at(pads, i + window.length);
  });
  return { type: x.type, dims: [images, filters * group, ...places] };
};

/** Where the windows of a convolution lie; strides, dilations and pads must be of its rank. */
function placement(call: Call, window: readonly number[]) {
  const given = call.ints("kernel_shape", window, 1);
  call.expect(given.join() === window.join(), `says the window is [${given}], but the kernel's is [${window}]`);
  const ones = window.map(() => 1);
  const [strides, dilations] = [call.ints("strides", ones, 1), call.ints("dilations", ones, 1)];
  const pads = call.ints("pads", [...ones, ...ones].fill(0), 0);
  call.expect(strides.length === window.length && dilations.length === window.length, "has strides of another rank");
  call.expect(pads.length === 2 * window.length, "has pads of another rank");
  return { strides, dilations, pads };
}

const slice: ShapeRule = (call) => {
  const { type, dims } = call.input(0);
  const [starts, ends] = [call.integers(1), call.integers(2)];
  const axes = call.node.inputs.length > 3 ? call.integers(3) : starts.map((_, i) => i);
  const steps = call.node.inputs.length > 4 ? call.integers(4) : starts.map(() => 1);
  call.expect(
    [ends, axes, steps].every((list) => list.length === starts.length),
    "has bounds of several lengths",
  );
  const sizes = [...dims];
  for (const [i, given] of axes.entries()) {
    const axis = call.axis(given, dims.length);
    const [size, step] = [at(dims, axis), at(steps, i)];
    call.expect(step !== 0, "has a step of 0");
    // Counted from the end where negative, then brought to where the walk may begin and end.
    const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
    const place = (bound: number, least: number) => Math.min(Math.max(bound < 0 ? bound + size : bound, least), high);
    const length = place(at(ends, i), low) - place(at(starts, i), step > 0 ? 0 : Math.min(0, high));
    sizes[axis] = Math.max(0, Math.ceil(length / step));
  }
  return { type, dims: sizes };
};

const SHAPES: Readonly<Record<string, ShapeRule>> = {
  ...Object.fromEntries(
    "Asin Atan Ceil Cos Erf Exp Floor Identity Log Neg Not Reciprocal Sin Softmax Sqrt"
      .split(" ")
      .map((op) => [op, alike]),
  ),
  ...Object.fromEntries("Add And Div Max Min Mod Mul Or Sub".split(" ").map((op) => [op, elementwise])),
  ...Object.fromEntries("Equal Less LessOrEqual".split(" ").map((op) => [op, comparison])),
  ...Object.fromEntries(
    "ReduceMax ReduceMin ReduceProd ReduceSum ReduceSumSquare".split(" ").map((op) => [op, reduction]),
  ),
  AveragePool: pooling,
  MaxPool: pooling,
  Conv: convolution,
  ConvTranspose: transposedConvolution,
  FusedMatMul: product,
  MatMul: product,
  Slice: slice,
  Cast: (call) => ({ type: call.elementType("to"), dims: call.input(0).dims }),
  Concat: (call) => {
    const parts = call.all();
    const { type, dims } = call.input(0);
    const axis = call.axis(call.int("axis"), dims.length);
    const other = (sizes: readonly number[]) => sizes.with(axis, 0).join();
    call.expect(
      parts.every((part) => part.length === dims.length && other(part) === other(dims)),
      `joins [${parts.join("] and [")}] along axis ${axis}`,
    );
    return {
      type,
      dims: dims.with(
        axis,
        parts.reduce((sum, part) => sum + at(part, axis), 0),
      ),
    };
  },
  Expand: (call) => ({ type: call.input(0).type, dims: call.broadcast([call.input(0).dims, call.sizes(1)]) }),
  Gather: (call) => {
    const { type, dims } = call.input(0);
    const axis = call.axis(call.int("axis", 0), dims.length);
    return { type, dims: [...dims.slice(0, axis), ...call.input(1).dims, ...dims.slice(axis + 1)] };
  },
  Gemm: (call) => {
    call.expect(call.input(0).dims.length === 2 && call.input(1).dims.length === 2, "takes matrices");
    const { type, dims } = product(call);
    if (call.node.inputs.length > 2) {
      const whole = call.broadcast([dims, call.input(2).dims]);
      call.expect(whole.join() === dims.join(), `adds [${call.input(2).dims}] to [${dims}]`);
    }
    return { type, dims };
  },
  Pad: (call) => {
    const { type, dims } = call.input(0);
    const pads = call.integers(1);
    call.expect(pads.length === 2 * dims.length, `has ${pads.length} widths for [${dims}]`);
    return { type, dims: dims.map((size, i) => size + at(pads, i) + at(pads, i + dims.length)) };
  },
  Reshape: (call) => {
    const { type, dims } = call.input(0);
    const shape = call.sizes(1);
    call.expect(count(shape) === count(dims), `makes [${shape}] of [${dims}]`);
    return { type, dims: shape };
  },
  Resize: (call) => {
    const { type, dims } = call.input(0);
    const [, region, scales] = call.node.inputs;
    call.expect(!region && !scales, "must be given sizes and nothing else");
    const sizes = call.sizes(3);
    call.expect(sizes.length === dims.length, `makes [${sizes}] of [${dims}]`);
    return { type, dims: sizes };
  },
  ScatterND: (call) => {
    const [data, indices, updates] = [call.input(0), call.input(1).dims, call.input(2).dims];
    const depth = indices.at(-1) ?? 0;
    const expected = [...indices.slice(0, -1), ...data.dims.slice(depth)];
    call.expect(indices.length > 0 && depth <= data.dims.length, `has indices [${indices}] into [${data.dims}]`);
    call.expect(updates.join() === expected.join(), `writes [${updates}] where [${expected}] fits`);
    return data;
  },
  Transpose: (call) => {
    const { type, dims } = call.input(0);
    const order = call.ints("perm", dims.map((_, i) => i).reverse(), 0);
    call.expect(order.toSorted((a, b) => a - b).join() === dims.map((_, i) => i).join(), `has the order [${order}]`);
    return { type, dims: order.map((axis) => at(dims, axis)) };
  },
  Where: (call) => ({ type: call.input(1).type, dims: call.broadcast(call.all()) }),
};

/** One node with what is known of its inputs; the rules ask it for what they need. */
class Call {
  readonly node: Node;
  readonly #inputs: readonly (Known | undefined)[];
  readonly #constants: ReadonlyMap<string, Constant>;

  constructor(node: Node, inputs: readonly (Known | undefined)[], constants: ReadonlyMap<string, Constant>) {
    this.node = node;
    this.#inputs = inputs;
    this.#constants = constants;
  }

  error(what: string): ShapeError {
    return new ShapeError(`${this.node.op} "${this.node.name}" ${what}`);
  }

  expect(holds: boolean, otherwise: string): void {
    if (!holds) throw this.error(otherwise);
  }

  input(i: number): Known {
    const input = this.#inputs[i];
    if (input === undefined) throw this.error(`lacks its input ${i}`);
    return input;
  }

  /** The shapes of all inputs. */
  all(): (readonly number[])[] {
    return this.node.inputs.map((_, i) => this.input(i).dims);
  }

  /** The numbers of an input that must be a constant. */
  integers(i: number): number[] {
    const constant = this.#constants.get(this.node.inputs[i] ?? "");
    if (constant?.type !== "int64" || constant.dims.length !== 1)
      throw this.error(`needs a list of integers as input ${i}`);
    const { buffer, byteOffset, length } = constant.bytes;
    const view = new DataView(buffer, byteOffset, length);
    return Array.from({ length: length / 8 }, (_, n) => Number(view.getBigInt64(8 * n, true)));
  }

  /** A shape that a constant spells out. */
  sizes(i: number): number[] {
    const sizes = this.integers(i);
    this.expect(
      sizes.every((size) => size >= 1),
      `must name every size of its result, not [${sizes}]`,
    );
    return sizes;
  }

  axis(axis: number, rank: number): number {
    const positive = axis < 0 ? axis + rank : axis;
    this.expect(Number.isInteger(positive) && positive >= 0 && positive < rank, `has the axis ${axis} of ${rank}`);
    return positive;
  }

  int(name: string, otherwise?: number): number {
    const attribute = this.#attribute(name);
    if (attribute === undefined && otherwise !== undefined) return otherwise;
    if (attribute?.kind !== "int") throw this.error(`needs the integer "${name}"`);
    return attribute.value;
  }

  ints(name: string, otherwise: readonly number[] | undefined, least: number): readonly number[] {
    const attribute = this.#attribute(name);
    if (attribute === undefined && otherwise !== undefined) return otherwise;
    if (attribute?.kind !== "ints") throw this.error(`needs the integers "${name}"`);
    const { value } = attribute;
    this.expect(
      value.every((n) => Number.isSafeInteger(n) && n >= least),
      `has the ${name} [${value}]`,
    );
    return value;
  }

  elementType(name: string): ElementType {
    const code = this.int(name);
    const found = (Object.keys(TYPE_CODES) as ElementType[]).find((type) => TYPE_CODES[type] === code);
    if (found === undefined) throw this.error(`has the element type ${code}`);
    return found;
  }

  matrix(i: number, transposed: number) {
    const { dims } = this.input(i);
    const [a, b] = dims.slice(-2);
    if (a === undefined || b === undefined) throw this.error(`multiplies [${dims}], which is no matrix`);
    const [rows, columns] = transposed === 1 ? [b, a] : [a, b];
    return { batch: dims.slice(0, -2), rows, columns };
  }

  /** NumPy's rule. */
  broadcast(shapes: readonly (readonly number[])[]): number[] {
    const rank = Math.max(0, ...shapes.map((shape) => shape.length));
    return Array.from({ length: rank }, (_, i) => {
      const sizes = shapes.map((shape) => shape[i - rank + shape.length] ?? 1).filter((size) => size !== 1);
      const [size = 1] = sizes;
      this.expect(
        sizes.every((other) => other === size),
        `is given shapes that do not fit: [${shapes.join("], [")}]`,
      );
      return size;
    });
  }

  #attribute(name: string): Attributes[string] | undefined {
    return Object.hasOwn(this.node.attributes, name) ? this.node.attributes[name] : undefined;
  }
}

function fixed({ name, shape }: ValueInfo): number[] {
  return shape.map((size) => {
    if (typeof size === "number" && Number.isSafeInteger(size) && size >= 0) return size;
    throw new ShapeError(`"${name}" has the axis ${size}, which is no size`);
  });
}

function at(list: readonly number[], i: number): number {
  return list[i] ?? 0;
}

function count(dims: readonly number[]): number {
  return dims.reduce((n, size) => n * size, 1);
}
