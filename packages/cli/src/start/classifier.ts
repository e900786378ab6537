import type { Dataset } from "@concord/learning";
import type { Options } from "../commands/start.ts";
import { catalogNameOf, isHere, loadTrain } from "../datasets.ts";
import { idxSample } from "../sample.ts";
import { allShares } from "../shares.ts";
import type { Beginning } from "./beginning.ts";
import { START_PARTITION, startFederation } from "./federation.ts";

/** `concord start`: a classifier of images, with one share more than there are built-in parties for guests who bring nothing. */
export async function classifier(options: Options): Promise<Beginning> {
  const name = options.dataset ?? ((await isHere("fashion-mnist")) ? "fashion-mnist" : "handwriting");
  const wanted = await loadTrain(name);
  let guests: Dataset = wanted;
  const { rounds = 30, localSteps = 250 } = options;
  return {
    prefix: "federation",
    spec: startFederation(wanted, { ...options, rounds, localSteps }),
    async sharesOf({ dataset: stated, minimumParties, seed }) {
      const dataset = stated === wanted.name ? wanted : await loadTrain(catalogNameOf(stated));
      const parties = minimumParties + 1;
      const shares = allShares(dataset, { parties, partition: START_PARTITION, heldOut: 0.2, seed });
      const rest = shares.pop();
      if (rest === undefined) throw new RangeError("there are no shares");
      guests = rest.train;
      return { shares, generated: dataset.generated };
    },
    // Guests who bring no data draw their own digits where the data set is generated.
    sample: wanted.generated ? undefined : () => idxSample(guests),
  };
}
