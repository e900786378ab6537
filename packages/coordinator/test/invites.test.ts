import { algorithmSpecSchema } from "@concord/federation";
import { newSecret, parseInvite } from "@concord/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Coordinator } from "../src/index.ts";
import { invite, joinAs, json, leaseOf, send } from "./fake-party.ts";
import { startInMemory, tinySpec, untilEvent } from "./federation.ts";
import { manualClock } from "./manual-clock.ts";

let coordinator: Coordinator;
const { clock, advance } = manualClock(() => coordinator.settled());

beforeEach(async () => {
  coordinator = await startInMemory({
    clock,
    sample: async (n) => ({ images: Uint8Array.of(n, 1), labels: Uint8Array.of(n, 2) }),
  });
  await coordinator.createFederation("tiny", tinySpec({ minimumParties: 100 }));
});
afterEach(() => coordinator.close());

const join = (token: string, more: object = {}, federation = "tiny") =>
  send(coordinator.url, "POST", "/v1/join", {
    federation,
    invite: token,
    examples: 5,
    heldOut: 0,
    client: "test",
    ...more,
  });

describe("an invite", () => {
  it("is a link to the page that joins, with the token in the fragment", async () => {
    const { url, expiresAt } = await coordinator.createInvite("tiny", { expiresInSeconds: 60 });
    expect(parseInvite(url)).toMatchObject({ origin: coordinator.url, federation: "tiny" });
    expect(Date.parse(expiresAt)).toBe(clock.now() + 60_000);
    await untilEvent(coordinator, "tiny", "invite.created");
  });

  it("says what it leads to without being used up", async () => {
    const token = await invite(coordinator, "tiny", "a");
    for (let i = 0; i < 2; i++) {
      const answer = await send(coordinator.url, "POST", "/v1/invites/inspect", { federation: "tiny", invite: token });
      expect(await json(answer)).toMatchObject({
        federation: { id: "tiny", spec: { name: "Tiny" } },
        status: "waiting",
        parties: 0,
        round: 0,
        sample: true,
      });
    }
    expect((await join(token)).status).toBe(201);
  });

  it("serves once", async () => {
    const token = await invite(coordinator, "tiny", "a");
    expect(await json(await join(token))).toMatchObject({ party: "a", key: expect.stringMatching(/^cp_/) });
    await expect(json(await join(token))).rejects.toMatchObject({
      code: "gone",
      message: expect.stringContaining("has been used"),
    });
    const event = await untilEvent(coordinator, "tiny", "update.refused");
    expect(event).toMatchObject({ party: null, code: "gone", reason: expect.stringContaining("has been used") });
    expect(await coordinator.parties("tiny")).toHaveLength(1);
  });

  it("serves as often as it says, also when all come at once", async () => {
    const { url } = await coordinator.createInvite("tiny", { uses: 3 });
    const { token } = parseInvite(url);
    const answers = await Promise.all(Array.from({ length: 6 }, () => join(token, { name: "Élodie & Co." })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 201, 410, 410, 410]);
    const parties = await coordinator.parties("tiny");
    expect(parties.map(({ id }) => id)).toEqual(["e-lodie-co", "e-lodie-co-2", "e-lodie-co-3"]);
    expect(parties[0]?.name).toBe("Élodie & Co.");
  });

  it("expires", async () => {
    const { url } = await coordinator.createInvite("tiny", { expiresInSeconds: 60 });
    const { token } = parseInvite(url);
    await advance(60);
    await expect(json(await join(token))).rejects.toMatchObject({
      code: "gone",
      message: expect.stringContaining("expired at 2030-"),
    });
    const event = await untilEvent(coordinator, "tiny", "update.refused");
    expect(event).toMatchObject({ party: null, code: "gone", reason: expect.stringContaining("expired") });
  });

  it("of another federation, or of none, does not serve", async () => {
    await coordinator.createFederation("other", tinySpec());
    const token = await invite(coordinator, "other", "a");
    await expect(json(await join(token))).rejects.toMatchObject({ code: "not_found", param: "invite" });
    await expect(json(await join(token, {}, "nowhere"))).rejects.toMatchObject({ code: "not_found", param: "invite" });
    await expect(json(await join(`ci_${"x".repeat(32)}`))).rejects.toMatchObject({ code: "not_found" });
    expect((await join(token, {}, "other")).status).toBe(201);
  });

  it("for a certain party is not made twice, nor for one that is there", async () => {
    const first = await invite(coordinator, "tiny", "a");
    const second = await invite(coordinator, "tiny", "a");
    await join(first);
    await expect(json(await join(second))).rejects.toMatchObject({ code: "failed_precondition" });
    await expect(coordinator.createInvite("tiny", { party: "a" })).rejects.toMatchObject({
      code: "failed_precondition",
    });
    await expect(coordinator.createInvite("tiny", { party: "b", uses: 2 })).rejects.toMatchObject({
      code: "invalid_argument",
    });
  });

  it("gives examples to a guest who brings none, the same each time", async () => {
    const tokens = [await invite(coordinator, "tiny", "a"), await invite(coordinator, "tiny", "b")];
    const sample = async (part: string, token: string | undefined) => {
      const body = { federation: "tiny", invite: token };
      const answer = await send(coordinator.url, "POST", `/v1/invites/sample/${part}`, body);
      if (!answer.ok) return json(answer);
      return [...new Uint8Array(await answer.arrayBuffer())];
    };
    expect(await sample("images", tokens[0])).toEqual([0, 1]);
    expect(await sample("images", tokens[1])).toEqual([1, 1]);
    expect(await sample("labels", tokens[0])).toEqual([0, 2]);
    await expect(sample("labels", `ci_${"x".repeat(32)}`)).rejects.toMatchObject({ code: "not_found" });
    await expect(sample("secrets", tokens[0])).rejects.toMatchObject({ code: "invalid_argument" });
  });
});

