import type { Log } from "./log.ts";

/** The folder of the built page, undefined while there is none. A page that has to be built is built once, beside everything else. */
export function pageFolder(
  pageDir: string | (() => Promise<string | undefined>) | undefined,
  log: Log,
): () => Promise<string | undefined> {
  let folder = typeof pageDir === "string" ? pageDir : undefined;
  if (typeof pageDir === "function") {
    pageDir().then(
      (built) => {
        folder = built;
      },
      (error: unknown) => log.error({ err: error }, "the page could not be built"),
    );
  }
  return async () => folder;
}
