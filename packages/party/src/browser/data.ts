import { key, split } from "@concord/engine";
import type { FederationSpec } from "@concord/federation";
import { handwriting, holdOut, idxDataset, knownPixels, parseIdx } from "@concord/learning";
import type { Invite } from "@concord/protocol";
import { ConcordError } from "@concord/protocol";
import type { CoordinatorClient } from "../client.ts";
import type { PartyData } from "../join.ts";
import type { DataSource } from "./messages.ts";
import { personalWriter } from "./personal-writer.ts";

/** Digits that a tab's writer writes. */
const DIGITS = 400;
const HELD_OUT = 0.2;

/**
 * A tab's examples, split into those it trains on and those it evaluates on.
 * Throws ConcordError `invalid_argument` for files that are not what they should be.
 */
export async function loadData(
  source: DataSource,
  spec: FederationSpec,
  from: { readonly invite: Invite; readonly client: CoordinatorClient },
): Promise<PartyData> {
  switch (source.kind) {
    case "handwriting":
      return personalHandwriting(source.seed);
    case "sample": {
      const { invite, client } = from;
      const [images, labels] = await Promise.all([client.sample(invite, "images"), client.sample(invite, "labels")]);
      return halves(images, labels, spec);
    }
    case "files": {
      const [images, labels] = await Promise.all([unpacked(source.images), unpacked(source.labels)]);
      return halves(images, labels, spec);
    }
  }
}

/**
 * The examples of a visitor who brings none: the operator's sample where there is one, otherwise generated handwriting,
 * if the federation trains on it or at least on images like it. Undefined where neither will do.
 */
export function defaultSource({ dataset: name, task }: FederationSpec, sample: boolean): DataSource | undefined {
  const looksLikeDigits = task.inputShape.join() === "28,28,1" && task.outputs === 10;
  if (name === "generated handwriting" || (looksLikeDigits && !sample)) {
    return { kind: "handwriting", seed: randomName() };
  }
  return sample ? { kind: "sample" } : undefined;
}

/** 128 random bits; `randomUUID` is there on secure origins only. */
export function randomName(): string {
  return [...crypto.getRandomValues(new Uint32Array(4))].join("-");
}

/** The digits of the tab's own writer. */
export function personalHandwriting(seed: string): PartyData {
  const { key: root, index } = personalWriter(seed);
  const digits = handwriting({ key: root, writers: 1, digitsPerWriter: DIGITS, firstWriter: index });
  return holdOut(digits, split(root, "held out"), HELD_OUT);
}

function halves(images: Uint8Array, labels: Uint8Array, spec: FederationSpec): PartyData {
  try {
    const options = { name: spec.dataset, classes: spec.task.outputs, ...knownPixels(spec.dataset) };
    const examples = idxDataset(parseIdx(images, "images"), parseIdx(labels, "labels"), options);
    return holdOut(examples, key("held out"), HELD_OUT);
  } catch (error) {
    throw new ConcordError("invalid_argument", error instanceof Error ? error.message : String(error), {
      param: "data",
      cause: error,
    });
  }
}

/** The bytes of a file, decompressed if they are gzip. */
async function unpacked(file: Blob): Promise<Uint8Array> {
  const start = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  const gzip = start[0] === 0x1f && start[1] === 0x8b;
  const stream = gzip ? file.stream().pipeThrough(new DecompressionStream("gzip")) : file.stream();
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
