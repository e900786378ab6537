import { z } from "zod";

/** What joins a party to the coordinator, and how fast the party computes. */
export interface Link {
  /** Bytes a second from the party to the coordinator. */
  readonly up: number;
  /** Bytes a second from the coordinator to the party. */
  readonly down: number;
  /** Seconds of a round trip: a small question and its answer. */
  readonly latency: number;
  /** Local steps a second. */
  readonly pace: number;
}

/** The links of a federation, for work with virtual time. */
export interface Network {
  readonly links: ReadonlyMap<string, Link>;
  /** The link of every party that `links` does not name. */
  readonly otherwise?: Link | undefined;
  /** What the coordinator's own line carries for all parties together, in bytes a second; no limit where not given. */
  readonly server?: { readonly up?: number | undefined; readonly down?: number | undefined } | undefined;
  /** Bytes of a message beside its tensors (names, shapes, HTTP); 0 where not given. */
  readonly overheadBytes?: number | undefined;
}

/** Bytes a second of one Mbit/s: 10⁶ bits. */
export const MBIT = 125_000;

const rate = z.number().gt(0).max(1e9);
const linkSpecSchema = z.strictObject({
  upMbit: rate,
  downMbit: rate,
  latencyMs: z.number().min(0).max(1e7),
  stepsPerSecond: rate,
});

/** Links as a file states them: in Mbit/s, milliseconds of a round trip, and steps a second. */
export const networkSpecSchema = z.strictObject({
  parties: z.record(z.string(), linkSpecSchema).default({}),
  /** For every party that is not named. */
  default: linkSpecSchema.optional(),
  /** The coordinator's own line, as seen from there: up carries models, down carries updates. */
  server: z.strictObject({ upMbit: rate.optional(), downMbit: rate.optional() }).optional(),
  overheadBytes: z.int().min(0).max(1e9).optional(),
});
export type NetworkSpec = z.output<typeof networkSpecSchema>;

/** The network that a specification states. */
export function networkOf({ parties, default: otherwise, server, overheadBytes }: NetworkSpec): Network {
  return {
    links: new Map(Object.entries(parties).map(([party, link]) => [party, linkOf(link)])),
    otherwise: otherwise && linkOf(otherwise),
    server: server && {
      up: server.upMbit === undefined ? undefined : server.upMbit * MBIT,
      down: server.downMbit === undefined ? undefined : server.downMbit * MBIT,
    },
    overheadBytes,
  };
}

/** The link of a party. Throws RangeError that names the party if the network has none for it. */
export function linkTo(network: Network, party: string): Link {
  const link = network.links.get(party) ?? network.otherwise;
  if (link === undefined) throw new RangeError(`links: there is none for "${party}"; name it, or give a default`);
  return link;
}

function linkOf({ upMbit, downMbit, latencyMs, stepsPerSecond }: z.output<typeof linkSpecSchema>): Link {
  return { up: upMbit * MBIT, down: downMbit * MBIT, latency: latencyMs / 1000, pace: stepsPerSecond };
}
