export * from "./attacks.ts";
export * from "./auc.ts";
export * from "./observation.ts";
