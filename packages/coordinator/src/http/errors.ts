import { ConcordError, ERROR_STATUS, type ErrorCode } from "@concord/protocol";
import type { FastifyError, FastifyRequest } from "fastify";
import { openAiError } from "../gateway/openai-answer.ts";
import type { App } from "./app.ts";
import type { Services } from "./services.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** The shape of a route's errors, where it is not the house's own. */
    errors?: "openai";
  }
}

/** Every failure as `{ error: { code, message, param } }`; those of known parties go into the event log as well. */
export function errors(app: App, { refusals, context }: Services): void {
  app.setErrorHandler((thrown: unknown, request, reply) => {
    const error = toConcordError(thrown);
    if (error.code === "internal")
      context.log.error({ err: error.cause ?? error, url: pathOf(request) }, error.message);
    else if (isFullDisk(error)) context.log.error({ err: error, url: pathOf(request) }, "nothing more can be kept");
    else noteRefusal(request, error);
    if (error.code === "unauthenticated") reply.header("www-authenticate", "Bearer");
    const body = request.routeOptions.config.errors === "openai" ? openAiError(error) : error.toBody();
    return reply.code(error.status).send(body);
  });
  app.setNotFoundHandler((request) => {
    throw new ConcordError("not_found", `there is nothing at ${request.method} ${pathOf(request)}`);
  });

  function noteRefusal(request: FastifyRequest, error: ConcordError): void {
    if (error.code === "unavailable") return;
    const { principal } = request;
    if (request.routeOptions.config.ordinary === error.code) return;
    if (principal?.role === "party") refusals.note(principal.federation, principal.party, error);
    else if (request.invitedTo !== undefined) refusals.note(request.invitedTo, null, error);
    // Typing errors in an address are no attempts on anything, and what operators get wrong they see themselves.
    else if (principal === undefined && error.code !== "not_found" && error.code !== "invalid_argument") {
      refusals.noteAnonymous(error);
    }
  }
}

/** True for our own disk, which no request is to blame for; who asks too often is refused without a cause. */
function isFullDisk({ code, cause }: ConcordError): boolean {
  return code === "resource_exhausted" && cause !== undefined;
}

/** The path without the query, which may hold anything. */
function pathOf(request: FastifyRequest): string {
  return request.url.split("?", 1)[0] ?? "/";
}

function toConcordError(thrown: unknown): ConcordError {
  if (thrown instanceof ConcordError) return thrown;
  const { validation, validationContext, statusCode, code, message } = thrown as Partial<FastifyError>;
  if (validation !== undefined) {
    const first = validation[0];
    const param = (first?.instancePath ?? "").split("/").filter(Boolean).join(".");
    const where = param === "" ? `the ${validationContext ?? "request"}` : param;
    const options = param === "" ? {} : { param };
    return new ConcordError("invalid_argument", `${where}: ${first?.message ?? "is not valid"}`, options);
  }
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    return new ConcordError("payload_too_large", "the body is larger than this address accepts", { cause: thrown });
  }
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    return new ConcordError(
      "unsupported_media_type",
      "the media type of the body is not one that this address accepts",
      {
        param: "content-type",
        cause: thrown,
      },
    );
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new ConcordError(codeOf(statusCode), message ?? "the request is not valid", { cause: thrown });
  }
  return ConcordError.from(thrown);
}

function codeOf(status: number): ErrorCode {
  const codes = Object.entries(ERROR_STATUS) as [ErrorCode, number][];
  return codes.find(([, known]) => known === status)?.[0] ?? "invalid_argument";
}
