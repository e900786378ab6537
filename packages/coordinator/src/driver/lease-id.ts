/**
 * What a lease is for: its name says so, which lets a repeated or late reply be recognised long after the lease has
 * passed. The name is no secret and no proof; the key of the party is.
 */
export interface LeaseKey {
  readonly round: number;
  readonly kind: "train" | "evaluate";
  /** 0 for an evaluation. */
  readonly segment: number;
  readonly party: string;
}

/** `3.t0.hospital-b.9f…`: round, kind and segment, party, and a random part that makes an older lease of the same work void. */
export function newLeaseId({ round, kind, segment, party }: LeaseKey): string {
  const random = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0"));
  return `${round}.${kind === "train" ? "t" : "e"}${segment}.${party}.${random.join("")}`;
}

export function parseLeaseId(id: string): LeaseKey | undefined {
  const match = /^([1-9]\d{0,6})\.([te])(\d{1,6})\.([a-z0-9-]{1,63})\.[0-9a-f]{16}$/.exec(id);
  if (match === null) return undefined;
  const [, round, kind, segment, party] = match as unknown as [string, string, string, string, string];
  return { round: Number(round), kind: kind === "t" ? "train" : "evaluate", segment: Number(segment), party };
}
