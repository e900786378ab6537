import type { Rewards } from "@concord/alignment";
import { rewardsFromCsv } from "@concord/alignment";
import type { PaletteRequest, PaletteView } from "@concord/protocol";
import { ConcordError, paletteRequestSchema } from "@concord/protocol";
import type { z } from "zod";
import type { Context } from "../context.ts";
import type { LiveSums, PaletteRecord } from "../store/contract.ts";
import { liveLevels } from "./live-levels.ts";
import type { GatewayParts } from "./parts.ts";
import { runPilot } from "./pilot.ts";
import { goalsOf, modelOf } from "./served-palette.ts";
import { checkTargets, readPilot, solvePalette, toCsv } from "./solving.ts";

/** The palettes of a gateway: made, solved, kept, and found again by those who ask. */
export interface Palettes {
  /**
   * Makes the next version of a name. It is solved at once where the rewards are known; with a list of prompts it is
   * `piloting` until they are. Throws ConcordError `invalid_argument` naming the field, `not_found` for a version whose
   * pilot is not there.
   */
  create(request: PaletteRequest): Promise<PaletteView>;
  /** The newest version of each name. */
  list(): PaletteView[];
  /** Oldest first. Throws ConcordError `not_found`. */
  versions(name: string): PaletteView[];
  /** The newest version, or the one that is named. Throws ConcordError `not_found`. */
  get(name: string, version?: number): PaletteView;
  /** What a version was solved on, as CSV. Throws ConcordError `not_found`. */
  pilot(name: string, version: number): Promise<string>;
  /**
   * The version that `base@palette` or `base@palette:version` asks for; without a version the newest that is ready.
   * Throws ConcordError `not_found`, or `failed_precondition` for one that is not ready.
   */
  served(model: string): PaletteRecord;
  /** The names under which palettes can be asked now, newest version of each. */
  models(): PaletteRecord[];
  /** What was served under a version so far, and how that is replaced. */
  live(record: PaletteRecord): LiveSums | null;
  setLive(record: PaletteRecord, sums: LiveSums): void;
  /** Writes the sums that have changed. */
  flush(): Promise<void>;
  /** Ends the pilots under way. */
  close(): Promise<void>;
}

type Request = z.output<typeof paletteRequestSchema>;

/** A version in memory. Its sums are ahead of the stored ones until the next flush. */
interface Entry {
  record: PaletteRecord;
  progress: { readonly done: number; readonly all: number } | null;
  changed: boolean;
}

