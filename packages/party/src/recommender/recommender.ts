import type { Engine, Tensor, Tree } from "@concord/engine";
import { portableEngine } from "@concord/engine";
import type { PrivateTree } from "@concord/federation";
import { keepPrivate } from "@concord/federation";
import type { Catalogue, CatalogueItem } from "@concord/protocol";
import { ConcordError, newSecret } from "@concord/protocol";
import { coordinatorClient } from "../client.ts";
import type { Identity } from "../identity.ts";
import { join } from "../join.ts";
import { mostModelBytes, readModel } from "../model-check.ts";
import type { Party } from "../party.ts";
import { runParty } from "../party.ts";
import { stateBefore } from "../private-state.ts";
import type { Status } from "../status.ts";
import { readCopy, writeCopy } from "./copy.ts";
import { arrive } from "./home.ts";
import { asRated, datasetOf, feedbackOf, partyDataOf, withRating } from "./own-ratings.ts";
import type { Recommendation } from "./predict.ts";
import { decoderOf, predictor, topOf } from "./predict.ts";
import type { SentLog } from "./sent.ts";
import { addSent, NOTHING_SENT, tellingFetch } from "./sent.ts";
import type { OwnRating, Shelf } from "./shelf.ts";
import { memoryShelf, statesOn } from "./shelf.ts";

export interface RecommenderOptions {
  /** The link that one was invited with. Needed on first use of a shelf; what is kept there needs none. */
  readonly invite?: string | undefined;
  /** Where ratings, private state and the last model are kept; in memory unless said otherwise. */
  readonly shelf?: Shelf | undefined;
  /** jax-js on WebAssembly unless said otherwise. */
  readonly engine?: Engine | undefined;
  readonly fetch?: typeof fetch | undefined;
  /** What the coordinator is told that takes part, such as "browser". */
  readonly client?: string | undefined;
  /** Told after every change of ratings, model, messages or status. */
  readonly onChange?: (() => void) | undefined;
}

/**
 * A recommender on its owner's own device. Ratings, private state and recommendations stay there; only what `takePart` sends
 * leaves it, and `sent` tells every byte of that.
 */
export interface Recommender {
  /** Its scale is 0 … 1 where the federation learns likes: 1 is liked, 0 is not. */
  readonly catalogue: Catalogue;
  readonly ratings: readonly OwnRating[];
  /** All that has left the device. */
  readonly sent: SentLog;
  /** The party that takes part; undefined where it does not. */
  readonly party: Party | undefined;
  /** Whether it has joined the federation, running now or not. */
  readonly joined: boolean;
  /** Counts the models that have come down since it was opened. */
  readonly version: number;
  /** Items whose title has all the words, those rated most often first. */
  search(text: string, limit?: number): readonly CatalogueItem[];
  /** Rates an item, or rates it anew. Throws ConcordError `invalid_argument` for no such item and for a rating off the scale. */
  rate(item: string, value: number): Promise<void>;
  unrate(item: string): Promise<void>;
  /** The best k items that are not rated; by popularity before the first rating. Needs no network. */
  recommend(k: number): Promise<readonly Recommendation[]>;
  /** Fetches the present model. False where the coordinator cannot be reached, and the last one stays. */
  refresh(): Promise<boolean>;
  /** Joins the federation, if need be, and trains along in its rounds until `stop` or `leave`. */
  takePart(options?: { readonly name?: string | undefined; readonly paused?: boolean }): Promise<Party>;
  /** Leaves the federation for good; ratings and private state stay on the device. */
  leave(): Promise<void>;
  /** A copy of ratings and private state, for a file. */
  export(): Promise<string>;
  /** Puts a copy in the place of what is here. Throws ConcordError `invalid_argument` for a file that is none, changing nothing. */
  import(copy: string): Promise<void>;
  /** Leaves the federation and forgets everything. The recommender is of no more use. */
  delete(): Promise<void>;
  /** Stops taking part; everything is kept. */
  close(): Promise<void>;
}

/**
 * Opens the recommender that an invite leads to, or that a shelf holds.
 *
 * Rejects with ConcordError: `invalid_argument` for a link that is none, `gone` for an invite that is used or expired,
 * `failed_precondition` for a federation that recommends nothing, or without an invite where the shelf holds nothing;
 * `unavailable` where the coordinator does not answer and the shelf holds nothing.
 */
