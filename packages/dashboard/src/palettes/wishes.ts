import type { DualKind, GoalResult, Palette } from "@concord/alignment";
import type { PilotView } from "./pilot.ts";

/** What is asked of one value: at least this level, while it is on. */
export interface Wish {
  readonly value: string;
  readonly on: boolean;
  readonly level: number;
}

/** What the sliders say. */
export interface Wishes {
  readonly dual: DualKind;
  /** In the order of the pilot's values. */
  readonly list: readonly Wish[];
}

export type WishChange =
  | { readonly kind: "level"; readonly value: string; readonly level: number }
  | { readonly kind: "switch"; readonly value: string; readonly on: boolean }
  | { readonly kind: "dual"; readonly dual: DualKind }
  /** Levels by value, all at once: the nearest reachable palette, or one of the gateway. */
  | { readonly kind: "take"; readonly levels: Readonly<Record<string, number>> }
  /** Everything as it was at another time. */
  | { readonly kind: "all"; readonly wishes: Wishes };

/** The start: every value is held where the base model has it. */
export function firstWishes({ values, severalAnswers }: PilotView): Wishes {
  const dual = severalAnswers ? "per-prompt" : "joint";
  return {
    dual,
    list: values.map(({ name, base, constant }) => ({ value: name, on: !constant, level: base[dual] })),
  };
}

export function changeWishes(wishes: Wishes, change: WishChange): Wishes {
  switch (change.kind) {
    case "level":
      return changeOne(wishes, change.value, { level: change.level, on: true });
    case "switch":
      return changeOne(wishes, change.value, { on: change.on });
    case "dual":
      return { ...wishes, dual: change.dual };
    case "all":
      return change.wishes;
    case "take":
      return {
        ...wishes,
        list: wishes.list.map((wish) => {
          const level = Object.hasOwn(change.levels, wish.value) ? change.levels[wish.value] : undefined;
          return level === undefined ? wish : { ...wish, level };
        }),
      };
  }
}

function changeOne(wishes: Wishes, value: string, change: Partial<Wish>): Wishes {
  return { ...wishes, list: wishes.list.map((wish) => (wish.value === value ? { ...wish, ...change } : wish)) };
}

/** The palette that the sliders ask for. */
export function paletteOf({ list }: Wishes): Palette {
  return list.flatMap(({ value, on, level }) => (on ? [{ value, target: { kind: "level", level } } as const] : []));
}

/** What is held while one value moves. */
export function othersOf(wishes: Wishes, value: string): Palette {
  return paletteOf(wishes).filter((goal) => goal.value !== value);
}

/** Text for `--target` and for the gateway: the levels in full, so that they solve to the same multipliers. */
export function targetsOf(wishes: Wishes): Record<string, number> {
  return Object.fromEntries(wishes.list.flatMap(({ value, on, level }) => (on ? [[value, level]] : [])));
}

/**
 * Sliders for goals that somebody else has set: a value takes the highest of its levels, values without one are off. Goals
 * that bound a share or a group have no slider; `left` names them.
 */
export function wishesFor(view: PilotView, goals: readonly Pick<GoalResult, "value" | "target" | "level">[]) {
  const start = firstWishes(view);
  const left: string[] = [];
  const levels = new Map<string, number>();
  for (const { value, target, level } of goals) {
    if (/^p.*>=/.test(target) || !start.list.some((wish) => wish.value === value)) left.push(`${value}=${target}`);
    else levels.set(value, Math.max(level, levels.get(value) ?? -Infinity));
  }
  const list = start.list.map((wish) => ({
    ...wish,
    on: levels.has(wish.value),
    level: levels.get(wish.value) ?? wish.level,
  }));
  return { wishes: { ...start, list }, left };
}
