import { expect } from "vitest";
import type { Transaction } from "../contract.ts";

/** A fresh store for each test, as the parts of the contract use it. */
export interface Stage {
  run<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Makes the federation "digits" with round 1, which most records belong to. */
  begin(): Promise<void>;
  /** Closes the store and opens what it kept. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** Expects a refusal that blames the state of the store. */
export async function refused(attempt: Promise<unknown>): Promise<void> {
  await expect(attempt).rejects.toMatchObject({ name: "ConcordError", code: "failed_precondition" });
}
