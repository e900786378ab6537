import { fromZod } from "@concord/protocol";
import { z } from "zod";
import { InputError } from "./output.ts";

/** Options as commander reads them, checked. Throws InputError that names the option and what would be right. */
export function checkOptions<S extends z.ZodType>(command: string, schema: S, raw: unknown): z.output<S> {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path[0];
  const option =
    field === undefined ? "" : ` --${String(field).replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new InputError(`${command}${option}: ${parsed.error.issues[0]?.message ?? fromZod(parsed.error).message}`);
}

/** A whole number on the command line. */
export const whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

export const portOption = whole(0, 65_535).default(7700);

/** `all`, or a share such as 0.5. */
export const quorumOption = z
  .union([z.literal("all"), z.coerce.number().gt(0, "expected all or a share such as 0.5").max(1)])
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
