import type { Tensor } from "../tensor.ts";

/** Tensors by the names of the graph. */
type Named = ReadonlyMap<string, Tensor>;

/** One model, ready to run, on whichever ONNX Runtime the host has. */
export interface Session {
  /**
   * Runs once; the outputs are copies that belong to the caller. Blocks the thread while it computes, and then the signal has
   * no effect; a session in a process of its own does not block, and ends at once when it is aborted.
   */
  run(inputs: Named, signal?: AbortSignal): Promise<Map<string, Tensor>>;
  /** Gives the memory back, which no garbage collector would do. */
  release(): Promise<void>;
}

/** Opens a model. Rejects where the runtime knows no kernel for a node. */
export type OpenSession = (bytes: Uint8Array) => Promise<Session>;
