import type { Tensor, TensorSpec } from "../tensor.ts";
import { tensor } from "../tensor.ts";
import type { OpenSession } from "./session.ts";

/**
 * Sessions of ONNX Runtime in WebAssembly, on one thread. The library is loaded with the first call, because it has 12 MB
 * that a page without training does not need.
 *
 * @param assets address under which the coordinator serves the runtime's `.wasm` and `.mjs` files; none is ever fetched from
 * elsewhere
 */
export async function webSessions(assets: string): Promise<OpenSession> {
  const ort = await import("onnxruntime-web/wasm");
  ort.env.wasm.wasmPaths = assets;
  ort.env.wasm.numThreads = 1;
  return async (bytes) => {
    const session = await ort.InferenceSession.create(bytes, {
      executionProviders: ["wasm"],
      graphOptimizationLevel: "all",
      logSeverityLevel: 3,
    });
    return {
      async run(inputs) {
        const feeds: Record<string, InstanceType<typeof ort.Tensor>> = {};
        for (const [name, { dtype, data, shape }] of inputs) {
          feeds[name] = new ort.Tensor(dtype, data as Float32Array, shape);
        }
        const results = await session.run(feeds);
        return new Map(
          Object.entries(results).map(([name, { type, dims, data }]) => {
            const { dtype, shape } = { dtype: type, shape: dims } as TensorSpec;
            return [name, tensor(dtype, shape, data as never) as Tensor];
          }),
        );
      },
      release: () => session.release(),
    };
  };
}
