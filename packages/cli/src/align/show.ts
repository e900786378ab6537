/** A number for people: four digits, an exponent only where it helps. */
export function showNumber(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const text = value.toPrecision(4);
  return text.includes("e") ? text : String(Number(text));
}

/** 0 for what is rounding where numbers are about 1. */
export function roundOff(value: number | undefined): number | undefined {
  return value !== undefined && Math.abs(value) < 1e-9 ? 0 : value;
}
