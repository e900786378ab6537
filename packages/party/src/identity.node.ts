import { chmod, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { ConcordError, fromZod } from "@concord/protocol";
import { writeDurably } from "./durable-file.node.ts";
import type { Identity } from "./identity.ts";
import { identitySchema } from "./identity.ts";

/** The identity kept in a folder; undefined if there is none. Throws ConcordError for a file that is damaged. */
export async function loadIdentity(folder: string): Promise<Identity | undefined> {
  const path = pathOf(folder);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  const parsed = identitySchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new ConcordError("failed_precondition", fromZod(parsed.error, path).message);
}

/** Keeps an identity in a folder that only its owner can read. Durable when it resolves. */
export async function saveIdentity(folder: string, identity: Identity): Promise<void> {
  await makePrivateFolder(folder);
  await writeDurably(pathOf(folder), `${JSON.stringify(identity, undefined, 2)}\n`);
}

/** Makes the folder, or closes it to others if it is there. Done before joining: a used invite cannot be used again. */
export async function makePrivateFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
}

export async function forgetIdentity(folder: string): Promise<void> {
  await rm(pathOf(folder), { force: true });
}

function pathOf(folder: string): string {
  return join(folder, "identity.json");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
