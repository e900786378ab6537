import { type Catalogue, ConcordError } from "@concord/protocol";
import type { Clock } from "./clock.ts";
import type { GatewayParts } from "./gateway/parts.ts";
import type { Log } from "./log.ts";
import type { Sample } from "./sample.ts";
import type { BlobStore } from "./store/blobs.ts";
import type { Store } from "./store/contract.ts";

export interface CoordinatorOptions {
  /** The folder of the operator's key. Without it the key lasts as long as the process. */
  readonly dataDir?: string;
  /** The coordinator closes it. */
  readonly store: Store;
  readonly blobs: BlobStore;
  /** 127.0.0.1 unless said otherwise. */
  readonly host?: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Names beside the loopback ones under which the server may be addressed. */
  readonly allowedHosts?: readonly string[];
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
  /** Allows plain HTTP on an address that others can reach. */
  readonly insecure?: boolean;
  /** The folder of the built page, or what finds or builds it; until then the address says that it is being built. */
  readonly pageDir?: string | (() => Promise<string | undefined>);
  /** Examples for guests who bring none. */
  readonly sample?: Sample;
  /** What there is to rate in a federation on the data set of this name; undefined where the operator does not have it. */
  readonly catalogue?: (dataset: string) => Promise<Catalogue | undefined>;
  /** Answers that keep to palettes. The coordinator closes its bases. */
  readonly gateway?: GatewayParts;
  readonly log?: Log;
  readonly clock?: Clock;
}

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/;

/** Throws ConcordError `invalid_argument` for plain HTTP on an address that others can reach. */
export function checkExposure({ host = "127.0.0.1", tls, insecure = false }: CoordinatorOptions): void {
  if (LOOPBACK.test(host) || tls !== undefined || insecure) return;
  throw new ConcordError(
    "invalid_argument",
    `listening on ${host} lets others read keys and models off the wire; give a certificate (--tls-cert, --tls-key), or say --insecure`,
    { param: "host" },
  );
}
