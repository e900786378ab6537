/** Mean and standard deviation (n − 1); the latter null for a single value, both for none. */
export interface Spread {
  readonly average: number | null;
  readonly deviation: number | null;
}

export function spread(values: readonly number[]): Spread {
  if (values.length === 0) return { average: null, deviation: null };
  const average = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - average) ** 2, 0);
  return { average, deviation: values.length < 2 ? null : Math.sqrt(squares / (values.length - 1)) };
}
