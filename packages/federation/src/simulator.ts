import type { Tensor, Tree } from "@concord/engine";
import { encodedBytes, flatten, mapTree, specOf } from "@concord/engine";
import type { Evaluation, Examples } from "@concord/learning";
import { buildTask, checkDataset, labelHistogram, means } from "@concord/learning";
import type { Algorithm, CoordinatorState } from "./algorithm.ts";
import type { Purpose, Traffic } from "./communication.ts";
import { addTraffic, NO_TRAFFIC, totalTraffic, treeBytes } from "./communication.ts";
import type { Executor } from "./executor.ts";
import { federationKeys } from "./keys.ts";
import type { Network } from "./links.ts";
import { linkTo } from "./links.ts";
import type { PartyProfile } from "./party.ts";
import { inPartyOrder } from "./party.ts";
import type { Group, RoundPlan, Segment } from "./plan.ts";
import { checkPlan } from "./plan.ts";
import type { PrivateTree } from "./private-tree.ts";
import { algorithmOf } from "./registry.ts";
import { beginRound, merged, nextExchange, openSegments, reply } from "./round.ts";
import type { FederationSpec } from "./spec.ts";
import type { MessageBytes, RoundSeconds } from "./virtual-time.ts";
import { virtualTime } from "./virtual-time.ts";

/** A party of a simulation. */
export interface SimulatedParty<E extends Examples = Examples> {
  readonly id: string;
  readonly train: E;
  /** What it evaluates on; undefined if it has nothing to spare. */
  readonly heldOut?: E;
}

export interface Simulation {
  readonly spec: FederationSpec;
  readonly parties: readonly SimulatedParty[];
  readonly executor: Executor;
  /** One that no specification names; it must be the one that the executor trains with. Otherwise that of `spec`. */
  readonly algorithm?: Algorithm;
  /** A test set that the coordinator holds: used instead of the parties' held-out data. */
  readonly test?: Examples;
  /** Links by which a virtual clock says how long each round would take. Nothing that is trained depends on them. */
  readonly links?: Network;
  /** Goes on from here, to the same bits as without the interruption. */
  readonly from?: Checkpoint;
  readonly signal?: AbortSignal;
}

/** All that a simulation needs to go on: the coordinator's state, the parties' private states, and the records so far. */
export interface Checkpoint {
  /** The last finished round, 0 before the first. */
  readonly round: number;
  readonly state: CoordinatorState;
  readonly privateStates: ReadonlyMap<string, PrivateTree>;
  readonly traffic: ReadonlyMap<string, Readonly<Record<Purpose, Traffic>>>;
  readonly history: readonly RoundReport[];
}

export interface RoundReport {
  readonly round: number;
  readonly members: readonly string[];
  /** Exchanges of all members together. */
  readonly exchanges: number;
  /** The members that were chosen to exchange more often, where the algorithm chooses some. */
  readonly group?: Group | undefined;
  /** Mean training loss of the members' last segments, weighted by examples. */
  readonly trainLoss: number;
  /** Null where this round was not evaluated. */
  readonly evaluation: {
    readonly accuracy: number | null;
    readonly loss: number | null;
    readonly examples: number;
    /** The means of all metrics that were measured. */
    readonly metrics?: Readonly<Record<string, number>> | undefined;
  } | null;
  /** Totals of all parties since the first round. */
  readonly traffic: Readonly<Record<Purpose, Traffic>>;
  /** How long the round takes over the links of the simulation, if it has any; evaluation is not counted. */
  readonly seconds?: RoundSeconds | undefined;
}

/** The state of a simulation before its first round. */
export function initialCheckpoint(spec: FederationSpec, algorithm = algorithmOf(spec.algorithm)): Checkpoint {
  const task = buildTask(spec.task);
  const state = algorithm.init({ task, key: federationKeys(spec.seed).init });
  return { round: 0, state, privateStates: new Map(), traffic: new Map(), history: [] };
}

/**
 * Runs a federation in this process and yields after every round. The phases are those of a deployed federation; the
 * result is the same to the bit whatever the executor, and equal to that of the same parties over HTTP.
 *
 * Byte counts: payload is exact; wire is the size of the safetensors messages, without HTTP around them.
 * Throws TypeError for a data set that does not fit the task, RangeError where there are links but none for a party, and
 * the reason of the signal when it is aborted.
 */
