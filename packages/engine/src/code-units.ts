/**
 * The one order of names in the house: ascending, code unit by code unit, as `<` compares them. It is the same on every
 * machine, where a locale is not, and databases compare code points instead.
 */
export function compareCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The same order, for items by a name of theirs. */
export function byCodeUnits<T>(name: (item: T) => string): (a: T, b: T) => number {
  return (a, b) => compareCodeUnits(name(a), name(b));
}
