import type { Attribute, Constant, Graph, Model, Node, ValueInfo } from "./model.ts";
import { TYPE_CODES } from "./model.ts";
import { MessageWriter } from "./wire.ts";

/** The bytes of an ONNX file. Equal models give equal bytes, so that a program can be named by its hash. */
export function encodeModel(model: Model): Uint8Array<ArrayBuffer> {
  const message = new MessageWriter()
    .int(1, model.irVersion)
    .text(2, model.producerName)
    .message(7, graphMessage(model.graph));
  for (const { domain, version } of model.opsets) {
    message.message(8, new MessageWriter().text(1, domain).int(2, version));
  }
  for (const key of Object.keys(model.metadata).sort()) {
    message.message(14, new MessageWriter().text(1, key).text(2, model.metadata[key] ?? ""));
  }
  return new Uint8Array(message.finish());
}

function graphMessage(graph: Graph): MessageWriter {
  const message = new MessageWriter();
  for (const node of graph.nodes) message.message(1, nodeMessage(node));
  message.text(2, graph.name);
  for (const constant of graph.initializers) message.message(5, constantMessage(constant));
  for (const input of graph.inputs) message.message(11, valueMessage(input));
  for (const output of graph.outputs) message.message(12, valueMessage(output));
  return message;
}

function nodeMessage({ op, domain, name, inputs, outputs, attributes }: Node): MessageWriter {
  const message = new MessageWriter();
  for (const input of inputs) message.text(1, input);
  for (const output of outputs) message.text(2, output);
  message.text(3, name).text(4, op);
  for (const key of Object.keys(attributes).sort()) {
    const attribute = attributes[key];
    if (attribute !== undefined) message.message(5, attributeMessage(key, attribute));
  }
  if (domain !== "") message.text(7, domain);
  return message;
}

/** AttributeProto: the value's own field, and its kind in field 20. */
function attributeMessage(name: string, attribute: Attribute): MessageWriter {
  const message = new MessageWriter().text(1, name);
  switch (attribute.kind) {
    case "float":
      return message.float(2, attribute.value).int(20, 1);
    case "int":
      return message.int(3, attribute.value).int(20, 2);
    case "string":
      return message.text(4, attribute.value).int(20, 3);
    case "graph":
      return message.message(6, graphMessage(attribute.value)).int(20, 5);
    case "ints":
      return message.ints(8, attribute.value).int(20, 7);
  }
}

function constantMessage({ name, type, dims, bytes }: Constant): MessageWriter {
  return new MessageWriter().ints(1, dims).int(2, TYPE_CODES[type]).text(8, name).bytes(9, bytes);
}

function valueMessage({ name, type, shape }: ValueInfo): MessageWriter {
  const dims = new MessageWriter();
  for (const size of shape) {
    const dim = new MessageWriter();
    dims.message(1, typeof size === "number" ? dim.int(1, size) : dim.text(2, size));
  }
  const tensor = new MessageWriter().int(1, TYPE_CODES[type]).message(2, dims);
  return new MessageWriter().text(1, name).message(2, new MessageWriter().message(1, tensor));
}
