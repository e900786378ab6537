import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Palette, type Rewards, resolvePalette, rewardsFromCsv } from "@concord/alignment";

/** The order of values in the paper's tables. */
export const VALUES = ["humor", "gpt2-helpful", "gpt2-harmless", "diversity", "coherence", "perplexity"] as const;

export type Model = "opt1.3b" | "llama2_chat";

/** The rewards that the authors released. Ends the process with the reason where they are not there. */
export function released(model: Model): Rewards {
  const file = join(process.env.CONCORD_DATA ?? "", "map-reward-vectors", `rewards_${model}.csv`);
  if (!process.env.CONCORD_DATA || !existsSync(file)) {
    console.error("This experiment needs the released rewards: set CONCORD_DATA to a folder with map-reward-vectors.");
    process.exit(2);
  }
  return rewardsFromCsv(readFileSync(file, "utf8")).rewards;
}

/**
 * A palette of the tables: the named values at max(mean, q-quantile), the others of the six at their mean if `rest`. Levels
 * are rounded to three decimals, as the authors used them.
 */
export function tablePalette(rewards: Rewards, named: readonly string[], q: number, rest: boolean): Palette {
  const means = levels(
    rewards,
    VALUES.map((value) => ({ value, target: { kind: "mean" } })),
  );
  const quantiles = levels(
    rewards,
    named.map((value) => ({ value, target: { kind: "quantile", q: q / 100 } })),
  );
  return VALUES.filter((value) => rest || named.includes(value)).map((value) => {
    const level = Math.max(means.get(value) as number, quantiles.get(value) ?? -Infinity);
    return { value, target: { kind: "level", level: Number(level.toFixed(3)) } };
  });
}

/** Writes a table as Markdown beside this file and shows it. */
export function publish(
  name: string,
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const text = [`# ${title}`, "", line(head), line(head.map(() => "---")), ...rows.map(line), ""].join("\n");
  const folder = join(import.meta.dirname, "results");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.md`), text);
  console.log(text);
}

/** A number for a table: three decimals, 0 as 0. */
export function show(number: number | undefined): string {
  if (number === undefined || !Number.isFinite(number)) return "–";
  return number === 0 ? "0" : number.toFixed(3);
}

function levels(rewards: Rewards, palette: Palette): ReadonlyMap<string, number> {
  return new Map(
    resolvePalette(rewards, palette).map(({ value, target }) => [
      value,
      target.kind === "level" ? target.level : Number.NaN,
    ]),
  );
}
