import { encodeSafetensors, flatten, float32 } from "@concord/engine";
import { describe, expect, it } from "vitest";
import type { Trained } from "./algorithm.ts";
import { keepPrivate, openPrivate } from "./private-tree.ts";

const tensors = { encoder: { weight: float32([1], [1]) } };
const own = keepPrivate(tensors);

describe("a private tree", () => {
  it("comes back as it was", () => {
    expect(flatten(openPrivate(own))).toEqual(flatten(tensors));
  });

  it("does not compile as an update, nor in the encoder of messages", () => {
    // @ts-expect-error what goes up is no private tree
    const leak: Trained = { update: own, privateState: own, loss: 0 };
    // @ts-expect-error nor is what goes into a file that travels
    const bytes = () => encodeSafetensors(own);
    // @ts-expect-error and tensors are not kept private by accident
    const open: Trained = { update: tensors, privateState: tensors, loss: 0 };
    expect([leak, bytes, open].length).toBe(3);
  });
});
