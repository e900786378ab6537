import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the upstream was asked. */
export interface Question {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: {
    readonly model: string;
    readonly messages?: readonly { readonly role: string; readonly content: string }[];
    readonly prompt?: string;
    readonly n: number;
    readonly temperature: number;
    readonly top_p: number;
    readonly max_tokens: number;
    readonly seed: number;
  };
}

export type Responder = (question: Question, response: ServerResponse, n: number) => void;

export interface FakeUpstream {
  /** With the version, as an operator would write it down. */
  readonly url: string;
  readonly questions: Question[];
  /** Requests whose connection was closed before they were answered. */
  readonly abandoned: () => number;
  respond(responder: Responder): void;
  close(): Promise<void>;
}

/** An endpoint that speaks OpenAI's API on 127.0.0.1 and answers what a test tells it to. */
export async function fakeUpstream(first: Responder): Promise<FakeUpstream> {
  const questions: Question[] = [];
  let responder = first;
  let abandoned = 0;
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("close", () => {
      if (!response.writableFinished) abandoned++;
    });
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(chunks).toString("utf8"));
      const question = { path: request.url ?? "", authorization: request.headers.authorization, body };
      questions.push(question);
      responder(question, response, questions.length - 1);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    questions,
    abandoned: () => abandoned,
    respond(next) {
      responder = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A completion in the shape that was asked for. */
export function complete(question: Question, response: ServerResponse, text: string, finish = "stop"): void {
  const chat = question.path.endsWith("/chat/completions");
  const choice = chat
    ? { index: 0, message: { role: "assistant", content: text }, finish_reason: finish }
    : { index: 0, text, finish_reason: finish };
  response.setHeader("content-type", "application/json");
  response.end(
    JSON.stringify({
      id: "upstream-1",
      object: chat ? "chat.completion" : "text_completion",
      created: 1,
      model: question.body.model,
      choices: [choice],
      usage: { prompt_tokens: 5, completion_tokens: text.split(" ").length, total_tokens: 5 },
    }),
  );
}

/** Answers with one of the texts, chosen by the seed of the request. */
export function oneOf(texts: readonly string[]): Responder {
  return (question, response) => complete(question, response, texts[question.body.seed % texts.length] as string);
}
