import { existsSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Line, RunningFederation } from "./running-federation.ts";
import { CHROMIUM, inviteFrom, joinIn, runningFederation, until } from "./running-federation.ts";

/** Which examples a guest's tab trains on where they are not generated. */
const data = process.env.CONCORD_DATA;
const ready = existsSync(CHROMIUM) && data !== undefined && existsSync(`${data}/fashion-mnist`);

describe.skipIf(!ready)("a guest of a federation on Fashion-MNIST (needs Chromium and CONCORD_DATA)", () => {
  let federation: RunningFederation;
  let page: Page;
  beforeAll(async () => {
    federation = await runningFederation("fashion-mnist", {});
    page = await federation.open(federation.address);
  });
  afterAll(() => federation?.stop());

  test("takes the operator's sample, and has it after a reload", async () => {
    const tab = await federation.open(await inviteFrom(page));
    const party = await joinIn(tab, federation);
    await federation.counted(party, 1);
    await tab.reload();
    await tab.getByText("This tab takes part as").waitFor();
    await federation.counted(party, federation.accepted(party) + 2);
    expect(await tab.locator("body").textContent()).toContain("fashion-mnist");
    // A closed tab says so: the others do not wait for it until a deadline.
    await tab.close({ runBeforeUnload: true });
    const paused = ({ type, party: by, status }: Line) =>
      type === "party.status" && by === party && status === "paused";
    await until(() => federation.lines.filter(paused).length === 2);
  });

  test("brings IDX files of its own", async () => {
    const tab = await federation.open(await inviteFrom(page));
    await tab.getByText("My own files").click();
    const [images, labels] = [tab.locator("input[type=file]").nth(0), tab.locator("input[type=file]").nth(1)];
    await images.setInputFiles({ name: "images.idx", mimeType: "application/octet-stream", buffer: idx([40, 28, 28]) });
    await labels.setInputFiles({ name: "labels.idx", mimeType: "application/octet-stream", buffer: idx([40]) });
    const party = await joinIn(tab, federation);
    await federation.counted(party, 1);
    expect(federation.lines.find((line) => line.type === "party.joined" && line.party === party)).toMatchObject({
      examples: 32,
    });
    await tab.close();
  });
});

/** An IDX file of bytes 0 … 9 in turn. */
function idx(shape: readonly number[]): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt32BE(0x0800 + shape.length);
  for (const [i, axis] of shape.entries()) header.writeUInt32BE(axis, 4 + 4 * i);
  const size = shape.reduce((product, axis) => product * axis, 1);
  return Buffer.concat([header, Buffer.from(Array.from({ length: size }, (_, i) => i % 10))]);
}
