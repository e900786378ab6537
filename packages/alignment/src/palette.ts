import { AlignmentError } from "./alignment-error.ts";
import type { Rewards } from "./rewards.ts";
import { columnOf } from "./rewards.ts";
import type { Target } from "./target.ts";
import { parseTarget, showTarget } from "./target.ts";

/** One wish: a target for a value, over all prompts or over one group of them. */
export interface Goal {
  readonly value: string;
  readonly target: Target;
  /** A group of prompts; absent means all. */
  readonly group?: string;
}

/** A palette: what is asked of the values. Values without a goal are not constrained. */
export type Palette = readonly Goal[];

/**
 * A palette from text: goals separated by commas, `value=target` or `value@group=target`.
 * `humor=2.46,gpt2-helpful=mean,harmless@de=q70`. Throws AlignmentError.
 */
export function parsePalette(text: string): Palette {
  return text
    .split(",")
    .filter((part) => part.trim() !== "")
    .map((part) => {
      const at = part.indexOf("=");
      if (at < 1) throw new AlignmentError(`"${part.trim()}" is no goal; write value=target, such as humor=2.46`);
      return goal(part.slice(0, at).trim(), part.slice(at + 1));
    });
}

/** A palette from `{ "humor": 2.46, "gpt2-helpful": "mean", "harmless@de": "q70" }`; a list holds several targets. */
export function paletteFrom(
  targets: Readonly<Record<string, number | string | readonly (number | string)[]>>,
): Palette {
  return Object.entries(targets).flatMap(([name, wanted]) =>
    (Array.isArray(wanted) ? (wanted as readonly (number | string)[]) : [wanted as number | string]).map((target) =>
      goal(name, String(target)),
    ),
  );
}

/** A palette as `parsePalette` reads it. */
export function showPalette(palette: Palette): string {
  return palette.map(({ value, group, target }) => `${nameOf(value, group)}=${showTarget(target)}`).join(",");
}

/**
 * Tells `value@group` apart from a value whose own name has an @, now that the values are known, and refuses names that
 * do not exist, a goal that is there twice, and a palette without goals.
 */
export function bindPalette(rewards: Rewards, palette: Palette): readonly BoundGoal[] {
  if (palette.length === 0) throw new AlignmentError("the palette is empty: name at least one value and its target");
  const bound = palette.map((wanted) => bind(rewards, wanted));
  const seen = new Set<string>();
  for (const { value, group, target } of bound) {
    const name = `${nameOf(value, group)}=${showTarget(target)}`;
    if (seen.has(name)) throw new AlignmentError(`the goal ${name} is there twice`);
    seen.add(name);
  }
  return bound.map((one) => {
    const name = nameOf(one.value, one.group);
    const alone = bound.filter((other) => nameOf(other.value, other.group) === name).length === 1;
    return { ...one, label: alone ? name : `${name}:${showTarget(one.target)}` };
  });
}

export interface BoundGoal extends Goal {
  readonly column: number;
  /** The number of the group, or −1 for all prompts. */
  readonly groupIndex: number;
  /** What results call it: the value, with the group, and with the target where a value has several. */
  readonly label: string;
}

function goal(name: string, target: string): Goal {
  return { value: name, target: parseTarget(target) };
}

function bind(rewards: Rewards, { value, group, target }: Goal): Omit<BoundGoal, "label"> {
  const at = value.lastIndexOf("@");
  if (group === undefined && at > 0 && !rewards.values.includes(value)) {
    return bind(rewards, { value: value.slice(0, at), group: value.slice(at + 1), target });
  }
  const column = columnOf(rewards, value);
  if (group === undefined) return { value, target, column, groupIndex: -1 };
  if (!rewards.groups) throw new AlignmentError(`${value}@${group}: these rewards have no groups of prompts`);
  const groupIndex = rewards.groups.names.indexOf(group);
  if (groupIndex < 0) {
    throw new AlignmentError(`there is no group "${group}"; there are ${rewards.groups.names.join(", ")}`);
  }
  return { value, group, target, column, groupIndex };
}

function nameOf(value: string, group: string | undefined): string {
  return group === undefined ? value : `${value}@${group}`;
}
