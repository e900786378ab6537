import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { decodeSafetensors, encodeSafetensors } from "@concord/engine";
import { writeDurably } from "@concord/engine/node";
import { keepPrivate, openPrivate } from "@concord/federation";
import { ConcordError } from "@concord/protocol";
import type { PrivateEntry, PrivateLabel, PrivateStore } from "./private-state.ts";
import { kept } from "./private-state.ts";

const NAME = /^round-(\d+)-segment-(\d+)\.safetensors$/;

/**
 * A private store in a folder of its own: one safetensors file for each entry, named by its label, readable by its owner
 * only. An entry is there whole or not at all after a crash.
 */
export function fileStore(folder: string): PrivateStore {
  return {
    entries: async () => await Promise.all((await labels(folder)).map((label) => read(folder, label))),
    async put(entry) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const metadata = { round: String(entry.round), segment: String(entry.segment) };
      await writeDurably(pathOf(folder, entry), encodeSafetensors(openPrivate(entry.state), metadata), 0o600);
      await removeAllBut(folder, entry);
    },
    clear: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A crash between writing and removing leaves one file too many, which the next put removes. */
async function removeAllBut(folder: string, added: PrivateEntry): Promise<void> {
  const present = await labels(folder);
  const stay = kept(
    present.map((label) => ({ ...label, state: keepPrivate({}) })),
    added,
  );
  const goes = present.filter((a) => !stay.some((b) => a.round === b.round && a.segment === b.segment));
  await Promise.all(goes.map((label) => rm(pathOf(folder, label), { force: true })));
}

async function labels(folder: string): Promise<PrivateLabel[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
  return names.flatMap((name) => {
    const match = NAME.exec(name);
    return match === null ? [] : [{ round: Number(match[1]), segment: Number(match[2]) }];
  });
}

async function read(folder: string, label: PrivateLabel): Promise<PrivateEntry> {
  const path = pathOf(folder, label);
  const file = await readFile(path);
  try {
    const { tensors, metadata } = decodeSafetensors(file);
    if (metadata.round !== String(label.round) || metadata.segment !== String(label.segment)) {
      throw new Error(`it is labelled round ${metadata.round}, segment ${metadata.segment}`);
    }
    return { ...label, state: keepPrivate(tensors) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConcordError("failed_precondition", `${path} is damaged: ${why}`, { cause: error });
  }
}

function pathOf(folder: string, { round, segment }: PrivateLabel): string {
  return join(folder, `round-${round}-segment-${segment}.safetensors`);
}
