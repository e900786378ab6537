import { cpus } from "node:os";

/** Where and when: results mean little without it. */
export function machine() {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    node: process.version,
    date: new Date().toISOString(),
  };
}
