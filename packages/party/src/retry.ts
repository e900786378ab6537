import type { ErrorCode } from "@concord/protocol";
import { ConcordError } from "@concord/protocol";

/** How often a request that failed for a passing reason is made again, and how long to wait in between. */
export interface RetryPolicy {
  /** Requests in all, the first included; Infinity goes on until the signal says stop. */
  readonly attempts: number;
  /** Wait after the first failure, in milliseconds; it doubles with each further one. */
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  /** Told before each wait. */
  readonly onRetry?: (error: ConcordError, delayMs: number) => void;
  /** Told when a request succeeds that had failed before. */
  readonly onRecovery?: () => void;
}

export const DEFAULT_RETRY: RetryPolicy = { attempts: 5, firstDelayMs: 250, longestDelayMs: 10_000 };

const PASSING: ReadonlySet<ErrorCode> = new Set(["resource_exhausted", "internal", "unavailable", "deadline_exceeded"]);

/** True for failures that may be gone when the same request is made again: no connection, 429 and 5xx. */
export function isPassing(error: ConcordError): boolean {
  return PASSING.has(error.code);
}

/**
 * Does `work` until it succeeds, fails for a lasting reason, or the attempts are used up; then its last error passes
 * through. Rejects with the signal's reason once that is aborted, in the middle of a wait too.
 */
export async function retrying<T>(work: () => Promise<T>, policy: RetryPolicy, signal?: AbortSignal): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      const result = await work();
      if (failures > 1) policy.onRecovery?.();
      return result;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof ConcordError && isPassing(error)) || failures >= policy.attempts) throw error;
      const delayMs = backoff(failures, policy);
      policy.onRetry?.(error, delayMs);
      await pause(delayMs, signal);
    }
  }
}

/**
 * Milliseconds to wait after so many failures in a row (from 1): exponential, half of it random, so that the parties of
 * a coordinator that comes back do not all knock at the same instant.
 */
export function backoff(failures: number, { firstDelayMs, longestDelayMs }: RetryPolicy): number {
  const full = Math.min(longestDelayMs, firstDelayMs * 2 ** (failures - 1));
  return full / 2 + (full / 2) * chance();
}

/** Resolves after a while; rejects with the signal's reason if that is aborted before. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    if (signal?.aborted === true) return reject(signal.reason);
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Uniform over [0, 1). It shapes waiting times only; what enters a result is drawn from the federation's seed. */
function chance(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32;
}
