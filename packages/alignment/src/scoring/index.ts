export * from "./classified.ts";
export * from "./diversity.ts";
export * from "./fluency.ts";
export * from "./judge.ts";
export * from "./recorded.ts";
export * from "./reward-model.ts";
