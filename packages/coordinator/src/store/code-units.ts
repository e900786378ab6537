/**
 * Ascending order of strings, code unit by code unit: the order of `<`, which is the party order of plans. Databases
 * compare code points or follow a locale, so stores sort with this instead.
 */
export function byCodeUnits<T>(key: (item: T) => string): (a: T, b: T) => number {
  return (a, b) => {
    const [x, y] = [key(a), key(b)];
    return x < y ? -1 : x > y ? 1 : 0;
  };
}
