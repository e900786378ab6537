import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { float32 } from "@concord/engine";
import type { PrivateTree } from "@concord/federation";
import { keepPrivate } from "@concord/federation";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fileStore } from "./private-state.node.ts";
import type { PrivateLabel, PrivateStore } from "./private-state.ts";
import { memoryStore, stateBefore } from "./private-state.ts";

let folder: string;
let folders = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "concord-private-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const freshFolder = () => join(folder, `store-${folders++}`);

/** A state that says when it was made. */
const stateOf = ({ round, segment }: PrivateLabel): PrivateTree =>
  keepPrivate({ momentum: { w: float32([2], [round, segment]) } });
const put = (store: PrivateStore, round: number, segment: number) =>
  store.put({ round, segment, state: stateOf({ round, segment }) });
const before = async (store: PrivateStore, round: number, segment: number) =>
  stateBefore(await store.entries(), { round, segment });

describe.each([
  ["in memory", memoryStore],
  ["in files", () => fileStore(freshFolder())],
])("a private store %s", (_where, open) => {
  test("is empty at first", async () => {
    expect(await before(open(), 1, 0)).toBeUndefined();
  });

  test("gives the state before a segment: of the segment before, or of the last round", async () => {
    const store = open();
    await put(store, 1, 0);
    await put(store, 1, 1);
    expect(await before(store, 1, 2)).toEqual(stateOf({ round: 1, segment: 1 }));
    expect(await before(store, 3, 0)).toEqual(stateOf({ round: 1, segment: 1 }));
  });

  test("after a kill before the reply, gives the state that the same segment started from", async () => {
    const store = open();
    await put(store, 1, 0);
    await put(store, 1, 1);
    expect(await before(store, 1, 1)).toEqual(stateOf({ round: 1, segment: 0 }));
    // Trained again, and killed again.
    await put(store, 1, 1);
    expect(await before(store, 1, 1)).toEqual(stateOf({ round: 1, segment: 0 }));
  });

  test("keeps two entries, whatever is put in which order", async () => {
    const label = fc.record({ round: fc.integer({ min: 1, max: 4 }), segment: fc.integer({ min: 0, max: 2 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(label, { minLength: 1, maxLength: 8 }), async (labels) => {
        const store = open();
        for (const { round, segment } of labels) await put(store, round, segment);
        const entries = await store.entries();
        const last = labels.at(-1);
        expect(entries.length).toBeLessThanOrEqual(2);
        expect(entries).toContainEqual({ ...last, state: stateOf(last ?? { round: 0, segment: 0 }) });
      }),
      { numRuns: 20 },
    );
  });

  test("forgets everything when it is cleared", async () => {
    const store = open();
    await put(store, 1, 0);
    await store.clear();
    expect(await store.entries()).toEqual([]);
  });

  test("keeps a state without tensors, and integers beside floats", async () => {
    const store = open();
    const state = keepPrivate({ step: { dtype: "int32", shape: [], data: new Int32Array([7]) } });
    await store.put({ round: 1, segment: 0, state: keepPrivate({}) });
    await store.put({ round: 2, segment: 0, state });
    expect(await before(store, 2, 0)).toEqual({});
    expect(await before(store, 3, 0)).toEqual(state);
  });
});

describe("the files of a private store", () => {
  test("can be read by their owner only and outlive the process", async () => {
    const path = freshFolder();
    await put(fileStore(path), 2, 1);
    const [name = ""] = await readdir(path);
    expect((await stat(join(path, name))).mode & 0o777).toBe(0o600);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect(await before(fileStore(path), 3, 0)).toEqual(stateOf({ round: 2, segment: 1 }));
  });

  test("a crash leaves a half-written file beside them, which changes nothing", async () => {
    const path = freshFolder();
    await put(fileStore(path), 1, 0);
    await writeFile(join(path, "round-1-segment-1.safetensors.4711.tmp"), "half");
    expect(await before(fileStore(path), 1, 1)).toEqual(stateOf({ round: 1, segment: 0 }));
  });

  test("a crash before the oldest was removed leaves three, of which the rule takes the right one", async () => {
    const path = freshFolder();
    const store = fileStore(path);
    for (const segment of [0, 1]) await put(store, 1, segment);
    const [oldest] = await store.entries().then((entries) => entries.filter(({ segment }) => segment === 0));
    await put(store, 1, 2);
    // Put back by hand what the crash would have left.
    const other = fileStore(freshFolder());
    await other.put(oldest ?? { round: 1, segment: 0, state: keepPrivate({}) });
    const survivor = await other.entries();
    expect(stateBefore([...survivor, ...(await store.entries())], { round: 1, segment: 2 })).toEqual(
      stateOf({ round: 1, segment: 1 }),
    );
  });

  test("one that is damaged is an error that names it, not a fresh start", async () => {
    const path = freshFolder();
    await mkdir(path, { recursive: true });
    await writeFile(join(path, "round-1-segment-0.safetensors"), "damaged");
    await expect(fileStore(path).entries()).rejects.toThrow(/round-1-segment-0\.safetensors is damaged/);
  });
});
