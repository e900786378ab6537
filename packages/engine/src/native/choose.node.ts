import { portableEngine } from "../portable.ts";
import type { Engine } from "../program.ts";
import type { NativeOptions } from "./engine.node.ts";
import { nativeEngine } from "./engine.node.ts";

/**
 * The fastest engine of this host: native where ONNX Runtime has a library for the platform, otherwise portable, which it
 * says in one line. The environment variable CONCORD_ENGINE forces one: `native` (then a program that cannot be lowered
 * fails) or `portable`. Throws RangeError for any other value.
 */
export async function engineFor(options: NativeOptions = {}): Promise<Engine> {
  const { warn = console.warn } = options;
  const choice = process.env.CONCORD_ENGINE ?? "";
  switch (choice) {
    case "native":
      return nativeEngine({ ...options, strict: true });
    case "portable":
      return portableEngine();
    case "":
      try {
        return await nativeEngine(options);
      } catch (error) {
        const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
        warn(`no native runtime for ${process.platform} ${process.arch} (${reason}): the portable engine computes`);
        return portableEngine();
      }
    default:
      throw new RangeError(`CONCORD_ENGINE is "${choice}", expected native or portable`);
  }
}
