import { writeSync } from "node:fs";
import { join } from "node:path";
import { openBlobFiles } from "../src/store/blob-files.ts";
import type { Transaction } from "../src/store/contract.ts";
import { openSqliteStore } from "../src/store/sqlite.ts";
import { federationRecord, partyRecord } from "../src/store/suite/records.ts";

/**
 * Writes until it is killed: for each number a blob, then in one transaction a party, its event and its traffic. Prints the
 * number only when all of it is promised to be durable.
 */
const folder = process.argv[2];
if (folder === undefined) throw new Error("say which folder");

const store = await openSqliteStore(join(folder, "store.sqlite"));
const blobs = await openBlobFiles(join(folder, "blobs"));
let n = await store.transaction(async (tx) => {
  if ((await tx.federations.get("digits")) === undefined) await tx.federations.insert(federationRecord("digits"));
  return tx.events.last();
});

for (;;) {
  n++;
  const name = await blobs.put(new TextEncoder().encode(`blob ${n} `.repeat(2_000)));
  const party = `p${n}`;
  const add = async (tx: Transaction) => {
    await tx.parties.insert(partyRecord("digits", party, { name, joinedAt: n }));
    await tx.events.append({ type: "party.joined", federation: "digits", party, name, examples: n, client: "node" }, n);
    await tx.traffic.add({
      federation: "digits",
      party: "all",
      round: 1,
      purpose: "train",
      traffic: { payloadUp: n, payloadDown: 1, indexUp: 0, indexDown: 0, wireUp: 0, wireDown: 0 },
    });
  };
  // A kill takes nothing along of those that do not wait for the disk either.
  await store.transaction(add, { relaxed: n % 2 === 0 });
  // Into the pipe before it goes on: what the parent reads has been acknowledged, whatever happens now.
  writeSync(1, `${n}\n`);
}
