import { float32, int32, key, rng } from "@concord/engine";
import type { FederationSpec } from "@concord/federation";
import { federationSpecSchema } from "@concord/federation";
import { type Dataset, dataset } from "@concord/learning";
import type { Identity } from "../src/identity.ts";
import type { PartyData } from "../src/join.ts";

/** A federation that trains in milliseconds: softmax regression on points of the plane, with momentum. */
export function smallSpec(algorithm: FederationSpec["algorithm"], rounds = 3): FederationSpec {
  return federationSpecSchema.parse({
    name: "points",
    dataset: "points of three clusters",
    task: {
      model: { kind: "softmax" },
      inputShape: [2],
      outputs: 3,
      loss: "cross-entropy",
      optimizer: { kind: "sgd", momentum: 0.9 },
      learningRate: 0.1,
      batchSize: 8,
    },
    algorithm,
    rounds,
    seed: 7,
  });
}

export function smallData(seed = "ada"): PartyData {
  return { train: points(`${seed}: train`, 30), heldOut: points(`${seed}: held out`, 12) };
}

export function smallIdentity(spec: FederationSpec): Identity {
  return {
    origin: "http://coordinator.test",
    federation: "points",
    party: "ada",
    key: "cp_secret",
    secret: "cs_of-ada-and-nobody-else",
    spec,
  };
}

/** Points around three centres. */
function points(name: string, size: number): Dataset {
  const r = rng(key(name));
  const labels = Array.from({ length: size }, (_, i) => i % 3);
  const x = labels.flatMap((label) => [label - 1 + 0.3 * r.normal(), (label % 2) + 0.3 * r.normal()]);
  return dataset({
    name,
    inputShape: [2],
    inputs: { kind: "float32", data: float32([x.length], x).data },
    y: int32([size], labels),
    classes: 3,
    generated: true,
  });
}
