import { portableEngine } from "../portable.ts";
import type { Engine } from "../program.ts";
import { onnxEngine } from "./onnx-engine.ts";
import { webSessions } from "./session.web.ts";

/**
 * The engine for a browser without WebGPU: the same ONNX graphs as in Node, on ONNX Runtime in WebAssembly. It beats jax-js's
 * own WebAssembly on convolutions, wide layers and transformers (docs/performance.md).
 *
 * @param assets address of the runtime's files, which the coordinator serves itself
 * @param now milliseconds since any instant, such as `() => performance.now()`
 */
export async function webEngine(assets: string, now: () => number): Promise<Engine> {
  return onnxEngine({
    kind: "web",
    description: "ONNX Runtime on WebAssembly, 1 thread",
    open: await webSessions(assets),
    now,
    portable: await portableEngine(),
  });
}
