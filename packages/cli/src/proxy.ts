import http from "node:http";
import { InputError } from "./output.ts";

const NAMES = ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"];

/**
 * Lets requests of this process go through the proxy that the environment names (HTTPS_PROXY, HTTP_PROXY, NO_PROXY), as
 * people behind one expect. Node does so by itself only if it is told to. Throws InputError for an address that is none.
 *
 * Returns a hint for a request that fails all the same: what is in the way, on a Node that cannot be told so late.
 */
export function useProxyOfEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const name = NAMES.find((candidate) => env[candidate]);
  if (name === undefined || env.NODE_USE_ENV_PROXY === "1") return undefined;
  // There since Node 24.14.
  const set = http.setGlobalProxyFromEnv as typeof http.setGlobalProxyFromEnv | undefined;
  if (set === undefined) return `${name} is set: with Node ${process.versions.node}, set NODE_USE_ENV_PROXY=1 too`;
  try {
    set(env as Parameters<typeof set>[0]);
    return undefined;
  } catch (error) {
    throw new InputError(
      `${name} names no proxy (${error instanceof Error ? error.message : error}): expected http://host:port`,
    );
  }
}
