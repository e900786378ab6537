import { type ParseArgsConfig, parseArgs } from "node:util";

/** The options of a driver, as `parseArgs` reads them. What it does not know ends the process with exit code 2. */
export function optionsOf<const T extends NonNullable<ParseArgsConfig["options"]>>(options: T) {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    const known = Object.keys(options).map((name) => `--${name}`);
    return refuse(`${error instanceof Error ? error.message : error}\nOptions: ${known.join(", ")}`);
  }
}

/**
 * Tells whether an item is of a name in a list such as "headline,grid"; every item is where no list is given. A list with a name
 * that no item has ends the process with exit code 2.
 */
export function chosen<T>(
  option: string,
  list: string | undefined,
  items: readonly T[],
  nameOf: (item: T) => string,
): (item: T) => boolean {
  if (list === undefined) return () => true;
  const names = new Set(items.map(nameOf));
  const wanted = list.split(",");
  const unknown = wanted.find((name) => !names.has(name));
  if (unknown !== undefined) refuse(`--${option}: there is no "${unknown}"; there are ${[...names].join(", ")}`);
  return (item) => wanted.includes(nameOf(item));
}

/** How many runs go side by side. */
export function laneCount(option: string, text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1) return count;
  return refuse(`--${option}: "${text}" is no whole number from 1 on`);
}

function refuse(message: string): never {
  console.error(message);
  process.exit(2);
}
