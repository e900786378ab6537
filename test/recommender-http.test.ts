import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeSafetensors, encodeSafetensors, flatten, portableEngine } from "@concord/engine";
import { algorithmOf, type Checkpoint, inlineExecutor, simulate } from "@concord/federation";
import { buildTask } from "@concord/learning";
import { openParty } from "@concord/party/node";
import { blobId } from "@concord/protocol";
import { describe, expect, onTestFinished, test } from "vitest";
import { filmsCoordinator, heardFetch, smallRaters, smallRecommender } from "./small-recommender.ts";

/** A recommender over HTTP: what a party keeps to itself is in no byte that it sends. */

const SIZES = [1, 2, 2];

describe.each(["published", "vector"])("a federated recommender over HTTP, encoder %s", (encoder) => {
  test("gives the decoder of the simulator, and no private tensor's bytes cross the wire", async () => {
    const engine = await portableEngine();
    const folder = await mkdtemp(join(tmpdir(), "concord-recommender-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const spec = smallRecommender(encoder, SIZES.length);
    const coordinator = await filmsCoordinator(spec);
    const { sent, fetch: listening } = heardFetch();
    const kept: Uint8Array[] = [];
    const parties = await Promise.all(
      smallRaters(SIZES).map(async ({ id, train, heldOut }) => {
        const dir = join(folder, id);
        const invite = (await coordinator.createInvite("films", { party: id })).url;
        const party = await openParty({ dir, data: { train, heldOut }, engine, invite, fetch: listening });
        return { party, dir };
      }),
    );
    const ends = await Promise.all(parties.map(async ({ party }) => (await party.done).kind));
    expect(ends).toEqual(["finished", "finished", "finished"]);

    for (const { dir } of parties) {
      for (const name of await readdir(join(dir, "private"))) kept.push(await readFile(join(dir, "private", name)));
    }
    const wire = Buffer.concat(sent).toString("latin1");
    const pieces = kept
      .flatMap((file) => flatten(decodeSafetensors(file).tensors))
      .filter(isSecret)
      .flatMap(windows);
    expect(pieces.length).toBeGreaterThan(100);
    expect(pieces.filter((piece) => wire.includes(piece))).toEqual([]);
    // The search finds what is there: rows of the decoder do cross the wire.
    expect(wire).toContain("items.weight");
    expect(wire).not.toMatch(/own\.|Optimizer|biases/);

    const executor = await inlineExecutor(algorithmOf(spec.algorithm), buildTask(spec.task), engine);
    let last: Checkpoint | undefined;
    for await (const round of simulate({ spec, parties: smallRaters(SIZES), executor })) last = round;
    const expected = last?.state.model ?? {};
    expect(await blobId(await coordinator.currentModel("films"))).toBe(await blobId(encodeSafetensors(expected)));
    expect((await coordinator.result("films")).loss).toBe(last?.history.at(-1)?.evaluation?.loss);
  });
});

describe("decoys over HTTP", () => {
  test("stay the same in all rounds and after a restart, and the coordinator cannot draw them again", async () => {
    const engine = await portableEngine();
    const folder = await mkdtemp(join(tmpdir(), "concord-decoys-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const spec = smallRecommender("vector", 1, { disguise: { decoys: 1 } });
    const [rater] = smallRaters([1]);
    if (rater === undefined) throw new Error("there is a rater");
    const { train, heldOut } = rater;
    const rated = [...train.known.items];
    /** What the party of this folder says that it has, in every update to a coordinator with this seed; all bytes that it sends. */
    const seen = async (dir: string) => {
      const coordinator = await filmsCoordinator(spec);
      const { sent: bodies, fetch: listening } = heardFetch();
      const options = { dir, data: { train, heldOut }, engine, fetch: listening };
      const invite = (await coordinator.createInvite("films", { party: "a" })).url;
      // Killed between two rounds: another process goes on with what is on the disk.
      const first = await openParty({ ...options, invite });
      for await (const { kind, updates } of first) if (kind === "waiting" && updates === 1) break;
      await first.stop();
      await first.done;
      expect((await (await openParty(options)).done).kind).toBe("finished");
      const sets = bodies.flatMap((body) => {
        const tensors = body.length > 1000 ? new Map(flatten(decodeSafetensors(body).tensors)) : new Map();
        return tensors.has("items.index") ? [[...(tensors.get("items.index")?.data ?? [])]] : [];
      });
      return { sets, wire: Buffer.concat(bodies).toString("latin1") };
    };
    const [one, other] = [await seen(join(folder, "one")), await seen(join(folder, "other"))];
    for (const { sets } of [one, other]) {
      expect(sets).toHaveLength(2);
      expect(sets[1]).toEqual(sets[0]);
      expect(sets[0]).toEqual(expect.arrayContaining(rated));
      expect(sets[0]).toHaveLength(2 * rated.length);
    }
    // The same seed, name and ratings: what differs is the secret, and nobody else has it.
    expect(one.sets[0]).not.toEqual(other.sets[0]);
    for (const [name, { wire }] of [["one", one] as const, ["other", other] as const]) {
      const file = join(folder, name, "identity.json");
      const { secret } = JSON.parse(await readFile(file, "utf8"));
      expect(secret).toMatch(/^cs_[\w-]{32}$/);
      expect(wire).not.toContain(secret.slice(3, 19));
      expect((await stat(file)).mode & 0o777).toBe(0o600);
    }
  });
});

/** All that a private state holds but the numbers of the items, which bare rows do name. */
function isSecret([path]: readonly [string, unknown]): boolean {
  return path !== "items";
}

/** Every two neighbouring numbers of a tensor as they would stand in a message; zeros and ones are in any. */
function windows([, leaf]: readonly [string, { readonly data: ArrayLike<number> & ArrayBufferView }]): string[] {
  const bytes = Buffer.from(leaf.data.buffer, leaf.data.byteOffset, leaf.data.byteLength);
  return Array.from({ length: Math.floor(leaf.data.length / 2) }, (_, i) => i)
    .filter((i) => [leaf.data[2 * i], leaf.data[2 * i + 1]].every((value) => value !== 0 && value !== 1))
    .map((i) => bytes.subarray(8 * i, 8 * i + 8).toString("latin1"));
}
