/** The y axis of an accuracy in percent: the full hundred from low values, closer in once everything is high. */
export function accuracyRange(least: number, most: number): [number, number] {
  const floor = least >= 90 ? 80 : least >= 70 ? 50 : 0;
  return [floor, most <= 25 && floor === 0 ? 50 : 100];
}

/** The y axis of a loss: from 0 to a round number above the highest value, so that it moves in few steps. */
export function lossRange(_least: number, most: number): [number, number] {
  if (!(most > 0) || !Number.isFinite(most)) return [0, 1];
  const unit = 10 ** Math.floor(Math.log10(most));
  const step = [1, 1.5, 2, 3, 4, 5, 7.5, 10].find((multiple) => multiple * unit >= most * 1.02) ?? 15;
  return [0, step * unit];
}
