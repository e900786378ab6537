import { ConcordError } from "@concord/protocol";
import type { App } from "./http/app.ts";

/** Starts to listen; returns the port. Throws ConcordError `failed_precondition`, saying why, if that is not possible. */
export async function listen(app: App, host: string, port: number): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    throw new ConcordError("failed_precondition", explain(error, host, port), { param: "port", cause: error });
  }
  const address = app.server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

function explain(error: unknown, host: string, port: number): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case "EADDRINUSE":
      return `port ${port} is in use; stop what listens there, or choose another port (0 picks a free one)`;
    case "EACCES":
      return `port ${port} may not be opened by this user; choose one above 1023`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `this machine has no address ${host}`;
    default:
      return `cannot listen on ${host}, port ${port}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
