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
 * Tells which names are in a list such as "headline,grid"; all of them where none is given. A list with another name ends
 * the process with exit code 2.
 */
export function among(option: string, list: string | undefined, all: Iterable<string>): (name: string) => boolean {
  const names = new Set(all);
  const chosen = list?.split(",") ?? [...names];
  const unknown = chosen.find((name) => !names.has(name));
  if (unknown !== undefined) refuse(`--${option}: there is no "${unknown}"; there are ${[...names].join(", ")}`);
  return (name) => chosen.includes(name);
}

/** How many runs go side by side. */
export function lanes(option: string, text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1) return count;
  return refuse(`--${option}: "${text}" is no whole number from 1 on`);
}

function refuse(message: string): never {
  console.error(message);
  process.exit(2);
}
