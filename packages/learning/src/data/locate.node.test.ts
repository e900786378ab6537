import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cacheFolder, locateDataset, MissingDataError } from "./locate.node.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "concord-locate-"));
});
afterEach(() => rm(root, { recursive: true }));

async function put(folder: string, ...names: string[]) {
  await mkdir(join(root, folder), { recursive: true });
  for (const name of names) await writeFile(join(root, folder, name), "");
}

describe("locateDataset", () => {
  it("prefers the user's copy to the cache, and takes a copy only if it is complete", async () => {
    const places = { env: { CONCORD_DATA: join(root, "own") }, cacheDir: join(root, "cache") };
    await put("cache/data/adult", "adult.data", "adult.test");
    await put("own/adult", "adult.data");
    expect(await locateDataset("adult", places)).toBe(join(root, "cache/data/adult"));
    await put("own/adult", "adult.test");
    expect(await locateDataset("adult", places)).toBe(join(root, "own/adult"));
  });

  it("accepts other forms of a file and other names of the folder", async () => {
    await put(
      "heart-disease-4-hospitals",
      "processed.cleveland.data",
      "reprocessed.hungarian.data",
      "processed.switzerland.data",
      "processed.va.data",
    );
    await put("cifar-10", "data_batch_1.bin");
    const places = { env: { CONCORD_DATA: root }, cacheDir: join(root, "none") };
    expect(await locateDataset("heart-disease", places)).toBe(join(root, "heart-disease-4-hospitals"));
    expect(await locateDataset("cifar-10", places)).toBe(join(root, "cifar-10"));
  });

  it("says what is missing where, and how to get it", async () => {
    await put("own/adult", "adult.data");
    const places = { env: { CONCORD_DATA: join(root, "own") }, cacheDir: join(root, "cache") };
    const error = await locateDataset("adult", places).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(MissingDataError);
    expect((error as Error).message).toBe(
      `data set "adult" is not here. Looked in ${join(root, "own/adult")} (lacks adult.test); ` +
        `${join(root, "cache/data/adult")} (lacks adult.data, adult.test). \`concord data pull adult\` downloads it.`,
    );
    expect((error as MissingDataError).searched.length).toBe(2);
    await expect(locateDataset("adult", { env: {}, cacheDir: join(root, "cache") })).rejects.toThrow(
      "set CONCORD_DATA",
    );
  });

  it("knows names only", async () => {
    await expect(locateDataset("mnits")).rejects.toThrow('no data set "mnits"; known are handwriting, mnist,');
    await expect(locateDataset("handwriting")).rejects.toThrow("generated");
  });
});

it("finds the cache folder as the XDG specification says", () => {
  expect(cacheFolder({ env: {} })).toBe(join(homedir(), ".cache", "concord"));
  expect(cacheFolder({ env: { XDG_CACHE_HOME: "/xdg" } })).toBe("/xdg/concord");
  expect(cacheFolder({ env: { XDG_CACHE_HOME: "relative" } })).toBe(join(homedir(), ".cache", "concord"));
  expect(cacheFolder({ env: { XDG_CACHE_HOME: "/xdg", CONCORD_CACHE: "/own" } })).toBe("/own");
  expect(cacheFolder({ env: { CONCORD_CACHE: "/own" }, cacheDir: "/given" })).toBe("/given");
});
