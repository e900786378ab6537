export * from "./algorithm.ts";
export * from "./communication.ts";
export * from "./party.ts";
export * from "./plan.ts";
export * from "./round.ts";
export * from "./spec.ts";
export * from "./weighted-mean.ts";
