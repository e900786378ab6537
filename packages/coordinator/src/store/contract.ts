import type { FederationSpec, Purpose, RoundPlan, Traffic } from "@concord/federation";
import type { Evaluation } from "@concord/learning";
import type { ConcordEvent, NewEvent, PaletteSolution, PartyStatus, Sampling } from "@concord/protocol";

/**
 * What the coordinator must not forget. One contract, several implementations, one test suite (`store/suite/`).
 *
 * Everything happens in transactions: they run one after the other, take effect whole or not at all, and are durable
 * when `transaction` resolves, whatever kills process or machine afterwards. Instants are milliseconds since 1970 (UTC).
 * Tensors are not in here: records name blobs by their SHA-256.
 *
 * A record is checked before it is kept: ConcordError `invalid_argument` names the field that is wrong. Inserting what is
 * there already is `failed_precondition` unless the method says otherwise, and so is a record of a federation (segments,
 * merges, evaluations and leases: of a round) that does not exist. Changing what does not exist is `not_found`; deleting
 * it is nothing. After such a refusal the transaction may go on. Other errors end it: a full disk
 * (`resource_exhausted`), a damaged file (`internal`), a closed store (`unavailable`).
 */
export interface Store {
  /**
   * Runs `work` alone. If it throws, nothing of it is kept and the error passes through. `work` must await each of its
   * calls, and must not begin another transaction and wait for it: that one waits for this one.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>, how?: Durability): Promise<T>;
  /** Waits for the transactions that were begun before. */
  close(): Promise<void>;
}

export interface Durability {
  /**
   * Does not wait for the disk: what was done survives a kill of the process, but a loss of power may undo it, unless a
   * later transaction that is not relaxed has resolved. For what can be done again without anybody noticing.
   */
  readonly relaxed?: boolean;
}

