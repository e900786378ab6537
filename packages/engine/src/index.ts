export * from "./code-units.ts";
export { WEB_RUNTIME } from "./native/web-runtime.ts";
export * from "./ndarray.ts";
export * from "./portable.ts";
export * from "./program.ts";
export * from "./random.ts";
export * from "./safetensors.ts";
export * from "./tensor.ts";
export * from "./tree.ts";
