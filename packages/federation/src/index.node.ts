export * from "./garbage.node.ts";
export * from "./worker-pool.node.ts";
