import type { LanguageModel } from "@concord/learning";
import { meanNegativeLogLikelihood } from "@concord/learning";
import type { RewardModel } from "./reward-model.ts";

/**
 * "Perplexity" as MAP uses the word: minus the mean negative log probability of the tokens of prompt and answer under a
 * language model, in nats, so that more is better. (The perplexity proper is the exponential of its negative.)
 */
export function perplexity(model: LanguageModel): RewardModel {
  return {
    name: "perplexity",
    version: model.name,
    batch: 32,
    async score(answers, signal) {
      const texts = answers.map(({ prompt, answer }) => `${prompt}${answer}`);
      return (await meanNegativeLogLikelihood(model, texts, signal)).map((loss) => -loss);
    },
  };
}
