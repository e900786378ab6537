export * from "./generate.ts";
export * from "./llama.ts";
export * from "./llama2c.ts";
export * from "./reader.ts";
export * from "./sampling.ts";
export * from "./text-classifier.ts";
export * from "./tokenizer.ts";
export { words } from "./words.ts";