export async function* simulate(simulation: Simulation): AsyncGenerator<Checkpoint, void, void> {
  const { spec, executor, signal } = simulation;
  const { algorithm = algorithmOf(spec.algorithm) } = simulation;
  const keys = federationKeys(spec.seed);
  const parties = inPartyOrder(simulation.parties);
  const byId = new Map(parties.map((party) => [party.id, party]));
  const profiles = parties.map(profileOf);
  checkData(simulation);
  const { links } = simulation;
  if (links) for (const { id } of parties) linkTo(links, id);
  let checkpoint = simulation.from ?? initialCheckpoint(spec, algorithm);

  while (checkpoint.round < spec.rounds) {
    signal?.throwIfAborted();
    const round = checkpoint.round + 1;
    const context = { round, candidates: profiles, parties: profiles, key: keys.select(round) };
    const plan = algorithm.select(checkpoint.state, context);
    checkPlan(plan);
    const meter = new Map(checkpoint.traffic);
    const privateStates = new Map(checkpoint.privateStates);
    const { state, losses, messageBytes } = await runRound(checkpoint.state, plan, privateStates, meter);
    const evaluation = evaluationIsDue(spec, round) ? await evaluate(state, plan, privateStates, meter) : null;
    const report: RoundReport = {
      round,
      members: plan.members.map(({ party }) => party),
      exchanges: plan.members.reduce((sum, { exchanges }) => sum + exchanges.length, 0),
      ...(plan.group && { group: plan.group }),
      trainLoss: weightedLoss(plan, losses),
      evaluation,
      traffic: { train: totalOf(meter, "train"), evaluate: totalOf(meter, "evaluate") },
      ...(links && { seconds: virtualTime(plan, links, messageBytes) }),
    };
    checkpoint = { round, state, privateStates, traffic: meter, history: [...checkpoint.history, report] };
    yield checkpoint;
  }

  async function runRound(
    start: CoordinatorState,
    plan: RoundPlan,
    privateStates: Map<string, PrivateTree>,
    meter: Map<string, Readonly<Record<Purpose, Traffic>>>,
  ) {
    let state = start;
    let progress = beginRound(plan);
    const downloads = new Map<string, Tree<Tensor>>();
    const updates = new Map<string, Tree<Tensor>>();
    const losses = new Map<string, number>();
    const messages = new Map(plan.members.map(({ party }): [string, MessageBytes[]] => [party, []]));

    const train = async (segment: Segment) => {
      signal?.throwIfAborted();
      const { party } = segment;
      const model = downloads.get(party) as Tree<Tensor>;
      const trained = await executor.train({
        plan,
        segment,
        model,
        privateState: privateStates.get(party),
        key: keys.party(party),
        secret: keys.simulatedSecret(party),
        data: partyOf(byId, party).train,
      });
      algorithm.checkUpdate(state, trained.update);
      updates.set(party, trained.update);
      losses.set(party, trained.loss);
      privateStates.set(party, trained.privateState);
      downloads.delete(party);
      const { payloadUp, indexUp, payloadDown, indexDown } = count(meter, party, "train", trained.update, model);
      messages.get(party)?.push({ up: payloadUp + indexUp, down: payloadDown + indexDown });
      progress = reply(progress, party, segment.index);
    };

    for (let exchange = nextExchange(progress); exchange; exchange = nextExchange(progress)) {
      const { step, last, awaited } = exchange;
      // A segment starts from the model that was there when it opened, though its training may wait until it is due.
      for (const segment of openSegments(progress)) {
        if (!downloads.has(segment.party)) downloads.set(segment.party, algorithm.download(state, segment));
      }
      const due = openSegments(progress).filter(({ party }) => awaited.includes(party));
      await inParallel(due, executor.parallel, train);
      const sent = plan.members
        .filter(({ party }) => awaited.includes(party))
        .map(({ party, examples }) => ({ party, examples, tensors: updates.get(party) as Tree<Tensor> }));
      state = algorithm.merge(state, { round: plan.round, plan, step, last, updates: sent });
      for (const party of awaited) updates.delete(party);
      progress = merged(progress);
    }
    return {
      state: algorithm.finish(state, { plan, completed: plan.members.map(({ party }) => party) }),
      losses,
      messageBytes: ({ party, index }: Segment) => messages.get(party)?.[index] as MessageBytes,
    };
  }

  async function evaluate(
    state: CoordinatorState,
    plan: RoundPlan,
    privateStates: ReadonlyMap<string, PrivateTree>,
    meter: Map<string, Readonly<Record<Purpose, Traffic>>>,
  ) {
    const { model } = state;
    if (simulation.test) {
      const result = await executor.evaluate({ model, privateState: undefined, key: keys.init, data: simulation.test });
      return means([result]);
    }
    const members = new Set(plan.members.map(({ party }) => party));
    const evaluators = parties.filter(
      ({ id, heldOut }) => heldOut !== undefined && (spec.evaluation.parties === "all" || members.has(id)),
    );
    const results = new Map<string, Evaluation>();
    await inParallel(evaluators, executor.parallel, async ({ id, heldOut }) => {
      if (heldOut === undefined) return;
      signal?.throwIfAborted();
      results.set(
        id,
        await executor.evaluate({ model, privateState: privateStates.get(id), key: keys.party(id), data: heldOut }),
      );
      count(meter, id, "evaluate", {}, model);
    });
    return means(evaluators.map(({ id }) => results.get(id) ?? {}));
  }
}

