import { portableEngine } from "@concord/engine";
import { buildTask } from "@concord/learning";
import { expect, it } from "vitest";
import { TINY_MODEL_BYTES, tinyParties, tinySpec } from "../test/tiny-federation.ts";
import type { Algorithm } from "./algorithm.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import { inlineExecutor } from "./executor.ts";
import { averaging } from "./fedavg.ts";
import type { Link, Network } from "./links.ts";
import type { Checkpoint } from "./simulator.ts";
import { simulate } from "./simulator.ts";
import { virtualTime } from "./virtual-time.ts";

const spec = tinySpec({ rounds: 2 });
const schedules: Readonly<Record<string, readonly number[]>> = { a: [2, 4], b: [1, 2, 3, 4], c: [4] };
const base = averaging("three schedules", { localSteps: 4 }, () => [4]);
const algorithm: Algorithm = {
  ...base,
  select(state, context) {
    const plan = base.select(state, context);
    return { ...plan, members: plan.members.map((m) => ({ ...m, exchanges: schedules[m.party] ?? [4] })) };
  },
};

const link: Link = { up: 1000, down: 4000, latency: 0.05, pace: 20 };
const links: Network = {
  links: new Map([
    ["a", { ...link, up: 200 }],
    ["c", { ...link, pace: 3 }],
  ]),
  otherwise: link,
  server: { up: 2000 },
};

async function last(network?: Network): Promise<Checkpoint> {
  const executor = await inlineExecutor(algorithm, buildTask(spec.task), await portableEngine());
  let end: Checkpoint | undefined;
  const simulation = {
    spec,
    parties: tinyParties([10, 20, 30]),
    executor,
    algorithm,
    ...(network && { links: network }),
  };
  for await (const checkpoint of simulate(simulation)) end = checkpoint;
  return end as Checkpoint;
}

it("a simulation with links says how long each round would take, by the bytes that it has counted", async () => {
  const { history } = await last(links);
  const members = Object.entries(schedules).map(([party, exchanges]) => ({ party, examples: 10, exchanges }));
  const expected = virtualTime({ round: 1, steps: 4, members }, links, () => ({
    up: TINY_MODEL_BYTES,
    down: TINY_MODEL_BYTES,
  }));
  expect(expected.total).toBeGreaterThan(4 / 3);
  expect(history.map(({ seconds }) => seconds)).toEqual([expected, expected]);
});

it("links change nothing else, and the seconds survive a checkpoint", async () => {
  const [without, withLinks] = [await last(), await last(links)];
  expect(withLinks.state).toEqual(without.state);
  expect(withLinks.history.map(({ seconds: _, ...rest }) => rest)).toEqual(without.history);
  expect(without.history.some((report) => "seconds" in report)).toBe(false);
  expect(decodeCheckpoint(encodeCheckpoint(withLinks, spec), spec).history).toEqual(withLinks.history);
});

it("a party without a link is refused before anything is trained", async () => {
  await expect(last({ links: new Map([["a", link]]) })).rejects.toThrow('there is none for "b"');
});
