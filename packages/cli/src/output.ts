import { ConcordError } from "@concord/protocol";

/** 0: fine; 1: the work failed; 2: the input was wrong. */
export type ExitCode = 0 | 1 | 2;

/** How a command speaks: JSON lines on standard output for programs, sentences for people. */
export interface Output {
  readonly json: boolean;
  /** True where a person watches a terminal. */
  readonly interactive: boolean;
  /** One JSON object on a line of its own; people do not see it. */
  record(value: Readonly<Record<string, unknown>>): void;
  /** A line for people; programs do not see it. */
  say(line: string): void;
  /** A note on standard error, for both. */
  warn(line: string): void;
}

/** Whoever reads the output may go away (`concord … | head`): that ends the writing, not the work with a stack trace. */
export function surviveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
}

export function output(json: boolean): Output {
  return {
    json,
    interactive: !json && process.stdout.isTTY === true,
    record: (value) => {
      if (json) process.stdout.write(`${JSON.stringify(value)}\n`);
    },
    say: (line) => {
      if (!json) process.stdout.write(`${line}\n`);
    },
    warn: (line) => {
      process.stderr.write(`${line}\n`);
    },
  };
}

/** Something the user gave that cannot be right: exit code 2. */
export class InputError extends Error {
  override readonly name = "InputError";
}

/** Whether an error is the user's input or the work: codes that blame a value mean input. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof InputError) return 2;
  if (!(error instanceof ConcordError)) return 1;
  // A state of things that stands in the way of one value (a port in use, the folder of another party) blames that value.
  if (error.code === "failed_precondition") return error.param === undefined ? 1 : 2;
  return INPUT_CODES.has(error.code) ? 2 : 1;
}

const INPUT_CODES: ReadonlySet<string> = new Set([
  "invalid_argument",
  "unauthenticated",
  "permission_denied",
  "not_found",
  "gone",
]);

/** What a person is told of an error. Only the unexpected ones come with a stack. */
export function describe(error: unknown): string {
  if (error instanceof InputError || error instanceof ConcordError) {
    return error instanceof ConcordError && error.code === "internal" && error.cause instanceof Error
      ? `${error.message}\n${error.cause.stack ?? error.cause.message}`
      : error.message;
  }
  if (error instanceof RangeError || error instanceof TypeError || error instanceof SyntaxError) return error.message;
  // What the operating system refuses is no bug of ours.
  if (error instanceof Error && "syscall" in error) return explainRefusal(error as NodeJS.ErrnoException);
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function explainRefusal(error: NodeJS.ErrnoException): string {
  return error.code === "ENOSPC" || error.code === "EDQUOT"
    ? `there is no room left on the disk (${error.message}); free some space and give the same command again`
    : error.message;
}

/** Bytes for people, in powers of 1,024 as the page shows them: 1,234,567 → "1.2 MiB". */
export function showBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(value < 9.95 ? 1 : 0)} ${units[unit]}`;
}

/** A share for people: 0.8314 → "83.1 %". */
export function showPercent(share: number | null): string {
  return share === null ? "–" : `${(100 * share).toFixed(1)} %`;
}

/** Seconds for people: "45 s", "3 min 20 s", "2 h 5 min". */
export function showDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
