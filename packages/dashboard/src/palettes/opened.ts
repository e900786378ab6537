import type { PilotSource, PilotView } from "./pilot.ts";
import type { Wishes } from "./wishes.ts";
import { firstWishes } from "./wishes.ts";

/** Sliders, and the goals that have none. */
export interface Begun {
  readonly wishes: Wishes;
  readonly left: readonly string[];
}

/** Rewards that are open, and the sliders that they begin with. */
export interface Opened extends Begun {
  readonly pilot: PilotView;
  /** Counts what has been opened in this tab. */
  readonly turn: number;
}

/** Opens rewards; `begin` says where the sliders stand once the values are known. */
export type Opening = (read: () => Promise<PilotSource>, begin?: (pilot: PilotView) => Begun) => void;

/** The usual start: everything is held where the base model has it. */
export function fromTheBase(pilot: PilotView): Begun {
  return { wishes: firstWishes(pilot), left: [] };
}
