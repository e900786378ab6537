import { ConcordError } from "@concord/protocol";
import type { FastifyRequest } from "fastify";
import type { Services } from "./services.ts";

/** Runs what takes an invite or a one-time token; an address that brings too many wrong ones has to wait. */
export async function countingGuesses<T>(
  { guesses }: Services,
  request: FastifyRequest,
  run: () => Promise<T>,
): Promise<T> {
  guesses.check(request.ip);
  try {
    return await run();
  } catch (error) {
    const { code } = ConcordError.from(error);
    if (code === "not_found" || code === "gone" || code === "unauthenticated") guesses.failed(request.ip);
    throw error;
  }
}
