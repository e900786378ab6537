import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import jpeg from "jpeg-js";
import { extract } from "tar-stream";
import { CIFAR_CLASS_NAMES, CIFAR_RECORD_BYTES, cifarRecord, parseCifarRecords } from "./cifar.ts";
import type { Dataset } from "./dataset.ts";
import { readDerived } from "./derived.node.ts";

export interface CifarOptions {
  /** Folder in which the records decoded from an archive are kept for the next time. Without it nothing is kept. */
  readonly cacheDir?: string | undefined;
  /** Called after every thousand images decoded. */
  readonly onProgress?: ((decoded: number) => void) | undefined;
}

type Part = "train" | "test";

/**
 * Reads the training (50,000) or test part (10,000 examples) of CIFAR-10 from a folder that holds one of
 * - the binary version: `data_batch_1.bin` … `data_batch_5.bin`, `test_batch.bin`, there or in `cifar-10-batches-bin/`;
 * - its archive `cifar-10-binary.tar.gz`;
 * - JPEG images `train|test/class/name.jpg`, in folders or in a `.tar.gz`. JPEG is lossy: pixels differ a little from
 *   the original, and examples come in the order of their paths.
 * Throws Error that says what was looked for where there is none of them, SyntaxError for damaged data.
 */
export async function loadCifarFolder(folder: string, part: Part, options: CifarOptions = {}): Promise<Dataset> {
  const names = await readdir(folder);
  for (const place of [folder, join(folder, "cifar-10-batches-bin")]) {
    const files = BATCHES[part].map((name) => join(place, name));
    if (await allThere(files)) return parseCifarRecords(await Promise.all(files.map((file) => readFile(file))), place);
  }
  if (names.includes(part)) {
    return parseCifarRecords([await recordsOfJpegFolder(join(folder, part), options)], folder);
  }
  const archive =
    names.find((name) => name === "cifar-10-binary.tar.gz") ?? names.find((name) => name.endsWith(".tar.gz"));
  if (archive === undefined) {
    throw new Error(
      `${folder}: no CIFAR-10 here; looked for ${BATCHES[part][0]}, a .tar.gz, and ${part}/class/name.jpg, found ${names.join(", ") || "nothing"}`,
    );
  }
  const path = join(folder, archive);
  const records = await readDerived({
    source: path,
    recipe: `cifar-10 ${part} records 1`,
    cacheDir: options.cacheDir,
    derive: () => recordsOfArchive(path, part, options),
  });
  return parseCifarRecords([records], path);
}

const BATCHES: Readonly<Record<Part, readonly string[]>> = {
  train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`),
  test: ["test_batch.bin"],
};

async function allThere(files: readonly string[]): Promise<boolean> {
  const found = await Promise.all(
    files.map((file) =>
      stat(file).then(
        (s) => s.isFile(),
        () => false,
      ),
    ),
  );
  return found.every(Boolean);
}

async function recordsOfArchive(path: string, part: Part, options: CifarOptions): Promise<Uint8Array> {
  const pieces: { readonly name: string; readonly bytes: Uint8Array }[] = [];
  const entries = extract();
  const reading = pipeline(createReadStream(path), createGunzip(), entries);
  // A failure of the reading ends the loop below with the same error; this keeps it from counting as unhandled.
  reading.catch(() => {});
  for await (const entry of entries) {
    const { name, type } = entry.header;
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) chunks.push(chunk as Uint8Array);
    if (type !== "file") continue;
    const label = labelOfJpeg(name, part);
    if (label !== undefined) {
      pieces.push({ name, bytes: decodeJpeg(Buffer.concat(chunks), label, `${path}: ${name}`) });
      report(pieces.length, options);
    } else if (BATCHES[part].some((batch) => name.endsWith(`/${batch}`))) {
      pieces.push({ name, bytes: Buffer.concat(chunks) });
    }
  }
  await reading;
  if (pieces.length === 0)
    throw new SyntaxError(`${path} holds neither ${BATCHES[part][0]} nor ${part}/class/name.jpg`);
  pieces.sort((a, b) => (a.name < b.name ? -1 : 1));
  return Buffer.concat(pieces.map((piece) => piece.bytes));
}

async function recordsOfJpegFolder(folder: string, options: CifarOptions): Promise<Uint8Array> {
  const records: Uint8Array[] = [];
  for (const [label, className] of CIFAR_CLASS_NAMES.entries()) {
    const names = (await readdir(join(folder, className))).filter((name) => name.endsWith(".jpg")).sort();
    for (const name of names) {
      const path = join(folder, className, name);
      records.push(decodeJpeg(await readFile(path), label, path));
      report(records.length, options);
    }
  }
  return Buffer.concat(records, records.length * CIFAR_RECORD_BYTES);
}

/** The label that a path `…/train/frog/0001.jpg` says, or undefined if it is no image of that part. */
function labelOfJpeg(path: string, part: Part): number | undefined {
  const [name, className, folder] = path.split("/").reverse();
  if (folder !== part || !name?.endsWith(".jpg")) return undefined;
  const label = CIFAR_CLASS_NAMES.indexOf(className ?? "");
  if (label < 0)
    throw new SyntaxError(`${path}: "${className}" is no class of CIFAR-10 (${CIFAR_CLASS_NAMES.join(", ")})`);
  return label;
}

function decodeJpeg(bytes: Uint8Array, label: number, path: string): Uint8Array {
  const image = jpeg.decode(bytes, { useTArray: true, formatAsRGBA: false });
  if (image.width !== 32 || image.height !== 32) {
    throw new SyntaxError(`${path} is ${image.width} × ${image.height} pixels, not 32 × 32`);
  }
  return cifarRecord(label, image.data);
}

function report(decoded: number, { onProgress }: CifarOptions): void {
  if (decoded % 1000 === 0) onProgress?.(decoded);
}
