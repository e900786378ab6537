/** The data sets that Concord knows by name. */
export const DATASET_NAMES = ["handwriting", "mnist", "fashion-mnist", "cifar-10", "heart-disease", "adult"] as const;
export type DatasetName = (typeof DATASET_NAMES)[number];

/** A file of a data set as its publisher offers it. */
export interface CatalogFile {
  readonly name: string;
  readonly bytes: number;
  /** SHA-256 of the published file, in hexadecimal. */
  readonly sha256: string;
  /** Where to download it; the addresses are tried in order. */
  readonly urls: readonly string[];
  /** Other files or folders that serve in its place where a user has them. */
  readonly alternatives?: readonly string[];
}

export interface CatalogEntry {
  readonly name: DatasetName;
  readonly title: string;
  /** Names of the folder that holds the files; the first is the one that a download makes. */
  readonly folders: readonly [string, ...string[]];
  readonly inputShape: readonly number[];
  readonly classes: number;
  /** Examples in each part; 0 where the publisher made no such part. */
  readonly examples: { readonly train: number; readonly test: number };
  /** What the natural groups are, where there are any. */
  readonly groups?: string;
  readonly licence: string;
  readonly homepage: string;
  /** None: the data set is made by a program. */
  readonly files: readonly CatalogFile[];
}

const UCI = "https://archive.ics.uci.edu/ml/machine-learning-databases";

/** Names and sizes of the files, and their checksums as the publishers' files have them. */
export const CATALOG: Readonly<Record<DatasetName, CatalogEntry>> = {
  handwriting: {
    name: "handwriting",
    title: "Generated handwriting",
    folders: ["handwriting"],
    inputShape: [28, 28, 1],
    classes: 10,
    examples: { train: 10_000, test: 2_000 },
    groups: "writers",
    licence: "made by Concord, free of rights",
    homepage: "",
    files: [],
  },
  mnist: {
    name: "mnist",
    title: "MNIST handwritten digits",
    folders: ["mnist"],
    inputShape: [28, 28, 1],
    classes: 10,
    examples: { train: 60_000, test: 10_000 },
    licence: "CC BY-SA 3.0",
    homepage: "http://yann.lecun.com/exdb/mnist/",
    files: idxFiles("https://ossci-datasets.s3.amazonaws.com/mnist/", [
      [9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"],
      [28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"],
      [1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"],
      [4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"],
    ]),
  },
  "fashion-mnist": {
    name: "fashion-mnist",
    title: "Fashion-MNIST",
    folders: ["fashion-mnist"],
    inputShape: [28, 28, 1],
    classes: 10,
    examples: { train: 60_000, test: 10_000 },
    licence: "MIT",
    homepage: "https://github.com/zalandoresearch/fashion-mnist",
    files: idxFiles("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/", [
      [26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"],
      [29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"],
      [4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"],
      [5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"],
    ]),
  },
  "cifar-10": {
    name: "cifar-10",
    title: "CIFAR-10",
    folders: ["cifar-10"],
    inputShape: [32, 32, 3],
    classes: 10,
    examples: { train: 50_000, test: 10_000 },
    licence: "none stated; cite Krizhevsky 2009",
    homepage: "https://www.cs.toronto.edu/~kriz/cifar.html",
    files: [
      {
        name: "cifar-10-binary.tar.gz",
        bytes: 170_052_171,
        sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        urls: ["https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"],
        alternatives: ["cifar-10-batches-bin", "data_batch_1.bin", "cifar10-jpeg-60000.tar.gz", "train"],
      },
    ],
  },
  "heart-disease": {
    name: "heart-disease",
    title: "Heart disease in four hospitals",
    folders: ["heart-disease", "heart-disease-4-hospitals"],
    inputShape: [30],
    classes: 2,
    examples: { train: 920, test: 0 },
    groups: "hospitals",
    licence: "CC BY 4.0",
    homepage: "https://archive.ics.uci.edu/dataset/45/heart+disease",
    files: [
      {
        name: "processed.cleveland.data",
        bytes: 18_461,
        sha256: "a74b7efa387bc9d108d7d0115d831fe9b414b29ae7124f331b622b4efa0427c8",
        urls: [`${UCI}/heart-disease/processed.cleveland.data`],
      },
      {
        // UCI corrected this file as reprocessed.hungarian.data, for which no checksum is published.
        name: "processed.hungarian.data",
        bytes: 10_263,
        sha256: "d1ad108f785768cd3d7e82dc522e6f5a61eea93cccfb3a46ee8076f73fc3d796",
        urls: [`${UCI}/heart-disease/processed.hungarian.data`],
        alternatives: ["reprocessed.hungarian.data"],
      },
      {
        name: "processed.switzerland.data",
        bytes: 4_109,
        sha256: "834a405ccf5b66ab4056bb77794adc8df0b7125186454c0a1d002d33c6c3b314",
        urls: [`${UCI}/heart-disease/processed.switzerland.data`],
      },
      {
        name: "processed.va.data",
        bytes: 6_737,
        sha256: "e7c93d8d0d2acdadfa4c5e8de768e2191e7f618b952e29623f1f0d5949ff6b8f",
        urls: [`${UCI}/heart-disease/processed.va.data`],
      },
    ],
  },
  adult: {
    name: "adult",
    title: "Adult (Census Income)",
    folders: ["adult"],
    inputShape: [88],
    classes: 2,
    examples: { train: 32_561, test: 16_281 },
    licence: "CC BY 4.0",
    homepage: "https://archive.ics.uci.edu/dataset/2/adult",
    files: [
      {
        name: "adult.data",
        bytes: 3_974_305,
        sha256: "5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d",
        urls: [`${UCI}/adult/adult.data`],
      },
      {
        name: "adult.test",
        bytes: 2_003_153,
        sha256: "a2a9044bc167a35b2361efbabec64e89d69ce82d9790d2980119aac5fd7e9c05",
        urls: [`${UCI}/adult/adult.test`],
      },
    ],
  },
};

/** The entry of a name. Throws RangeError that lists the names there are. */
export function catalogEntry(name: string): CatalogEntry {
  const known = DATASET_NAMES.find((other) => other === name);
  if (!known) throw new RangeError(`there is no data set "${name}"; known are ${DATASET_NAMES.join(", ")}`);
  return CATALOG[known];
}

function idxFiles(base: string, checks: readonly (readonly [bytes: number, sha256: string])[]): CatalogFile[] {
  const names = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
  ];
  return checks.map(([bytes, sha256], i) => {
    const name = `${names[i]}.gz`;
    return { name, bytes, sha256, urls: [`${base}${name}`] };
  });
}
