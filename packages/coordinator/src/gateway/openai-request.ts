import type { Sampling } from "@concord/protocol";
import { ConcordError } from "@concord/protocol";
import { z } from "zod";
import type { Input, Message } from "./base-model.ts";

/** A request in OpenAI's shape, as far as a palette can serve it. */
export interface Asked {
  readonly input: Input;
  readonly seed: number | undefined;
  readonly stream: boolean;
  readonly includeUsage: boolean;
}

type Body = Readonly<Record<string, unknown>>;

/** What may be said and changes nothing. */
const WITHOUT_EFFECT = ["user", "metadata", "safety_identifier"];
/** What may be said only as it is anyway. */
const DEFAULTS: Body = { n: 1, best_of: 1, logprobs: false, echo: false, frequency_penalty: 0, presence_penalty: 0 };
const READ = ["model", "messages", "prompt", "seed", "stream", "stream_options"];

const seedSchema = z.int().min(0).optional();
const streamOptions = z.strictObject({
  include_usage: z.boolean().optional(),
  include_obfuscation: z.literal(false).optional(),
});
const textPart = z.strictObject({ type: z.literal("text"), text: z.string() });
const messageSchema = z.strictObject({
  role: z.enum(["system", "developer", "user", "assistant"]),
  content: z.union([z.string(), z.array(textPart).min(1)]),
  name: z.string().max(100).optional(),
});

/** Reads a chat request. Throws ConcordError `invalid_argument` that names what the palette does not allow. */
export function readChat(body: Body, sampling: Sampling): Asked {
  const asked = readCommon(body, sampling);
  refuse("prompt" in body, "prompt", "belongs to /v1/completions; send messages");
  const messages = (body.messages as unknown[]).map(readMessage);
  return { ...asked, input: { kind: "chat", messages } };
}

/** Reads a request for a completion. Throws ConcordError `invalid_argument` likewise. */
export function readText(body: Body, sampling: Sampling): Asked {
  const asked = readCommon(body, sampling);
  refuse("messages" in body, "messages", "belong to /v1/chat/completions; send a prompt");
  const { prompt } = body;
  const [only, ...more] = Array.isArray(prompt) ? prompt : [prompt];
  refuse(typeof only !== "string" || more.length > 0, "prompt", "must be one text");
  return { ...asked, input: { kind: "text", prompt: String(only) } };
}

function readCommon(body: Body, sampling: Sampling): Omit<Asked, "input"> {
  // Clients send null for what they do not say.
  for (const [field, value] of Object.entries(body)) if (value !== null) checkField(field, value, sampling);
  const { stream_options: options } = body;
  const stream = body.stream === true;
  refuse(typeof (body.stream ?? false) !== "boolean", "stream", "must be true or false");
  const parsedOptions = options == null ? undefined : streamOptions.safeParse(options);
  refuse(parsedOptions?.success === false, "stream_options", "can hold include_usage and nothing else");
  refuse(options != null && !stream, "stream_options", "is for stream: true");
  const seed = seedSchema.safeParse(body.seed ?? undefined);
  refuse(!seed.success, "seed", `must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`);
  return { seed: seed.data, stream, includeUsage: parsedOptions?.data?.include_usage ?? false };
}

function checkField(field: string, value: unknown, { temperature, topP, maxTokens }: Sampling): void {
  if (READ.includes(field) || WITHOUT_EFFECT.includes(field)) return;
  const own: Body = { temperature, top_p: topP, max_tokens: maxTokens, max_completion_tokens: maxTokens };
  if (Object.hasOwn(own, field)) {
    refuse(
      value !== own[field],
      field,
      `belongs to the palette, which has ${own[field]}, because other settings give other levels; leave it out, or ask for a palette made with it`,
    );
    return;
  }
  if (field === "n" || field === "best_of") {
    refuse(value !== 1, field, "must be 1: the palette draws its candidates itself and picks one of them");
    return;
  }
  if (Object.hasOwn(DEFAULTS, field) && value === DEFAULTS[field]) return;
  refuse(true, field, "is not something that a palette serves: it would change what was measured when it was solved");
}

function readMessage(message: unknown, i: number): Message {
  const given = typeof message === "object" && message !== null ? message : {};
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
  const parsed = messageSchema.safeParse(said);
  const field = parsed.error?.issues[0]?.path.join(".") ?? "";
  if (!parsed.success) {
    throw refusal(
      `messages.${i}${field === "" ? "" : `.${field}`}`,
      "must be text of a system, developer, user or assistant role; tools, images and other parts are not served",
    );
  }
  const { role, content, name } = parsed.data;
  const text = typeof content === "string" ? content : content.map((part) => part.text).join("");
  return { role, content: text, ...(name !== undefined && { name }) };
}

function refuse(wrong: boolean, param: string, what: string): void {
  if (wrong) throw refusal(param, what);
}

function refusal(param: string, what: string): ConcordError {
  return new ConcordError("invalid_argument", `${param} ${what}`, { param });
}
