import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/**
 * The page as files with hashed names. The coordinator serves them under a strict content security policy: no inline
 * scripts (Vite's preload polyfill is one of those that need none), no data: URLs for code, nothing from other hosts.
 */
export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "/",
  plugins: [react()],
  worker: { format: "es" },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2024",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2_000,
    reportCompressedSize: false,
    rolldownOptions: {
      // None of these does anything by being imported. Saying so keeps the mathematics and the schemas, which the party's
      // worker has, out of what the page itself loads.
      treeshake: {
        moduleSideEffects: [
          {
            test: /\/packages\/(engine|learning|federation|alignment|protocol|party)\/src\/|\/node_modules\/(@jax-js|zod|@noble)\//,
            sideEffects: false,
          },
        ],
      },
    },
  },
});
