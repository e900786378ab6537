import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { PartyProfile } from "@concord/federation";
import type { Dataset } from "@concord/learning";
import { describe, expect, it } from "vitest";
import { readExperiment } from "./experiment.ts";
import { comparedSpec } from "./simulation/compare.ts";

const FOLDER = fileURLToPath(new URL("../../../experiments/dynamicfl", import.meta.url));
const FILES = readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".yaml"));

const images = { name: "images", inputShape: [28, 28, 1], classes: 10 } as unknown as Dataset;

/** A hundred parties with one class each. */
const parties = Array.from({ length: 100 }, (_, i): PartyProfile => {
  const labels = Array.from({ length: 10 }, (_, label) => (label === i % 10 ? 600 : 0));
  return { id: `party-${String(i).padStart(3, "0")}`, examples: 600, labels };
});

describe("the experiment files of DynamicFL", () => {
  it("are there", () => {
    expect(FILES).toContain("quick.yaml");
    expect(FILES).toHaveLength(9);
  });

  it.each(FILES)(
    "%s: every algorithm is one that we have, the rate falls over its rounds, a tenth is judged",
    async (file) => {
      const experiment = await readExperiment(`${FOLDER}/${file}`);
      const spec = experiment.federation(images);
      expect(spec.task.schedule).toMatchObject({ kind: "cosine", rounds: spec.rounds });
      expect(experiment.score).toEqual({ lastRounds: Math.max(1, Math.round(spec.rounds / 10)) });
      const short = { ...spec, rounds: 3 };
      const kinds = Object.entries(experiment.compare).map(([name, comparison]) => {
        const compared = comparedSpec(short, parties, name, comparison, file);
        expect(compared).toMatchObject({ seed: spec.seed, task: spec.task, dataset: spec.dataset });
        expect(compared.algorithm).toMatchObject({ localSteps: 250, activeParties: 10 });
        return compared.algorithm.kind;
      });
      expect(kinds).toEqual(expect.arrayContaining(["fedavg-short", "fedavg-inner"]));
    },
  );
});
