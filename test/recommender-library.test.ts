import { execFile } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Coordinator, memoryBlobs, memoryStore, startCoordinator } from "@concord/coordinator";
import { key, portableEngine } from "@concord/engine";
import { type FederationSpec, federationSpecSchema } from "@concord/federation";
import { generatedFilms, taskDefaults } from "@concord/learning";
import { memoryShelf, Recommender } from "@concord/party";
import type { Catalogue } from "@concord/protocol";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";

/** The library of a private recommender against a real coordinator, over HTTP. */

const { ratings, genres } = generatedFilms({ key: key("library test"), films: 60, users: 1 });

const catalogue: Catalogue = {
  name: ratings.name,
  generated: true,
  scale: ratings.scale,
  items: ratings.itemIds.map((id, n) => ({
    id,
    title: ratings.itemNames?.[n] ?? id,
    genres: [...(genres[n] ?? [])],
    popularity: 100 - n,
  })),
};

const spec = (change: Partial<FederationSpec> = {}): FederationSpec =>
  federationSpecSchema.parse({
    name: "Films",
    dataset: ratings.name,
    task: {
      ...taskDefaults(ratings),
      model: { kind: "autoencoder", hidden: 8, code: 4 },
      optimizer: { kind: "sgd" },
      learningRate: 0.1,
      clipNorm: 1,
      batchSize: 1,
    },
    algorithm: {
      kind: "personalfr",
      localSteps: 3,
      encoder: "vector",
      userBias: 5,
      privateOptimizer: { kind: "adam", learningRate: 0.05 },
      decoderMomentum: "fresh",
    },
    rounds: 2,
    seed: 3,
    leaseSeconds: 5,
    ...change,
  });

let coordinator: Coordinator;
let invite: string;
beforeEach(async () => {
  coordinator = await startCoordinator({
    store: memoryStore(),
    blobs: memoryBlobs(),
    port: 0,
    catalogue: async (dataset) => (dataset === catalogue.name ? catalogue : undefined),
  });
  await coordinator.createFederation("films", spec());
  invite = (await coordinator.createInvite("films", { uses: 3 })).url;
});
afterEach(() => coordinator.close());

const open = async (more: object = {}) => Recommender.open({ invite, engine: await portableEngine(), ...more });
const titles = (list: readonly { readonly item: { readonly title: string } }[]) => list.map(({ item }) => item.title);

/** Every byte that comes in on any socket of a server until the test ends. */
function heardBySockets(): readonly Buffer[] {
  const heard: Buffer[] = [];
  const listen = (message: unknown) => {
    (message as { socket: Socket }).socket.on("data", (bytes: Buffer) => heard.push(bytes));
  };
  subscribe("net.server.socket", listen);
  onTestFinished(() => void unsubscribe("net.server.socket", listen));
  return heard;
}

