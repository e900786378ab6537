import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ConcordError, ERROR_STATUS, type ErrorCode, errorBodySchema, fromZod } from "./errors.ts";
import { joinRequestSchema, replyRequestSchema } from "./messages.ts";

const CODES = Object.keys(ERROR_STATUS) as ErrorCode[];

describe("an error", () => {
  it("carries a code, a message, what it is about, and its cause", () => {
    const cause = new Error("deep");
    const error = new ConcordError("payload_too_large", "10 GB is too much", { param: "content-length", cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: "ConcordError",
      code: "payload_too_large",
      status: 413,
      param: "content-length",
    });
    expect(error.cause).toBe(cause);
    expect("cause" in new ConcordError("internal", "x")).toBe(false);
  });

  it.each(CODES)("crosses HTTP and back: %s", (code) => {
    for (const options of [{}, { param: "model.fc1" }]) {
      const sent = new ConcordError(code, "what was wrong", options);
      const body = JSON.parse(JSON.stringify(sent.toBody())) as unknown;
      expect(errorBodySchema.parse(body)).toEqual({ error: { code, message: "what was wrong", ...options } });
      const received = ConcordError.fromBody(sent.status, body);
      expect({ ...received.toBody(), status: received.status }).toEqual({ ...sent.toBody(), status: sent.status });
    }
  });

  it("has a status of its own for every code", () => {
    expect(new Set(Object.values(ERROR_STATUS)).size).toBe(CODES.length);
    expect(Object.values(ERROR_STATUS).every((status) => status >= 400 && status < 600)).toBe(true);
  });
});

describe("from", () => {
  it("keeps a ConcordError as it is", () => {
    const error = new ConcordError("gone", "the lease has passed on");
    expect(ConcordError.from(error)).toBe(error);
  });

  it("makes anything else internal, and does not tell strangers what it was", () => {
    for (const thrown of [new Error("secret path /home/x"), "secret", undefined, null, { secret: 1 }]) {
      const error = ConcordError.from(thrown);
      expect(error).toMatchObject({ code: "internal", status: 500 });
      expect(JSON.stringify(error.toBody())).not.toContain("secret");
      if (thrown !== undefined) expect(error.cause).toBe(thrown);
    }
  });

  it("makes a failed check an invalid_argument that names the field", () => {
    const { error } = z.object({ a: z.object({ b: z.array(z.int()) }) }).safeParse({ a: { b: [1, "x"] } });
    const found = ConcordError.from(error);
    expect(found).toMatchObject({ code: "invalid_argument", status: 400, param: "a.b.1" });
    expect(found.message).toMatch(/^the request: a\.b\.1: .*expected/i);
  });
});

describe("fromZod", () => {
  const problemOf = (schema: z.ZodType, value: unknown, what?: string) => {
    const { error } = schema.safeParse(value);
    if (error === undefined) throw new Error("the value should be refused");
    return fromZod(error, what);
  };

  it("says what was checked and how many more problems there are", () => {
    const error = problemOf(
      joinRequestSchema,
      { federation: "f", invite: "", examples: 0, heldOut: 0, client: "node" },
      "join",
    );
    expect(error.param).toBe("invite");
    expect(error.message).toMatch(/^join: invite: .*\(and 1 more\)$/);
  });

  it("names a kind that is unknown, and a field that should not be there", () => {
    expect(problemOf(replyRequestSchema, { kind: "steal" }).param).toBe("kind");
    const extra = { federation: "f", invite: "i", examples: 1, heldOut: 0, client: "node", admin: true };
    expect(problemOf(joinRequestSchema, extra).message).toContain('"admin"');
    expect(problemOf(joinRequestSchema, extra).param).toBeUndefined();
    expect(problemOf(joinRequestSchema, "text").message).toMatch(/^the request: /);
  });

  it("copes with an error without issues", () => {
    expect(fromZod(new z.ZodError([]), "the file").message).toBe("the file is not valid");
  });
});

describe("fromBody", () => {
  it("falls back to the status where the body explains nothing", () => {
    const codeOf = (status: number, body: unknown) => ConcordError.fromBody(status, body).code;
    expect(codeOf(404, "<html>not here</html>")).toBe("not_found");
    expect(codeOf(401, undefined)).toBe("unauthenticated");
    expect(codeOf(429, null)).toBe("resource_exhausted");
    expect(codeOf(502, {})).toBe("unavailable");
    expect(codeOf(500, { error: "text" })).toBe("internal");
    expect(codeOf(418, {})).toBe("internal");
    expect(codeOf(403, { error: { code: "made_up", message: "x" } })).toBe("permission_denied");
    expect(codeOf(400, { error: { code: "gone" } })).toBe("invalid_argument");
    expect(ConcordError.fromBody(503, "").message).toBe("the server answered 503 without an explanation");
  });
});
