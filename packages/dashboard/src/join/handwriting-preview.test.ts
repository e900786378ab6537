import { expect, it } from "vitest";
import { personalHandwriting } from "../../../party/src/browser/data.ts";
import { previewDigits } from "./handwriting-preview.ts";

it("shows the examples that the party would train on", () => {
  const preview = previewDigits("1-2-3-4", 20);
  const { train, heldOut } = personalHandwriting("1-2-3-4");
  const images = [train, heldOut].flatMap(({ inputs, size }) =>
    Array.from({ length: size }, (_, i) => Buffer.from(inputs.data.slice(784 * i, 784 * (i + 1))).toString("hex")),
  );
  for (const digit of preview) expect(images).toContain(Buffer.from(digit).toString("hex"));
});
