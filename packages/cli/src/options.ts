import { fromZod } from "@concord/protocol";
import { z } from "zod";
import { InputError } from "./output.ts";

/** Options as commander reads them, checked. Throws InputError that names option and value and says what would be right. */
export function checkOptions<S extends z.ZodType>(command: string, schema: S, raw: unknown): z.output<S> {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path[0];
  if (issue === undefined || field === undefined) throw new InputError(`${command}: ${fromZod(parsed.error).message}`);
  const option = String(field).replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const given = (raw as Readonly<Record<string, unknown>>)[String(field)];
  throw new InputError(`${command} --${option}: ${issue.message}, got ${JSON.stringify(given)}`);
}

/** A whole number on the command line, in decimal digits. */
export function whole(least: number, most: number) {
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
  const expected = `expected a whole number ${range}`;
  return z
    .string()
    .regex(/^\d{1,16}$/, expected)
    .transform(Number)
    .pipe(z.number().min(least, expected).max(most, expected));
}

/** A number on the command line that satisfies a condition. */
export function decimal(expected: string, holds: (value: number) => boolean) {
  return z
    .string()
    .regex(/^\d+(\.\d+)?$/, expected)
    .transform(Number)
    .refine(holds, expected);
}

export const portOption = whole(0, 65_535).default(7700);

/** `all`, or a share such as 0.5. */
export const quorumOption = z
  .union([z.literal("all"), decimal("expected all or a share such as 0.5", (share) => share > 0 && share <= 1)], {
    error: "expected all or a share such as 0.5",
  })
  .default("all");

/** Options of every command that listens. */
export const listenOptions = {
  port: portOption,
  host: z.string().default("127.0.0.1"),
  allowedHost: z.array(z.string()).default([]),
  tlsCert: z.string().optional(),
  tlsKey: z.string().optional(),
  insecure: z.boolean().default(false),
  dir: z.string().default(".concord"),
  json: z.boolean().default(false),
};