async function open(options: RecommenderOptions): Promise<Recommender> {
  const { shelf = memoryShelf(), onChange = () => {} } = options;
  let sent = (await shelf.get("sent")) ?? NOTHING_SENT;
  const telling = tellingFetch(options.fetch ?? ((input, init) => fetch(input, init)), (message) => {
    sent = addSent(sent, message);
    onChange();
  });
  const { home, catalogue: published, invite } = await arrive(options.invite, shelf, telling);
  const { spec, origin } = home;
  const feedback = feedbackOf(spec);
  const catalogue = asRated(published, feedback);
  const expected = decoderOf(spec);
  const modelLimit = mostModelBytes(expected.tensors);
  const states = statesOn(shelf);
  let ratings = (await shelf.get("ratings")) ?? [];
  let secret = (await shelf.get("secret")) ?? (await keepSecret(newSecret("own")));
  let identity = await shelf.get("identity");
  let party: Party | undefined;
  const kept = await shelf.get("model");
  let model = kept && readModel(expected, kept);
  let predict: ReturnType<typeof predictor> | undefined;
  let before: Status["kind"] | undefined;
  let version = 0;
  let deleted = false;

  await refresh();
  await shelf.put("sent", sent);
  present();

  return {
    catalogue,
    get ratings() {
      return ratings;
    },
    get sent() {
      return sent;
    },
    get party() {
      return party;
    },
    get joined() {
      return identity !== undefined;
    },
    get version() {
      return version;
    },
    search: (text, limit = 20) => search(catalogue, text, limit),
    async rate(item, value) {
      await setRatings(withRating(ratings, { item, value, time: Date.now() }, catalogue));
    },
    async unrate(item) {
      await setRatings(ratings.filter((rating) => rating.item !== item));
    },
    async recommend(k) {
      if (!(Number.isInteger(k) && k >= 1)) throw new ConcordError("invalid_argument", `cannot recommend ${k} items`);
      if (ratings.length === 0) return topOf(catalogue, ratings, undefined, k);
      const data = datasetOf(ratings, catalogue, feedback);
      const scores = await predictions(data, await trained());
      return topOf(catalogue, ratings, scores, k);
    },
    refresh,
    takePart,
    async leave() {
      await leave();
      onChange();
    },
    export: async () => writeCopy({ ratings, privateState: await trained(), secret }, catalogue),
    async import(text) {
      const copy = readCopy(text, catalogue);
      if (copy.privateState !== undefined) await checkState(copy);
      const wasRunning = party !== undefined;
      await party?.stop();
      party = undefined;
      await states.clear();
      // Before any round there is; so the next segment starts from it.
      if (copy.privateState !== undefined) await states.put({ round: 0, segment: 0, state: copy.privateState });
      if (copy.secret !== undefined) secret = await keepSecret(copy.secret);
      await setRatings(copy.ratings);
      if (wasRunning) await takePart();
    },
    async delete() {
      deleted = true;
      const known = identity;
      await party?.stop();
      [party, identity, ratings, sent] = [undefined, undefined, [], NOTHING_SENT];
      await shelf.clear();
      onChange();
      // What is here is gone in any case; a coordinator that cannot be told drops the party by itself.
      if (known !== undefined) await sayGoodbye(known, 1).catch(() => {});
    },
    async close() {
      await party?.stop();
      party = undefined;
    },
  };

  async function setRatings(next: readonly OwnRating[]): Promise<void> {
    ratings = next;
    await shelf.put("ratings", ratings);
    onChange();
  }

  async function takePart({ name, paused = false }: { readonly name?: string; readonly paused?: boolean } = {}) {
    if (party !== undefined) return party;
    const data = () => partyDataOf(datasetOf(ratings, catalogue, feedback));
    const first = data();
    identity ??= await joinAnew(first, name);
    const running = runParty({
      identity: { ...identity, secret },
      // As they are when a segment begins: what is rated meanwhile counts in the next.
      data: {
        get train() {
          return data().train;
        },
        get heldOut() {
          return data().heldOut;
        },
      },
      engine: options.engine ?? (await portableEngine()),
      privateStore: states,
      fetch: telling,
      paused,
      onStatus: (status) => void onStatus(status),
    });
    party = running;
    return running;
  }

  async function joinAnew(data: ReturnType<typeof partyDataOf>, name: string | undefined) {
    if (invite === undefined) {
      throw new ConcordError("failed_precondition", "an invite link is needed to take part", { param: "invite" });
    }
    const client = coordinatorClient({ origin: invite.origin, fetch: telling });
    const joined = await join(client, { invite, spec, data, name, client: options.client ?? "library", secret });
    await shelf.put("identity", joined);
    return joined;
  }

  async function keepSecret(value: string): Promise<string> {
    await shelf.put("secret", value);
    return value;
  }

  async function leave(): Promise<void> {
    const [leaving, known] = [party, identity];
    party = undefined;
    identity = undefined;
    await shelf.remove("identity");
    const trainedState = await trained();
    if (leaving !== undefined) await leaving.leave();
    else if (known !== undefined) await sayGoodbye(known, 5);
    // Leaving clears the party's store; what training has made of the private part is still its owner's.
    if (trainedState !== undefined) await states.put({ round: 0, segment: 0, state: trainedState });
  }

  async function sayGoodbye({ key }: Identity, attempts: number): Promise<void> {
    await coordinatorClient({ origin, key, fetch: telling, retry: { attempts } }).setStatus("left");
  }

  async function onStatus({ kind }: Status): Promise<void> {
    const worked = before === "training" || before === "evaluating";
    before = kind;
    if (deleted) return;
    await shelf.put("sent", sent);
    onChange();
    if (worked && (kind === "waiting" || kind === "finished")) await refresh();
  }

  async function refresh(): Promise<boolean> {
    try {
      const file = await fetchModel();
      if (file === undefined || deleted) return false;
      const next = readModel(expected, file);
      await shelf.put("model", file);
      model = next;
      version++;
      onChange();
      return true;
    } catch (error) {
      if (error instanceof ConcordError && error.code !== "invalid_argument") return false;
      throw error;
    }
  }

  function present(): Tree<Tensor> {
    if (model !== undefined) return model;
    throw new ConcordError("unavailable", `cannot reach ${origin}, and no model is kept here`);
  }

  async function fetchModel() {
    const once = { retry: { attempts: 1 } } as const;
    if (identity !== undefined) {
      return await coordinatorClient({ origin, key: identity.key, fetch: telling, ...once }).currentModel(modelLimit);
    }
    return invite && (await coordinatorClient({ origin, fetch: telling, ...once }).invitedModel(invite, modelLimit));
  }

  async function trained(): Promise<PrivateTree | undefined> {
    return stateBefore(await states.entries(), { round: Number.POSITIVE_INFINITY, segment: 0 });
  }

  async function predictions(data: ReturnType<typeof datasetOf>, state: PrivateTree | undefined) {
    predict ??= predictor(spec, options.engine ?? (await portableEngine()), identity?.party ?? "visitor");
    return await predict(present(), data, state);
  }

  /** What cannot be predicted with is no private state of this federation. */
  async function checkState({ ratings: own, privateState }: ReturnType<typeof readCopy>): Promise<void> {
    if (own.length === 0) return;
    try {
      await predictions(datasetOf(own, catalogue, feedback), privateState ?? keepPrivate({}));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new ConcordError("invalid_argument", `the private state of this copy does not fit: ${why}`, {
        param: "copy",
        cause: error,
      });
    }
  }
}

/**
 * A private recommender for an application of one's own.
 *
 *     const films = await Recommender.open({ invite });
 *     await films.rate(films.search("orchard")[0].id, 5);
 *     for (const { item, score } of await films.recommend(10)) console.log(item.title, score);
 *     const party = await films.takePart();
 */
export const Recommender = { open } as const;

function search({ items }: Catalogue, text: string, limit: number): readonly CatalogueItem[] {
  const words = plain(text).split(/\s+/);
  return items
    .filter(({ title }) => words.every((word) => plain(title).includes(word)))
    .sort((a, b) => b.popularity - a.popularity)
    .slice(0, limit);
}

/** Without case and accents, so that "amelie" finds "Amélie". */
function plain(text: string): string {
  return text.trim().toLowerCase().normalize("NFD").replaceAll(/\p{M}/gu, "");
}
