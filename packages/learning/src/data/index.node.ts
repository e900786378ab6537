export * from "./idx.node.ts";
