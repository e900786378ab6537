import { formatBytes } from "../format/bytes.ts";
import { formatCount, formatLoss, formatShare, plural } from "../format/numbers.ts";
import { formatSeconds } from "../format/time.ts";
import { figuresOf } from "../state/figures.ts";
import { useFederation } from "./follower-context.ts";

/** What came out, once nothing will happen any more. */
export function ResultSummary() {
  const view = useFederation((state) => state.view);
  const rounds = useFederation((state) => state.rounds);
  const parties = useFederation((state) => state.parties);
  const stopReason = useFederation((state) => state.stopReason);
  const { measured, best, wireUp, wireDown } = figuresOf({ rounds, parties });
  const done = rounds.filter(({ status }) => status === "finished");
  const first = done.at(0);
  const last = done.at(-1);
  const seconds =
    first === undefined || last?.endedAt == null
      ? null
      : (Date.parse(last.endedAt) - Date.parse(first.startedAt)) / 1_000;
  return (
    <section
      className="card result"
      data-tone={view.status === "finished" ? "good" : "bad"}
      aria-labelledby="result-title"
    >
      <h2 className="card-title" id="result-title">
        {view.status === "finished" ? "Result" : `Stopped${stopReason === null ? "" : `: ${stopReason}`}`}
      </h2>
      <p>
        {plural(done.length, "round")}
        {seconds !== null && ` in ${formatSeconds(seconds)}`} with {plural(parties.length, "party", "parties")}.{" "}
        {measured?.accuracy != null && (
          <>
            The model reaches <strong>{formatShare(measured.accuracy)}</strong>
            {measured.loss !== null && <> at a loss of {formatLoss(measured.loss)}</>}
            {measured.evaluated != null && <> on {formatCount(measured.evaluated.examples)} held-out examples</>}
            {best !== undefined &&
              best.round !== measured.round &&
              best.accuracy !== null &&
              best.accuracy > measured.accuracy && (
                <>
                  ; its best was {formatShare(best.accuracy)} in round {best.round}
                </>
              )}
            .{" "}
          </>
        )}
        {formatBytes(wireUp)} went up, {formatBytes(wireDown)} down; no example left its party.
      </p>
    </section>
  );
}
