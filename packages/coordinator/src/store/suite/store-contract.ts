import { afterEach, beforeEach, describe } from "vitest";
import type { Store } from "../contract.ts";
import { accessContract } from "./access.ts";
import { blobsContract } from "./blobs.ts";
import { eventsContract } from "./events.ts";
import { federationsContract } from "./federations.ts";
import { leasesContract } from "./leases.ts";
import { partiesContract } from "./parties.ts";
import { federationRecord, roundRecord } from "./records.ts";
import { roundsContract } from "./rounds.ts";
import type { Stage } from "./stage.ts";
import { trafficContract } from "./traffic.ts";
import { transactionsContract } from "./transactions.ts";

/** A store to be tested, and how to come back to it as after a restart. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Closes the store and opens what it kept. */
  reopen(): Promise<Store>;
  dispose(): Promise<void>;
}

/** What every implementation of `Store` must do, as tests with known answers. */
export function storeContract(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the contract of a store`, () => {
    let tested: StoreUnderTest;
    let store: Store;
    beforeEach(async () => {
      tested = await make();
      store = tested.store;
    });
    afterEach(() => tested.dispose());

    const stage: Stage = {
      run: (work) => store.transaction(work),
      begin: () =>
        store.transaction(async (tx) => {
          await tx.federations.insert(federationRecord("digits"));
          await tx.rounds.insert(roundRecord("digits", 1));
        }),
      reopen: async () => {
        store = await tested.reopen();
      },
      close: () => store.close(),
    };
    transactionsContract(stage);
    federationsContract(stage);
    accessContract(stage);
    partiesContract(stage);
    roundsContract(stage);
    leasesContract(stage);
    trafficContract(stage);
    eventsContract(stage);
    blobsContract(stage);
  });
}
