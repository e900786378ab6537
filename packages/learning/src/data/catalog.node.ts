import { join } from "node:path";
import { key } from "@concord/engine";
import { loadAdultFolder } from "./adult.node.ts";
import { catalogEntry } from "./catalog.ts";
import { loadCifarFolder } from "./cifar.node.ts";
import type { Dataset } from "./dataset.ts";
import type { HandwritingPlan } from "./handwriting.ts";
import { handwriting } from "./handwriting.ts";
import type { HeartDiseaseOptions } from "./heart-disease.node.ts";
import { loadHeartDiseaseFolder } from "./heart-disease.node.ts";
import { loadIdxFolder } from "./idx.node.ts";
import { FASHION_MNIST, MNIST } from "./idx-families.ts";
import type { Places } from "./locate.node.ts";
import { cacheFolder, locateDataset } from "./locate.node.ts";

export interface LoadOptions extends Places {
  /** Default "train". */
  readonly part?: "train" | "test" | undefined;
  /** For "handwriting": default 100 writers (20 others for the test part) with 100 digits each. */
  readonly handwriting?: Partial<HandwritingPlan> | undefined;
  /** For "heart-disease". */
  readonly heartDisease?: HeartDiseaseOptions | undefined;
  /** Called while images are decoded for the first time. */
  readonly onProgress?: ((decoded: number) => void) | undefined;
}

/** Writers of the test part are counted from here, so that nobody writes in both parts. */
const FIRST_TEST_WRITER = 1_000_000;

/**
 * Loads a data set of the catalog by its name.
 * Throws MissingDataError where it is not on this machine, RangeError for a name or a part that does not exist, and
 * SyntaxError for damaged files.
 */
export async function loadDataset(name: string, options: LoadOptions = {}): Promise<Dataset> {
  const entry = catalogEntry(name);
  const part = options.part ?? "train";
  if (entry.examples[part] === 0) {
    throw new RangeError(`data set "${name}" has no ${part} part; hold out a share of each party's examples`);
  }
  switch (entry.name) {
    case "handwriting":
      return handwriting({
        key: key("handwriting"),
        digitsPerWriter: 100,
        ...(part === "train" ? { writers: 100 } : { writers: 20, firstWriter: FIRST_TEST_WRITER }),
        ...options.handwriting,
      });
    case "mnist":
      return loadIdxFolder(await locateDataset(name, options), MNIST, part);
    case "fashion-mnist":
      return loadIdxFolder(await locateDataset(name, options), FASHION_MNIST, part);
    case "cifar-10":
      return loadCifarFolder(await locateDataset(name, options), part, {
        cacheDir: join(cacheFolder(options), "decoded"),
        onProgress: options.onProgress,
      });
    case "heart-disease":
      return loadHeartDiseaseFolder(await locateDataset(name, options), options.heartDisease);
    case "adult":
      return loadAdultFolder(await locateDataset(name, options), part);
  }
}
