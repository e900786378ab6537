import { type Engine, portableEngine, WEB_RUNTIME } from "@concord/engine";
import { buildTask, type TaskSpec } from "@concord/learning";
import type { Device } from "./messages.ts";

export interface TabEngineOptions {
  readonly device: Device;
  readonly task: TaskSpec;
  /** Absolute address of the page's own server, from which the runtime is loaded where it is worth it. */
  readonly home: string;
  readonly warn?: (message: string) => void;
}

/**
 * What a tab computes with. WebGPU where it is asked for and there. Otherwise WebAssembly: ONNX Runtime for a task that it
 * speeds up enough to be fetched (`gainsOnWeb`), jax-js for all others, and where the runtime cannot be loaded.
 */
export async function tabEngine({ device, task, home, warn = console.warn }: TabEngineOptions): Promise<Engine> {
  if (device === "webgpu") {
    const gpu = await portableEngine("webgpu").catch(() => undefined);
    if (gpu !== undefined) return gpu;
  }
  const portable = await portableEngine("wasm");
  try {
    // A part of the page of its own, with the lowering in it.
    const { gainsOnWeb, webEngine } = await import("@concord/engine/programs");
    if (!(await gainsOnWeb(buildTask(task).trainingStep))) return portable;
    // Code comes from the page's own server, never from the coordinator that an invite names.
    return await webEngine({ assets: new URL(WEB_RUNTIME.path, home).href, now: () => performance.now(), warn });
  } catch (error) {
    warn(`${error instanceof Error ? error.message : error}; jax-js computes instead`);
    return portable;
  }
}
