import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { repeatedKey } from "./json-keys.ts";

describe("repeatedKey", () => {
  it("finds a key that one object holds twice, at any depth and however it is written", () => {
    expect(repeatedKey('{"a":1,"b":2,"a":3}')).toBe("a");
    expect(repeatedKey('{"x":[{"a":1},{"b":1, "b" : 2}]}')).toBe("b");
    expect(repeatedKey('{"a":1,"\\u0061":2}')).toBe("a");
    expect(repeatedKey('{"__proto__":1,"__proto__":2}')).toBe("__proto__");
    expect(repeatedKey('{"a":{"a":1},"a":2}')).toBe("a");
    expect(repeatedKey('{"\\"":1,"\\"":2}')).toBe('"');
  });

  it("is not misled by values, by other objects, or by braces and colons in text", () => {
    expect(repeatedKey('{"a":"a","b":["a","a"],"c":{"a":1},"d":{"a":1}}')).toBeUndefined();
    expect(repeatedKey('{"a":"{\\"a\\":1}","b":"a\\\\"}')).toBeUndefined();
    expect(repeatedKey("[]")).toBeUndefined();
  });

  it("finds none in what JSON.stringify writes", () => {
    fc.assert(
      fc.property(fc.json(), (json) => repeatedKey(json) === undefined),
      { seed: 1, numRuns: 300 },
    );
  });
});
