import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

/**
 * Seeded, splittable randomness.
 *
 * A `Key` is a place in a tree of independent streams: `split(key, "party-3", 7)` depends on the key and the labels
 * alone, never on what was drawn before, so that an update is a function of (seed, party, round, step). A `Rng` is the
 * stream of one key; it is consumed as it is read and never shared.
 */
export interface Key {
  readonly high: bigint;
  readonly low: bigint;
}

/** The root key of a seed (a whole number, or a text such as "fold-2"). */
export function key(seed: number | string): Key {
  return split({ high: 0x6a09e667f3bcc908n, low: 0xbb67ae8584caa73bn }, seed);
}

/** The key of a labelled child. Labels are told apart by type: 1 and "1" give different keys. */
export function split(parent: Key, ...labels: readonly (number | string)[]): Key {
  let { high, low } = parent;
  for (const label of labels) {
    const text = typeof label === "number" ? `n${label}` : `s${label}`;
    for (let i = 0; i < text.length; i++) {
      const unit = BigInt(text.charCodeAt(i));
      high = mix(high ^ (unit + 0x9e3779b97f4a7c15n));
      low = mix(low + high + unit);
    }
    // The end of a label is marked, so that ("ab", "c") and ("a", "bc") differ.
    high = mix(high ^ 0xd1b54a32d192ed03n);
    low = mix(low ^ high);
  }
  return { high, low };
}

export interface Rng {
  /** A whole number, uniform over 0 … 2³² − 1. */
  uint32(): number;
  /** Uniform over [0, 1) with 53 bits. */
  uniform(): number;
  /** A whole number, uniform over 0 … bound − 1 (no modulo bias). */
  below(bound: number): number;
  /** Standard normal (Marsaglia's polar method). */
  normal(): number;
  /** Gamma with the given shape and scale 1 (Marsaglia and Tsang 2000; boosted for shape < 1). */
  gamma(shape: number): number;
}

/** The stream of a key: xoroshiro128+ (Blackman and Vigna) as pure-rand implements it. */
export function rng(of: Key): Rng {
  const bits = xoroshiro128plusFromState(words(of));
  const uniform = () => uniformFloat64(bits);
  let spare: number | undefined;

  function normal(): number {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    for (;;) {
      const u = 2 * uniform() - 1;
      const v = 2 * uniform() - 1;
      const s = u * u + v * v;
      if (s === 0 || s >= 1) continue;
      const scale = Math.sqrt((-2 * Math.log(s)) / s);
      spare = v * scale;
      return u * scale;
    }
  }

  function gamma(shape: number): number {
    if (!(shape > 0 && shape < Infinity)) throw new RangeError(`a gamma shape must be finite and > 0, got ${shape}`);
    if (shape < 1) return gamma(shape + 1) * uniform() ** (1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = normal();
      const v = (1 + c * x) ** 3;
      if (v > 0 && Math.log(1 - uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
    }
  }

  return {
    uint32: () => bits.next() >>> 0,
    uniform,
    below(bound) {
      if (!Number.isSafeInteger(bound) || bound < 1)
        throw new RangeError(`a bound must be a whole number ≥ 1, got ${bound}`);
      return uniformInt(bits, 0, bound - 1);
    },
    normal,
    gamma,
  };
}

/** The whole numbers 0 … n − 1 in random order (Fisher and Yates). */
export function permutation(r: Rng, n: number): Int32Array<ArrayBuffer> {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = r.below(i + 1);
    const kept = order[i] as number;
    order[i] = order[j] as number;
    order[j] = kept;
  }
  return order;
}

/** `count` different items in random order, each set equally likely. Throws RangeError if there are not so many. */
export function sample<T>(r: Rng, items: readonly T[], count: number): T[] {
  if (!Number.isSafeInteger(count) || count < 0 || count > items.length) {
    throw new RangeError(`cannot draw ${count} of ${items.length}`);
  }
  return Array.from(permutation(r, items.length).subarray(0, count), (i) => items[i] as T);
}

/** A point of the simplex drawn from a symmetric Dirichlet distribution with the given concentration; `size` is ≥ 1. */
export function dirichlet(r: Rng, concentration: number, size: number): number[] {
  const draws = Array.from({ length: size }, () => r.gamma(concentration));
  const total = draws.reduce((sum, x) => sum + x, 0);
  if (total > 0) return draws.map((x) => x / total);
  // A concentration so small that every draw underflows: the distribution is as good as that on the corners.
  const corner = r.below(size);
  return draws.map((_, i) => (i === corner ? 1 : 0));
}

/** The 64-bit finaliser of SplitMix64 (Steele, Lea and Flood 2014). */
function mix(value: bigint): bigint {
  let z = BigInt.asUintN(64, value);
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return z ^ (z >> 31n);
}

/** The key as four signed 32-bit words, never all zero (the one state from which xoroshiro does not move). */
function words({ high, low }: Key): readonly number[] {
  const parts = [high >> 32n, high, low >> 32n, low].map((part) => Number(BigInt.asIntN(32, part)));
  return parts.some((part) => part !== 0) ? parts : [1, 0, 0, 0];
}
