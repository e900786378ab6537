/**
 * Does all jobs, so many at a time, started in order; results come in the order of the jobs. After a failure no further
 * one is started, those that run are told by the signal, and the first failure is thrown.
 */
export async function sideBySide<J, R>(
  jobs: readonly J[],
  lanes: number,
  work: (job: J, signal: AbortSignal) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const waiting = [...jobs.entries()];
  const failure = new AbortController();
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [i, job] = next;
      try {
        results[i] = await work(job, failure.signal);
      } catch (error) {
        waiting.length = 0;
        failure.abort(error);
      }
    }
  };
  await Promise.allSettled(Array.from({ length: Math.min(lanes, jobs.length) }, lane));
  failure.signal.throwIfAborted();
  return results;
}
