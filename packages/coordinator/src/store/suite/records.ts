import { federationSpecSchema, NO_TRAFFIC, type Traffic } from "@concord/federation";
import type {
  FederationRecord,
  InviteRecord,
  KeyRecord,
  LeaseRecord,
  MergeRecord,
  PartyRecord,
  RoundRecord,
  SegmentRecord,
  TrafficRecord,
} from "../contract.ts";

/** Records for the suite: whole and valid, each different from the others of its kind where the test says so. */
const SPEC = federationSpecSchema.parse({
  name: "Handwriting of three hospitals",
  task: {
    model: { kind: "mlp", hidden: [8, 4] },
    inputShape: [8, 8, 1],
    outputs: 10,
    loss: "cross-entropy",
    optimizer: { kind: "sgd", momentum: 0.9 },
    learningRate: 0.1,
    batchSize: 16,
  },
  dataset: "digits – Größe 8 × 8",
  algorithm: { kind: "fedavg", localSteps: 20 },
  rounds: 5,
  seed: Number.MAX_SAFE_INTEGER,
});

/** A name as a blob has it: 64 hex digits made from a number. */
export const blob = (n: number): string => n.toString(16).padStart(64, "0");

export const federationRecord = (id: string, more: Partial<FederationRecord> = {}): FederationRecord => ({
  id,
  spec: SPEC,
  status: "waiting",
  createdAt: 1_700_000_000_000,
  round: 0,
  state: blob(1),
  ...more,
});

export const partyRecord = (federation: string, id: string, more: Partial<PartyRecord> = {}): PartyRecord => ({
  federation,
  id,
  name: `Party ${id}`,
  status: "active",
  client: "node",
  examples: 120,
  heldOut: 0,
  labels: null,
  joinedAt: 1_700_000_000_001,
  ...more,
});

export const roundRecord = (federation: string, round: number, more: Partial<RoundRecord> = {}): RoundRecord => ({
  federation,
  round,
  status: "training",
  plan: {
    round,
    steps: 20,
    members: [
      { party: "a", examples: 120, exchanges: [5, 20] },
      { party: "b", examples: 7, exchanges: [20] },
    ],
  },
  startedAt: 1_700_000_000_002.5,
  endedAt: null,
  evaluators: null,
  stateBefore: blob(2),
  result: null,
  ...more,
});

export const segmentRecord = (
  at: Pick<SegmentRecord, "federation" | "round" | "party" | "segment">,
  more: Partial<SegmentRecord> = {},
): SegmentRecord => ({ ...at, outcome: "replied", update: blob(3), loss: 0.1 + 0.2, at: 1_700_000_000_003, ...more });

export const mergeRecord = (
  at: Pick<MergeRecord, "federation" | "round" | "step">,
  more: Partial<MergeRecord> = {},
): MergeRecord => ({ ...at, state: blob(4), parties: ["a", "b"], ...more });

export const leaseRecord = (id: string, party: string, more: Partial<LeaseRecord> = {}): LeaseRecord => ({
  id,
  federation: "digits",
  party,
  round: 1,
  kind: "train",
  segment: 0,
  model: blob(5),
  expiresAt: 1_700_000_030_000,
  ...more,
});

export const trafficRecord = (
  party: string,
  round: number,
  traffic: Partial<Traffic>,
  more: Partial<TrafficRecord> = {},
): TrafficRecord => ({
  federation: "digits",
  party,
  round,
  purpose: "train",
  traffic: { ...NO_TRAFFIC, ...traffic },
  ...more,
});

export const KEY: KeyRecord = {
  hash: blob(1),
  role: "operator",
  federation: null,
  party: null,
  once: true,
  expiresAt: 99.5,
};

export const INVITE: InviteRecord = {
  hash: blob(11),
  federation: "digits",
  party: null,
  usesLeft: 3,
  expiresAt: 1e12,
};

export const SEGMENT = { federation: "digits", round: 1, party: "a", segment: 0 };

/** In the order of their code units; by code points, as databases compare, it is the other way round. */
export const PARTIES_BY_CODE_UNITS = ["\u{1F600}", "\uFB01"];
