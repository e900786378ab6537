import type { Rewards } from "@concord/alignment";

/** Rewards as the gateway reads them: values, and numbers in the place of prompts, whose names may say what they ask. */
export function pilotCsv({ values, n, data, prompts }: Rewards): string {
  const m = values.length;
  const lines = [["prompt_id", ...values].map(field).join(",")];
  for (let j = 0; j < n; j++) {
    lines.push([prompts?.of[j] ?? j, ...data.subarray(j * m, (j + 1) * m)].join(","));
  }
  return `${lines.join("\n")}\n`;
}

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
