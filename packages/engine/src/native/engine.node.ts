import { portableEngine } from "../portable.ts";
import type { Engine } from "../program.ts";
import { onnxEngine } from "./onnx-engine.ts";
import { openSession, runtimeVersion } from "./session.node.ts";

export interface NativeOptions {
  /** Threads inside one operator. One by default: several workers side by side use the cores better than one. */
  readonly intraOpThreads?: number;
  /** Sessions that stay open after their program was disposed, for the next one of the same shapes; 8 by default. */
  readonly idleSessions?: number;
  /** Told once for each program that cannot be lowered; `console.warn` by default. */
  readonly warn?: (message: string) => void;
  /** Throws UnsupportedPrimitive for a program that cannot be lowered, instead of running it on the portable back end. */
  readonly strict?: boolean;
  /** Loads the runtime and tells its version; rejects where the platform has none. */
  readonly load?: () => Promise<string>;
}

/**
 * The native back end: a program becomes one ONNX graph, which ONNX Runtime runs on the CPU. A run blocks the thread while it
 * computes; a step program lets timers and sockets have their turn between chunks of steps.
 * Rejects where the platform has no native runtime.
 */
export async function nativeEngine(options: NativeOptions = {}): Promise<Engine> {
  const { intraOpThreads = 1, idleSessions, warn, strict, load = runtimeVersion } = options;
  const version = await load();
  return onnxEngine({
    kind: "native",
    description: `ONNX Runtime ${version}, ${intraOpThreads} ${intraOpThreads === 1 ? "thread" : "threads"}`,
    open: (bytes) => openSession(bytes, intraOpThreads),
    now: () => performance.now(),
    // Traced constants are computed by jax-js, and it runs what cannot be lowered.
    portable: await portableEngine(),
    idleSessions,
    warn,
    strict,
  });
}
