import type { Tensor, Tree } from "@concord/engine";
import { flatten, float32, key, mapTree, portableEngine, rng, specOf } from "@concord/engine";
import { describe, expect, it } from "vitest";
import { lenet } from "./lenet.ts";
import { arrayAt, branchAt } from "./paths.ts";

describe("lenet", () => {
  it("gives what loops over pixels give", async () => {
    const [height, width, channels] = [16, 20, 3];
    const model = lenet([height, width, channels], 4);
    const random = rng(key("lenet"));
    // Scales and shifts other than 1 and 0 show whether they act where they should.
    const parameters = mapTree(model.init(key(2)), (leaf, path) =>
      path.startsWith("norm")
        ? float32(
            leaf.shape,
            Array.from(leaf.data, (v) => v + random.normal()),
          )
        : leaf,
    );
    const image = float32(
      [1, height, width, channels],
      Array.from({ length: height * width * channels }, () => random.normal()),
    );
    const engine = await portableEngine();
    const program = await engine.compile({
      name: model.name,
      inputs: { parameters: model.parameters, x: specOf(image) },
      apply: (inputs) => ({ y: model.apply(branchAt(inputs, "parameters"), arrayAt(inputs, "x")) }),
    });
    const { y } = await program.run({ parameters, x: image });

    const expected = byLoops(parameters, image);
    expect((y as Tensor).shape).toEqual([1, 4]);
    for (const [i, value] of expected.entries()) expect((y as Tensor).data[i]).toBeCloseTo(value, 4);
  });
});

/** Channels of rows of pixels. */
type Planes = number[][][];

/** The network on one image in float64, without any of the operations of the engine. */
function byLoops(parameters: Tree<Tensor>, image: Tensor): number[] {
  const tensors = new Map(flatten(parameters));
  const at = (path: string, ...index: readonly number[]): number => {
    const { shape, data } = tensors.get(path) as Tensor;
    return data[index.reduce((offset, i, axis) => offset * (shape[axis] ?? 0) + i, 0)] as number;
  };
  const range = (n: number) => Array.from({ length: n }, (_, i) => i);
  const total = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0);

  const convolve = (x: Planes, name: string, outputs: number): Planes =>
    range(outputs).map((k) =>
      range((x[0]?.length ?? 0) - 4).map((i) =>
        range((x[0]?.[0]?.length ?? 0) - 4).map(
          (j) =>
            at(`${name}.bias`, k) +
            total(
              x.flatMap((plane, c) =>
                range(5).flatMap((di) =>
                  range(5).map((dj) => (plane[i + di]?.[j + dj] ?? 0) * at(`${name}.weight`, k, c, di, dj)),
                ),
              ),
            ),
        ),
      ),
    );
  const normalise = (x: Planes, name: string): Planes => {
    const values = x.flat(2);
    const centre = total(values) / values.length;
    const variance = total(values.map((v) => (v - centre) ** 2)) / values.length;
    return x.map((plane, c) =>
      plane.map((row) =>
        row.map((v) => ((v - centre) / Math.sqrt(variance + 1e-5)) * at(`${name}.weight`, c) + at(`${name}.bias`, c)),
      ),
    );
  };
  const pool = (x: Planes): Planes =>
    x.map((plane) =>
      range(plane.length / 2).map((i) =>
        range((plane[0]?.length ?? 0) / 2).map((j) =>
          Math.max(0, ...[0, 1].flatMap((di) => [0, 1].map((dj) => plane[2 * i + di]?.[2 * j + dj] ?? 0))),
        ),
      ),
    );
  const dense = (x: readonly number[], name: string, outputs: number): number[] =>
    range(outputs).map((o) => at(`${name}.bias`, o) + total(x.map((v, i) => v * at(`${name}.weight`, i, o))));
  const relu = (x: readonly number[]) => x.map((v) => Math.max(0, v));

  const [, height = 0, width = 0, channels = 0] = image.shape;
  const planes = range(channels).map((c) =>
    range(height).map((i) => range(width).map((j) => image.data[(i * width + j) * channels + c] as number)),
  );
  // Pooling starts at 0: that is the ReLU, which commutes with a maximum.
  const first = pool(normalise(convolve(planes, "conv1", 6), "norm1"));
  const second = pool(normalise(convolve(first, "conv2", 16), "norm2"));
  return dense(relu(dense(relu(dense(second.flat(2), "fc1", 120)), "fc2", 84)), "fc3", 4);
}
