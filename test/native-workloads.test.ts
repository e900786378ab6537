import type { Tensor } from "@concord/engine";
import { flatten, portableEngine } from "@concord/engine";
import { nativeEngine } from "@concord/engine/node";
import { checkedProgram, exportStep, stepWork } from "@concord/engine/programs";
import { expect, it } from "vitest";
import { workloads } from "../benchmarks/engine/workloads.ts";

/** What the benchmark times must be right: twenty steps of every workload, small, on both engines. */
it.each(workloads({ small: true }))("twenty steps of $name give the same losses on both engines", async (workload) => {
  const [native, portable] = [await nativeEngine({ strict: true }), await portableEngine()];
  const inputs = Array.from({ length: 20 }, (_, i) => workload.input(i));
  const actual = await (await native.compileStep(workload.step)).run(workload.carry, inputs);
  const expected = await (await portable.compileStep(workload.step)).run(workload.carry, inputs);
  for (const [i, output] of expected.outputs.entries()) {
    const want = lossOf(output);
    expect(Math.abs(lossOf(actual.outputs[i] ?? {}) - want)).toBeLessThanOrEqual(1e-4 * Math.abs(want));
  }
});

/** What our own lowering writes must pass the checks for programs that travel, with what they find out about it. */
it.each(workloads({ small: true }))("$name may travel: its shapes are known, and its work", async ({ step }) => {
  const [{ bytes }, { work }] = [await exportStep(step), await stepWork(step)];
  const checked = checkedProgram(bytes);
  expect(checked.work / work).toBeGreaterThan(0.5);
  expect(checked.work / work).toBeLessThan(1.1);
});

function lossOf(output: Parameters<typeof flatten<Tensor>>[0]): number {
  return Number(new Map(flatten(output)).get("loss")?.data[0]);
}
