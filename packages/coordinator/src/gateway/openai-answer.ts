import { randomUUID } from "node:crypto";
import type { ChatCompletion, ConcordError, ErrorCode, PaletteTrace, TextCompletion } from "@concord/protocol";
import type { Answered } from "./gateway.ts";

interface Head {
  /** As it is called in full, with the version. */
  readonly model: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The answer to a chat request. `usage` counts all candidates, and `x_palette` says how the answer was picked. */
export function chatCompletion({ model, now }: Head, answered: Answered): ChatCompletion {
  const { text, finish, trace } = answered;
  return {
    id: `chatcmpl-${randomUUID()}`,
    object: "chat.completion",
    created: seconds(now),
    model,
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: text, refusal: null },
        logprobs: null,
        finish_reason: finish,
      },
    ],
    usage: usageOf(answered),
    x_palette: trace,
  };
}

export function textCompletion({ model, now }: Head, answered: Answered): TextCompletion {
  const { text, finish, trace } = answered;
  return {
    id: `cmpl-${randomUUID()}`,
    object: "text_completion",
    created: seconds(now),
    model,
    choices: [{ index: 0, text, logprobs: null, finish_reason: finish }],
    usage: usageOf(answered),
    x_palette: trace,
  };
}

/** A chat answer as server-sent events: the text in pieces, then the end with `x_palette`, then usage if it was asked for. */
export function chatEvents(completion: ChatCompletion, includeUsage: boolean): string[] {
  const { id, created, model, choices, usage, x_palette } = completion;
  const head = { id, object: "chat.completion.chunk", created, model };
  const [choice] = choices;
  const chunk = (delta: object, finish: string | null, trace?: PaletteTrace) => ({
    ...head,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    ...(includeUsage && { usage: null }),
    ...(trace && { x_palette: trace }),
  });
  return events([
    chunk({ role: "assistant", content: "" }, null),
    ...pieces(choice?.message.content ?? "").map((content) => chunk({ content }, null)),
    chunk({}, choice?.finish_reason ?? "stop", x_palette),
    ...(includeUsage ? [{ ...head, choices: [], usage }] : []),
  ]);
}

export function textEvents(completion: TextCompletion, includeUsage: boolean): string[] {
  const { id, object, created, model, choices, usage, x_palette } = completion;
  const head = { id, object, created, model };
  const [choice] = choices;
  const chunk = (text: string, finish: string | null, trace?: PaletteTrace) => ({
    ...head,
    choices: [{ index: 0, text, logprobs: null, finish_reason: finish }],
    ...(includeUsage && { usage: null }),
    ...(trace && { x_palette: trace }),
  });
  return events([
    ...pieces(choice?.text ?? "").map((text) => chunk(text, null)),
    chunk("", choice?.finish_reason ?? "stop", x_palette),
    ...(includeUsage ? [{ ...head, choices: [], usage }] : []),
  ]);
}

const TYPES: Partial<Record<ErrorCode, string>> = {
  unauthenticated: "authentication_error",
  permission_denied: "permission_error",
  resource_exhausted: "rate_limit_error",
  internal: "server_error",
  unavailable: "server_error",
  deadline_exceeded: "server_error",
};

/** An error in OpenAI's shape. */
export function openAiError({ code, message, param }: ConcordError) {
  return { error: { message, type: TYPES[code] ?? "invalid_request_error", code, param: param ?? null } };
}

/** Words with the spaces before them: what puts them together again is the text. */
function pieces(text: string): string[] {
  return text.match(/\s*\S+|\s+/g) ?? [];
}

function events(values: readonly object[]): string[] {
  return [...values.map((value) => `data: ${JSON.stringify(value)}\n\n`), "data: [DONE]\n\n"];
}

function usageOf({ promptTokens, completionTokens }: Answered) {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}

function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
