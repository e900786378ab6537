export { type WebOptions, webEngine } from "./native/engine.web.ts";
export { MalformedModel } from "./native/onnx/decode.ts";
export type { OpenSession, Session } from "./native/session.ts";
export { webSessions } from "./native/session.web.ts";
export { LIMITS, type Limits, RefusedProgram } from "./native/travel/check.ts";
export * from "./native/travel/export.ts";
export * from "./native/travel/load.ts";
export type { Manifest, Port, Role } from "./native/travel/manifest.ts";
export * from "./native/web-gain.ts";
