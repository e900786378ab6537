import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { CatalogFile } from "./catalog.ts";

export interface DownloadOptions {
  /** Default: the one of the platform. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without a byte after which a server counts as stalled. Default 30,000. */
  readonly timeoutMs?: number | undefined;
}

export interface DownloadProgress {
  readonly file: string;
  /** Bytes that are here, with those of an earlier attempt. */
  readonly received: number;
  readonly total: number;
}

/** Why a download failed; what there was of the file stays as `<name>.part`, except after a wrong checksum or length. */
export class DownloadError extends Error {
  override readonly name = "DownloadError";
  readonly reason: "refused" | "unreachable" | "cut" | "stalled" | "checksum" | "length";
  readonly url: string;

  constructor(reason: DownloadError["reason"], url: string, message: string, cause?: unknown) {
    super(`${url}: ${message}`, { cause });
    this.reason = reason;
    this.url = url;
  }
}

/** Times that a download is taken up again after it was cut, as long as each time brings some bytes. */
const RESUMPTIONS = 5;

/** Downloads one file into a folder, or finds it there; resolves to its path. Throws as `pullDataset` does. */
export async function download(file: CatalogFile, folder: string, options: DownloadOptions = {}): Promise<string> {
  const place = join(folder, file.name);
  if ((await sizeOf(place)) === file.bytes && (await sha256(place)) === file.sha256) return place;

  let failure: unknown = new DownloadError("unreachable", file.name, "no address is known for this file");
  for (const url of file.urls) {
    try {
      await fetchWhole(url, file, `${place}.part`, options);
      await rename(`${place}.part`, place);
      return place;
    } catch (cause) {
      if (!(cause instanceof DownloadError)) throw cause;
      failure = cause;
    }
  }
  throw failure;
}

/** Fills the partial file from one address until it is complete and its checksum right. */
async function fetchWhole(url: string, file: CatalogFile, part: string, options: DownloadOptions): Promise<void> {
  const before = await sizeOf(part);
  await fetchRest(url, file, part, options);
  const found = await sha256(part);
  if (found === file.sha256) return;
  await rm(part, { force: true });
  // What an earlier attempt left may have come from another version of the file: one more time from the start.
  if (before > 0) return fetchWhole(url, file, part, options);
  throw new DownloadError(
    "checksum",
    url,
    `the file has SHA-256 ${found}, expected ${file.sha256}. It has been removed: it is damaged, or the publisher changed it`,
  );
}

async function fetchRest(url: string, file: CatalogFile, part: string, options: DownloadOptions): Promise<void> {
  for (let resumptions = 0; ; resumptions++) {
    const before = await sizeOf(part);
    try {
      return await fetchOnce(url, file, part, before, options);
    } catch (cause) {
      const cut = cause instanceof DownloadError && cause.reason === "cut";
      if (!cut || resumptions >= RESUMPTIONS || (await sizeOf(part)) <= before) throw cause;
    }
  }
}

/** One request for what is missing. Resolves when the partial file has the length of the whole. */
async function fetchOnce(
  url: string,
  file: CatalogFile,
  part: string,
  have: number,
  options: DownloadOptions,
): Promise<void> {
  if (have === file.bytes) return;
  if (have > file.bytes) {
    await rm(part);
    return fetchOnce(url, file, part, 0, options);
  }
  const stall = stallGuard(options.timeoutMs ?? 30_000, options.signal);
  try {
    let response = await request(url, have, stall.signal, options);
    // The server's file ends before what is here: what is here is of another file.
    if (response.status === 416) response = await request(url, 0, stall.signal, options);
    const from = startOf(response, url, have);
    stall.alive();
    const body = await open(part, from > 0 ? "r+" : "w");
    try {
      await body.truncate(from);
      await receive(response, body, { url, file, from, onByte: stall.alive, onProgress: options.onProgress });
    } finally {
      await body.close();
    }
  } catch (cause) {
    options.signal?.throwIfAborted();
    if (stall.fired()) throw new DownloadError("stalled", url, `no byte in ${stall.seconds} s; ${RESUME}`, cause);
    if (cause instanceof DownloadError && cause.reason === "length") await rm(part, { force: true });
    throw cause;
  } finally {
    stall.stop();
  }
}