export interface Transaction {
  readonly federations: {
    /** Throws ConcordError `failed_precondition` if the id is taken. */
    insert(record: FederationRecord): Promise<void>;
    get(id: string): Promise<FederationRecord | undefined>;
    /** Oldest first. */
    list(): Promise<FederationRecord[]>;
    update(id: string, change: Partial<Pick<FederationRecord, "status" | "round" | "state">>): Promise<void>;
  };
  readonly keys: {
    insert(record: KeyRecord): Promise<void>;
    get(hash: string): Promise<KeyRecord | undefined>;
    delete(hash: string): Promise<void>;
  };
  readonly invites: {
    insert(record: InviteRecord): Promise<void>;
    get(hash: string): Promise<InviteRecord | undefined>;
    /** Takes one use. Returns false, and changes nothing, if there is none left. */
    use(hash: string): Promise<boolean>;
  };
  readonly parties: {
    /** Throws ConcordError `failed_precondition` if the federation has a party of this id. */
    insert(record: PartyRecord): Promise<void>;
    get(federation: string, id: string): Promise<PartyRecord | undefined>;
    /** By id, code unit by code unit. */
    list(federation: string): Promise<PartyRecord[]>;
    setStatus(federation: string, id: string, status: PartyStatus): Promise<void>;
  };
  readonly rounds: {
    insert(record: RoundRecord): Promise<void>;
    get(federation: string, round: number): Promise<RoundRecord | undefined>;
    /** Ascending; those after `after` (default 0), at most `limit` (default all). */
    list(federation: string, page?: { readonly after?: number; readonly limit?: number }): Promise<RoundRecord[]>;
    update(
      federation: string,
      round: number,
      change: Partial<Pick<RoundRecord, "status" | "endedAt" | "evaluators" | "result">>,
    ): Promise<void>;
  };
  readonly segments: {
    /** Notes what became of a segment. Returns false, and changes nothing, if that is known already. */
    insert(record: SegmentRecord): Promise<boolean>;
    get(federation: string, round: number, party: string, segment: number): Promise<SegmentRecord | undefined>;
    /** By party, then by segment. */
    list(federation: string, round: number): Promise<SegmentRecord[]>;
  };
  readonly merges: {
    insert(record: MergeRecord): Promise<void>;
    /** By step, ascending. */
    list(federation: string, round: number): Promise<MergeRecord[]>;
  };
  readonly evaluations: {
    /** Returns false, and changes nothing, if the party's evaluation of this round is there already. */
    insert(record: EvaluationRecord): Promise<boolean>;
    /** By party. */
    list(federation: string, round: number): Promise<EvaluationRecord[]>;
  };
  readonly leases: {
    /** Replaces the lease that the party held, if any: a party holds one at a time. */
    put(record: LeaseRecord): Promise<void>;
    get(id: string): Promise<LeaseRecord | undefined>;
    ofParty(federation: string, party: string): Promise<LeaseRecord | undefined>;
    /** By party. */
    list(federation: string): Promise<LeaseRecord[]>;
    renew(id: string, expiresAt: number): Promise<void>;
    delete(id: string): Promise<void>;
  };
  readonly traffic: {
    /** Adds to what is there for this party, round and purpose. */
    add(record: TrafficRecord): Promise<void>;
    /** By party, then by round, then by purpose. */
    list(federation: string, filter?: { readonly round?: number; readonly party?: string }): Promise<TrafficRecord[]>;
    /** Sums over rounds, one for each party and purpose, in that order. */
    byParty(federation: string): Promise<Omit<TrafficRecord, "round">[]>;
  };
  readonly events: {
    /** Numbers the event (1, 2, 3 … over all federations) and stores it with the given instant. */
    append(event: NewEvent, at: number): Promise<ConcordEvent>;
    /** Ascending; those after a sequence number, at most `limit` (default 1,000). */
    list(federation: string, page: { readonly after: number; readonly limit?: number }): Promise<ConcordEvent[]>;
    last(): Promise<number>;
  };
  readonly tenants: {
    /** Throws ConcordError `failed_precondition` if the name is taken. Its key is a record of `keys`. */
    insert(record: TenantRecord): Promise<void>;
    get(name: string): Promise<TenantRecord | undefined>;
    /** Whose key has this hash. */
    ofKey(hash: string): Promise<TenantRecord | undefined>;
    /** By name. */
    list(): Promise<TenantRecord[]>;
    delete(name: string): Promise<void>;
  };
  readonly palettes: {
    /** Throws ConcordError `failed_precondition` if this version of the name is there. */
    insert(record: PaletteRecord): Promise<void>;
    get(name: string, version: number): Promise<PaletteRecord | undefined>;
    /** By name, then by version. */
    list(filter?: { readonly name?: string }): Promise<PaletteRecord[]>;
    update(
      name: string,
      version: number,
      change: Partial<Pick<PaletteRecord, "status" | "problem" | "solution" | "live">>,
    ): Promise<void>;
    /** The rewards that a version was solved on, as CSV; they come after its record and are written once. */
    insertPilot(name: string, version: number, rewards: string): Promise<void>;
    pilot(name: string, version: number): Promise<string | undefined>;
  };
  readonly answers: {
    /** Keeps an answer with its prompt: only where the operator has asked for it. Numbers it 1, 2, 3 …. */
    append(record: Omit<AnswerRecord, "seq">): Promise<void>;
    /** Of a version of a palette, ascending; those after a number, at most `limit` (default 1,000). */
    list(
      palette: string,
      version: number,
      page?: { readonly after?: number; readonly limit?: number },
    ): Promise<AnswerRecord[]>;
  };
  readonly blobs: {
    /** The SHA-256 of every blob that a record names: what a sweep of the blob folder must keep if history is to stay. */
    referenced(): Promise<Set<string>>;
    /**
     * Those of them that work still needs: the states of the federations, the models under lease, and what the rounds
     * that have not ended hold. A sweep that keeps only these bounds the folder, however many rounds there have been.
     */
    needed(): Promise<Set<string>>;
  };
}

export interface FederationRecord {
  readonly id: string;
  readonly spec: FederationSpec;
  readonly status: "waiting" | "running" | "finished" | "stopped";
  readonly createdAt: number;
  /** The last round that ended; 0 before the first. */
  readonly round: number;
  /** Blob of the algorithm's state. */
  readonly state: string;
}

export interface KeyRecord {
  /** Hex SHA-256 of the secret. */
  readonly hash: string;
  readonly role: "operator" | "viewer" | "party" | "tenant";
  /** For the role `party`. */
  readonly federation: string | null;
  readonly party: string | null;
  /** A one-time token, to be exchanged for a key. */
  readonly once: boolean;
  readonly expiresAt: number | null;
}

