export * from "./generate.ts";
export * from "./llama.ts";
export * from "./llama2c.ts";
export * from "./reader.ts";
export * from "./sampling.ts";
export * from "./tokenizer.ts";
