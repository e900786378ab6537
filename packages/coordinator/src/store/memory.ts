import { byCodeUnits } from "@concord/engine";
import { addTraffic, type Purpose, type Traffic } from "@concord/federation";
import { type ConcordEvent, partyStatusSchema } from "@concord/protocol";
import type {
  EvaluationRecord,
  FederationRecord,
  InviteRecord,
  KeyRecord,
  LeaseRecord,
  MergeRecord,
  PartyRecord,
  RoundRecord,
  SegmentRecord,
  Store,
  TrafficRecord,
  Transaction,
} from "./contract.ts";
import { numbered, PAGE_OF_EVENTS } from "./events.ts";
import { copyOfPaletteTables, newPaletteTables, type PaletteTables, palettesInMemory } from "./memory-palettes.ts";
import * as record from "./records.ts";
import { checked } from "./records.ts";
import { closed, dangling, ended, missing, taken } from "./refusals.ts";
import { serial } from "./serial.ts";

/**
 * A store that lasts as long as the process: for tests, and for a look at Concord without a folder. It keeps the
 * contract but for durability, and copies its tables for every transaction, so it is not for large federations.
 */
export function memoryStore(): Store {
  let tables = newTables();
  let isOpen = true;
  const oneByOne = serial();

  return {
    transaction: (work) =>
      oneByOne(async () => {
        if (!isOpen) throw closed();
        const copy = copyOf(tables);
        let running = true;
        try {
          const result = await work(
            memoryTransaction(() => {
              if (!running) throw ended();
              return copy;
            }),
          );
          tables = copy;
          return result;
        } finally {
          running = false;
        }
      }),
    close: () =>
      oneByOne(async () => {
        isOpen = false;
      }),
  };
}

interface Tables extends PaletteTables {
  readonly federations: Map<string, FederationRecord>;
  readonly keys: Map<string, KeyRecord>;
  readonly invites: Map<string, InviteRecord>;
  readonly parties: Map<string, PartyRecord>;
  readonly rounds: Map<string, RoundRecord>;
  readonly segments: Map<string, SegmentRecord>;
  readonly merges: Map<string, MergeRecord>;
  readonly evaluations: Map<string, EvaluationRecord>;
  readonly leases: Map<string, LeaseRecord>;
  readonly traffic: Map<string, TrafficRecord>;
  readonly events: ConcordEvent[];
}

function newTables(): Tables {
  return {
    federations: new Map(),
    keys: new Map(),
    invites: new Map(),
    parties: new Map(),
    rounds: new Map(),
    segments: new Map(),
    merges: new Map(),
    evaluations: new Map(),
    leases: new Map(),
    traffic: new Map(),
    events: [],
    ...newPaletteTables(),
  };
}

/** Records are never changed in place, so copies of the tables may share them. */
function copyOf(tables: Tables): Tables {
  return {
    federations: new Map(tables.federations),
    keys: new Map(tables.keys),
    invites: new Map(tables.invites),
    parties: new Map(tables.parties),
    rounds: new Map(tables.rounds),
    segments: new Map(tables.segments),
    merges: new Map(tables.merges),
    evaluations: new Map(tables.evaluations),
    leases: new Map(tables.leases),
    traffic: new Map(tables.traffic),
    events: [...tables.events],
    ...copyOfPaletteTables(tables),
  };
}

const key = (...parts: readonly (string | number)[]): string => JSON.stringify(parts);

const of =
  (federation: string, round?: number) =>
  (item: { readonly federation: string; readonly round?: number }): boolean =>
    item.federation === federation && (round === undefined || item.round === round);

/** A copy, so that a reader who changes what it was given changes nothing here. */
const given = <T>(item: T): T => structuredClone(item);