/** Throws TypeError, naming party and data set, for examples that the task cannot use. */
function checkData({ spec, parties, test }: Simulation): void {
  const task = buildTask(spec.task);
  for (const { id, train, heldOut } of parties) {
    try {
      checkDataset(task, train);
      if (heldOut) checkDataset(task, heldOut);
    } catch (error) {
      throw new TypeError(`party "${id}": ${error instanceof Error ? error.message : error}`);
    }
  }
  if (test) checkDataset(task, test);
}

/** True if a federation evaluates after this round: every so many rounds, and after the last. */
export function evaluationIsDue({ evaluation, rounds }: FederationSpec, round: number): boolean {
  return round % evaluation.every === 0 || round === rounds;
}

/** The profile that a simulated party declares: its examples and, for a classification, its labels. */
export function profileOf({ id, train }: SimulatedParty): PartyProfile {
  if (train.kind === "ratings" || train.classes === 0) return { id, examples: train.size };
  return { id, examples: train.size, labels: [...labelHistogram(train)] };
}

function partyOf(parties: ReadonlyMap<string, SimulatedParty>, id: string): SimulatedParty {
  const party = parties.get(id);
  if (party === undefined) throw new RangeError(`the plan names "${id}", which is no party of this simulation`);
  return party;
}

function weightedLoss(plan: RoundPlan, losses: ReadonlyMap<string, number>): number {
  let sum = 0;
  let total = 0;
  for (const { party, examples } of plan.members) {
    sum += examples * (losses.get(party) ?? 0);
    total += examples;
  }
  return sum / total;
}

/** Runs `work` on every item, at most `limit` at a time, started in order. After a failure no further one is started. */
async function inParallel<T>(items: readonly T[], limit: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    try {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
    } catch (error) {
      queue.length = 0;
      throw error;
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}

/** Counts what crosses the link for one segment or evaluation, and tells it. */
function count(
  meter: Map<string, Readonly<Record<Purpose, Traffic>>>,
  party: string,
  purpose: Purpose,
  up: Tree<Tensor>,
  down: Tree<Tensor>,
) {
  const before = meter.get(party) ?? { train: NO_TRAFFIC, evaluate: NO_TRAFFIC };
  const [above, below] = [treeBytes(up), treeBytes(down)];
  const seen = {
    payloadUp: above.payload,
    payloadDown: below.payload,
    indexUp: above.index,
    indexDown: below.index,
    wireUp: flatten(up).length === 0 ? 0 : encodedBytes(mapTree(up, specOf)),
    wireDown: encodedBytes(mapTree(down, specOf)),
  };
  meter.set(party, { ...before, [purpose]: addTraffic(before[purpose], seen) });
  return seen;
}

function totalOf(meter: ReadonlyMap<string, Readonly<Record<Purpose, Traffic>>>, purpose: Purpose): Traffic {
  return totalTraffic([...meter.values()].map((traffic) => traffic[purpose]));
}
