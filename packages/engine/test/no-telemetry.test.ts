import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const HERE = new URL("..", import.meta.url).pathname;

/** Makes a session in a process of its own, and lists the files that the runtime holds open afterwards. */
async function openFiles(environment: NodeJS.ProcessEnv): Promise<string> {
  const script = `
    import { readdirSync, readlinkSync } from "node:fs";
    import { mean } from "@concord/engine";
    import { nativeEngine } from "@concord/engine/node";
    const engine = await nativeEngine();
    const x = { dtype: "float32", shape: [4] };
    const program = await engine.compile({ name: "mean", inputs: { x }, apply: ({ x }) => ({ y: mean(x) }) });
    await program.run({ x: { ...x, data: new Float32Array(4) } });
    const targets = readdirSync("/proc/self/fd").flatMap((fd) => {
      try { return [readlinkSync("/proc/self/fd/" + fd)]; } catch { return []; }
    });
    console.log(JSON.stringify(targets));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: HERE,
    env: { ...process.env, ...environment },
  });
  return stdout;
}

describe.skipIf(process.platform !== "linux")("the native runtime (its open files are looked at on Linux)", () => {
  it("gathers nothing for its maker", async () => {
    expect(await openFiles({ ORT_DISABLE_TELEMETRY: undefined })).not.toMatch(/onnxruntime\.db|mat-debug/);
  });
});