describe("a recommender on its owner's device", () => {
  test("recommends what is popular at first, then by ratings, and never what is rated", async () => {
    const films = await open();
    expect(titles(await films.recommend(3))).toEqual(catalogue.items.slice(0, 3).map(({ title }) => title));
    const liked = catalogue.items.filter(({ genres: of }) => of[0] === catalogue.items[0]?.genres[0]).slice(0, 4);
    for (const { id } of liked) await films.rate(id, 5);
    const top = await films.recommend(60);
    expect(top).toHaveLength(60 - liked.length);
    expect(titles(top)).not.toEqual(expect.arrayContaining(liked.map(({ title }) => title)));
    expect(top.every(({ score }) => score !== undefined && score >= 1 && score <= 5)).toBe(true);
    expect(top.map(({ score }) => score)).toEqual(top.map(({ score }) => score).sort((a, b) => Number(b) - Number(a)));
    // Rating has sent nothing: only the invite was used, to look.
    expect(Object.keys(films.sent.totals)).toEqual(["invite"]);
    await films.unrate(liked[0]?.id ?? "");
    expect(films.ratings).toHaveLength(3);
  });

  test("finds titles whatever their case", async () => {
    const films = await open();
    const wanted = catalogue.items[7]?.title ?? "";
    expect(films.search(wanted.toUpperCase()).map(({ title }) => title)).toContain(wanted);
    expect(films.search("no such film anywhere")).toEqual([]);
  });

  test("takes part: the log of what was sent is what the coordinator has metered, and holds no rating", async () => {
    const heard = heardBySockets();
    const films = await open();
    const chosen = [3, 11, 42].map((column) => catalogue.items[column] as Catalogue["items"][number]);
    for (const [n, { id }] of chosen.entries()) await films.rate(id, n + 3);
    const party = await films.takePart({ name: "visitor" });
    expect((await party.done).kind).toBe("finished");

    const [view] = await coordinator.parties("films");
    expect(films.sent).toMatchObject({ payload: view?.train.payloadUp, index: view?.train.indexUp });
    expect(films.sent.payload).toBeGreaterThan(0);
    const update = films.sent.messages.find(({ kind }) => kind === "update");
    expect(update?.items).toEqual([3, 11, 42]);
    // All bodies together, and the headers around them, are what came in on the sockets.
    const bodies = Object.values(films.sent.totals).reduce((sum, { bytes }) => sum + bytes, 0);
    const wire = Buffer.concat(heard);
    expect(wire.length).toBeGreaterThan(bodies);
    const text = wire.toString("latin1");
    expect(text).toContain("items.weight");
    expect(text).not.toMatch(/codes|Optimizer|biases|rating|title/i);
    expect(films.sent.messages.map(({ text: sent }) => sent ?? "").join()).not.toMatch(/c[ip]_[\w-]{32}/);
  });

  test("goes on from its shelf without the coordinator, and delete leaves nothing", async () => {
    const shelf = memoryShelf();
    const first = await open({ shelf });
    await first.rate("1", 5);
    await first.rate("2", 1);
    const before = await first.recommend(5);
    await first.close();
    await coordinator.close();

    const again = await open({ shelf, invite: undefined });
    expect(again.ratings.map(({ item, value }) => [item, value])).toEqual([
      ["1", 5],
      ["2", 1],
    ]);
    expect(await again.recommend(5)).toEqual(before);
    await again.delete();
    for (const name of ["home", "catalogue", "model", "ratings", "identity", "states", "sent"] as const) {
      expect(await shelf.get(name)).toBeUndefined();
    }
  });

  test("begins anew where another federation has taken the name; ratings of the same films stay", async () => {
    const shelf = memoryShelf();
    const first = await open({ shelf });
    await first.rate("1", 5);
    await (await first.takePart()).done;
    expect(first.joined).toBe(true);
    const other = await startCoordinator({
      store: memoryStore(),
      blobs: memoryBlobs(),
      port: 0,
      catalogue: async () => catalogue,
    });
    onTestFinished(() => other.close());
    await other.createFederation("films", spec({ seed: 4 }));
    const again = await open({ shelf, invite: (await other.createInvite("films")).url });
    expect(again.joined).toBe(false);
    expect(again.ratings).toEqual(first.ratings);
    expect(JSON.parse(await again.export()).secret).toBe(JSON.parse(await first.export()).secret);
    expect(await again.recommend(3)).toHaveLength(3);
  });

  test("a copy carries ratings and private state to another device", async () => {
    const films = await open();
    for (const id of ["5", "6", "7"]) await films.rate(id, 4);
    await (await films.takePart()).done;
    const copy = await films.export();
    expect(copy).not.toMatch(/c[ip]_[\w-]{32}/);
    const other = await open();
    await other.import(copy);
    expect(other.ratings).toEqual(films.ratings);
    expect(JSON.parse(await other.export()).privateState).toEqual(JSON.parse(copy).privateState);
    expect(JSON.parse(copy).privateState).not.toBeNull();
  });

  test("the secret goes with the copy, stays when one leaves and joins again, and is sent to nobody", async () => {
    const heard = heardBySockets();
    const films = await open();
    await films.rate("5", 4);
    const { secret } = JSON.parse(await films.export());
    expect(secret).toMatch(/^cs_[\w-]{32}$/);
    await films.takePart({ paused: true });
    await films.leave();
    expect(JSON.parse(await films.export()).secret).toBe(secret);
    const other = await open();
    expect(JSON.parse(await other.export()).secret).not.toBe(secret);
    await other.import(await films.export());
    expect(JSON.parse(await other.export()).secret).toBe(secret);
    const party = await other.takePart();
    expect(party.identity.secret).toBe(secret);
    expect((await party.done).kind).toBe("finished");
    expect(Buffer.concat(heard).toString("latin1")).not.toContain(secret.slice(3, 19));
  });

  test.each([
    ["a file that is none", () => "not JSON", "no copy of a recommender"],
    ["another catalogue", (copy: string) => copy.replace("generated films", "other films"), "is of other films"],
    ["a rating off the scale", (copy: string) => copy.replace('"value": 4', '"value": 9'), "9 is off the scale"],
    ["an unknown item", (copy: string) => copy.replace('"item": "5"', '"item": "999"'), 'no item "999"'],
    ["an item twice", (copy: string) => copy.replace('"item": "5"', '"item": "6"'), 'rates item "6" twice'],
    [
      "a damaged state",
      (copy: string) => copy.replace('"privateState": null', '"privateState": "AAAA"'),
      "private state of this copy is damaged",
    ],
  ])("refuses to import %s, and changes nothing", async (_, damage, why) => {
    const films = await open();
    for (const id of ["5", "6"]) await films.rate(id, 4);
    await expect(films.import(damage(await films.export()))).rejects.toThrow(why);
    expect(films.ratings).toHaveLength(2);
  });

  test("says what is wrong with a rating", async () => {
    const films = await open();
    await expect(films.rate("999", 3)).rejects.toThrow('no item "999" in generated films');
    await expect(films.rate("1", 3.5)).rejects.toThrow(
      "a rating of 3.5 is off the scale, which is 1 … 5 in steps of 1",
    );
    await expect(films.takePart()).rejects.toThrow("rate something first");
    await expect(Recommender.open({})).rejects.toThrow("an invite link is needed");
  });
});

