import { createHash } from "node:crypto";
import { type ArrayTree, float32, key, mean, type NDArray, portableEngine, type StepDefinition } from "@concord/engine";
import { openSession } from "@concord/engine/node";
import { exportProgram, exportStep } from "@concord/engine/programs";
import { buildTask } from "@concord/learning";
import { beforeAll, describe, expect, test } from "vitest";
import { smallSpec } from "../test/small-federation.ts";
import { openTaskProgram, ownPrograms } from "./task-program.ts";

const task = buildTask(smallSpec({ kind: "fedavg", localSteps: 1 }).task);
const open = (bytes: Uint8Array) => openSession(bytes, 1);
const nobody: ReadonlySet<string> = new Set();

beforeAll(() => portableEngine());

/** A step that somebody else wrote: it adds the mean of the batch to what it is given. */
function stranger(parameters: StepDefinition["carry"]): StepDefinition {
  return {
    name: "stranger",
    carry: { parameters },
    input: { x: { dtype: "float32", shape: [8, 2] } },
    apply: (carry, { x }) => {
      const shift = (tree: ArrayTree): ArrayTree =>
        Object.fromEntries(
          Object.entries(tree).map(([name, leaf]) => [
            name,
            "shape" in leaf ? (leaf as NDArray).add(mean(x as NDArray)) : shift(leaf as ArrayTree),
          ]),
        );
      return { carry: { parameters: shift(carry.parameters as ArrayTree) }, output: { loss: mean(x as NDArray) } };
    },
  };
}

describe("a program that came with a task", () => {
  test("runs where the party's own code makes the same of the task, and as that does", async () => {
    const { bytes } = await exportStep(task.trainingStep);
    const loaded = await openTaskProgram(bytes, { task, approved: nobody, open });
    if (loaded.kind !== "step") throw new Error("not a step");
    const carry = { parameters: task.model.init(key(1)), optimizer: task.optimizer.init(task.model.parameters) };
    const x = float32(
      [8, 2],
      Array.from({ length: 16 }, (_, i) => Math.sin(i)),
    );
    const input = task.batch(
      { x, y: { dtype: "int32", shape: [8], data: Int32Array.of(0, 1, 2, 0, 1, 2, 0, 1) } },
      0.1,
    );
    const away = await loaded.program.run(carry, [input]);
    const home = await (await (await portableEngine()).compileStep(task.trainingStep)).run(carry, [input]);
    expect(lossOf(away.outputs)).toBeCloseTo(lossOf(home.outputs), 5);
    loaded.program.dispose();
  });

  test("may be its evaluation too", async () => {
    const { bytes, hash } = await exportProgram(task.evaluation(256));
    expect((await ownPrograms(task)).has(hash)).toBe(true);
    (await openTaskProgram(bytes, { task, approved: nobody, open })).program.dispose();
  });

  test("is refused where nobody has approved it, with the hash to approve", async () => {
    const { bytes, hash } = await exportStep(stranger(task.model.parameters));
    await expect(openTaskProgram(bytes, { task, approved: nobody, open })).rejects.toMatchObject({
      code: "permission_denied",
      message: `refused the task's program: nobody has approved the program ${hash}`,
    });
    const loaded = await openTaskProgram(bytes, { task, approved: new Set([hash]), open });
    expect(loaded.manifest.name).toBe("stranger");
    loaded.program.dispose();
  });

  test.each([
    [
      "more than the model has",
      { ...task.model.parameters, diary: f32(8, 2) },
      'the model of the task has no "parameters.diary"',
    ],
    ["another shape", { fc1: { weight: f32(8, 2), bias: f32(3) } }, '"parameters.fc1.weight" is float32[8, 2]'],
    ["less", { fc1: { bias: f32(3) } }, `the parameter "parameters.fc1.weight" of the task's model is missing`],
  ])("is refused where it would share %s, approved or not", async (_, parameters, message) => {
    const { bytes, hash } = await exportStep(stranger(parameters));
    const opened = openTaskProgram(bytes, { task, approved: new Set([hash]), open });
    await expect(opened).rejects.toMatchObject({
      code: "permission_denied",
      message: expect.stringContaining(message),
    });
  });

  test("is refused beyond the party's limits, and where it is no program", async () => {
    const { bytes } = await exportStep(task.trainingStep);
    const small = openTaskProgram(bytes, { task, approved: nobody, limits: { work: 10 }, open });
    await expect(small).rejects.toMatchObject({ code: "permission_denied", message: /operations is more than 10/ });
    const garbage = Uint8Array.of(1, 2, 3);
    const approved = new Set([createHash("sha256").update(garbage).digest("hex")]);
    await expect(openTaskProgram(garbage, { task, approved, open })).rejects.toMatchObject({
      code: "invalid_argument",
    });
  });
});

function f32(...shape: number[]) {
  return { dtype: "float32", shape } as const;
}

function lossOf(outputs: readonly unknown[]): number {
  return (outputs[0] as { readonly loss: { readonly data: Float32Array } }).loss.data[0] ?? Number.NaN;
}
