import type { Definition, Key, Program, StepDefinition, StepProgram, Tensor, TensorSpec, Tree } from "@concord/engine";
import type { Evaluation, Examples, Task } from "@concord/learning";
import type { PartyProfile } from "./party.ts";
import type { RoundPlan, Segment } from "./plan.ts";
import type { PrivateTree } from "./private-tree.ts";

/**
 * A federated algorithm: pure functions over explicit state, one file each, in the paper's symbols. It knows nothing of
 * sockets, stores or threads; the simulator and a deployed federation drive the same object.
 *
 * The coordinator's state is a named tree of tensors, so that it can be stored, hashed and resumed to the bit; the
 * current global model is its branch `model`. A party's private state is a tree that never leaves the party.
 */
export interface Algorithm {
  readonly name: string;
  /** Why a party cannot take part: the field of its profile and what is wrong with it. Undefined if it can. */
  unfit?(party: PartyProfile): Unfit | undefined;
  /** The coordinator's state before the first round. */
  init(setup: Setup): CoordinatorState;
  /** Who takes part in a round, and after which local steps each one exchanges. */
  select(state: CoordinatorState, context: SelectContext): RoundPlan;
  /**
   * What goes down to a party at the start of a segment. `state` is the one that the exchange at `segment.from` left
   * (the round's first one if that is 0), however far others have come since.
   */
  download(state: CoordinatorState, segment: Segment): Tree<Tensor>;
  /** Paths, shapes and dtypes of the global model, if that is not the task's: a party accepts nothing else. */
  modelSpecs?(task: Task): Tree<TensorSpec>;
  /** The same of what `download` gives, if that is more than the global model. */
  downloadSpecs?(task: Task): Tree<TensorSpec>;
  /** What a party does between two exchanges. Runs at the party. */
  train(context: TrainContext): Promise<Trained>;
  /** Throws TypeError, naming tensor and reason, for an update that `merge` must not see. */
  checkUpdate(state: CoordinatorState, update: Tree<Tensor>): void;
  /** What the coordinator does with the updates that are due together, in the frozen order of the parties. */
  merge(state: CoordinatorState, exchange: MergeContext): CoordinatorState;
  /** What a party measures on its own held-out data. Runs at the party. */
  evaluate(context: EvaluateContext): Promise<Evaluation>;
  /** What happens when a round has ended. */
  finish(state: CoordinatorState, round: FinishedRound): CoordinatorState;
}

export type CoordinatorState = { readonly model: Tree<Tensor> } & Tree<Tensor>;

export interface Unfit {
  readonly field: keyof PartyProfile;
  /** Reads on from the name of the field: "is missing: …". */
  readonly problem: string;
}

export interface Setup {
  readonly task: Task;
  /** The stream of the federation's seed. */
  readonly key: Key;
}

export interface SelectContext {
  /** From 1. */
  readonly round: number;
  /** Parties that may be selected, in party order; at least one. */
  readonly candidates: readonly PartyProfile[];
  /** Everybody who belongs to the federation, candidates included, in party order: what "the whole" means to a rule. */
  readonly parties: readonly PartyProfile[];
  /** The stream of this round's draw. */
  readonly key: Key;
}

export interface TrainContext {
  readonly task: Task;
  readonly trainer: Trainer;
  readonly plan: { readonly round: number; readonly steps: number };
  readonly segment: Segment;
  /** What `download` gave. */
  readonly model: Tree<Tensor>;
  /** The party's own state after its last segment; undefined before its first. */
  readonly privateState: PrivateTree | undefined;
  /** The party's training examples. */
  readonly data: Examples;
  /** The stream of (seed, party): with round and step it fixes every batch. */
  readonly key: Key;
  /**
   * The stream of the party's own secret, the same in all rounds: what the coordinator must not be able to draw again is drawn from it,
   * and nothing else is.
   */
  readonly secret: Key;
  readonly signal?: AbortSignal;
}

export interface Trained {
  /** Goes up. */
  readonly update: Tree<Tensor>;
  /** Stays. */
  readonly privateState: PrivateTree;
  /** Mean training loss over the segment. */
  readonly loss: number;
}

export interface MergeContext {
  readonly round: number;
  /** The round's plan: who else is a member, and who exchanges when. */
  readonly plan: RoundPlan;
  /** The local step after which this exchange takes place. */
  readonly step: number;
  /** True at the end of the round. */
  readonly last: boolean;
  /** At least one, in party order. */
  readonly updates: readonly Update[];
}

/** What one party sent. */
export interface Update {
  readonly party: string;
  /** n_i. */
  readonly examples: number;
  readonly tensors: Tree<Tensor>;
}

export interface EvaluateContext {
  readonly task: Task;
  readonly trainer: Trainer;
  readonly model: Tree<Tensor>;
  readonly privateState: PrivateTree | undefined;
  /** The party's held-out examples. */
  readonly data: Examples;
  /** The stream of (seed, party), as in training. */
  readonly key: Key;
  readonly signal?: AbortSignal;
}

export interface FinishedRound {
  readonly plan: RoundPlan;
  /** Parties whose last segment arrived. */
  readonly completed: readonly string[];
}

/** Runs programs on this host's engine: the task's own and those of an algorithm. Compiled once, used for every segment. */
export interface Trainer {
  /** Compiles a program at its first use and keeps it; `definition` must be the same object every time. */
  program(definition: Definition): Promise<Program>;
  /** The same for a step, such as a local step with a term of the algorithm's own in its gradient. */
  step(definition: StepDefinition): Promise<StepProgram>;
  /** Runs the task's local steps over the given batches. */
  steps(
    carry: Tree<Tensor>,
    batches: Iterable<Tree<Tensor>>,
    signal?: AbortSignal,
  ): Promise<{ readonly carry: Tree<Tensor>; readonly outputs: readonly Tree<Tensor>[] }>;
  /** Sums and counts of the task's metrics over a data set. */
  evaluate(parameters: Tree<Tensor>, data: Examples, signal?: AbortSignal): Promise<Evaluation>;
}
