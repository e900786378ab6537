import { byCodeUnits } from "./code-units.ts";

/**
 * Named trees: nested records whose leaves are tensors or their specs (or anything else that is not a plain record).
 *
 * A path is the names from the root joined by dots (`conv1.weight`) and is the key of the leaf in a safetensors file.
 * The order of a tree is the order of its paths by code unit, whatever the order of insertion: two trees that hold the
 * same leaves flatten to the same list.
 */
export type Tree<T> = { readonly [name: string]: T | Tree<T> };

/** Leaves with their paths, in path order. */
export type Leaves<T> = readonly (readonly [path: string, leaf: T])[];

/** Flattens a tree. Throws TypeError for a name that is empty or holds a dot. */
export function flatten<T>(tree: Tree<T>): Leaves<T> {
  const leaves: [string, T][] = [];
  walk(tree, "", leaves);
  return leaves.sort(byCodeUnits(([path]) => path));
}

/** Builds the tree of the given leaves. Throws TypeError for a path that is a leaf and a branch at once, or twice. */
export function unflatten<T>(leaves: Iterable<readonly [string, T]>): Tree<T> {
  const root = record<T>();
  for (const [path, leaf] of leaves) {
    const names = path.split(".");
    const last = names.pop();
    let branch = root;
    for (const name of names) {
      checkName(name, path);
      const next = branch[name];
      if (next === undefined) branch = branch[name] = record<T>();
      else if (isBranch<T>(next)) branch = next as Branch<T>;
      else throw new TypeError(`path "${path}" runs through a leaf`);
    }
    if (last === undefined) throw new TypeError("a path cannot be empty");
    checkName(last, path);
    if (last in branch) throw new TypeError(`path "${path}" is there twice, or is a branch too`);
    branch[last] = leaf;
  }
  return root;
}

/** Applies `f` to every leaf; the result has the same paths. */
export function mapTree<T, U>(tree: Tree<T>, f: (leaf: T, path: string) => U): Tree<U> {
  return unflatten(flatten(tree).map(([path, leaf]) => [path, f(leaf, path)] as const));
}

/**
 * Applies `f` to the leaves of two trees that stand at the same path.
 * Throws TypeError, naming the path, where one tree has a leaf that the other lacks.
 */
export function zipTrees<A, B, U>(a: Tree<A>, b: Tree<B>, f: (a: A, b: B, path: string) => U): Tree<U> {
  const left = flatten(a);
  const right = new Map(flatten(b));
  if (left.length !== right.size) {
    const names = new Set(left.map(([path]) => path));
    const extra = [...right.keys()].find((path) => !names.has(path));
    if (extra !== undefined) throw new TypeError(`"${extra}" is in one tree only`);
  }
  return unflatten(
    left.map(([path, leaf]) => {
      if (!right.has(path)) throw new TypeError(`"${path}" is in one tree only`);
      return [path, f(leaf, right.get(path) as B, path)] as const;
    }),
  );
}

/** True for a branch (a plain record), false for a leaf. */
export function isBranch<T>(node: T | Tree<T>): node is Tree<T> {
  if (typeof node !== "object" || node === null) return false;
  // Tensors and their specs are plain records too; they say their dtype.
  if ("dtype" in node && typeof node.dtype === "string") return false;
  const prototype = Object.getPrototypeOf(node);
  return prototype === Object.prototype || prototype === null;
}

type Branch<T> = { [name: string]: T | Branch<T> };

/** No prototype: a path may hold `__proto__` or `constructor` and mean only that. */
function record<T>(): Branch<T> {
  return Object.create(null) as Branch<T>;
}

function walk<T>(node: Tree<T>, prefix: string, into: [string, T][]): void {
  for (const name of Object.keys(node)) {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    checkName(name, path);
    const child = node[name] as T | Tree<T>;
    if (isBranch(child)) walk(child, path, into);
    else into.push([path, child]);
  }
}

function checkName(name: string, path: string): void {
  if (name === "") throw new TypeError(`path "${path}" has an empty name`);
  if (name.includes(".")) throw new TypeError(`name "${name}" holds a dot, which separates names`);
}
