import type { InferenceSession } from "onnxruntime-node";
import type { Tensor, TensorSpec } from "../tensor.ts";
import { tensor } from "../tensor.ts";
import { refuseTelemetry } from "./no-telemetry.node.ts";
import type { Session } from "./session.ts";

/** Opens a model. Rejects where the runtime knows no kernel for a node, or the platform has no runtime. */
export async function openSession(bytes: Uint8Array, intraOpThreads: number): Promise<Session> {
  refuseTelemetry();
  const ort = await import("onnxruntime-node");
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: ["cpu"],
    intraOpNumThreads: intraOpThreads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
    // A waiting thread that spins takes a core from the party next to it.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  });
  return {
    async run(inputs) {
      const feeds: Record<string, InstanceType<typeof ort.Tensor>> = {};
      for (const [name, { dtype, data, shape }] of inputs)
        feeds[name] = new ort.Tensor(dtype, data as Float32Array, shape);
      const results = await session.run(feeds);
      return new Map(Object.entries(results).map(([name, value]) => [name, received(value)]));
    },
    release: () => session.release(),
  };
}

function received(value: InferenceSession.OnnxValueMapType[string]): Tensor {
  const spec = { dtype: value.type, shape: value.dims } as TensorSpec;
  return tensor(spec.dtype, spec.shape, value.data as never) as Tensor;
}

/** Loads the runtime and tells its version. Rejects where there is none for this platform. */
export async function runtimeVersion(): Promise<string> {
  const { env } = await import("onnxruntime-node");
  return env.versions.node ?? env.versions.common;
}
