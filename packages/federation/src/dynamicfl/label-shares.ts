import type { Unfit } from "../algorithm.ts";
import type { PartyProfile } from "../party.ts";

/**
 * What the selection of a group knows of the parties' labels. It asks for nothing else, so that shares with noise, or
 * made by a protocol that hides the single party, can take the place of the counts that parties declare today.
 */
export interface LabelShares {
  /** P_i: the share of each class among the examples of a party; not negative, adds up to 1. */
  of(party: string): readonly number[];
  /** P: the same over the examples of the whole federation. */
  readonly whole: readonly number[];
}

/**
 * The shares by the counts that the parties have declared. P = Σ n_i P_i / Σ n_i over all of them.
 * Throws TypeError, naming the party and `labels`, where they are missing or of no use.
 */
export function declaredLabels(parties: readonly PartyProfile[]): LabelShares {
  const shares = new Map<string, readonly number[]>();
  const pool: { examples: number; shares: readonly number[] }[] = [];
  for (const party of parties) {
    const unfit = unfitLabels(party);
    if (unfit) throw new TypeError(`party "${party.id}": ${unfit.field} ${unfit.problem}`);
    const counts = party.labels ?? [];
    const [first] = shares.values();
    if (first !== undefined && first.length !== counts.length) {
      throw new TypeError(
        `party "${party.id}": labels has ${counts.length} counts, others have ${first.length}: expected one for each class`,
      );
    }
    const total = counts.reduce((sum, count) => sum + count, 0);
    const own = counts.map((count) => count / total);
    shares.set(party.id, own);
    pool.push({ examples: party.examples, shares: own });
  }
  return {
    whole: pooled(pool),
    of(party) {
      const found = shares.get(party);
      if (found === undefined) throw new RangeError(`"${party}" is no party of this federation`);
      return found;
    },
  };
}

/** Why a party's label counts are of no use, or undefined if they are. */
export function unfitLabels({ labels }: PartyProfile): Unfit | undefined {
  if (labels === undefined) {
    const problem =
      "is missing: this federation chooses by labels who exchanges often, so a party must share how many examples of each " +
      "class it has (concord join --share-labels)";
    return { field: "labels", problem };
  }
  const wrong = labels.find((count) => !(Number.isFinite(count) && count >= 0));
  if (wrong !== undefined) return { field: "labels", problem: `holds ${wrong}: a count must be a finite number ≥ 0` };
  if (!labels.some((count) => count > 0)) {
    return { field: "labels", problem: "counts no example of any class: expected at least one" };
  }
  return undefined;
}

/** Σ n_i P_i / Σ n_i, class by class. */
export function pooled(
  parts: readonly { readonly examples: number; readonly shares: readonly number[] }[],
): readonly number[] {
  const n = parts.reduce((sum, { examples }) => sum + examples, 0);
  const pool = new Array<number>(parts[0]?.shares.length ?? 0).fill(0);
  for (const { examples, shares } of parts) {
    for (let c = 0; c < pool.length; c++) pool[c] = (pool[c] as number) + (examples * (shares[c] as number)) / n;
  }
  return pool;
}

/** KL(P ‖ Q) = Σ p ln(p / q) in nats; infinite where P has a class that Q lacks. */
export function divergence(P: readonly number[], Q: readonly number[]): number {
  let sum = 0;
  for (let c = 0; c < P.length; c++) {
    const p = P[c] as number;
    if (p > 0) sum += p * Math.log(p / (Q[c] ?? 0));
  }
  // Rounding may leave a distance of −1e-17 between equal distributions.
  return Math.max(0, sum);
}
