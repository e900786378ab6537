import { chmod, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "@concord/engine/node";
import { ConcordError, fromZod, newSecret } from "@concord/protocol";
import type { z } from "zod";
import type { Identity, Joining } from "./identity.ts";
import { identitySchema, joiningSchema } from "./identity.ts";

const IDENTITY = "identity.json";
const JOINING = "joining.json";

/** The identity kept in a folder; undefined if there is none. Throws ConcordError for a file that is damaged. */
export async function loadIdentity(folder: string): Promise<Identity | undefined> {
  const kept = await read(join(folder, IDENTITY), identitySchema.partial({ secret: true }));
  if (kept?.secret === undefined && kept !== undefined) {
    // Of a party that joined before parties had a secret.
    const identity = { ...kept, secret: newSecret("own") };
    await saveIdentity(folder, identity);
    return identity;
  }
  return kept as Identity | undefined;
}

/** Keeps an identity in a folder that only its owner can read. Durable when it resolves. */
export async function saveIdentity(folder: string, identity: Identity): Promise<void> {
  await write(folder, IDENTITY, identity);
  await rm(join(folder, JOINING), { force: true });
}

/** The join that was begun in a folder and not brought to its end; undefined if there is none. */
export async function loadJoining(folder: string): Promise<Joining | undefined> {
  return read(join(folder, JOINING), joiningSchema);
}

/** Keeps what a join needs to be taken up again. Durable when it resolves. */
export async function saveJoining(folder: string, joining: Joining): Promise<void> {
  await write(folder, JOINING, joining);
}

/** Makes the folder, or closes it to others if it is there. Done before joining: a used invite cannot be used again. */
export async function makePrivateFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
}

export async function forgetIdentity(folder: string): Promise<void> {
  await rm(join(folder, JOINING), { force: true });
  await rm(join(folder, IDENTITY), { force: true });
}

async function read<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new ConcordError("failed_precondition", fromZod(parsed.error, path).message);
}

async function write(folder: string, name: string, value: Identity | Joining): Promise<void> {
  await makePrivateFolder(folder);
  await writeDurably(join(folder, name), `${JSON.stringify(value, undefined, 2)}\n`, 0o600);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
