import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConcordError } from "./errors.ts";
import { hashSecret, inviteUrl, newSecret, parseInvite, type SecretKind } from "./invites.ts";

const TOKEN = `ci_${"Ab3_-".repeat(6)}xy`;
const LINK = `http://127.0.0.1:7700/join/digits#${TOKEN}`;

describe("secrets", () => {
  it("say what they are for, and hold 192 random bits", () => {
    const kinds: Record<SecretKind, string> = {
      invite: "ci_",
      party: "cp_",
      operator: "co_",
      viewer: "cv_",
      tenant: "ct_",
      once: "c1_",
      own: "cs_",
    };
    for (const [kind, prefix] of Object.entries(kinds) as [SecretKind, string][]) {
      expect(newSecret(kind)).toMatch(new RegExp(`^${prefix}[A-Za-z0-9_-]{32}$`));
    }
    const many = Array.from({ length: 500 }, () => newSecret("party"));
    expect(new Set(many).size).toBe(500);
    // Every one of the 64 letters turns up: nothing is cut off or stuck.
    expect(new Set(many.flatMap((secret) => [...secret.slice(3)])).size).toBe(64);
  });

  it("are kept as their SHA-256 (FIPS 180-4, 'abc')", () => {
    expect(hashSecret("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(hashSecret("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  });
});

describe("an invite link", () => {
  it("is read as it was written", () => {
    const id = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/);
    fc.assert(
      fc.property(
        id,
        fc.constantFrom("http://127.0.0.1:7700", "https://example.org", "http://[::1]:8080"),
        (federation, origin) => {
          const token = newSecret("invite");
          expect(parseInvite(inviteUrl(origin, federation, token))).toEqual({ origin, federation, token });
        },
      ),
      { seed: 7, numRuns: 100 },
    );
  });

  it("keeps its token in the fragment, which is not sent to a server", () => {
    const url = new URL(inviteUrl("https://example.org", "digits", TOKEN));
    expect(url.hash).toBe(`#${TOKEN}`);
    expect(`${url.pathname}${url.search}`).toBe("/join/digits");
  });

  it("may be pasted with space around it", () => {
    expect(parseInvite(` ${LINK}\n`)).toEqual({ origin: "http://127.0.0.1:7700", federation: "digits", token: TOKEN });
  });

  it.each([
    ["no URL", "digits", "it is no URL"],
    ["nothing", "", "it is no URL"],
    ["no protocol", LINK.slice("http:".length), "it is no URL"],
    ["another protocol", LINK.replace("http", "ftp"), "its protocol is ftp:"],
    ["a script", "javascript:alert(1)", "its protocol is javascript:"],
    ["a file", `file:///join/digits#${TOKEN}`, "its protocol is file:"],
    ["another path", LINK.replace("join", "leave"), "its path is /leave/digits"],
    ["no federation", LINK.replace("/digits", "/"), "its path is /join/"],
    ["a longer path", LINK.replace("digits", "digits/more"), "its path is /join/digits/more"],
    ["a path that goes up", LINK.replace("digits", "../admin"), "its path is /admin"],
    ["a federation in capitals", LINK.replace("digits", "Digits"), '"Digits" is no federation'],
    ["a federation that is too long", LINK.replace("digits", "d".repeat(64)), "is no federation"],
    ["a broken escape", LINK.replace("digits", "%zz"), '"%zz" is no federation'],
    ["an escaped slash", LINK.replace("digits", "a%2Fb"), '"a%2Fb" is no federation'],
    ["a query", LINK.replace("#", "?x=1#"), "it holds a query"],
    ["a password", LINK.replace("127", "me:pw@127"), "it holds a user name or password"],
    ["no token", LINK.replace(/#.*/, ""), "its token is missing or damaged"],
    ["an empty token", LINK.replace(/#.*/, "#"), "its token is missing or damaged"],
    ["a token that is cut off", LINK.slice(0, -1), "its token is missing or damaged"],
    ["a token that is too long", `${LINK}a`, "its token is missing or damaged"],
    ["a token with a stray sign", LINK.replace(/.$/, "!"), "its token is missing or damaged"],
    ["a party's key in its place", LINK.replace("#ci_", "#cp_"), "its token is missing or damaged"],
    ["a second fragment", `${LINK}#x`, "its token is missing or damaged"],
  ])("is refused with %s", (_, link, why) => {
    const error = errorOf(() => parseInvite(link));
    expect(error).toMatchObject({ code: "invalid_argument", param: "invite" });
    expect(error.message).toContain(`not an invite link: `);
    expect(error.message).toContain(why);
    expect(error.message).toContain("expected http(s)://HOST/join/FEDERATION#ci_…");
  });

  it("never shows its token in an error", () => {
    const error = errorOf(() => parseInvite(LINK.replace("join", "leave")));
    expect(error.message).not.toContain(TOKEN.slice(3));
  });

  it("of any text is read or refused with the one error class", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl({ withFragments: true, withQueryParameters: true })), (text) => {
        expect(errorOf(() => parseInvite(text)).code).toBe("invalid_argument");
      }),
      { seed: 8, numRuns: 300 },
    );
  });
});

function errorOf(run: () => unknown): ConcordError {
  try {
    run();
  } catch (error) {
    if (error instanceof ConcordError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
