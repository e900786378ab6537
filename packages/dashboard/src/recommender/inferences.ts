import type { RecommenderHome } from "./tab-recommender.ts";

export type Algorithm = RecommenderHome["spec"]["algorithm"];

/** What somebody who reads all messages on the server learns of a visitor who takes part, and what is in no message. */
export function inferences(algorithm: Algorithm): {
  readonly learns: readonly string[];
  readonly never: readonly string[];
} {
  return {
    learns: [
      whichFilms(algorithm),
      "Whether you liked each of them, and nearly which rating you gave: the film's own number in the update moves towards it, and you are the only one in your update.",
      "When you take part, how many films you have rated, and your network address.",
    ],
    never: [
      "the ratings themselves, as numbers",
      "your private vector (or encoder) and the state of its training",
      "your personal offset: whether you rate high or low",
      "your top 10, what you search for, and what you export",
    ],
  };
}

function whichFilms(algorithm: Algorithm): string {
  if (algorithm.kind !== "personalfr") return "Nothing of single films.";
  const decoys = "disguise" in algorithm ? decoysOf(algorithm.disguise) : 0;
  if (decoys > 0) {
    return `That the films you rated are among those an update names: with each of them, ${decoys} others are named as decoys, always the same, and drawn from a secret that this device keeps. Guesses remain: well-known films among them are likelier to be yours, and a film that is not named you have surely not rated.`;
  }
  return algorithm.upload.kind === "rows"
    ? "Which films you rated: an update holds their rows and names them."
    : "Which films you rated: the update holds all rows, but only those of your films have changed.";
}

function decoysOf(disguise: unknown): number {
  return typeof disguise === "object" && disguise !== null && "decoys" in disguise ? Number(disguise.decoys) : 0;
}
