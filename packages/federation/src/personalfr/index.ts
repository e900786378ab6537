export * from "./bench.ts";
export * from "./fit.ts";
export * from "./merge.ts";
export * from "./personalfr.ts";
export * from "./rows.ts";
export * from "./spec.ts";
export * from "./update.ts";
