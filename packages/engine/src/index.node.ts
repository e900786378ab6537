export * from "./durable-file.node.ts";
