import { defineConfig } from "vitest/config";

const exclude = ["**/node_modules/**", "test/browser/**", "**/*.chromium.test.ts", "test/structure.test.ts"];

/**
 * One configuration for every package: tests sit beside the file they test, slow ones in the package's `test/`.
 * Tests that need Chromium are apart (`vitest.browser.config.ts`).
 */
export default defineConfig({
  test: {
    // For what hangs, not for what is slow: no test may depend on the speed of the machine.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 120_000 } },
    pool: "forks",
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        // They leave nothing behind, so many files share a process: starting one for each takes longer than most of them.
        test: { name: "beside", include: ["packages/*/src/**/*.test.ts"], exclude, isolate: false },
      },
      {
        extends: true,
        test: { name: "apart", include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts"], exclude },
      },
    ],
  },
});
