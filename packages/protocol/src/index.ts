export * from "./blobs.ts";
export * from "./completions.ts";
export * from "./errors.ts";
export * from "./events.ts";
export * from "./invites.ts";
export * from "./messages.ts";
export * from "./palettes.ts";
