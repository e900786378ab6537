import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const EXPERIMENTS = join(import.meta.dirname, "..", "experiments");

/** A driver with a wrong option would do nothing, or something else, for hours. */
describe.each(["dynamicfl", "personalfr"])("the driver of the experiments with %s", (method) => {
  const drive = (...words: readonly string[]) =>
    spawnSync(process.execPath, [join(EXPERIMENTS, method, "main.ts"), ...words], { encoding: "utf8" });

  it.each([
    [["--only", "headlin"], 'there is no "headlin"; there are headline, '],
    [["--seeds", "1,4", "--list"], 'there is no "4"; there are 1, 2, 3'],
    [["--sets", "headline"], "Unknown option '--sets'"],
    [[method === "dynamicfl" ? "--workers" : "--lanes", "none", "--list"], '"none" is no whole number from 1 on'],
  ])("refuses %j", (words, reason) => {
    const { status, stderr, stdout } = drive(...words);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(reason);
  });

  it("lists what is chosen", () => {
    const { status, stdout } = drive("--list", "--only", "headline", "--seeds", "2");
    expect(status).toBe(0);
    for (const line of stdout.trimEnd().split("\n")) expect(line).toMatch(/^(done|open) {2}headline\/.*-seed2/);
  });
});
