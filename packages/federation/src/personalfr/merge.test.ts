import type { Tensor, Tree } from "@concord/engine";
import { float32, int32 } from "@concord/engine";
import { describe, expect, it } from "vitest";
import { mergeDecoders } from "./merge.ts";

/** A decoder of three items with one weight and one bias each, and one other number. */
function decoder(other: number, weights: readonly number[], biases: readonly number[], index?: readonly number[]) {
  const items: Tree<Tensor> = { weight: float32([weights.length, 1], weights), bias: float32([biases.length], biases) };
  return {
    first: { bias: float32([1], [other]) },
    items: index === undefined ? items : { ...items, index: int32([index.length], index) },
  };
}

function numbers(tree: Tree<Tensor>) {
  const [first, items] = [tree.first, tree.items] as [Tree<Tensor>, Tree<Tensor>];
  return [first.bias, items.weight, items.bias].map((leaf) => [...(leaf as Tensor).data]);
}

describe("the merge of decoders", () => {
  const before = decoder(1, [10, 20, 30], [0, 0, 0]);
  // Item 0: both parties; item 1: the second one; item 2: nobody.
  const one = decoder(2, [12], [4], [0]);
  const two = decoder(6, [16, 24], [8, 2], [0, 1]);

  it("counts a member without an item with the old row, as published", () => {
    expect(numbers(mergeDecoders(before, [one, two], "all"))).toEqual([[4], [14, 22, 30], [6, 1, 0]]);
  });

  it("or takes the mean over those who have it", () => {
    expect(numbers(mergeDecoders(before, [one, two], "active"))).toEqual([[4], [14, 24, 30], [6, 2, 0]]);
  });

  it.each(["all", "active"] as const)("gives the same if a member sends the whole decoder (%s)", (rule) => {
    const whole = decoder(6, [16, 24, 30], [8, 2, 0]);
    expect(numbers(mergeDecoders(before, [one, whole], rule))).toEqual(
      numbers(mergeDecoders(before, [one, two], rule)),
    );
  });

  it("leaves a decoder that nobody has changed as it is, to the bit", () => {
    const same = decoder(1, [10, 20, 30], [0, 0, 0]);
    expect(numbers(mergeDecoders(before, [same, same, same], "active"))).toEqual(numbers(before));
  });
});
