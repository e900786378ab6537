import { defineConfig } from "vitest/config";

/** Tests that drive a real Chromium (`CHROMIUM` names another binary than /usr/bin/chromium). */
export default defineConfig({
  test: {
    include: ["test/browser/**/*.test.ts", "packages/*/test/*.chromium.test.ts"],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    fileParallelism: false,
  },
});
