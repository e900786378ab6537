import type { ConcordEvent, FederationView, NewEvent, PartyView, RoundView } from "@concord/protocol";

const PARTIES = ["Aarhus", "Bergen", "Cádiz", "Delft", "Espoo", "Faro", "Ghent", "Hobro"];
const STEPS = 20;
const MODEL_BYTES = 636_744;
const NO_TRAFFIC = { payloadUp: 0, payloadDown: 0, indexUp: 0, indexDown: 0, wireUp: 0, wireDown: 0 };

export interface ScriptedFederation {
  readonly view: () => FederationView;
  readonly parties: () => readonly PartyView[];
  readonly rounds: () => readonly RoundView[];
  readonly events: readonly ConcordEvent[];
  /** Lets the next thing happen; false once there is none. */
  step(): boolean;
  invite(url: string): { readonly url: string; readonly expiresAt: string };
}

/** A federation that follows a script: eight parties, of which one is slow now and then, one pauses and one goes missing. */
export function scriptedFederation(
  id: string,
  rounds: number,
  tell: (event: ConcordEvent) => void,
): ScriptedFederation {
  const events: ConcordEvent[] = [];
  const list: RoundView[] = [];
  let seconds = Date.now() / 1_000;
  let view: FederationView = {
    id,
    spec: {
      name: "Handwritten digits",
      dataset: "generated handwriting (28×28 digits)",
      task: {
        model: { kind: "mlp", hidden: [200] },
        inputShape: [28, 28, 1],
        outputs: 10,
        loss: "cross-entropy",
        optimizer: { kind: "sgd", momentum: 0.9 },
        learningRate: 0.05,
        batchSize: 32,
      },
      algorithm: { kind: "fedavg", localSteps: STEPS },
      rounds,
      seed: 1,
      minimumParties: 8,
      quorum: "all",
      exchangeDeadline: 60,
      roundDeadline: 600,
      leaseSeconds: 30,
      evaluation: { every: 1, parties: "all" },
    },
    status: "waiting",
    createdAt: new Date().toISOString(),
    round: 0,
    parameters: 159_010,
    model: { sha256: "0".repeat(64), bytes: MODEL_BYTES },
    accuracySource: "held-out examples of the parties",
  };
  const parties = new Map<string, PartyView>();

  const emit = (event: NewEvent) => {
    seconds += 0.11;
    const dated = { ...event, seq: events.length + 1, time: new Date(seconds * 1_000).toISOString() } as ConcordEvent;
    events.push(dated);
    tell(dated);
  };
  const change = (party: string, by: (view: PartyView) => Partial<PartyView>) => {
    const before = parties.get(party);
    if (before !== undefined) parties.set(party, { ...before, ...by(before) });
  };

  function* script(): Generator<void> {
    for (const [i, name] of PARTIES.entries()) {
      const party = `party-${i + 1}`;
      const labels = Array.from({ length: 10 }, (_, c) =>
        Math.round(180 * Math.max(0, Math.sin(i * 1.7 + c * 2.3)) ** 3),
      );
      const examples = labels.reduce((sum, count) => sum + count, 0);
      parties.set(party, {
        id: party,
        name,
        status: "active",
        online: true,
        activity: "idle",
        client: i === 7 ? "browser" : "node",
        examples,
        heldOut: Math.round(examples / 5),
        labels: i === 7 ? null : labels,
        joinedAt: new Date().toISOString(),
        updates: 0,
        missed: 0,
        train: NO_TRAFFIC,
        evaluate: NO_TRAFFIC,
      });
      emit({ type: "party.joined", federation: id, party, name, examples, client: i === 7 ? "browser" : "node" });
      yield;
    }
    view = { ...view, status: "running" };
    emit({ type: "federation.started", federation: id });
    for (let round = 1; round <= rounds; round++) yield* oneRound(round);
    view = { ...view, status: "finished" };
    emit({ type: "federation.finished", federation: id, rounds });
  }

  function* oneRound(round: number): Generator<void> {
    const members = [...parties.values()].filter(({ status }) => status === "active").map((party) => party.id);
    const slow = round % 9 === 5 ? members[2] : undefined;
    const row: RoundView = {
      round,
      status: "training",
      startedAt: new Date(seconds * 1_000).toISOString(),
      endedAt: null,
      steps: STEPS,
      members: members.map((party) => ({
        party,
        exchanges: [{ every: STEPS, times: 1 }],
        reached: 0,
        missed: [],
        completed: false,
      })),
      group: null,
      merged: 0,
      trainLoss: null,
      accuracy: null,
      loss: null,
      evaluated: null,
      wireUp: 0,
      wireDown: 0,
    };
    list.push(row);
    emit({ type: "round.started", federation: id, round, members, steps: STEPS });
    for (const party of members) change(party, () => ({ activity: "training" }));
    const accuracy = 0.1 + 0.86 * (1 - Math.exp(-round / 6)) + 0.012 * Math.sin(round * 2.1);
    const loss = 2.3 * Math.exp(-round / 7) + 0.18 + 0.03 * Math.sin(round * 1.3);
    for (const party of members) {
      yield;
      if (party === slow) continue;
      emit({
        type: "update.accepted",
        federation: id,
        party,
        round,
        step: STEPS,
        loss: loss * 0.8,
        bytes: MODEL_BYTES,
      });
      change(party, ({ updates, train }) => ({
        updates: updates + 1,
        activity: "idle",
        train: { ...train, wireUp: train.wireUp + MODEL_BYTES + 700, wireDown: train.wireDown + MODEL_BYTES + 900 },
      }));
    }
    if (slow !== undefined) {
      emit({ type: "party.dropped", federation: id, party: slow, round, step: STEPS, reason: "no reply within 60 s" });
      change(slow, ({ missed }) => ({ missed: missed + 1, activity: "idle" }));
      emit({
        type: "update.refused",
        federation: id,
        party: slow,
        round,
        code: "gone",
        reason: "the lease had passed when the update came",
      });
    }
    const merged = members.filter((party) => party !== slow);
    emit({ type: "exchange.merged", federation: id, round, step: STEPS, parties: merged, missing: slow ? [slow] : [] });
    yield;
    for (const party of members) {
      change(party, ({ evaluate }) => ({
        evaluate: { ...evaluate, wireUp: evaluate.wireUp + 900, wireDown: evaluate.wireDown + MODEL_BYTES + 900 },
      }));
    }
    const [wireUp, wireDown] = totals([...parties.values()]);
    const finished = { round, accuracy, loss, trainLoss: loss * 0.78, wireUp, wireDown };
    list[list.length - 1] = {
      ...row,
      ...finished,
      status: "finished",
      endedAt: new Date((seconds + 0.1) * 1_000).toISOString(),
      merged: STEPS,
      members: row.members.map((member) => ({
        ...member,
        reached: STEPS,
        missed: member.party === slow ? [STEPS] : [],
        completed: member.party !== slow,
      })),
      evaluated: { parties: members.length, examples: 1_204 },
    };
    view = { ...view, round };
    const tally = { evaluatedExamples: 1_204, parties: members.length, seconds: 1.5 + 0.2 * Math.sin(round) };
    emit({ type: "round.finished", federation: id, ...finished, ...tally });
    if (round === 7) status("party-8", "paused", "its owner paused it");
    if (round === 11) status("party-8", "active", "");
    if (round === 12) status("party-6", "absent", "its lease ran out");
    yield;
  }

  function status(party: string, to: PartyView["status"], reason: string): void {
    change(party, () => ({ status: to, online: to !== "absent", activity: "idle" }));
    emit({ type: "party.status", federation: id, party, status: to, reason });
  }

  const running = script();
  return {
    view: () => view,
    parties: () => [...parties.values()],
    rounds: () => list,
    events,
    step: () => running.next().done !== true,
    invite(url) {
      const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
      emit({ type: "invite.created", federation: id, expiresAt, uses: 1 });
      return { url, expiresAt };
    },
  };
}

function totals(parties: readonly PartyView[]): [up: number, down: number] {
  const sum = (of: (party: PartyView) => number) => parties.reduce((total, party) => total + of(party), 0);
  return [
    sum(({ train, evaluate }) => train.wireUp + evaluate.wireUp),
    sum(({ train, evaluate }) => train.wireDown + evaluate.wireDown),
  ];
}
