import { ConcordError } from "@concord/protocol";

/** The names under which this server answers, and the pages that may write to it. */
export interface Origins {
  /** Throws ConcordError `misdirected_request` unless the Host header names this server: a guard against DNS rebinding. */
  checkHost(host: string | undefined): void;
  /** Throws ConcordError `permission_denied` for a request that a page of another origin makes. */
  checkOrigin(origin: string | undefined): void;
}

export interface OriginOptions {
  readonly port: () => number;
  readonly isTls: boolean;
  /** Further names, such as `concord.example` or `concord.example:8443`. */
  readonly allowedHosts: readonly string[];
}

export function origins({ port, isTls, allowedHosts }: OriginOptions): Origins {
  const scheme = isTls ? "https:" : "http:";
  const standardPort = isTls ? 443 : 80;

  const isLoopback = (host: string) => {
    const names = ["127.0.0.1", "localhost", "[::1]"];
    return names.some((name) => host === `${name}:${port()}` || (port() === standardPort && host === name));
  };
  // A name without a port is good for every port: behind a proxy the outer port is not ours.
  const isAllowed = (host: string) =>
    allowedHosts.some((name) => {
      const allowed = name.toLowerCase();
      return host === allowed || (!/:\d+$/.test(allowed) && host.replace(/:\d+$/, "") === allowed);
    });

  return {
    checkHost(host) {
      const name = host?.toLowerCase() ?? "";
      if (isLoopback(name) || isAllowed(name)) return;
      throw new ConcordError(
        "misdirected_request",
        `this server does not answer for the host ${JSON.stringify(name.slice(0, 100))}; start it with --allowed-host to add a name`,
        { param: "host" },
      );
    },
    checkOrigin(origin) {
      if (origin === undefined) return;
      const url = parse(origin);
      // A proxy may speak TLS in front of an allowed name; on loopback there is none.
      if (url !== undefined && url.protocol === scheme && isLoopback(url.host.toLowerCase())) return;
      if (url !== undefined && /^https?:$/.test(url.protocol) && isAllowed(url.host.toLowerCase())) return;
      throw new ConcordError(
        "permission_denied",
        `pages of the origin ${JSON.stringify(origin.slice(0, 100))} may not write to this server`,
        { param: "origin" },
      );
    },
  };
}

function parse(origin: string): URL | undefined {
  try {
    const url = new URL(origin);
    return url.origin === origin.toLowerCase() ? url : undefined;
  } catch {
    return undefined;
  }
}
