import { portableEngine } from "../portable.ts";
import type { Engine } from "../program.ts";
import type { Peephole } from "./lower/peepholes/names.ts";
import { onnxEngine } from "./onnx-engine.ts";
import { openSession, runtimeVersion } from "./session.node.ts";
import { threadsFor } from "./threads.node.ts";

export interface NativeOptions {
  /** Threads inside one operator, for every program. Otherwise `threadsFor` decides for each. */
  readonly intraOpThreads?: number;
  /** Nothing else trains on this machine, so that large steps may take all its cores. */
  readonly alone?: boolean;
  /** Sessions that stay open after their program was disposed, for the next one of the same shapes; 8 by default. */
  readonly idleSessions?: number;
  /** Told once for each program that cannot be lowered; `console.warn` by default. */
  readonly warn?: (message: string) => void;
  /** Throws UnsupportedPrimitive for a program that cannot be lowered, instead of running it on the portable back end. */
  readonly strict?: boolean;
  /** Loads the runtime and tells its version; rejects where the platform has none. */
  readonly load?: () => Promise<string>;
  /** Peepholes that are left out, to see what they gain. */
  readonly omitted?: ReadonlySet<Peephole>;
}

/**
 * The native back end: a program becomes one ONNX graph, which ONNX Runtime runs on the CPU. A run blocks the thread while it
 * computes; a step program lets timers and sockets have their turn between chunks of steps.
 * Rejects where the platform has no native runtime.
 */
export async function nativeEngine(options: NativeOptions = {}): Promise<Engine> {
  const { intraOpThreads, alone = false, idleSessions, warn, strict, load = runtimeVersion, omitted } = options;
  const version = await load();
  const most = intraOpThreads ?? threadsFor(Number.POSITIVE_INFINITY, alone);
  const chosen = intraOpThreads === undefined && most > 1;
  return onnxEngine({
    kind: "native",
    description: `ONNX Runtime ${version}, ${most} ${most === 1 ? "thread" : "threads"}${chosen ? " for large steps" : ""}`,
    open: (bytes, work) => openSession(bytes, intraOpThreads ?? threadsFor(work, alone)),
    now: () => performance.now(),
    // Traced constants are computed by jax-js, and it runs what cannot be lowered.
    portable: await portableEngine(),
    idleSessions,
    warn,
    strict,
    omitted,
  });
}
