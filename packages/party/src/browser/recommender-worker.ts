import { ConcordError } from "@concord/protocol";
import type { Party } from "../party.ts";
import { Recommender } from "../recommender/recommender.ts";
import { memoryShelf, type Shelf } from "../recommender/shelf.ts";
import { isFinal } from "../status.ts";
import { claim } from "./claim.ts";
import type { RecommenderCommand, RecommenderNews } from "./recommender-messages.ts";
import { browserShelf } from "./recommender-shelf.ts";

/** So many recommendations a page shows. */
const TOP = 10;

type Opened = { readonly films: Recommender; readonly shelf: Shelf; readonly place: string };

/**
 * The recommender of a tab: ratings, private state, training and all traffic, away from the thread that draws the page. Returns
 * what to do with each command of the page; they are done one after the other.
 */
export function recommenderWorker(post: (news: RecommenderNews) => void): (command: RecommenderCommand) => void {
  let queue: Promise<unknown> = Promise.resolve();
  let opened: Opened | undefined;
  let top: Awaited<ReturnType<Recommender["recommend"]>> = [];
  let taken = false;
  let held: Promise<boolean> | undefined;
  let stale = false;
  let thinking = false;
  /** What the list was worked out from: ratings are replaced, never changed. */
  let basis: unknown;
  let modelBasis = 0;

  return (command) => {
    queue = queue.then(() => obey(command)).catch((error) => refuse(command, error));
  };

  async function obey(command: RecommenderCommand): Promise<void> {
    if (command.kind === "open") return await open(command);
    if (opened === undefined) return;
    const { films, shelf } = opened;
    switch (command.kind) {
      case "rate":
        if (command.value === null) await films.unrate(command.item);
        else await films.rate(command.item, command.value);
        // Nobody trains without a rating.
        if (films.ratings.length === 0) await films.close();
        else if (films.joined && films.party === undefined) await takePart(opened);
        return show();
      case "take part":
        await shelf.put("paused", false);
        await takePart(opened);
        return show();
      case "pause":
      case "resume": {
        const paused = command.kind === "pause";
        await shelf.put("paused", paused);
        if (paused) films.party?.pause();
        else if (films.party === undefined) await takePart(opened);
        else films.party.resume();
        return show();
      }
      case "leave":
        await films.leave();
        return show();
      case "export":
        return post({ type: "exported", copy: await films.export() });
      case "import":
        await films.import(command.copy);
        return show();
      case "delete":
        try {
          await films.delete();
        } finally {
          opened = undefined;
          post({ type: "deleted" });
        }
    }
  }

  async function open({ origin, federation, invite }: Extract<RecommenderCommand, { kind: "open" }>): Promise<void> {
    const place = `${origin}/${federation}`;
    const durable = await browserShelf(place).catch(() => undefined);
    const shelf = durable ?? memoryShelf();
    const films = await Recommender.open({ invite, shelf, client: "browser", onChange: show });
    const spec = (await shelf.get("home"))?.spec;
    if (spec === undefined) throw new ConcordError("internal", "the recommender has no home");
    opened = { films, shelf, place };
    const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
    post({ type: "opened", home: { catalogue: films.catalogue, spec, keeps: durable !== undefined, loaded } });
    show();
    if (films.joined && films.ratings.length > 0) await takePart(opened);
  }

  async function takePart({ films, shelf, place }: Opened): Promise<void> {
    taken = !(await claimOnce(place));
    if (taken) return show();
    const party = await films.takePart({ paused: (await shelf.get("paused")) ?? false });
    party.done.catch(() => {}).finally(show);
  }

  async function claimOnce(place: string): Promise<boolean> {
    held ??= claim(`recommender ${place}`, navigator.locks);
    const mine = await held;
    if (!mine) held = undefined;
    return mine;
  }

  /** Tells the page how things are, and works the list out anew if they have changed. */
  function show(): void {
    if (opened === undefined) return;
    const { films } = opened;
    if (films.ratings !== basis || films.version !== modelBasis) stale = true;
    post({
      type: "state",
      state: {
        ratings: films.ratings,
        top,
        thinking: thinking || stale,
        joined: films.joined,
        status: statusOf(films.party),
        taken,
        sent: films.sent,
      },
    });
    if (stale && !thinking) void think(opened);
  }

  async function think({ films }: Opened): Promise<void> {
    thinking = true;
    try {
      while (stale) {
        stale = false;
        [basis, modelBasis] = [films.ratings, films.version];
        top = await films.recommend(TOP);
      }
    } catch (error) {
      post({ type: "problem", reason: ConcordError.from(error).message });
    } finally {
      thinking = false;
    }
    show();
  }

  function refuse({ kind }: RecommenderCommand, error: unknown): void {
    const { code, message } =
      error instanceof Error && !(error instanceof ConcordError)
        ? new ConcordError("internal", error.message)
        : ConcordError.from(error);
    if (kind === "open") post({ type: "failed", code, reason: message });
    else post({ type: "problem", reason: message });
    show();
  }
}

function statusOf(party: Party | undefined) {
  return party === undefined || (isFinal(party.status) && party.status.kind === "stopped") ? undefined : party.status;
}
