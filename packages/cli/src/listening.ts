import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Coordinator, GatewayParts } from "@concord/coordinator";
import { openBlobFiles, openSqliteStore, startCoordinator } from "@concord/coordinator";
import { ensurePage } from "@concord/dashboard/node";
import { makePrivateFolder } from "@concord/party/node";
import { catalogueOf } from "./catalogue.ts";
import { coordinatorLog } from "./coordinator-log.ts";
import { makeFolder } from "./folders.ts";
import type { Output } from "./output.ts";
import { InputError } from "./output.ts";
import type { IdxSample } from "./sample.ts";

export interface ListenOptions {
  readonly dir: string;
  readonly port: number;
  readonly host: string;
  readonly allowedHost: readonly string[];
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly insecure: boolean;
  readonly sample?: (() => IdxSample) | undefined;
  /** Answers that keep to palettes. */
  readonly gateway?: GatewayParts | undefined;
  /** Told when the disk is full; the coordinator itself tries again and again. */
  readonly onFullDisk?: ((error: Error) => void) | undefined;
}

/**
 * Opens the data folder and starts the coordinator over it. The page is built beside if it is not there yet: at once
 * where a person watches, else on the first visit.
 */
export async function listen(options: ListenOptions, out: Output): Promise<Coordinator> {
  const { dir, port, host, allowedHost, insecure, sample, gateway, onFullDisk } = options;
  const tls = await readTls(options);
  await makeFolder(dir, "--dir", makePrivateFolder);
  const store = await openSqliteStore(join(dir, "store.sqlite"));
  const page = pageBuilder(out);
  try {
    const blobs = await openBlobFiles(join(dir, "blobs"));
    const coordinator = await startCoordinator({
      dataDir: dir,
      store,
      blobs,
      host,
      port,
      allowedHosts: allowedHost,
      insecure,
      ...(tls && { tls }),
      ...(sample && { sample: async () => sample() }),
      catalogue: catalogueOf,
      ...(gateway && { gateway }),
      pageDir: page,
      log: coordinatorLog(out, onFullDisk),
    });
    if (out.interactive) void page();
    return coordinator;
  } catch (error) {
    await store.close();
    throw error;
  }
}

function pageBuilder(out: Output): () => Promise<string | undefined> {
  let page: Promise<string | undefined> | undefined;
  return () => {
    page ??= ensurePage().catch((error: unknown) => {
      out.warn(`the page cannot be built: ${error instanceof Error ? error.message : error}`);
      return undefined;
    });
    return page;
  };
}

async function readTls({ tlsCert, tlsKey }: ListenOptions): Promise<{ cert: Buffer; key: Buffer } | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) throw new InputError("--tls-cert and --tls-key belong together");
  const read = async (path: string) => {
    try {
      return await readFile(path);
    } catch (error) {
      throw new InputError(`cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? error}`);
    }
  };
  return { cert: await read(tlsCert), key: await read(tlsKey) };
}
