import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const CONCORD = fileURLToPath(new URL("../bin/concord.js", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `concord align …` as a user does. */
function align(words: readonly string[], input?: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CONCORD, "align", ...words]);
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject).on("close", (code) => resolve({ code, stdout, stderr }));
    child.stdin.on("error", () => {}).end(input);
  });
}

const json = ({ stdout }: Ended) => JSON.parse(stdout.trim().split("\n").at(-1) ?? "");

/** Two values that work against each other, on 60 prompts with four answers each. */
const ROWS = Array.from({ length: 240 }, (_, j) => {
  const x = Math.sin(12.9 * j) + Math.cos(7.7 * j);
  return { prompt_id: `p${j % 60}`, lang: j % 3 === 0 ? "de" : "en", fun: x, care: 0.5 * Math.sin(3.1 * j) - 0.4 * x };
});
const CSV = `prompt_id,lang,fun,care\n${ROWS.map((row) => Object.values(row).join(",")).join("\n")}\n`;

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "concord-align-"));
  file = join(folder, "rewards.csv");
  await writeFile(file, CSV);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("concord align solve", () => {
  it("prints one JSON object with everything that a program needs", async () => {
    const ended = await align(["solve", "--rewards", file, "--target", "fun=0.5,care=mean", "--json"]);
    expect(ended.code).toBe(0);
    expect(ended.stdout.trim().split("\n")).toHaveLength(1);
    const solution = json(ended);
    expect(solution).toMatchObject({ feasible: true, realised: { fun: expect.closeTo(0.5, 8) } });
    expect(Object.keys(solution.lambda)).toEqual(["fun", "care"]);
    for (const field of ["slack", "kl", "ess", "kkt"]) expect(solution[field]).toBeTypeOf("number");
    expect(solution.kkt).toBeLessThanOrEqual(1e-8);
    expect(solution.verdict).toMatch(/^reachable/);
  });

  it("reads CSV, JSON and JSON Lines, from a file or piped, to the same answer", async () => {
    const target = ["--target", "fun=q70", "--json"];
    const expected = json(await align(["solve", "--rewards", file, ...target])).lambda;
    const inputs = [CSV, JSON.stringify(ROWS), ROWS.map((row) => JSON.stringify(row)).join("\n")];
    for (const input of inputs) {
      expect(json(await align(["solve", ...target], input)).lambda).toEqual(expected);
      expect(json(await align(["solve", "--rewards", "-", ...target], input)).lambda).toEqual(expected);
    }
  });

  it("takes a palette as a file, several --target, and every form of target", async () => {
    const palette = join(folder, "palette.json");
    await writeFile(palette, JSON.stringify({ care: ["p40>=0", "mean"] }));
    const words = ["--target", "fun=q55", "--target", "fun=-1", "--palette", palette];
    const solution = json(await align(["solve", "--rewards", file, ...words, "--json"]));
    expect(Object.keys(solution.lambda)).toEqual(["fun:q55", "fun:-1", "care:p40>=0", "care:mean"]);
    expect(solution.realised["care:p40>=0"]).toBeGreaterThanOrEqual(0.4 - 1e-8);
  });

  it("ends with 1 where the palette cannot be reached, and says why and what could be", async () => {
    const ended = await align(["solve", "--rewards", file, "--target", "fun=1.5,care=0.9", "--json"]);
    expect(ended.code).toBe(1);
    const solution = json(ended);
    expect(solution).toMatchObject({ feasible: false, conflict: ["fun", "care"] });
    expect(solution.slack).toBeLessThan(0);
    expect(solution.nearest.fun).toBeLessThan(1.5);
    const near = `fun=${solution.nearest.fun},care=${solution.nearest.care}`;
    expect((await align(["solve", "--rewards", file, "--target", near])).code).toBe(0);
  });

  it("solves for the candidates of each prompt, and for groups of prompts", async () => {
    const perPrompt = json(
      await align(["solve", "--rewards", file, "--target", "fun=0.5", "--dual", "per-prompt", "--json"]),
    );
    expect(perPrompt).toMatchObject({ dual: "per-prompt", prompts: 60, feasible: true });
    const words = ["--group-column", "lang", "--prompt-column", "prompt_id", "--target", "fun@de=0.4"];
    const grouped = json(await align(["solve", "--rewards", file, ...words, "--json"]));
    expect(grouped.realised["fun@de"]).toBeCloseTo(0.4, 8);
  });

  it("adds prices, intervals and a held-out check, seeded", async () => {
    const words = ["--target", "fun=0.4", "--prices", "--bootstrap", "30", "--held-out", "5", "--seed", "3", "--json"];
    const once = await align(["solve", "--rewards", file, ...words]);
    const solution = json(once);
    expect(solution.prices.kl.fun).toBeCloseTo(solution.lambda.fun, 10);
    expect(solution.prices.levels.fun.care).toBeLessThan(0);
    expect(solution.bootstrap.lambda.fun[0]).toBeLessThan(solution.lambda.fun);
    expect(solution.heldOut.miss.fun.sd).toBeGreaterThan(0);
    expect((await align(["solve", "--rewards", file, ...words])).stdout).toBe(once.stdout);
  });

  it.each([
    [["--target", "joy=1"], 'there is no value "joy"; the rewards have fun, care'],
    [["--target", "fun=lots"], '"lots" is no target; write a level such as 2.46'],
    [["--target", "prompt_id=1"], 'no value "prompt_id"'],
    [["--target", "fun"], "write value=target"],
    [[], "name what you want: --target"],
    [["--target", "fun=1", "--dual", "both"], "--dual: expected joint or per-prompt"],
    [["--target", "fun=1", "--prompt-column", "q"], 'no prompt column "q"'],
    [["--target", "fun=1", "--rewards", "nowhere.csv"], "cannot read nowhere.csv: ENOENT"],
  ])("ends with 2 for %j", async (words, reason) => {
    const ended = await align(["solve", "--rewards", file, ...words, "--json"]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain(reason);
    expect(json(ended)).toMatchObject({ type: "error", message: expect.stringContaining(reason) });
  });

  it("refuses the per-prompt dual where prompts have one answer", async () => {
    const ended = await align(["solve", "--target", "v=mean", "--dual", "per-prompt"], "prompt_id,v\n1,2\n2,3\n3,4\n");
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("at least 90 % of the prompts");
  });
});

describe("the other commands of concord align", () => {
  it("frontier spends a KL budget, or asks what so many candidates can do", async () => {
    const words = ["frontier", "--rewards", file, "--raise", "fun", "--target", "care=-0.1", "--points", "4", "--json"];
    const found = json(await align([...words, "--kl", "0.05"]));
    expect(found.best.kl).toBeCloseTo(0.05, 8);
    expect(found.points).toHaveLength(4);
    expect(json(await align([...words, "--candidates", "3"]))).toMatchObject({
      dual: "per-prompt",
      boundBy: "candidates",
    });
    expect((await align(["frontier", "--rewards", file])).stderr).toContain("name the value to raise");
  });

  it("sequential ends at the joint solution", async () => {
    const target = ["--rewards", file, "--target", "fun=0.3,care=0.05", "--json"];
    const result = json(await align(["sequential", ...target]));
    const joint = json(await align(["solve", ...target]));
    expect(result).toMatchObject({ type: "result", converged: true });
    expect(result.lambda.fun).toBeCloseTo(joint.lambda.fun, 6);
    expect(json(await align(["sequential", ...target, "--scheme", "as-printed", "--cycles", "2"])).cycles).toBe(2);
  });

  it("describe shows distributions, variance within prompts and correlations", async () => {
    const found = json(await align(["describe", "--rewards", file, "--json"]));
    expect(found).toMatchObject({ samples: 240, prompts: 60, promptsAnsweredTwice: 60 });
    expect(found.correlations.fun.care).toBeLessThan(-0.3);
    expect(found.values[0].withinShare).toBeGreaterThan(0);
    expect((await align(["describe", "--rewards", file])).stdout).toContain("240 answers to 60 prompts");
  });

  it("decode picks among candidates by softmax of λ·r, the same for the same seed, at the rates that it states", async () => {
    const solution = join(folder, "solution.json");
    await writeFile(solution, (await align(["solve", "--rewards", file, "--target", "fun=0.5", "--json"])).stdout);
    const { lambda } = JSON.parse(await readFile(solution, "utf8"));
    const sets = Array.from({ length: 400 }, (_, p) => ({
      prompt_id: p,
      candidates: [0, 1, 2].map((i) => ({ text: `answer ${i}`, rewards: { fun: i, care: 0 } })),
    }));
    const lines = sets.map((set) => JSON.stringify(set)).join("\n");
    const once = await align(["decode", "--solution", solution, "--seed", "5"], lines);
    const chosen = once.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(chosen).toHaveLength(400);
    expect(chosen[7]).toMatchObject({ prompt_id: 7, chosen: { text: `answer ${chosen[7].index}` } });
    const e = Math.exp(lambda.fun);
    const share = (e * e) / (1 + e + e * e);
    expect(chosen[0].weights[2]).toBeCloseTo(share, 10);
    expect(Math.abs(chosen.filter(({ index }) => index === 2).length / 400 - share)).toBeLessThan(0.1);
    expect((await align(["decode", "--solution", solution, "--seed", "5"], lines)).stdout).toBe(once.stdout);
    expect((await align(["decode", "--solution", solution, "--seed", "6"], lines)).stdout).not.toBe(once.stdout);
    const best = await align(["decode", "--lambda", "fun=1", "--pick", "best"], lines);
    expect(best.stdout.split("\n").filter((line) => line.includes('"index":2'))).toHaveLength(400);
    // A candidate a line: the lines of a prompt belong together.
    const flat =
      '{"prompt_id":"a","text":"x","fun":1}\n{"prompt_id":"b","text":"y","fun":9}\n{"prompt_id":"a","text":"z","fun":90}\n';
    const picked = (await align(["decode", "--lambda", "fun=1"], flat)).stdout.trim().split("\n");
    expect(picked.map((line) => JSON.parse(line).chosen.text)).toEqual(["z", "y"]);
    const missing = await align(["decode", "--lambda", "wit=1"], flat);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain('line 1: a candidate has no reward for "wit"');
  });

  it("report writes one HTML file that loads nothing from elsewhere", async () => {
    const html = join(folder, "report.html");
    const words = ["--rewards", file, "--bootstrap", "10", "--out", html, "--title", "<b>ours</b>"];
    expect((await align(["report", ...words, "--target", "fun=0.5,care=mean"])).code).toBe(0);
    const page = await readFile(html, "utf8");
    for (const plot of ["Quantiles of base", "Frontier of fun", "How weight is spread", "Trade-offs"]) {
      expect(page).toContain(plot);
    }
    expect(page).toContain("&lt;b&gt;ours&lt;/b&gt;");
    expect(page).not.toMatch(/<script|<b>ours|(?:src|href)=|https?:/);
    expect((await align(["report", ...words, "--target", "fun=1.5,care=0.9"])).code).toBe(1);
    expect(await readFile(html, "utf8")).toContain("nearest palette that can be reached");
  });
});

const released = join(process.env.CONCORD_DATA ?? "", "map-reward-vectors");
const here = Boolean(process.env.CONCORD_DATA) && existsSync(released);

describe.skipIf(!here)("on the released rewards (needs CONCORD_DATA with map-reward-vectors)", () => {
  it("solve gives the exact solutions of golden cases", async () => {
    const cases = JSON.parse(await readFile(join(released, "golden_cases.json"), "utf8"))
      .filter((one: { lambda_exact?: unknown }) => one.lambda_exact)
      .slice(0, 120)
      .filter((_: unknown, i: number) => i % 20 === 0);
    for (const { values, c, lambda_exact, kl_exact } of cases) {
      const target = values.map((value: string, i: number) => `${value}=${c[i]}`).join(",");
      const rewards = join(released, "rewards_llama2_chat.csv");
      const solution = json(await align(["solve", "--rewards", rewards, "--target", target, "--json"]));
      expect(solution.kl).toBeCloseTo(kl_exact, 6);
      values.forEach((value: string, i: number) => {
        expect(Math.abs(solution.lambda[value] - lambda_exact[i])).toBeLessThanOrEqual(1e-5 + 1e-4 * lambda_exact[i]);
      });
    }
  });
});
