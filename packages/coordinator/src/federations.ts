import type { FederationSpec } from "@concord/federation";
import { algorithmOf, federationKeys, federationSpecSchema } from "@concord/federation";
import { buildTask } from "@concord/learning";
import { ConcordError, federationIdSchema, fromZod } from "@concord/protocol";
import type { Context } from "./context.ts";
import type { Driver } from "./driver/driver.ts";
import { drive } from "./driver/driver.ts";
import { hasEnded } from "./driver/live.ts";
import { restore } from "./driver/restore.ts";
import { putState } from "./driver/states.ts";
import type { FederationRecord } from "./store/contract.ts";
import { sweeper } from "./sweep.ts";

/** The federations of a coordinator, each with its driver. */
export interface Federations {
  /** Throws ConcordError `invalid_argument` for a spec that is not valid, `failed_precondition` for an id that is taken. */
  create(id: string, spec: unknown): Promise<Driver>;
  /** Throws ConcordError `not_found`. */
  get(id: string): Driver;
  find(id: string): Driver | undefined;
  /** Oldest first. */
  list(): Driver[];
  /** Lets every federation that has not ended go on where it was, and says so in its log. */
  resume(): Promise<void>;
  /** Resolves when nothing is under way in any of them. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** Opens what the store holds. Nothing goes on before `resume`. */
export async function openFederations(context: Context): Promise<Federations> {
  const { journal, clock } = context;
  const drivers = new Map<string, Driver>();
  const sweep = sweeper(context);

  async function open(record: FederationRecord): Promise<Driver> {
    const driver = drive(context, await restore(context, record), sweep.request);
    drivers.set(record.id, driver);
    return driver;
  }

  for (const record of await journal.read((tx) => tx.federations.list())) await open(record);

  const find = (id: string) => drivers.get(id);
  return {
    find,
    get(id) {
      const driver = find(id);
      if (driver === undefined) throw new ConcordError("not_found", `there is no federation "${id}"`);
      return driver;
    },
    list: () => [...drivers.values()],
    async create(id, given) {
      const spec = checkSpec(id, given);
      const state = algorithmOf(spec.algorithm).init({
        task: buildTask(spec.task),
        key: federationKeys(spec.seed).init,
      });
      const pinned = await putState(context.depot, state);
      const record: FederationRecord = {
        id,
        spec,
        status: "waiting",
        createdAt: clock.now(),
        round: 0,
        state: pinned.sha256,
      };
      try {
        await journal.commit((tx) => tx.federations.insert(record));
      } finally {
        pinned.release();
      }
      return open(record);
    },
    async resume() {
      for (const { live, resume } of [...drivers.values()].filter(({ live }) => !hasEnded(live))) {
        const { id, round } = live.record;
        await journal.commit((_, emit) => emit({ type: "federation.resumed", federation: id, round }));
        resume();
      }
    },
    async settled() {
      await Promise.all([...drivers.values()].map((driver) => driver.settled()));
    },
    async close() {
      await Promise.all([...drivers.values()].map((driver) => driver.close()));
      await sweep.settled();
    },
  };
}

function checkSpec(id: string, given: unknown): FederationSpec {
  const name = federationIdSchema.safeParse(id);
  if (!name.success) throw fromZod(name.error, "the id of the federation");
  const spec = federationSpecSchema.safeParse(given);
  if (!spec.success) throw fromZod(spec.error, "the specification of the federation");
  return spec.data;
}
