import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { loadRatings } from "./movielens.node.ts";

const absent = !process.env.CONCORD_DATA;

describe("MovieLens on this machine", () => {
  it.skipIf(absent)(
    "100K has 943 users, 1,682 items and 100,000 ratings of mean 3.52986 (needs CONCORD_DATA)",
    async () => {
      const set = await loadRatings("movielens-100k");
      expect([set.size, set.items, set.known.values.length]).toEqual([943, 1682, 100_000]);
      expect(set.known.values.reduce((sum, value) => sum + value, 0) / 100_000).toBeCloseTo(3.52986, 6);
      expect(set.itemNames?.[0]).toBe("Toy Story (1995)");
    },
  );

  it("says where it looked when it is not here", async () => {
    const folder = await mkdtemp(join(tmpdir(), "concord-ratings-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const nowhere = loadRatings("movielens-1m", { env: { CONCORD_DATA: folder }, cacheDir: folder });
    await expect(nowhere).rejects.toThrow(`there is no ratings.dat or ratings-no-timestamp.csv.gz in ${folder}`);
  });
});
