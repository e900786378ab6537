import type { Node } from "../../onnx/model.ts";
import type { Fusion } from "./fusion.ts";

/**
 * A zero where c, otherwise (a zero where not d, otherwise g): one Where over "d and not c". Logic on booleans moves a quarter
 * of the bytes, and a Where passes over its operands three times.
 * (The gradients of ReLU and pooling, in a step of the CNN: 155 instead of 164 ms.)
 */
export const fuseChoices: Fusion = (node, around) => {
  const [condition = "", zero = "", rest = ""] = node.inputs;
  if (node.op !== "Where" || !around.isZero(zero)) return undefined;
  const inner = around.soleProducer(rest);
  const [chosen = "", value = "", other = ""] = inner?.inputs ?? [];
  const dims = around.dims(rest).join();
  const whole = [condition, chosen].every((name) => around.dims(name).join() === dims);
  if (inner?.op !== "Where" || !whole || !around.isZero(other)) return undefined;
  const [kept, both] = [`not ${condition}`, `${chosen} and not ${condition}`];
  const logic = (op: string, inputs: readonly string[], output: string): Node => {
    return { op, domain: "", name: `${op}_${output}`, inputs, outputs: [output], attributes: {} };
  };
  const add = [
    ...(around.has(kept) ? [] : [logic("Not", [condition], kept)]),
    ...(around.has(both) ? [] : [logic("And", [chosen, kept], both)]),
    { ...node, inputs: [both, value, zero] },
  ];
  return { remove: [inner, node], add };
};
