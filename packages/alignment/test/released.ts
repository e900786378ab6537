import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Palette, type Rewards, rewardsFromCsv } from "@concord/alignment";

/** The rewards that the authors released, where CONCORD_DATA has them. */
export const FOLDER = join(process.env.CONCORD_DATA ?? "", "map-reward-vectors");

/** Why a test that needs them is skipped; undefined where they are there. */
export const ABSENT: string | undefined =
  process.env.CONCORD_DATA && existsSync(FOLDER)
    ? undefined
    : "needs the released rewards: set CONCORD_DATA to a folder with map-reward-vectors";

export interface GoldenCase {
  readonly file: string;
  readonly name?: string;
  readonly line?: number;
  readonly values: readonly string[];
  readonly c: readonly number[];
  readonly lp_max_slack: number;
  readonly lambda_exact?: readonly number[] | null;
  readonly kl_exact?: number;
  readonly kl?: number;
  readonly ess?: number;
  readonly realized_all6?: readonly number[];
}

export function cases(file: string): readonly GoldenCase[] {
  return JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as GoldenCase[];
}

export function released(model: "opt1.3b" | "llama2_chat"): Rewards {
  return rewardsFromCsv(readFileSync(join(FOLDER, `rewards_${model}.csv`), "utf8")).rewards;
}

export function paletteOf({ values, c }: GoldenCase): Palette {
  return values.map((value, i) => ({ value, target: { kind: "level", level: c[i] as number } }));
}