function memoryTransaction(tables: () => Tables): Transaction {
  const needFederation = (id: string | null) => {
    if (id !== null && !tables().federations.has(key(id))) throw dangling();
  };
  const needRound = ({ federation, round }: { readonly federation: string; readonly round: number }) => {
    if (!tables().rounds.has(key(federation, round))) throw dangling();
  };

  return {
    federations: {
      async insert(federation) {
        const { federations } = tables();
        const what = `federation "${federation.id}"`;
        const row = checked(record.federationRecord, federation, what);
        if (federations.has(key(row.id))) throw taken(what);
        federations.set(key(row.id), row);
      },
      get: async (id) => given(tables().federations.get(key(id))),
      async list() {
        return given([...tables().federations.values()])
          .sort(byCodeUnits((federation) => federation.id))
          .sort((a, b) => a.createdAt - b.createdAt);
      },
      async update(id, change) {
        const { federations } = tables();
        const before = federations.get(key(id));
        if (before === undefined) throw missing(`federation "${id}"`);
        const after = { ...before, ...checked(record.federationChange, change, `federation "${id}"`) };
        federations.set(key(id), checked(record.federationRecord, after, `federation "${id}"`));
      },
    },
    keys: {
      async insert(secret) {
        const { keys } = tables();
        const row = checked(record.keyRecord, secret, "the key");
        if (keys.has(key(row.hash))) throw taken("the key");
        needFederation(row.federation);
        keys.set(key(row.hash), row);
      },
      get: async (hash) => given(tables().keys.get(key(hash))),
      async delete(hash) {
        tables().keys.delete(key(hash));
      },
    },
    invites: {
      async insert(invite) {
        const { invites } = tables();
        const row = checked(record.inviteRecord, invite, "the invite");
        if (invites.has(key(row.hash))) throw taken("the invite");
        needFederation(row.federation);
        invites.set(key(row.hash), row);
      },
      get: async (hash) => given(tables().invites.get(key(hash))),
      async use(hash) {
        const { invites } = tables();
        const invite = invites.get(key(hash));
        if (invite === undefined || invite.usesLeft === 0) return false;
        invites.set(key(hash), { ...invite, usesLeft: invite.usesLeft - 1 });
        return true;
      },
    },
    parties: {
      async insert(party) {
        const { parties } = tables();
        const what = `party "${party.id}" of federation "${party.federation}"`;
        const row = checked(record.partyRecord, party, what);
        if (parties.has(key(row.federation, row.id))) throw taken(what);
        needFederation(row.federation);
        parties.set(key(row.federation, row.id), row);
      },
      get: async (federation, id) => given(tables().parties.get(key(federation, id))),
      async list(federation) {
        return given([...tables().parties.values()].filter(of(federation))).sort(byCodeUnits((party) => party.id));
      },
      async setStatus(federation, id, status) {
        const { parties } = tables();
        const before = parties.get(key(federation, id));
        const what = `party "${id}" of federation "${federation}"`;
        if (before === undefined) throw missing(what);
        parties.set(key(federation, id), { ...before, status: checked(partyStatusSchema, status, what) });
      },
    },
    rounds: {
      async insert(round) {
        const { rounds } = tables();
        const what = `round ${round.round} of federation "${round.federation}"`;
        const row = checked(record.roundRecord, round, what);
        if (rounds.has(key(row.federation, row.round))) throw taken(what);
        needFederation(row.federation);
        rounds.set(key(row.federation, row.round), row);
      },
      get: async (federation, round) => given(tables().rounds.get(key(federation, round))),
      async list(federation, { after = 0, limit } = {}) {
        const all = [...tables().rounds.values()].filter(of(federation)).filter((round) => round.round > after);
        return given(all.sort((a, b) => a.round - b.round).slice(0, limit));
      },
      async update(federation, round, change) {
        const { rounds } = tables();
        const before = rounds.get(key(federation, round));
        const what = `round ${round} of federation "${federation}"`;
        if (before === undefined) throw missing(what);
        const after = { ...before, ...checked(record.roundChange, change, what) };
        rounds.set(key(federation, round), checked(record.roundRecord, after, what));
      },
    },
    segments: {
      async insert(segment) {
        const { segments } = tables();
        const row = checked(record.segmentRecord, segment, "the segment");
        const at = key(row.federation, row.round, row.party, row.segment);
        if (segments.has(at)) return false;
        needRound(row);
        segments.set(at, row);
        return true;
      },
      get: async (federation, round, party, segment) =>
        given(tables().segments.get(key(federation, round, party, segment))),
      async list(federation, round) {
        return given([...tables().segments.values()].filter(of(federation, round)))
          .sort((a, b) => a.segment - b.segment)
          .sort(byCodeUnits((segment) => segment.party));
      },
    },
    merges: {
      async insert(merge) {
        const { merges } = tables();
        const what = `the merge at step ${merge.step} of round ${merge.round} of federation "${merge.federation}"`;
        const row = checked(record.mergeRecord, merge, what);
        const at = key(row.federation, row.round, row.step);
        if (merges.has(at)) throw taken(what);
        needRound(row);
        merges.set(at, row);
      },
      async list(federation, round) {
        return given([...tables().merges.values()].filter(of(federation, round))).sort((a, b) => a.step - b.step);
      },
    },
    evaluations: {
      async insert(evaluation) {
        const { evaluations } = tables();
        const row = checked(record.evaluationRecord, evaluation, "the evaluation");
        const at = key(row.federation, row.round, row.party);
        if (evaluations.has(at)) return false;
        needRound(row);
        evaluations.set(at, row);
        return true;
      },
      async list(federation, round) {
        const all = [...tables().evaluations.values()].filter(of(federation, round));
        return given(all).sort(byCodeUnits((evaluation) => evaluation.party));
      },
    },
    leases: {
      async put(lease) {
        const { leases } = tables();
        const row = checked(record.leaseRecord, lease, `lease "${lease.id}"`);
        const held = [...leases.values()].find(
          (other) => other.federation === row.federation && other.party === row.party,
        );
        const sameId = leases.get(key(row.id));
        if (sameId !== undefined && sameId !== held) throw taken(`lease "${row.id}"`);
        needRound(row);
        if (held !== undefined) leases.delete(key(held.id));
        leases.set(key(row.id), row);
      },
      get: async (id) => given(tables().leases.get(key(id))),
      async ofParty(federation, party) {
        return given([...tables().leases.values()].filter(of(federation)).find((lease) => lease.party === party));
      },
      async list(federation) {
        return given([...tables().leases.values()].filter(of(federation))).sort(byCodeUnits((lease) => lease.party));
      },
      async renew(id, expiresAt) {
        const { leases } = tables();
        const before = leases.get(key(id));
        if (before === undefined) throw missing(`lease "${id}"`);
        leases.set(key(id), checked(record.leaseRecord, { ...before, expiresAt }, `lease "${id}"`));
      },
      async delete(id) {
        tables().leases.delete(key(id));
      },
    },
    traffic: {
      async add(more) {
        const { traffic } = tables();
        const row = checked(record.trafficRecord, more, "the traffic");
        needFederation(row.federation);
        const at = key(row.federation, row.party, row.round, row.purpose);
        const before = traffic.get(at);
        traffic.set(at, before === undefined ? row : { ...row, traffic: addTraffic(before.traffic, row.traffic) });
      },
      async list(federation, { round, party } = {}) {
        return given(
          [...tables().traffic.values()]
            .filter(of(federation, round))
            .filter((row) => party === undefined || row.party === party),
        )
          .sort(byCodeUnits((row) => row.purpose))
          .sort((a, b) => a.round - b.round)
          .sort(byCodeUnits((row) => row.party));
      },
      async byParty(federation) {
        const sums = new Map<string, { federation: string; party: string; purpose: Purpose; traffic: Traffic }>();
        for (const { party, purpose, traffic } of [...tables().traffic.values()].filter(of(federation))) {
          const before = sums.get(key(party, purpose));
          const sum = before === undefined ? traffic : addTraffic(before.traffic, traffic);
          sums.set(key(party, purpose), { federation, party, purpose, traffic: sum });
        }
        return given([...sums.values()])
          .sort(byCodeUnits((row) => row.purpose))
          .sort(byCodeUnits((row) => row.party));
      },
    },
    events: {
      async append(event, at) {
        const { events } = tables();
        const whole = numbered(event, events.length + 1, at);
        needFederation(whole.federation);
        events.push(whole);
        return given(whole);
      },
      async list(federation, { after, limit = PAGE_OF_EVENTS }) {
        const all = tables().events.filter((event) => event.federation === federation && event.seq > after);
        return given(all.slice(0, limit));
      },
      last: async () => tables().events.length,
    },
    ...palettesInMemory(tables),
    blobs: {
      async needed() {
        const { federations, rounds, segments, merges, leases } = tables();
        const isOpen = (at: { readonly federation: string; readonly round: number }) => {
          const status = rounds.get(key(at.federation, at.round))?.status;
          return status === "training" || status === "evaluating";
        };
        return new Set([
          ...[...federations.values()].map((federation) => federation.state),
          ...[...rounds.values()].filter(isOpen).map((round) => round.stateBefore),
          ...[...segments.values()].filter(isOpen).flatMap((segment) => segment.update ?? []),
          ...[...merges.values()].filter(isOpen).map((merge) => merge.state),
          ...[...leases.values()].map((lease) => lease.model),
        ]);
      },
      async referenced() {
        const { federations, rounds, segments, merges, leases } = tables();
        return new Set([
          ...[...federations.values()].map((federation) => federation.state),
          ...[...rounds.values()].map((round) => round.stateBefore),
          ...[...segments.values()].flatMap((segment) => segment.update ?? []),
          ...[...merges.values()].map((merge) => merge.state),
          ...[...leases.values()].map((lease) => lease.model),
        ]);
      },
    },
  };
}
