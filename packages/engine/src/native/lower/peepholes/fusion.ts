import type { Node } from "../../onnx/model.ts";

/** A pattern over finished nodes: which to take out, and what to put in the place of the last of them. */
export type Fusion = (node: Node, around: Surroundings) => Replacement | undefined;

interface Replacement {
  readonly remove: readonly Node[];
  readonly add: readonly Node[];
}

interface Surroundings {
  /** The dims of a value; `[]` for a scalar or an unknown name. */
  dims(name: string): readonly number[];
  producer(name: string): Node | undefined;
  /** The producer, if nothing but one node reads its only output. */
  soleProducer(name: string): Node | undefined;
  has(name: string): boolean;
  /** True for a constant that is the number 0. */
  isZero(name: string): boolean;
}

/** Applies the fusions to every node, in order, each as often as it applies. */
export function fuse(
  nodes: readonly Node[],
  dims: ReadonlyMap<string, readonly number[]>,
  outputs: ReadonlySet<string>,
  zeros: ReadonlySet<string>,
  fusions: readonly Fusion[],
): Node[] {
  let list = [...nodes];
  for (const fusion of fusions) {
    const producers = new Map(list.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
    const readers = new Map<string, number>();
    for (const input of list.flatMap((node) => node.inputs)) readers.set(input, (readers.get(input) ?? 0) + 1);
    const made = new Map<string, readonly number[]>();
    const zeroReshaped = (name: string) => {
      const node = producers.get(name);
      return node?.op === "Reshape" && zeros.has(node.inputs[0] ?? "");
    };
    const around: Surroundings = {
      dims: (name) => dims.get(name) ?? made.get(name) ?? [],
      producer: (name) => producers.get(name),
      soleProducer(name) {
        const node = producers.get(name);
        const alone = readers.get(name) === 1 && !outputs.has(name) && node?.outputs.length === 1;
        return alone ? node : undefined;
      },
      has: (name) => producers.has(name),
      isZero: (name) => zeros.has(name) || zeroReshaped(name),
    };
    const gone = new Set<Node>();
    const placed = new Map<Node, readonly Node[]>();
    for (const node of list) {
      if (gone.has(node)) continue;
      const replacement = fusion(node, around);
      if (replacement === undefined || replacement.remove.some((old) => gone.has(old))) continue;
      for (const old of replacement.remove) gone.add(old);
      for (const fresh of replacement.add) for (const output of fresh.outputs) producers.set(output, fresh);
      placed.set(node, replacement.add);
    }
    list = list.flatMap((node) => placed.get(node) ?? (gone.has(node) ? [] : [node]));
  }
  return list;
}
