import type { Log } from "@concord/coordinator";
import { ConcordError } from "@concord/protocol";
import type { Output } from "./output.ts";
import { describe } from "./output.ts";

/** What the coordinator has to say while it runs, as sentences on standard error. */
export function coordinatorLog(out: Output, onFullDisk: (error: Error) => void = () => {}): Log {
  const tell = (details: object, message: string) => {
    const error = "err" in details ? details.err : undefined;
    if (error instanceof ConcordError && error.code === "resource_exhausted") onFullDisk(error);
    out.warn(error === undefined ? message : `${message}: ${describe(error)}`);
  };
  return { info: () => {}, warn: tell, error: tell };
}
