export * from "./identity.node.ts";
export * from "./index.ts";
export * from "./open.node.ts";
export * from "./private-state.node.ts";
