/**
 * What a page needs of onnxruntime-web (CPU, WebAssembly), and where a coordinator serves it. The version is part of the
 * address, so that a browser may keep the files for ever.
 */
export const WEB_RUNTIME = {
  version: "1.30.0",
  /** On the page's own server. Ends with a slash. */
  path: "/runtime/onnxruntime-web-1.30.0/",
  /** The module that a page imports; it fetches the others from beside it. */
  entry: "ort.wasm.min.mjs",
  /** Names of the files, in the package and in the address, and their media types. There are no others. */
  files: {
    "ort.wasm.min.mjs": "text/javascript; charset=utf-8",
    "ort-wasm-simd-threaded.mjs": "text/javascript; charset=utf-8",
    "ort-wasm-simd-threaded.wasm": "application/wasm",
  },
} as const satisfies {
  readonly version: string;
  readonly path: string;
  readonly entry: string;
  readonly files: Readonly<Record<string, string>>;
};
