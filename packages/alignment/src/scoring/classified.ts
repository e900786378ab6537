import type { TextClassifier } from "@concord/learning";
import { logOdds } from "@concord/learning";
import type { RewardModel } from "./reward-model.ts";

export interface ClassifiedOptions {
  /** Names the weights, such as their hash; other weights give other rewards. */
  readonly version: string;
  /**
   * "probability" of class 1, as MAP's positiveness is published; "log-odds", which does not flatten at the ends and
   * therefore leaves room above a target. Default "probability".
   */
  readonly scale?: "probability" | "log-odds" | undefined;
  /** Judge the answer alone, or the prompt with it. Default "both", as published. */
  readonly reads?: "answer" | "both" | undefined;
}

/** How much a text belongs to class 1 of a classifier. */
export function classified(name: string, classifier: TextClassifier, options: ClassifiedOptions): RewardModel {
  const { version, scale = "probability", reads = "both" } = options;
  return {
    name,
    version: JSON.stringify([version, scale, reads]),
    batch: 1024,
    score: async (answers) =>
      answers.map(({ prompt, answer }) => {
        const odds = logOdds(classifier, reads === "both" ? `${prompt} ${answer}` : answer);
        return scale === "log-odds" ? odds : 1 / (1 + Math.exp(-odds));
      }),
  };
}
