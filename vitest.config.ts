import { defineConfig } from "vitest/config";

/**
 * One configuration for every package: tests sit beside the file they test, slow ones in the package's `test/`.
 * Tests that need Chromium are apart (`vitest.browser.config.ts`).
 */
export default defineConfig({
  test: {
    include: ["packages/*/src/**/*.test.ts", "packages/*/test/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "test/browser/**", "**/*.chromium.test.ts", "test/structure.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    maxWorkers: 2,
  },
});
