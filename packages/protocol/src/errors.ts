import { z } from "zod";

/** The closed set of error codes and the HTTP status that carries each. */
export const ERROR_STATUS = {
  invalid_argument: 400,
  unauthenticated: 401,
  permission_denied: 403,
  not_found: 404,
  /** The state of things forbids it now: a federation that has ended, a name that is taken. */
  failed_precondition: 409,
  /** A lease that has passed to another, or an invite that is used or expired. */
  gone: 410,
  payload_too_large: 413,
  unsupported_media_type: 415,
  /** The Host header names a host that this server does not answer for. */
  misdirected_request: 421,
  resource_exhausted: 429,
  internal: 500,
  unavailable: 503,
  deadline_exceeded: 504,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

const codes = Object.keys(ERROR_STATUS) as [ErrorCode, ...ErrorCode[]];

/** An error as it crosses HTTP. */
export const errorBodySchema = z.object({
  error: z.object({
    code: z.enum(codes),
    /** What was wrong, with which value, and what would be right. */
    message: z.string(),
    /** The field, tensor or header that is to blame. */
    param: z.string().optional(),
  }),
});

export type ErrorBody = z.output<typeof errorBodySchema>;

/** The one error class of the house: a code from the closed set, a message for people, and what it is about. */
export class ConcordError extends Error {
  override readonly name = "ConcordError";
  readonly code: ErrorCode;
  readonly param: string | undefined;

  constructor(code: ErrorCode, message: string, options: { readonly param?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.param = options.param;
  }

  get status(): number {
    return ERROR_STATUS[this.code];
  }

  toBody(): ErrorBody {
    const { code, message, param } = this;
    return { error: param === undefined ? { code, message } : { code, message, param } };
  }

  /** Any thrown value as a ConcordError. An unknown one becomes `internal` and keeps its message as the cause only. */
  static from(value: unknown): ConcordError {
    if (value instanceof ConcordError) return value;
    if (value instanceof z.ZodError) return fromZod(value);
    return new ConcordError("internal", "something went wrong inside; the log has the details", { cause: value });
  }

  /** The error that an HTTP answer carries; an answer without a readable body gets the code of its status. */
  static fromBody(status: number, body: unknown): ConcordError {
    const parsed = errorBodySchema.safeParse(body);
    if (parsed.success) {
      const { code, message, param } = parsed.data.error;
      return new ConcordError(code, message, param === undefined ? {} : { param });
    }
    const code = codes.find((known) => ERROR_STATUS[known] === status) ?? (status >= 500 ? "unavailable" : "internal");
    return new ConcordError(code, `the server answered ${status} without an explanation`);
  }
}

/** The first issue of a failed check, as an `invalid_argument` that names the field. */
export function fromZod(error: z.ZodError, what = "the request"): ConcordError {
  const issue = error.issues[0];
  if (issue === undefined) return new ConcordError("invalid_argument", `${what} is not valid`);
  const param = issue.path.map(String).join(".");
  const more = error.issues.length > 1 ? ` (and ${error.issues.length - 1} more)` : "";
  const where = param === "" ? what : `${what}: ${param}`;
  return new ConcordError("invalid_argument", `${where}: ${issue.message}${more}`, param === "" ? {} : { param });
}
