/**
 * What each peephole of the lowering gains: every workload that it changes is timed with it and without it, in turns, and the
 * processor's time is what counts, which other work on the machine disturbs least.
 *
 *     node benchmarks/engine/peepholes.ts [--rounds 9] [--only lanes,…] [--out benchmarks/engine/results/peepholes] [workload …]
 */
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import type { StepProgram } from "@concord/engine";
import { nativeEngine, PEEPHOLES } from "@concord/engine/node";
import { exportStep } from "@concord/engine/programs";
import { median, medianInterval } from "./statistics.ts";
import type { Workload } from "./workloads.ts";
import { localStep, workloads } from "./workloads.ts";

const { values, positionals } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    only: { type: "string" },
    out: { type: "string", default: "benchmarks/engine/results/peepholes" },
  },
  allowPositionals: true,
});
const rounds = Number(values.rounds);
const all = await nativeEngine({ strict: true });
const results = [];
for (const workload of [...workloads(), localStep()]) {
  if (positionals.length > 0 && !positionals.includes(workload.name)) continue;
  const { hash } = await exportStep(workload.step);
  for (const peephole of PEEPHOLES) {
    if (values.only !== undefined && !values.only.split(",").includes(peephole)) continue;
    const omitted = new Set([peephole]);
    // The same program without it: nothing to gain here.
    if ((await exportStep(workload.step, omitted)).hash === hash) continue;
    const without = await nativeEngine({ strict: true, omitted, idleSessions: 0 });
    const result = { workload: workload.name, peephole, ...(await compare(workload, all, without)) };
    results.push(result);
    const { least, saved } = result;
    const interval = saved.interval.map((end) => end.toFixed(2)).join(", ");
    console.log(
      `${workload.name.padEnd(12)} ${peephole.padEnd(16)} ${least.with.toFixed(2).padStart(8)} ms, without ` +
        `${least.without.toFixed(2).padStart(8)}; in pairs it saves ${saved.median.toFixed(2)} [${interval}] ms`,
    );
  }
}
await mkdir(values.out, { recursive: true });
const machine = {
  processor: cpus()[0]?.model,
  cores: availableParallelism(),
  load: loadavg()[0],
  node: process.version,
};
const date = new Date().toISOString().slice(0, 10);
const report = {
  date,
  machine,
  engine: all.description,
  rounds,
  unit: "milliseconds of processor time a step",
  results,
};
await writeFile(`${values.out}/results.json`, `${JSON.stringify(report, null, 2)}\n`);

type Engine = Awaited<ReturnType<typeof nativeEngine>>;

async function compare(workload: Workload, fast: Engine, slow: Engine) {
  const steps = Math.min(workload.steps, 20);
  const inputs = Array.from({ length: steps }, (_, i) => workload.input(i));
  const [a, b] = [await fast.compileStep(workload.step), await slow.compileStep(workload.step)];
  const time = async (program: StepProgram) => {
    const before = process.cpuUsage();
    await program.run(workload.carry, inputs);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / steps;
  };
  await time(a);
  await time(b);
  const times = { with: [] as number[], without: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    times.with.push(await time(a));
    times.without.push(await time(b));
  }
  a.dispose();
  b.dispose();
  const saved = times.without.map((ms, i) => ms - (times.with[i] ?? Number.NaN));
  return {
    with: median(times.with),
    without: median(times.without),
    // The least of each is what other work has disturbed least; the differences in pairs say how sure that is.
    least: { with: Math.min(...times.with), without: Math.min(...times.without) },
    saved: { median: median(saved), interval: medianInterval(saved) },
  };
}
