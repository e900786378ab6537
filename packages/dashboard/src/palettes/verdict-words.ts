import type { Outcome } from "./outcome.ts";

export interface Verdict {
  readonly tone: "good" | "warn" | "bad" | "none";
  readonly title: string;
  /** As `concord align solve` says it. */
  readonly words: string;
}

/** What is said above the sliders. */
export function verdictOf(outcome: Outcome | null): Verdict {
  if (outcome === null) return { tone: "none", title: "Solving …", words: "" };
  switch (outcome.kind) {
    case "nothing":
      return { tone: "none", title: "Nothing asked", words: "All values are off: these are the base model's answers." };
    case "refused":
      return { tone: "bad", title: "Cannot be solved", words: sentence(outcome.why) };
    case "unreachable":
      return { tone: "bad", title: "Not reachable", words: rest(outcome.solution.verdict, /^not reachable /) };
    case "reached": {
      const { estimable, verdict } = outcome.solution;
      return estimable
        ? { tone: "good", title: "Reachable", words: rest(verdict, /^reachable: /) }
        : { tone: "warn", title: "Not estimable", words: rest(verdict, /^not estimable from this many samples: /) };
    }
  }
}

/** The verdict without the words that the title says already. */
function rest(verdict: string, title: RegExp): string {
  return sentence(verdict.replace(title, ""));
}

function sentence(text: string): string {
  const whole = /[.!?]$/.test(text) ? text : `${text}.`;
  return whole.charAt(0).toUpperCase() + whole.slice(1);
}
