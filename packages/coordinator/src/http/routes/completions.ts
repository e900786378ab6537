import { Readable } from "node:stream";
import {
  API,
  ConcordError,
  chatCompletionSchema,
  chatRequestSchema,
  modelListSchema,
  modelSchema,
  textCompletionSchema,
  textRequestSchema,
} from "@concord/protocol";
import type { FastifyReply } from "fastify";
import { z } from "zod";
import type { Answered } from "../../gateway/gateway.ts";
import { chatCompletion, chatEvents, textCompletion, textEvents } from "../../gateway/openai-answer.ts";
import type { Asked } from "../../gateway/openai-request.ts";
import { readChat, readText } from "../../gateway/openai-request.ts";
import { modelOf } from "../../gateway/served-palette.ts";
import type { PaletteRecord } from "../../store/contract.ts";
import type { App } from "../app.ts";
import type { Services } from "../services.ts";
import { needed } from "./palettes.ts";

const config = { audience: ["tenant", "operator"], errors: "openai" } as const;
const tags = ["completions"];

/** A conversation of some hundred pages. */
const PROMPT_LIMIT = 4 * 1024 * 1024;

/** The gateway as clients of OpenAI's API know it. */
export function completionRoutes(app: App, { gateway, context }: Services): void {
  const { clock } = context;

  app.get(
    `${API}/models`,
    { config, schema: { tags, summary: "The palettes that answer", response: { 200: modelListSchema } } },
    async () => ({
      object: "list" as const,
      data: (gateway?.palettes.models() ?? []).map((palette) => modelAs(`${palette.base}@${palette.name}`, palette)),
    }),
  );
  app.get(
    `${API}/models/:model`,
    {
      config,
      schema: {
        tags,
        summary: "A palette that answers",
        params: z.object({ model: z.string().max(200) }),
        response: { 200: modelSchema },
      },
    },
    async ({ params }) => modelAs(params.model, needed(gateway).palettes.served(params.model)),
  );
  app.post(
    `${API}/chat/completions`,
    {
      config,
      bodyLimit: PROMPT_LIMIT,
      schema: {
        tags,
        summary: "Answer a conversation, keeping to a palette",
        description: "With `stream: true` the answer comes as server-sent events once it is picked.",
        body: chatRequestSchema,
        response: { 200: chatCompletionSchema },
      },
    },
    async ({ body }, reply) => {
      const palette = needed(gateway).palettes.served(body.model);
      const asked = readChat(body, palette.sampling);
      const completion = chatCompletion(headOf(palette), await answer(palette, asked, reply));
      return asked.stream ? stream(reply, chatEvents(completion, asked.includeUsage)) : completion;
    },
  );
  app.post(
    `${API}/completions`,
    {
      config,
      bodyLimit: PROMPT_LIMIT,
      schema: {
        tags,
        summary: "Continue a text, keeping to a palette",
        body: textRequestSchema,
        response: { 200: textCompletionSchema },
      },
    },
    async ({ body }, reply) => {
      const palette = needed(gateway).palettes.served(body.model);
      const asked = readText(body, palette.sampling);
      const completion = textCompletion(headOf(palette), await answer(palette, asked, reply));
      return asked.stream ? stream(reply, textEvents(completion, asked.includeUsage)) : completion;
    },
  );

  async function answer(palette: PaletteRecord, { input, seed }: Asked, reply: FastifyReply): Promise<Answered> {
    try {
      return await needed(gateway).answer(palette, { input, seed, signal: untilGone(reply) });
    } catch (error) {
      if (error instanceof ConcordError && error.code === "resource_exhausted") reply.header("retry-after", "1");
      throw error;
    }
  }

  function headOf(palette: PaletteRecord) {
    return { model: modelOf(palette), now: clock.now() };
  }
}

function modelAs(id: string, { createdAt }: PaletteRecord) {
  return { id, object: "model" as const, created: Math.floor(createdAt / 1000), owned_by: "concord" };
}

function stream(reply: FastifyReply, events: readonly string[]): FastifyReply {
  return reply.type("text/event-stream; charset=utf-8").send(Readable.from(events));
}

/** Aborted when the connection is lost before the answer: nobody should pay for candidates that nobody waits for. */
function untilGone({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once("close", () => gone.abort());
  return gone.signal;
}
