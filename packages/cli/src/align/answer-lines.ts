import { InputError } from "../output.ts";

/** A prompt with the name by which its answers are told from those of others. */
export interface PromptLine {
  readonly promptId: string | number;
  readonly prompt: string;
}

export interface AnswerLine extends PromptLine {
  readonly text: string;
}

/**
 * Prompts, a line each: the text itself, or `{ "prompt": "…", "prompt_id": 7 }`. Without an id it is the place, from 0.
 * Throws InputError with the line.
 */
export function readPrompts(text: string): PromptLine[] {
  const prompts = lines(text).map(({ row, line }, place): PromptLine => {
    if (!row.startsWith("{")) return { promptId: place, prompt: row };
    const record = parse(row, line);
    return { promptId: idOf(record, line) ?? place, prompt: textOf(record, ["prompt"], line) };
  });
  if (prompts.length === 0) throw new InputError("there are no prompts: give one a line");
  return prompts;
}

/**
 * Answers, a line each, as `align generate` writes them: `{ "prompt_id": 7, "prompt": "…", "text": "…" }`. Without an id
 * answers to the same prompt belong together. Throws InputError with the line.
 */
export function readAnswers(text: string): AnswerLine[] {
  const places = new Map<string, number>();
  const answers = lines(text).map(({ row, line }): AnswerLine => {
    const record = parse(row, line);
    const prompt = textOf(record, ["prompt"], line);
    if (!places.has(prompt)) places.set(prompt, places.size);
    return {
      promptId: idOf(record, line) ?? places.get(prompt) ?? 0,
      prompt,
      text: textOf(record, ["text", "answer"], line),
    };
  });
  if (answers.length === 0) throw new InputError("there are no answers: give one a line");
  return answers;
}

function lines(text: string): { readonly row: string; readonly line: number }[] {
  return text.split(/\r?\n/).flatMap((row, i) => (row.trim() === "" ? [] : [{ row, line: i + 1 }]));
}

function parse(row: string, line: number): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(row);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Said below.
  }
  throw new InputError(`line ${line} is no JSON object`);
}

function idOf({ prompt_id: id }: Readonly<Record<string, unknown>>, line: number): string | number | undefined {
  if (id === undefined || typeof id === "number" || typeof id === "string") return id;
  throw new InputError(`line ${line}: prompt_id must be a text or a number`);
}

function textOf(record: Readonly<Record<string, unknown>>, fields: readonly string[], line: number): string {
  for (const field of fields) {
    const text = record[field];
    if (typeof text === "string") return text;
  }
  throw new InputError(`line ${line} has no text called "${fields.join('" or "')}"`);
}
