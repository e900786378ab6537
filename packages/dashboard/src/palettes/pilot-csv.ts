import type { Rewards } from "@concord/alignment";

/** Rewards as the gateway reads them: `prompt_id` and the values, without any text. */
export function pilotCsv({ values, n, data, prompts }: Rewards): string {
  const m = values.length;
  const lines = [["prompt_id", ...values].map(field).join(",")];
  for (let j = 0; j < n; j++) {
    const prompt = prompts === undefined ? String(j) : (prompts.names[prompts.of[j] as number] ?? "");
    lines.push([field(prompt), ...data.subarray(j * m, (j + 1) * m)].join(","));
  }
  return `${lines.join("\n")}\n`;
}

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
