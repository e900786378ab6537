export * from "./durable-file.node.ts";
export * from "./garbage.node.ts";
export * from "./native/choose.node.ts";
export * from "./native/engine.node.ts";
export { isolatedSession } from "./native/isolated-session.node.ts";
export { PEEPHOLES, type Peephole } from "./native/lower/peepholes/names.ts";
export { refuseTelemetry } from "./native/no-telemetry.node.ts";
export { openSession } from "./native/session.node.ts";
export { webRuntimeFolder } from "./native/web-runtime.node.ts";
