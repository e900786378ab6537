import type { ArrayTree, Key, NDArray, Tensor, TensorSpec, Tree } from "@concord/engine";
import { isBranch, matmul, split, unflatten, zeros } from "@concord/engine";
import { arrayAt, branchAt } from "./paths.ts";
import { uniformFanIn } from "./uniform-fan-in.ts";

/** Low-rank changes of linear layers, by the path of the layer. */
export interface Adapters {
  readonly parameters: ArrayTree;
  /** α / r of the paper. */
  readonly scale: number;
}

/** `down` [inputs, rank] and `up` [rank, outputs] for each layer; paths are those of the layers. */
export function loraSpecs(layers: readonly string[], width: number, rank: number): Tree<TensorSpec> {
  const spec = (shape: readonly number[]): TensorSpec => ({ dtype: "float32", shape });
  return unflatten(
    layers.flatMap((layer) => [
      [`${layer}.down`, spec([width, rank])] as const,
      [`${layer}.up`, spec([rank, width])] as const,
    ]),
  );
}

/** `down` uniform over ±1/√inputs and `up` zero, so that an adapter changes nothing at first. */
export function loraInit(key: Key, layers: readonly string[], width: number, rank: number): Tree<Tensor> {
  return unflatten(
    layers.flatMap((layer) => {
      const specs = { down: { dtype: "float32", shape: [width, rank] } } as const;
      const { down } = uniformFanIn(split(key, layer), specs, width);
      return [
        [`${layer}.down`, down as Tensor] as const,
        [`${layer}.up`, zeros("float32", [rank, width]) as Tensor] as const,
      ];
    }),
  );
}

/** The output of a linear layer with its adapter added: y + (x A) B α/r (Hu et al. 2021, arXiv:2106.09685). */
export function adapted(adapters: Adapters | undefined, layer: string, x: NDArray, y: NDArray): NDArray {
  if (adapters === undefined || !hasLayer(adapters.parameters, layer)) return y;
  const adapter = branchAt(adapters.parameters, layer);
  return y.add(matmul(matmul(x, arrayAt(adapter, "down")), arrayAt(adapter, "up")).mul(adapters.scale));
}

function hasLayer(tree: ArrayTree, layer: string): boolean {
  let node: ArrayTree | NDArray | undefined = tree;
  for (const name of layer.split(".")) {
    if (node === undefined || !isBranch(node)) return false;
    node = node[name];
  }
  return node !== undefined;
}
