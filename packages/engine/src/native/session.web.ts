import type { Tensor, TensorSpec } from "../tensor.ts";
import { tensor } from "../tensor.ts";
import { encodeModel } from "./onnx/encode.ts";
import { IR_VERSION, OPSET } from "./onnx/model.ts";
import type { OpenSession } from "./session.ts";
import { WEB_RUNTIME } from "./web-runtime.ts";

type Runtime = typeof import("onnxruntime-web/wasm");

/**
 * Sessions of ONNX Runtime in WebAssembly, on one thread. The runtime is imported with the first call, by its address and
 * not as a part of the page: it has 14 MB that a page without training does not need.
 *
 * @param assets absolute address of the folder with the files of `WEB_RUNTIME`, with a slash at its end; none is ever fetched
 * from elsewhere. They are code, so it must be the page's own server
 * @throws Error, naming the address, where the runtime cannot be loaded from there
 */
export async function webSessions(assets: string): Promise<OpenSession> {
  const ort = await load(assets);
  return async (bytes) => {
    const session = await ort.InferenceSession.create(bytes, {
      executionProviders: ["wasm"],
      graphOptimizationLevel: "all",
      logSeverityLevel: 3,
    });
    return {
      async run(inputs) {
        const feeds: Record<string, InstanceType<Runtime["Tensor"]>> = {};
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

async function load(assets: string): Promise<Runtime> {
  const address = new URL(WEB_RUNTIME.entry, assets).href;
  try {
    const ort = (await import(/* @vite-ignore */ address)) as Runtime;
    ort.env.wasm.wasmPaths = new URL(".", address).href;
    ort.env.wasm.numThreads = 1;
    // The module alone is not enough: a first session fetches and compiles its WebAssembly.
    const session = await ort.InferenceSession.create(SMALLEST, { executionProviders: ["wasm"] });
    await session.release();
    return ort;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`ONNX Runtime could not be loaded from ${address}: ${why}`, { cause: error });
  }
}

/** A model that gives back the number it gets. */
const SMALLEST = encodeModel({
  irVersion: IR_VERSION,
  producerName: "concord",
  opsets: [{ domain: "", version: OPSET }],
  graph: {
    name: "identity",
    nodes: [{ op: "Identity", domain: "", name: "copy", inputs: ["x"], outputs: ["y"], attributes: {} }],
    initializers: [],
    inputs: [{ name: "x", type: "float32", shape: [] }],
    outputs: [{ name: "y", type: "float32", shape: [] }],
  },
  metadata: {},
});
