/** What distinguishes the data sets that come as the four IDX files of MNIST. */
export interface IdxFamily {
  readonly name: string;
  readonly classNames: readonly string[];
  /** Mean and standard deviation of the training pixels, on the scale 0 … 1. */
  readonly mean: number;
  readonly deviation: number;
}

export const MNIST: IdxFamily = {
  name: "mnist",
  classNames: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
  mean: 0.1307,
  deviation: 0.3081,
};

export const FASHION_MNIST: IdxFamily = {
  name: "fashion-mnist",
  classNames: [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
  ],
  mean: 0.286,
  deviation: 0.353,
};

/** Mean and deviation of the pixels, 0 … 1, as everybody in a federation over a known data set uses them. */
export function knownPixels(name: string): Pick<IdxFamily, "mean" | "deviation"> | undefined {
  return [MNIST, FASHION_MNIST].find((family) => family.name === name);
}
