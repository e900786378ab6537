import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Coordinator, memoryBlobs, memoryStore, startCoordinator } from "@concord/coordinator";
import { ensurePage } from "@concord/dashboard/node";
import { key, split } from "@concord/engine";
import { federationSpecSchema } from "@concord/federation";
import { handwriting, holdOut, subset } from "@concord/learning";
import { openParty } from "@concord/party/node";

export const FEDERATION = "timeline";

export interface DynamicFederation {
  readonly coordinator: Coordinator;
  /** A fresh address with the operator's one-time token. */
  address(): Promise<string>;
  close(): Promise<void>;
}

export interface Wishes {
  readonly names: readonly string[];
  /** As a file states it. */
  readonly algorithm: Readonly<Record<string, unknown>>;
  readonly rounds: number;
  readonly seconds?: number;
  /** Milliseconds before each reply of a party, so that there is something to see. */
  readonly replyAfter?: (party: string) => number;
}

/** A coordinator with the page, and parties of this process, each with two digits in a hand of its own. */
export async function dynamicFederation(wishes: Wishes): Promise<DynamicFederation> {
  const { names, algorithm, rounds, seconds = 5, replyAfter = () => 0 } = wishes;
  const folder = await mkdtemp(join(tmpdir(), "concord-timeline-"));
  const pageDir = await ensurePage();
  const coordinator = await startCoordinator({
    store: memoryStore(),
    blobs: memoryBlobs(),
    port: 0,
    ...(pageDir === undefined ? {} : { pageDir }),
  });
  const spec = federationSpecSchema.parse({
    name: "Handwritten digits",
    dataset: "generated handwriting",
    task: {
      model: { kind: "mlp", hidden: [16] },
      inputShape: [28, 28, 1],
      outputs: 10,
      loss: "cross-entropy",
      optimizer: { kind: "sgd", momentum: 0.9 },
      learningRate: 0.02,
      batchSize: 10,
    },
    algorithm,
    rounds,
    seed: 3,
    minimumParties: names.length,
    quorum: 0.5,
    exchangeDeadline: seconds,
    leaseSeconds: seconds,
  });
  await coordinator.createFederation(FEDERATION, spec);
  const ending = new AbortController();
  const parties = await Promise.all(
    names.map(async (name, i) => {
      const own = split(key("timeline"), name);
      const classes = [i % 10, (3 * i + 1) % 10];
      const digits = handwriting({ key: own, writers: 1, digitsPerWriter: 300 });
      const rows = Array.from(digits.y.data.keys()).filter((row) => classes.includes(digits.y.data[row] as number));
      const { url } = await coordinator.createInvite(FEDERATION, { party: name.toLowerCase() });
      return openParty({
        dir: join(folder, name),
        invite: url,
        name,
        data: holdOut(subset(digits, rows), own, 0.2),
        shareLabels: true,
        signal: ending.signal,
        fetch: async (input, init) => {
          if (String(input).endsWith("/reply")) await sleep(replyAfter(name));
          return fetch(input, init);
        },
      });
    }),
  );
  return {
    coordinator,
    address: async () => `${coordinator.url}/#${await coordinator.newOneTimeToken()}`,
    async close() {
      ending.abort();
      await Promise.allSettled(parties.map(({ done }) => done));
      await coordinator.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
