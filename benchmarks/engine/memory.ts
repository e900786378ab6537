import { parseArgs } from "node:util";
import { nativeEngine } from "@concord/engine/node";
import { median } from "./statistics.ts";
import { workloads } from "./workloads.ts";

/**
 * Does the native engine leak? Resident memory over many steps of each workload, after a warm-up:
 *
 *     node --expose-gc benchmarks/engine/memory.ts [--share 0.1] [workload …]
 *
 * `--share` takes only a part of the steps. Ends with an exit code of 1 where memory grew by more than 32 MB.
 */
const STEPS: Readonly<Record<string, number>> = {
  "mlp-32": 100_000,
  autoencoder: 1000,
  "mlp-256": 200,
  cnn: 200,
  gpt: 200,
  "gpt-lora": 200,
};
const ALLOWED = 32 * 1024 * 1024;

const { values, positionals } = parseArgs({
  options: { share: { type: "string", default: "1" } },
  allowPositionals: true,
});
const engine = await nativeEngine({ strict: true });
for (const workload of workloads()) {
  if (positionals.length > 0 && !positionals.includes(workload.name)) continue;
  const steps = Math.max(20, Math.round((STEPS[workload.name] ?? 100) * Number(values.share)));
  const program = await engine.compileStep(workload.step);
  const round = Math.max(1, Math.floor(steps / 10));
  const inputs = Array.from({ length: Math.min(round, 20) }, (_, i) => workload.input(i));
  let carry = workload.carry;
  const train = async () => {
    for (let done = 0; done < round; done += inputs.length) {
      carry = (await program.run(carry, inputs.slice(0, round - done))).carry;
    }
    globalThis.gc?.();
    return process.memoryUsage().rss;
  };
  await train();
  const start = await train();
  const course: number[] = [];
  for (let i = 0; i < 8; i++) course.push(await train());
  program.dispose();
  const megabytes = (bytes: number) => Math.round(bytes / 1024 / 1024);
  console.log(
    JSON.stringify({
      workload: workload.name,
      steps: round * 10,
      start: megabytes(start),
      course: course.map(megabytes),
    }),
  );
  if (median(course.slice(-3)) - median(course.slice(0, 3)) > ALLOWED) process.exitCode = 1;
}