const RESUME = "what has arrived is kept, run the command again to go on";

async function request(url: string, have: number, signal: AbortSignal, options: DownloadOptions): Promise<Response> {
  try {
    return await (options.fetch ?? fetch)(url, {
      signal,
      // Compressed on the way, neither ranges nor lengths would be those of the file.
      headers: { "accept-encoding": "identity", ...(have > 0 && { range: `bytes=${have}-` }) },
    });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new DownloadError("unreachable", url, explainUnreachable(cause, url), cause);
  }
}

/** Where in the file the body begins. Throws DownloadError for any other answer than the file or the rest of it. */
function startOf(response: Response, url: string, have: number): number {
  if (response.status === 200) return 0;
  if (response.status === 206) {
    const range = response.headers.get("content-range");
    if (range?.startsWith(`bytes ${have}-`)) return have;
    throw new DownloadError("refused", url, `asked for the bytes from ${have}, the server sent "${range}"`);
  }
  const hint =
    response.status === 404 ? "the publisher may have moved the file" : "the server refuses; try again later";
  throw new DownloadError("refused", url, `HTTP ${response.status} ${response.statusText}: ${hint}`);
}

interface Reception {
  readonly url: string;
  readonly file: CatalogFile;
  readonly from: number;
  readonly onByte: () => void;
  readonly onProgress: DownloadOptions["onProgress"];
}

async function receive(response: Response, body: FileHandle, reception: Reception): Promise<void> {
  const { url, file, onByte, onProgress } = reception;
  let received = reception.from;
  try {
    for await (const chunk of response.body ?? []) {
      onByte();
      if (received + chunk.length > file.bytes) {
        throw new DownloadError(
          "length",
          url,
          `the server sends more than the ${file.bytes} bytes of the file; it was removed`,
        );
      }
      await body.write(chunk, 0, chunk.length, received);
      received += chunk.length;
      onProgress?.({ file: file.name, received, total: file.bytes });
    }
  } catch (cause) {
    if (cause instanceof DownloadError) throw cause;
    throw new DownloadError(
      "cut",
      url,
      `the connection broke after ${received} of ${file.bytes} bytes; ${RESUME}`,
      cause,
    );
  }
  if (received < file.bytes) {
    throw new DownloadError("cut", url, `the server stopped after ${received} of ${file.bytes} bytes; ${RESUME}`);
  }
}

/** Aborts when nothing has been heard for a while, or when the caller does. */
function stallGuard(timeoutMs: number, outer: AbortSignal | undefined) {
  const controller = new AbortController();
  let fired = false;
  const timer = setTimeout(() => {
    fired = true;
    controller.abort();
  }, timeoutMs);
  return {
    signal: outer ? AbortSignal.any([outer, controller.signal]) : controller.signal,
    seconds: timeoutMs / 1000,
    alive: () => void timer.refresh(),
    stop: () => clearTimeout(timer),
    fired: () => fired,
  };
}

function explainUnreachable(cause: unknown, url: string): string {
  const { host } = new URL(url);
  const inner = cause instanceof Error ? (cause.cause as NodeJS.ErrnoException | undefined) : undefined;
  switch (inner?.code) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `the name ${host} cannot be resolved; is this machine online?`;
    case "ECONNREFUSED":
      return `${host} refuses the connection`;
    case "ECONNRESET":
    case "UND_ERR_SOCKET":
      return `${host} closed the connection before it answered`;
    default:
      return `${host} cannot be reached (${inner?.message ?? String(cause)})`;
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw cause;
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