export interface InviteRecord {
  readonly hash: string;
  readonly federation: string;
  /** The id that the party will have; null: the coordinator chooses. */
  readonly party: string | null;
  readonly usesLeft: number;
  readonly expiresAt: number;
}

export interface PartyRecord {
  readonly federation: string;
  readonly id: string;
  readonly name: string;
  readonly status: PartyStatus;
  readonly client: string;
  readonly examples: number;
  readonly heldOut: number;
  readonly labels: readonly number[] | null;
  readonly joinedAt: number;
}

export interface RoundRecord {
  readonly federation: string;
  readonly round: number;
  readonly status: "training" | "evaluating" | "finished" | "void";
  readonly plan: RoundPlan;
  readonly startedAt: number;
  readonly endedAt: number | null;
  /** Who evaluates this round's model, frozen when its last exchange was merged; null before. */
  readonly evaluators: readonly string[] | null;
  /** The algorithm's state when the round started: what a void round goes back to. */
  readonly stateBefore: string;
  readonly result: RoundResult | null;
}

export interface RoundResult {
  readonly trainLoss: number | null;
  readonly accuracy: number | null;
  readonly loss: number | null;
  readonly evaluatedParties: number;
  readonly evaluatedExamples: number;
  readonly completed: readonly string[];
  /** The steps whose exchange a party missed, of those who missed any; unknown in records of older versions. */
  readonly missed?: Readonly<Record<string, readonly number[]>> | undefined;
  /** Totals of the federation up to the end of this round. */
  readonly wireUp: number;
  readonly wireDown: number;
}

/** What became of (round, party, segment). */
export interface SegmentRecord {
  readonly federation: string;
  readonly round: number;
  readonly party: string;
  readonly segment: number;
  readonly outcome: "replied" | "dropped";
  /** Blob of the update; null if it was dropped. */
  readonly update: string | null;
  readonly loss: number | null;
  readonly at: number;
}

export interface MergeRecord {
  readonly federation: string;
  readonly round: number;
  readonly step: number;
  /** Blob of the algorithm's state after the merge. */
  readonly state: string;
  readonly parties: readonly string[];
}

export interface EvaluationRecord {
  readonly federation: string;
  readonly round: number;
  readonly party: string;
  /** Null: the party did not reply in time. */
  readonly evaluation: Evaluation | null;
}

export interface LeaseRecord {
  readonly id: string;
  readonly federation: string;
  readonly party: string;
  readonly round: number;
  readonly kind: "train" | "evaluate";
  /** For `train`. */
  readonly segment: number | null;
  /** Blob of what the party downloads. */
  readonly model: string;
  readonly expiresAt: number;
}

export interface TrafficRecord {
  readonly federation: string;
  readonly party: string;
  readonly round: number;
  readonly purpose: Purpose;
  readonly traffic: Traffic;
}

/** Somebody who may ask the gateway. */
export interface TenantRecord {
  readonly name: string;
  /** Of its key. */
  readonly hash: string;
  readonly createdAt: number;
}

/** A version of a palette. */
export interface PaletteRecord {
  readonly name: string;
  readonly version: number;
  readonly createdAt: number;
  readonly base: string;
  /** As `parsePalette` reads them. */
  readonly targets: string;
  readonly k: number;
  readonly sampling: Sampling;
  readonly status: "piloting" | "ready" | "unreachable" | "failed";
  readonly problem: string | null;
  readonly solution: PaletteSolution | null;
  /** Null before the first answer. */
  readonly live: LiveSums | null;
}

/** What was served, in sums: by label the mean over requests and the sum of squared distances from it. */
export interface LiveSums {
  readonly requests: number;
  readonly candidates: number;
  readonly failed: number;
  readonly levels: Readonly<Record<string, { readonly mean: number; readonly squares: number }>>;
}

export interface AnswerRecord {
  readonly seq: number;
  readonly palette: string;
  readonly version: number;
  readonly at: number;
  readonly prompt: string;
  readonly picked: number;
  readonly candidates: readonly {
    readonly text: string;
    readonly rewards: Readonly<Record<string, number>>;
    readonly weight: number;
  }[];
}