/** Loads what is stored. Pilots that were under way have ended with the process that ran them. */
export async function openPalettes({ journal, clock, log }: Context, parts: GatewayParts): Promise<Palettes> {
  const entries = new Map<string, Entry[]>();
  const running = new Set<Promise<void>>();
  const closing = new AbortController();
  const bases = new Map(parts.bases.map((base) => [base.name, base]));
  const rewardNames = parts.rewards.map(({ name }) => name);

  for (const record of await journal.read((tx) => tx.palettes.list())) keep(record);
  for (const entry of [...entries.values()].flat().filter(({ record }) => record.status === "piloting")) {
    const problem = "the coordinator stopped while it drew the pilot; make the palette again";
    await change(entry, { status: "failed", problem });
  }

  function keep(record: PaletteRecord): Entry {
    const entry: Entry = { record, progress: null, changed: false };
    entries.set(record.name, [...(entries.get(record.name) ?? []), entry]);
    return entry;
  }

  async function change(entry: Entry, fields: Partial<Pick<PaletteRecord, "status" | "problem" | "solution">>) {
    const { name, version } = entry.record;
    await journal.commit((tx) => tx.palettes.update(name, version, fields));
    entry.record = { ...entry.record, ...fields };
  }

  async function insert(fields: Omit<PaletteRecord, "version" | "createdAt" | "live">, pilot: string | undefined) {
    const { name } = fields;
    const record = await journal.commit(async (tx) => {
      const version = (await tx.palettes.list({ name })).length + 1;
      const made: PaletteRecord = { ...fields, version, createdAt: clock.now(), live: null };
      await tx.palettes.insert(made);
      if (pilot !== undefined) await tx.palettes.insertPilot(name, version, pilot);
      return made;
    });
    return keep(record);
  }

  function entryOf(name: string, version?: number): Entry {
    const versions = entries.get(name);
    if (versions === undefined) throw new ConcordError("not_found", `there is no palette "${name}"`);
    const entry = version === undefined ? versions.at(-1) : versions[version - 1];
    if (entry !== undefined) return entry;
    throw new ConcordError(
      "not_found",
      `palette "${name}" has no version ${version}; the newest is ${versions.length}`,
    );
  }

  /** Draws, scores and solves in the background; what goes wrong is written down in the palette. */
  function begin(entry: Entry, request: Request, prompts: readonly string[], seed: number): void {
    const base = baseOf(request.base);
    const { k, sampling } = request;
    entry.progress = { done: 0, all: prompts.length };
    const work = async () => {
      try {
        const onProgress = (done: number) => {
          entry.progress = { done, all: prompts.length };
        };
        const { signal } = closing;
        const rewards = await runPilot({
          base,
          rewards: parts.rewards,
          prompts,
          k,
          sampling,
          seed,
          signal,
          onProgress,
        });
        const { name, version, targets } = entry.record;
        const pilot = toCsv(rewards);
        await journal.commit((tx) => tx.palettes.insertPilot(name, version, pilot));
        const solution = solvePalette(rewards, targets, k);
        await change(entry, { status: solution.feasible ? "ready" : "unreachable", solution });
      } catch (error) {
        // A coordinator that closes leaves the pilot as it is: the next one says what became of it.
        if (closing.signal.aborted) return;
        const known = ConcordError.from(error);
        if (known.code === "internal") log.error({ err: error }, "a pilot failed");
        await change(entry, { status: "failed", problem: known.message });
      } finally {
        entry.progress = null;
      }
    };
    const run: Promise<void> = work()
      .catch((error: unknown) => log.error({ err: error }, "what became of a pilot could not be written down"))
      .finally(() => running.delete(run));
    running.add(run);
  }

  function baseOf(name: string) {
    const base = bases.get(name);
    if (base !== undefined) return base;
    const known = [...bases.keys()].join(", ");
    throw new ConcordError("invalid_argument", `base: there is no base "${name}"; there are ${known}`, {
      param: "base",
    });
  }

  /** The rewards of an earlier version: they speak for answers of the same base, drawn in the same way. */
  async function earlier({ name, base, sampling }: Request, version: number): Promise<Rewards> {
    const { record } = entryOf(name, version);
    if (record.base !== base || JSON.stringify(record.sampling) !== JSON.stringify(sampling)) {
      throw new ConcordError(
        "invalid_argument",
        `pilot.version: version ${version} was drawn from ${record.base} with ${JSON.stringify(record.sampling)}; its rewards say nothing of other settings`,
        { param: "pilot.version" },
      );
    }
    return rewardsFromCsv(await storedPilot(name, version)).rewards;
  }

  async function storedPilot(name: string, version: number): Promise<string> {
    entryOf(name, version);
    const rewards = await journal.read((tx) => tx.palettes.pilot(name, version));
    if (rewards !== undefined) return rewards;
    throw new ConcordError("not_found", `version ${version} of palette "${name}" has no rewards`);
  }

  function view({ record, progress }: Entry): PaletteView {
    const { name, version, base, targets, k, sampling, createdAt, status, problem, solution, live } = record;
    return {
      name,
      version,
      base,
      model: modelOf(record),
      targets,
      k,
      sampling,
      createdAt: new Date(createdAt).toISOString(),
      status,
      progress,
      problem,
      solution,
      live: liveLevels(live, goalsOf(record)),
    };
  }

  const newest = (name: string) => entries.get(name)?.findLast(({ record }) => record.status === "ready");

  return {
    async create(raw) {
      const request: Request = paletteRequestSchema.parse(raw);
      const { name, base, k, sampling, pilot } = request;
      baseOf(base);
      const targets = checkTargets(request.targets, rewardNames);
      const fields = { name, base, targets, k, sampling, problem: null };
      if (pilot.kind === "prompts") {
        const entry = await insert({ ...fields, status: "piloting", solution: null }, undefined);
        begin(entry, request, pilot.prompts, pilot.seed);
        return view(entry);
      }
      const rewards =
        pilot.kind === "rewards"
          ? readPilot(pilot.rewards, pilot.promptColumn, rewardNames)
          : await earlier(request, pilot.version);
      const solution = solvePalette(rewards, targets, k);
      const status = solution.feasible ? "ready" : "unreachable";
      return view(await insert({ ...fields, status, solution }, toCsv(rewards)));
    },
    list: () => [...entries.keys()].sort().map((name) => view(entryOf(name))),
    versions(name) {
      entryOf(name);
      return (entries.get(name) ?? []).map(view);
    },
    get: (name, version) => view(entryOf(name, version)),
    pilot: storedPilot,
    served(model) {
      const asked = /^(?<base>[^@]+)@(?<name>[^@:]+)(?::(?<version>[1-9]\d{0,8}))?$/.exec(model)?.groups;
      const name = asked?.name ?? "";
      const versions = entries.get(name);
      const version = asked?.version === undefined ? undefined : Number(asked.version);
      const entry = version === undefined ? (newest(name) ?? versions?.at(-1)) : versions?.[version - 1];
      if (entry === undefined || entry.record.base !== asked?.base) {
        throw new ConcordError(
          "not_found",
          `there is no model ${JSON.stringify(model)}; a model is base@palette or base@palette:version, and GET /v1/models lists those that answer`,
          { param: "model" },
        );
      }
      const { record } = entry;
      if (record.status === "ready") return record;
      const why = record.problem ?? record.solution?.verdict ?? "its pilot is under way";
      throw new ConcordError("failed_precondition", `${modelOf(record)} is ${record.status}: ${why}`, {
        param: "model",
      });
    },
    models: () => [...entries.keys()].sort().flatMap((name) => newest(name)?.record ?? []),
    live: ({ name, version }) => entryOf(name, version).record.live,
    setLive({ name, version }, live) {
      const entry = entryOf(name, version);
      entry.record = { ...entry.record, live };
      entry.changed = true;
    },
    async flush() {
      const changed = [...entries.values()].flat().filter((entry) => entry.changed);
      if (changed.length === 0) return;
      for (const entry of changed) entry.changed = false;
      try {
        await journal.commit(async (tx) => {
          for (const { record } of changed) {
            await tx.palettes.update(record.name, record.version, { live: record.live });
          }
        });
      } catch (error) {
        for (const entry of changed) entry.changed = true;
        throw error;
      }
    },
    async close() {
      closing.abort(new ConcordError("unavailable", "the coordinator closes"));
      await Promise.all(running);
    },
  };
}
