import type { RewardsFormat } from "@concord/alignment";
import type { KeptAnswers } from "@concord/protocol";
import type { PilotSource } from "./pilot.ts";

/** A file beyond this does not fit into a tab several times over. */
const MOST_BYTES = 400 * 1024 * 1024;

/** Rewards from a visitor's file, which stays in the page. Throws Error where it is too large to be read there. */
export async function sourceFromFile(file: File): Promise<PilotSource> {
  if (file.size > MOST_BYTES) {
    throw new Error(
      `${file.name} has ${Math.round(file.size / 1024 / 1024)} MB; a tab takes up to 400. Use concord align for it`,
    );
  }
  return { kind: "text", name: file.name, text: await file.text(), format: formatOf(file.name) };
}

/** By the end of the name; otherwise the first character of the text tells. */
export function formatOf(name: string): RewardsFormat | undefined {
  const end = /\.(csv|json|jsonl|ndjson)$/i.exec(name)?.[1]?.toLowerCase();
  return end === "ndjson" ? "jsonl" : (end as RewardsFormat | undefined);
}

/** What a gateway has served as rewards with texts: the candidates of each request are the answers to its prompt. */
export function sourceFromKept(name: string, kept: KeptAnswers["answers"]): PilotSource {
  const lines = kept.flatMap(({ seq, prompt, candidates }) =>
    candidates.map(({ text, rewards }) => JSON.stringify({ prompt_id: String(seq), prompt, answer: text, rewards })),
  );
  return { kind: "text", name, text: lines.join("\n"), format: "jsonl" };
}
