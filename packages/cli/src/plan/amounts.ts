import { z } from "zod";

/** Seconds of `30s`, `1.5m`, `2h`, `250ms`; a number alone means seconds. Undefined for anything else. */
function parseDuration(text: string): number | undefined {
  return parseAmount(text, { "": 1, ms: 0.001, s: 1, m: 60, min: 60, h: 3600 });
}

/** Bytes of `1500`, `12kB`, `3MB`, `1.5MiB`. Undefined for anything else. */
function parseSize(text: string): number | undefined {
  const bytes = parseAmount(text, { "": 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 });
  return bytes === undefined ? undefined : Math.round(bytes);
}

export const durationOption = amountOption(
  parseDuration,
  (seconds) => seconds > 0 && seconds <= 1e9,
  "expected a duration above 0 such as 30s, 5m or 2h",
);

export const sizeOption = amountOption(
  parseSize,
  (bytes) => bytes <= 1e15,
  "expected a number of bytes such as 1500, 12kB or 3MiB",
);

function parseAmount(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const factor = Object.hasOwn(units, unit.toLowerCase()) ? units[unit.toLowerCase()] : undefined;
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
}

function amountOption(
  parse: (text: string) => number | undefined,
  holds: (value: number) => boolean,
  expected: string,
) {
  return z.string({ error: expected }).transform((text, context) => {
    const value = parse(text);
    if (value !== undefined && holds(value)) return value;
    context.addIssue({ code: "custom", message: expected });
    return z.NEVER;
  });
}
