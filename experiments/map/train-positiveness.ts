/**
 * Trains the classifier behind the reward "positiveness" on SST-2 (sentences of film reviews) and stores it as safetensors.
 * The settings are chosen on a tenth of the training texts (which flatters them: many are phrases of one sentence, on both
 * sides of the cut); the accuracy reported is on the dev part of the set, whose sentences are its own, and which
 * nothing was chosen on. The data state no licence, therefore the weights are made here and not shipped.
 *
 *     CONCORD_DATA=… node experiments/map/train-positiveness.ts [--out .concord/models/positiveness.safetensors]
 */
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { key, permutation, rng, split } from "@concord/engine";
import { writeDurably } from "@concord/engine/node";
import type { LabelledText, TextClassifier } from "@concord/learning";
import { encodeTextClassifier, logOdds, trainTextClassifier } from "@concord/learning";
import { publish } from "./released.ts";

const SEED = 1;
const FEATURES = 2 ** 18;
const TRIALS = [1, 2, 4, 8].flatMap((epochs) =>
  [0.1, 0.3].map((learningRate) => ({ epochs, learningRate, penalty: 1e-6 })),
);

const { values: options } = parseArgs({
  options: { out: { type: "string", default: ".concord/models/positiveness.safetensors" } },
});
const all = await sentences("train.tsv");
const dev = await sentences("dev.tsv");
const order = permutation(rng(split(key(SEED), "validation")), all.length);
const validation = pick(order.subarray(0, Math.floor(all.length / 10)));
const train = pick(order.subarray(validation.length));

const trials = TRIALS.map((settings) => ({ settings, onValidation: accuracy(learn(train, settings), validation) }));
const best = trials.reduce((a, b) => (b.onValidation > a.onValidation ? b : a));
const classifier = learn(all, best.settings);
await mkdir(dirname(options.out), { recursive: true });
await writeDurably(options.out, encodeTextClassifier(classifier));
publish(
  "positiveness",
  `Positiveness: logistic regression on ${FEATURES} hashed words and pairs, SST-2, seed ${SEED}`,
  ["epochs", "learning rate", "penalty", "accuracy on validation", "accuracy on dev"],
  trials.map((trial) => [
    String(trial.settings.epochs),
    String(trial.settings.learningRate),
    String(trial.settings.penalty),
    trial.onValidation.toFixed(4),
    trial === best ? accuracy(classifier, dev).toFixed(4) : "",
  ]),
);

function learn(examples: readonly LabelledText[], settings: (typeof TRIALS)[number]): TextClassifier {
  return trainTextClassifier(examples, { features: FEATURES, key: key(SEED), ...settings });
}

function accuracy(of: TextClassifier, examples: readonly LabelledText[]): number {
  return examples.filter(({ text, label }) => logOdds(of, text) > 0 === (label === 1)).length / examples.length;
}

function pick(rows: Int32Array): LabelledText[] {
  return Array.from(rows, (row) => all[row] as LabelledText);
}

async function sentences(file: string): Promise<LabelledText[]> {
  const { CONCORD_DATA } = process.env;
  if (CONCORD_DATA === undefined) throw new Error("set CONCORD_DATA to the folder that holds sst2/train.tsv");
  const [, ...lines] = (await readFile(join(CONCORD_DATA, "sst2", file), "utf8")).trimEnd().split("\n");
  return lines.map((line) => {
    const [text = "", label] = line.split("\t");
    return { text, label: Number(label) };
  });
}
