import { defineConfig } from "vitest/config";

/** The rules of the house: who may import whom, and what may not be imported where. */
export default defineConfig({ test: { include: ["test/structure.test.ts"] } });
