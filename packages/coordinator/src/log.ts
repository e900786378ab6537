import pino from "pino";

/** What the coordinator needs of a log; a pino logger is one. */
export interface Log {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** Warnings and errors to standard error. Headers are never logged; should one get in, its key is struck out. */
export function defaultLog(): Log {
  return pino(
    {
      name: "concord",
      level: "warn",
      redact: ["authorization", "*.authorization", "*.*.authorization", "key", "token", "invite"],
    },
    pino.destination(2),
  );
}
