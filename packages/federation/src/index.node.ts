export * from "./worker-pool.node.ts";
