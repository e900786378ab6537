import type { IncomingMessage } from "node:http";
import { ConcordError } from "@concord/protocol";

/**
 * The body of a request, of which never more than the limit is kept. Past it, reading stops and the returned promise
 * rejects with what `tooLarge` gives; the connection stays open, so that the answer can still be read.
 */
export function readBody(
  request: IncomingMessage,
  limit: number,
  tooLarge: (size: number) => ConcordError,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const stop = (error: ConcordError) => {
      request.removeAllListeners("data");
      request.pause();
      reject(error);
    };
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) return stop(tooLarge(size));
      chunks.push(chunk);
    });
    request.once("end", () => resolve(new Uint8Array(Buffer.concat(chunks, size))));
    const cutShort = () => {
      if (request.complete) return;
      stop(new ConcordError("invalid_argument", `the body broke off after ${size} bytes`));
    };
    request.once("error", cutShort);
    request.once("close", cutShort);
    // Who hung up before anybody read will not do so again.
    if (request.destroyed) cutShort();
  });
}
