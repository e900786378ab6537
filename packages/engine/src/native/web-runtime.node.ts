import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder with the files of `WEB_RUNTIME`, in the package as npm has installed it. */
export function webRuntimeFolder(): string {
  return dirname(fileURLToPath(import.meta.resolve("onnxruntime-web")));
}
