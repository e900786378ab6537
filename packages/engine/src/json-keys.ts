/**
 * The first key that an object of this JSON text holds twice, at any depth, or undefined. `JSON.parse` keeps the last of
 * such entries in silence, so that two readers of one text may see different things.
 *
 * The text must be valid JSON (parse it first): then a string is a key just where a colon follows it.
 */
export function repeatedKey(json: string): string | undefined {
  const objects: Set<string>[] = [];
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === "{") objects.push(new Set());
    else if (character === "}") objects.pop();
    else if (character === '"') {
      const end = closingQuote(json, at);
      if (colonFollows(json, end + 1)) {
        const key = JSON.parse(json.slice(at, end + 1)) as string;
        const keys = objects.at(-1);
        if (keys?.has(key)) return key;
        keys?.add(key);
      }
      at = end;
    }
  }
  return undefined;
}

function closingQuote(json: string, opening: number): number {
  for (let at = opening + 1; at < json.length; at++) {
    if (json[at] === "\\") at++;
    else if (json[at] === '"') return at;
  }
  return json.length;
}

function colonFollows(json: string, from: number): boolean {
  let at = from;
  while (at < json.length && " \t\n\r".includes(json.charAt(at))) at++;
  return json[at] === ":";
}
