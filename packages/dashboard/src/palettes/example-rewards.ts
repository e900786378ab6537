import type { Rewards } from "@concord/alignment";
import { labels, makeRewards } from "@concord/alignment";
import { key, rng } from "@concord/engine/random";

const PROMPTS = 250;
const ANSWERS = 8;

/**
 * Made-up rewards to try the page on: 250 prompts, eight answers to each. Helpful and harmless pull against each other,
 * humour is skewed and depends little on either, and a part of each value belongs to the prompt, where choosing among
 * its answers changes nothing. The same numbers every time.
 */
export function exampleRewards(): Rewards {
  const random = rng(key("palettes of the page"));
  const rows: number[][] = [];
  const prompts: number[] = [];
  for (let prompt = 0; prompt < PROMPTS; prompt++) {
    const topic = [random.normal(), random.normal(), random.normal()] as const;
    for (let answer = 0; answer < ANSWERS; answer++) {
      const bold = random.normal();
      const helpful = 0.6 + 0.6 * topic[0] + 0.7 * bold + 0.4 * random.normal();
      const harmless = 1.1 + 0.5 * topic[1] - 0.6 * bold + 0.5 * random.normal();
      const humour = -2.2 + 0.7 * Math.exp(0.5 * random.normal() + 0.3 * topic[2] + 0.2 * bold);
      rows.push([helpful, harmless, humour]);
      prompts.push(prompt);
    }
  }
  return makeRewards(["helpful", "harmless", "humour"], rows, { prompts: labels(prompts) });
}