describe("joining", () => {
  it("gives guests names of their own", async () => {
    for (let i = 0; i < 2; i++) await join(parseInvite((await coordinator.createInvite("tiny")).url).token);
    expect((await coordinator.parties("tiny")).map(({ id, name }) => [id, name])).toEqual([
      ["guest-1", "guest-1"],
      ["guest-2", "guest-2"],
    ]);
  });

  it("takes as many label counts as there are classes, and shows them", async () => {
    await joinAs(coordinator, "tiny", "a", { labels: [1, 2, 3] });
    await joinAs(coordinator, "tiny", "b");
    await expect(joinAs(coordinator, "tiny", "c", { labels: [1, 2] })).rejects.toMatchObject({
      code: "invalid_argument",
      param: "labels",
      message: "2 label counts for 3 classes",
    });
    expect((await coordinator.parties("tiny")).map(({ labels }) => labels)).toEqual([[1, 2, 3], null]);
  });

  it("is refused without labels where the algorithm chooses by them, and does not use up the invite", async () => {
    const algorithm = algorithmSpecSchema.parse({ kind: "dynamicfl", localSteps: 4, levels: ["a", "g"], p: 0.5 });
    await coordinator.createFederation("chosen", tinySpec({ algorithm, minimumParties: 100 }));
    await expect(joinAs(coordinator, "chosen", "a")).rejects.toMatchObject({
      code: "invalid_argument",
      status: 400,
      param: "labels",
      message: expect.stringContaining("labels is missing: this federation chooses by labels"),
    });
    await expect(joinAs(coordinator, "chosen", "a", { labels: [0, 0, 0] })).rejects.toMatchObject({
      param: "labels",
      message: "labels counts no example of any class: expected at least one",
    });
    const { token } = parseInvite((await coordinator.createInvite("chosen")).url);
    await expect(json(await join(token, {}, "chosen"))).rejects.toMatchObject({ status: 400, param: "labels" });
    expect((await join(token, { labels: [1, 0, 2] }, "chosen")).status).toBe(201);
    expect((await coordinator.parties("chosen")).map(({ labels }) => labels)).toEqual([[1, 0, 2]]);
  });

  it("with a key of one's own may be repeated when the answer was lost", async () => {
    const token = await invite(coordinator, "tiny", "a");
    const key = newSecret("party");
    const first = await json(await join(token, { key }));
    expect(first).toMatchObject({ party: "a", key });
    expect(await json(await join(token, { key }))).toEqual(first);
    await expect(json(await join(token, { key: newSecret("party") }))).rejects.toMatchObject({ code: "gone" });
    await expect(json(await join(token, { key: "cp_short" }))).rejects.toMatchObject({ code: "invalid_argument" });
    expect(await coordinator.parties("tiny")).toHaveLength(1);
    await coordinator.createFederation("other", tinySpec());
    const other = await invite(coordinator, "other", "a");
    await expect(json(await join(other, { key }, "other"))).rejects.toMatchObject({ code: "permission_denied" });
  });

  it("is over when the federation is", async () => {
    const token = await invite(coordinator, "tiny", "a");
    await coordinator.stop("tiny");
    await expect(json(await join(token))).rejects.toMatchObject({ code: "failed_precondition" });
    await expect(coordinator.createInvite("tiny")).rejects.toMatchObject({ code: "failed_precondition" });
    await expect(coordinator.stop("tiny")).rejects.toMatchObject({ code: "failed_precondition" });
  });

  it("between rounds makes a candidate of the next", async () => {
    await coordinator.createFederation("open", tinySpec({ rounds: 2, evaluation: { every: 5, parties: "all" } }));
    const a = await joinAs(coordinator, "open", "a", { heldOut: 0 });
    const work = await a.work();
    const b = await joinAs(coordinator, "open", "b", { heldOut: 0 });
    expect(await b.work(0)).toMatchObject({ kind: "wait" });
    await a.train(work, 1);
    expect(leaseOf(await b.work(), "train").lease.round).toBe(2);
  });
});
