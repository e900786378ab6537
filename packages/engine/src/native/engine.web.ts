import { portableEngine } from "../portable.ts";
import type { Engine } from "../program.ts";
import { onnxEngine } from "./onnx-engine.ts";
import { webSessions } from "./session.web.ts";

export interface WebOptions {
  /** Absolute address of the folder with the runtime's files (`WEB_RUNTIME`) on the page's own server. */
  readonly assets: string;
  /** Milliseconds since any instant, such as `() => performance.now()`. */
  readonly now: () => number;
  /** Told once for each program that cannot be lowered; `console.warn` by default. */
  readonly warn?: (message: string) => void;
}

/**
 * The engine for a browser without WebGPU: the same ONNX graphs as in Node, on ONNX Runtime in WebAssembly. It beats jax-js's
 * own WebAssembly where a step has enough to compute (`gainsOnWeb`).
 *
 * @throws Error, naming the address, where the runtime cannot be loaded
 */
export async function webEngine({ assets, now, warn }: WebOptions): Promise<Engine> {
  return onnxEngine({
    kind: "web",
    description: "ONNX Runtime on WebAssembly, 1 thread",
    open: await webSessions(assets),
    now,
    portable: await portableEngine(),
    warn,
  });
}
