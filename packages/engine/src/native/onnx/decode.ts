import type { Attribute, Constant, ElementType, Graph, Model, Node, ValueInfo } from "./model.ts";
import { ELEMENT_BYTES, TYPE_CODES } from "./model.ts";
import type { Field } from "./wire.ts";
import { readFields, readPacked, signed } from "./wire.ts";

/** Thrown for bytes that are not an ONNX model of the kind that we write. */
export class MalformedModel extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MalformedModel";
  }
}

/**
 * Reads a model strictly: a field that {@link Model} has no place for is refused, not skipped. So nothing gets past the
 * checks that would mean something to a runtime: external data, functions, training graphs, sparse tensors.
 * Throws MalformedModel.
 */
export function decodeModel(bytes: Uint8Array): Model {
  try {
    const fields = message(bytes, "ModelProto", [1, 2, 7, 8, 14]);
    return {
      irVersion: signed(integer(only(fields, 1, "ir_version"))),
      producerName: text(only(fields, 2, "producer_name")),
      graph: graph(part(only(fields, 7, "graph"))),
      opsets: all(fields, 8).map((value) => {
        const opset = message(part(value), "OperatorSetIdProto", [1, 2]);
        return { domain: text(first(opset, 1)), version: signed(integer(only(opset, 2, "version"))) };
      }),
      metadata: Object.fromEntries(
        all(fields, 14).map((value) => {
          const entry = message(part(value), "StringStringEntryProto", [1, 2]);
          return [text(only(entry, 1, "key")), text(first(entry, 2))] as const;
        }),
      ),
    };
  } catch (error) {
    if (error instanceof MalformedModel) throw error;
    throw new MalformedModel(error instanceof Error ? error.message : String(error));
  }
}

function graph(bytes: Uint8Array): Graph {
  const fields = message(bytes, "GraphProto", [1, 2, 5, 11, 12]);
  return {
    nodes: all(fields, 1).map((value) => node(part(value))),
    name: text(first(fields, 2)),
    initializers: all(fields, 5).map((value) => constant(part(value))),
    inputs: all(fields, 11).map((value) => valueInfo(part(value))),
    outputs: all(fields, 12).map((value) => valueInfo(part(value))),
  };
}

function node(bytes: Uint8Array): Node {
  const fields = message(bytes, "NodeProto", [1, 2, 3, 4, 5, 7]);
  return {
    inputs: all(fields, 1).map(text),
    outputs: all(fields, 2).map(text),
    name: text(first(fields, 3)),
    op: text(only(fields, 4, "op_type")),
    domain: text(first(fields, 7)),
    attributes: Object.fromEntries(all(fields, 5).map((value) => attribute(part(value)))),
  };
}

function attribute(bytes: Uint8Array): [string, Attribute] {
  const fields = message(bytes, "AttributeProto", [1, 2, 3, 4, 6, 8, 20]);
  const name = text(only(fields, 1, "name"));
  switch (signed(integer(only(fields, 20, "type")))) {
    case 1:
      return [name, { kind: "float", value: float(part(only(fields, 2, "f"))) }];
    case 2:
      return [name, { kind: "int", value: signed(integer(only(fields, 3, "i"))) }];
    case 3:
      return [name, { kind: "string", value: text(only(fields, 4, "s")) }];
    case 5:
      return [name, { kind: "graph", value: graph(part(only(fields, 6, "g"))) }];
    case 7:
      return [name, { kind: "ints", value: readPacked(part(only(fields, 8, "ints"))).map(signed) }];
    default:
      throw new MalformedModel(`attribute "${name}" is of a kind that is not allowed`);
  }
}

function constant(bytes: Uint8Array): Constant {
  const fields = readFields(bytes);
  if (fields.some(({ number }) => number === 13 || number === 14)) {
    throw new MalformedModel("a constant names external data, which no program may read");
  }
  checkNumbers(fields, "TensorProto", [1, 2, 8, 9]);
  const name = text(only(fields, 8, "name"));
  const dims = readPacked(part(first(fields, 1) ?? new Uint8Array())).map(signed);
  const type = elementType(signed(integer(only(fields, 2, "data_type"))));
  const data = part(only(fields, 9, "raw_data"));
  const size = dims.reduce((n, axis) => n * axis, 1);
  if (dims.some((axis) => axis < 0) || size * ELEMENT_BYTES[type] !== data.length) {
    throw new MalformedModel(`constant "${name}" of shape [${dims}] has ${data.length} bytes`);
  }
  // A copy, so that what was checked is what runs.
  return { name, dims, type, bytes: data.slice() };
}

function valueInfo(bytes: Uint8Array): ValueInfo {
  const fields = message(bytes, "ValueInfoProto", [1, 2]);
  const type = message(part(only(fields, 2, "type")), "TypeProto", [1]);
  const tensor = message(part(only(type, 1, "tensor_type")), "TypeProto.Tensor", [1, 2]);
  const shape = message(part(only(tensor, 2, "shape")), "TensorShapeProto", [1]);
  return {
    name: text(only(fields, 1, "name")),
    type: elementType(signed(integer(only(tensor, 1, "elem_type")))),
    shape: all(shape, 1).map((value) => {
      const dim = message(part(value), "Dimension", [1, 2]);
      const size = first(dim, 1);
      return size === undefined ? text(only(dim, 2, "dim_param")) : signed(integer(size));
    }),
  };
}

function elementType(code: number): ElementType {
  const found = Object.entries(TYPE_CODES).find(([, value]) => value === code);
  if (found === undefined) throw new MalformedModel(`element type ${code} is not allowed`);
  return found[0] as ElementType;
}

type FieldValue = Field["value"];

function message(bytes: Uint8Array, name: string, allowed: readonly number[]): Field[] {
  const fields = readFields(bytes);
  checkNumbers(fields, name, allowed);
  return fields;
}

function checkNumbers(fields: readonly Field[], name: string, allowed: readonly number[]): void {
  const stranger = fields.find(({ number }) => !allowed.includes(number));
  if (stranger !== undefined) throw new MalformedModel(`${name} has field ${stranger.number}, which is not allowed`);
}

function all(fields: readonly Field[], number: number): FieldValue[] {
  return fields.filter((field) => field.number === number).map((field) => field.value);
}

function first(fields: readonly Field[], number: number): FieldValue | undefined {
  return all(fields, number)[0];
}

/** The field's value; it must be there once, because readers differ in which of several they take. */
function only(fields: readonly Field[], number: number, name: string): FieldValue {
  const [value, second] = all(fields, number);
  if (value === undefined) throw new MalformedModel(`${name} is missing`);
  if (second !== undefined) throw new MalformedModel(`${name} is there twice`);
  return value;
}

function part(value: FieldValue): Uint8Array {
  if (typeof value === "bigint") throw new MalformedModel("a number stands where a message is expected");
  return value;
}

function integer(value: FieldValue): bigint {
  if (typeof value !== "bigint") throw new MalformedModel("a message stands where a number is expected");
  return value;
}

function text(value: FieldValue | undefined): string {
  if (value === undefined) return "";
  return new TextDecoder("utf-8", { fatal: true }).decode(part(value));
}

function float(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat32(0, true);
}