describe("where the federation learns likes", () => {
  const likes = () => spec({ task: { ...spec().task, loss: "bce" } as FederationSpec["task"] });

  test("a film is liked or not, and what is recommended comes with a probability", async () => {
    await coordinator.createFederation("likes", likes());
    const films = await open({ invite: (await coordinator.createInvite("likes", { uses: 2 })).url });
    expect(films.catalogue.scale).toEqual({ min: 0, max: 1, step: 1 });
    await expect(films.rate("1", 5)).rejects.toThrow("a rating of 5 is off the scale, which is 0 … 1 in steps of 1");
    for (const id of ["1", "2", "3"]) await films.rate(id, 1);
    for (const id of ["4", "5"]) await films.rate(id, 0);
    const party = await films.takePart();
    expect((await party.done).kind).toBe("finished");
    expect(films.sent.messages.find(({ kind }) => kind === "update")?.items).toHaveLength(5);
    const scores = (await films.recommend(55)).map(({ score }) => score ?? Number.NaN);
    expect(scores).toHaveLength(55);
    expect(scores.every((score) => score > 0 && score < 1)).toBe(true);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  });

  test("who likes everything is told higher probabilities than who likes nothing", async () => {
    await coordinator.createFederation("likes", likes());
    const link = (await coordinator.createInvite("likes", { uses: 2 })).url;
    const best = async (value: number) => {
      const films = await open({ invite: link });
      for (const id of ["1", "2", "3", "4"]) await films.rate(id, value);
      return (await films.recommend(10)).reduce((sum, { score }) => sum + (score ?? Number.NaN), 0);
    };
    expect(await best(1)).toBeGreaterThan(await best(0));
  });

  test("stars from before it learned likes are forgotten: one star is no like", async () => {
    const shelf = memoryShelf();
    const stars = await open({ shelf });
    await stars.rate("1", 1);
    await stars.close();
    const other = await startCoordinator({
      store: memoryStore(),
      blobs: memoryBlobs(),
      port: 0,
      catalogue: async () => catalogue,
    });
    onTestFinished(() => other.close());
    await other.createFederation("films", likes());
    const again = await open({ shelf, invite: (await other.createInvite("films")).url });
    expect(again.ratings).toEqual([]);
    await again.rate("1", 0);
    expect(again.ratings).toHaveLength(1);
  });

  test("a copy with stars does not fit", async () => {
    await coordinator.createFederation("likes", likes());
    const stars = await open();
    await stars.rate("5", 4);
    const films = await open({ invite: (await coordinator.createInvite("likes")).url });
    await expect(films.import(await stars.export())).rejects.toThrow("a rating of 4 is off the scale, which is 0 … 1");
  });
});

test("without the data set there is no catalogue", async () => {
  await coordinator.createFederation("other", spec({ dataset: "movielens-100k" }));
  const link = (await coordinator.createInvite("other")).url;
  await expect(Recommender.open({ invite: link })).rejects.toThrow("no catalogue of movielens-100k");
});

test("the example of the documentation runs as it stands there", async () => {
  await coordinator.createFederation("long", spec({ rounds: 500 }));
  const link = (await coordinator.createInvite("long")).url;
  const page = await readFile(join(import.meta.dirname, "../docs/recommender-page.md"), "utf8");
  const code = /```ts\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
  expect(code.split("\n").filter((line) => line.trim() !== "").length).toBeLessThanOrEqual(10);
  // Inside of the checkout, where the packages are found.
  const folder = await mkdtemp(join(import.meta.dirname, "../.cache-example-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "example.ts"), code);
  const { stdout } = await promisify(execFile)(process.execPath, ["example.ts", link], { cwd: folder });
  const lines = stdout.trim().split("\n");
  expect(lines).toHaveLength(11);
  expect(lines[0]).toMatch(/^The .* [1-5]\.\d$/);
  expect(Number(/^sent (\d+) bytes of updates$/.exec(lines[10] ?? "")?.[1])).toBeGreaterThan(0);
});
