import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lastLine, newPlace, type Place } from "./concord-process.ts";

let place: Place;
beforeEach(async () => {
  place = await newPlace();
});
afterEach(() => place.close());

const USERS = 12;
const ITEMS = 50;

/** Made-up ratings in the form of MovieLens 100K: user u rates every third item. */
async function folderOfRatings(extra = ""): Promise<string> {
  const folder = join(place.folder, "data", "movielens-100k");
  await mkdir(folder, { recursive: true });
  const lines: string[] = [];
  for (let user = 1; user <= USERS; user++) {
    for (let item = 1; item <= ITEMS; item++) {
      if ((user + item) % 3 === 0) lines.push(`${user}\t${item}\t${1 + ((user * item) % 5)}\t${880_000_000 + item}`);
    }
  }
  await writeFile(join(folder, "u.data"), `${lines.join("\n")}\n${extra}`);
  const films = Array.from({ length: ITEMS }, (_, i) => `${i + 1}|Film ${i + 1}||`);
  await writeFile(join(folder, "u.item"), films.join("\n"));
  return join(place.folder, "data");
}

const EXPERIMENT = `name: Small recommender
data: { dataset: movielens-100k, parties: 12, partition: { kind: iid }, heldOut: 0.2 }
task: { model: { kind: autoencoder, hidden: 8, code: 4 }, optimizer: { kind: sgd }, learningRate: 0.1, batchSize: 1 }
algorithm: { kind: personalfr, localSteps: 2, activeParties: 6, encoder: vector, userBias: 5 }
rounds: 2
seed: 1
`;

describe("concord run with ratings", () => {
  test("ends with errors, rankings and what a party sent", async () => {
    const env = { CONCORD_DATA: await folderOfRatings() };
    await writeFile(join(place.folder, "films.yaml"), EXPERIMENT);
    const ended = await place.run(["run", "films.yaml", "--json", "--workers", "1"], env);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    const result = lastLine(ended);
    expect(result).toMatchObject({ type: "result", dataset: "movielens-100k", rounds: 2, accuracy: null });
    for (const name of ["rmse", "mae", "ndcg10", "recall10", "heldOutNdcg10"]) expect(result[name]).toBeGreaterThan(0);
    expect((result.rmse as number) ** 2).toBeCloseTo(result.loss as number, 9);
    // All of the decoder goes down; its dense layers and some rows go up.
    const [dense, row] = [4 * (4 * 8 + 3 * 8), 4 * (8 + 1)];
    expect(result.payloadBytesDownPerParty).toBe(dense + ITEMS * row);
    const rows = ((result.payloadBytesUpPerParty as number) - dense) / row;
    expect(rows > 10 && rows < 18).toBe(true);
    const encoder = 4 * (ITEMS * 8 + 3 * 8 + 8 * 4 + 3 * 4);
    const ratio = (encoder + dense + ITEMS * row) / (result.payloadBytesUpPerParty as number);
    expect(result.compressionRatio).toBeCloseTo(ratio, 2);
  }, 60_000);

  test.each([
    ["a rating off the scale", "3\t4\t9\t1\n", 'user "3" rates item "4" 9; the scale is 1 … 5'],
    ["an unknown item", "3\t99\t4\t1\n", 'item "99", which is not in the catalogue'],
    ["a rating given twice", "1\t2\t4\t1\n", 'user "1" rates item "2" twice'],
  ])("refuses %s", async (_what, line, message) => {
    const env = { CONCORD_DATA: await folderOfRatings(line) };
    await writeFile(join(place.folder, "films.yaml"), EXPERIMENT);
    const ended = await place.run(["run", "films.yaml", "--json"], env);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain(message);
  });
});
