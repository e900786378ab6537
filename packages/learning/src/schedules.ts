/** A multiplier of the learning rate as a function of the round; rounds are counted from 1. */
export type Schedule = (round: number) => number;

/** 1 in every round. */
export const constantSchedule: Schedule = () => 1;

/**
 * Cosine annealing without restarts (Loshchilov and Hutter 2017, arXiv:1608.03983, eq. 5):
 * floor + (1 − floor) (1 + cos(π t / rounds)) / 2 after t = round − 1 rounds: 1 in the first
 * round, `floor` from round `rounds` + 1 on.
 */
export function cosineSchedule(rounds: number, floor = 0): Schedule {
  return (round) => floor + ((1 - floor) * (1 + Math.cos(Math.PI * progress(round, rounds)))) / 2;
}

/** A straight line from 1 in the first round to `end` in round `rounds` + 1, and `end` after it. */
export function linearSchedule(rounds: number, end = 0): Schedule {
  return (round) => 1 + (end - 1) * progress(round, rounds);
}

/** The share of the schedule that is over, in [0, 1]. Throws RangeError for a round or a length below 1. */
function progress(round: number, rounds: number): number {
  if (!(round >= 1)) throw new RangeError(`rounds are counted from 1, got ${round}`);
  if (!(rounds >= 1)) throw new RangeError(`a schedule needs at least 1 round, got ${rounds}`);
  return Math.min(1, (round - 1) / rounds);
}
