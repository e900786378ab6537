import { defineConfig } from "vitest/config";

/** One configuration for every package: tests sit beside the file they test, slow ones in the package's `test/`. */
export default defineConfig({
  test: {
    include: ["packages/*/src/**/*.test.ts", "packages/*/test/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: "forks",
    maxWorkers: 2,
  },
});
