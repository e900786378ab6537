import { expect, it } from "vitest";
import { joinStart } from "./join-start.ts";
import type { SavedParty } from "./tab-party.ts";

const token = `ci_${"a".repeat(32)}`;
const saved: SavedParty = {
  kind: "member",
  identity: JSON.stringify({ federation: "digits", party: "p" }),
  source: { kind: "handwriting", seed: "1" },
  paused: false,
};

it("goes on where the tab was before a reload", () => {
  expect(joinStart("digits", "", saved)).toEqual({ kind: "resume", saved });
  expect(joinStart("other", "", saved)).toEqual({ kind: "nothing" });
  expect(joinStart("digits", "", undefined)).toEqual({ kind: "nothing" });
  expect(joinStart("digits", "", { ...saved, identity: "{" })).toEqual({ kind: "nothing" });
});

it("takes a new invite for one, and says that the tab is a party already", () => {
  expect(joinStart("digits", `#${token}`, undefined)).toEqual({ kind: "invited", token, saved: undefined });
  expect(joinStart("digits", `#${token}`, saved)).toEqual({ kind: "invited", token, saved });
  expect(joinStart("other", `#${token}`, saved)).toEqual({ kind: "invited", token, saved: undefined });
});

it("goes on joining where the tab was reloaded before the answer came", () => {
  const identity = JSON.stringify({ federation: "digits", invite: token });
  const joining: SavedParty = { ...saved, kind: "joining", identity };
  expect(joinStart("digits", `#${token}`, joining)).toEqual({ kind: "resume", saved: joining });
  expect(joinStart("digits", "", joining)).toEqual({ kind: "resume", saved: joining });
  const other = `ci_${"b".repeat(32)}`;
  expect(joinStart("digits", `#${other}`, joining)).toEqual({ kind: "invited", token: other, saved: joining });
});

it("knows a link that lost a part on its way", () => {
  expect(joinStart("digits", "#ci_short", undefined)).toEqual({ kind: "damaged" });
  expect(joinStart("digits", "#section", saved)).toEqual({ kind: "damaged" });
});
