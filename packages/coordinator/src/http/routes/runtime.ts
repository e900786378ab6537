import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { WEB_RUNTIME } from "@concord/engine";
import { webRuntimeFolder } from "@concord/engine/node";
import { ConcordError } from "@concord/protocol";
import { z } from "zod";
import type { App } from "../app.ts";

const FILES: Readonly<Record<string, string>> = WEB_RUNTIME.files;

/**
 * ONNX Runtime for the tabs that train on it, from the package that npm has installed: nothing is fetched from elsewhere, and
 * only the few files that a page needs are there. Its version is in the address, so browsers may keep it.
 */
export function runtimeRoutes(app: App): void {
  // Of 14 MB, 3.7 remain. They are packed once, when first asked for: most coordinators never are.
  const packed = new Map<string, Promise<Buffer>>();
  const pack = (file: string) => {
    const known = packed.get(file) ?? open(file).then((content) => promisify(gzip)(content));
    packed.set(file, known);
    known.catch(() => packed.delete(file));
    return known;
  };

  app.get(
    `${WEB_RUNTIME.path}:file`,
    { config: { audience: "open" }, schema: { hide: true, params: z.object({ file: z.string() }) } },
    async ({ params: { file }, headers }, reply) => {
      const type = Object.hasOwn(FILES, file) ? FILES[file] : undefined;
      if (type === undefined) {
        throw new ConcordError("not_found", `there is no ${file} here, only ${Object.keys(FILES).join(", ")}`);
      }
      const zipped = /\bgzip\b/.test(headers["accept-encoding"] ?? "");
      const content = await (zipped ? pack(file) : open(file));
      return reply
        .headers({ "cache-control": "public, max-age=31536000, immutable", vary: "accept-encoding" })
        .headers(zipped ? { "content-encoding": "gzip" } : {})
        .type(type)
        .send(content);
    },
  );
}

async function open(file: string): Promise<Buffer> {
  try {
    return await readFile(join(webRuntimeFolder(), file));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConcordError("not_found", `onnxruntime-web is not installed here: ${why}`, { cause: error });
  }
}
