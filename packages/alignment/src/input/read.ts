import { rewardsFromCsv } from "./csv.ts";
import { rewardsFromJson, rewardsFromJsonl } from "./json.ts";
import type { ColumnRoles, ReadRewards } from "./table.ts";

export type RewardsFormat = "csv" | "json" | "jsonl";

/** Reads rewards in any of the formats. Without one it is told by the first character: [ and { are JSON or JSON Lines. */
export function readRewards(text: string, format: RewardsFormat | undefined, roles: ColumnRoles = {}): ReadRewards {
  switch (format ?? guess(text)) {
    case "csv":
      return rewardsFromCsv(text, roles);
    case "json":
      return rewardsFromJson(text, roles);
    case "jsonl":
      return rewardsFromJsonl(text, roles);
  }
}

function guess(text: string): RewardsFormat {
  const start = /^[\uFEFF\s]*/.exec(text)?.[0].length ?? 0;
  if (text[start] === "[") return "json";
  if (text[start] !== "{") return "csv";
  const end = text.indexOf("\n", start);
  try {
    const first: unknown = JSON.parse(end < 0 ? text.slice(start) : text.slice(start, end));
    const columns = typeof first === "object" && first !== null && Object.values(first).some(Array.isArray);
    return columns ? "json" : "jsonl";
  } catch {
    return "json"; // An object over several lines.
  }
}
