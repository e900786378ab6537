import type { FederationSpec } from "@concord/federation";
import { federationSpecSchema } from "@concord/federation";
import type { ConcordEvent } from "@concord/protocol";
import type { Coordinator, CoordinatorOptions } from "../src/index.ts";
import { memoryBlobs, memoryStore, startCoordinator } from "../src/index.ts";

/** Softmax regression on 4 inputs and 3 classes: 15 parameters, 60 bytes. */
export function tinySpec(change: Partial<FederationSpec> = {}): FederationSpec {
  return federationSpecSchema.parse({
    name: "Tiny",
    dataset: "made by hand",
    task: {
      model: { kind: "softmax" },
      inputShape: [4],
      outputs: 3,
      loss: "cross-entropy",
      optimizer: { kind: "sgd" },
      learningRate: 0.1,
      batchSize: 2,
    },
    algorithm: { kind: "fedavg", localSteps: 2 },
    rounds: 1,
    seed: 7,
    ...change,
  });
}

/** A log that a test can read, and that keeps the terminal quiet. */
export function recordingLog() {
  const lines: { readonly level: string; readonly details: object; readonly message: string }[] = [];
  const at = (level: string) => (details: object, message: string) => {
    lines.push({ level, details, message });
  };
  return { lines, log: { info: at("info"), warn: at("warn"), error: at("error") } };
}

/** A coordinator in memory on a free port. */
export function startInMemory(options: Partial<CoordinatorOptions> = {}): Promise<Coordinator> {
  return startCoordinator({
    store: memoryStore(),
    blobs: memoryBlobs(),
    port: 0,
    log: recordingLog().log,
    ...options,
  });
}

/** The events of a federation so far. */
export async function eventsOf(coordinator: Coordinator, federation: string): Promise<ConcordEvent[]> {
  const url = `${coordinator.url}/v1/federations/${federation}/events`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${coordinator.operatorKey}` } });
  return ((await response.json()) as { events: ConcordEvent[] }).events;
}

/** Waits until an event of the federation satisfies the condition. */
export async function untilEvent<T extends ConcordEvent["type"]>(
  coordinator: Coordinator,
  federation: string,
  type: T,
  where: (event: Extract<ConcordEvent, { type: T }>) => boolean = () => true,
): Promise<Extract<ConcordEvent, { type: T }>> {
  for await (const event of coordinator.events(federation)) {
    if (event.type !== type) continue;
    const wanted = event as Extract<ConcordEvent, { type: T }>;
    if (where(wanted)) return wanted;
  }
  throw new Error(`the coordinator closed before ${type}`);
}
