/** A value as the text of a JSON column; null stays SQL's null. */
export function toJson<T>(value: T): T extends null ? string | null : string;
export function toJson(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}

/** What a JSON column holds; text that is not JSON is given as it is, for the record's schema to refuse. */
export function fromJson(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
