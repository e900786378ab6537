import { useMemo } from "react";
import type { Series } from "../charts/line-chart.tsx";
import { accuracyRange, lossRange } from "../charts/ranges.ts";
import { formatLoss } from "../format/numbers.ts";
import { accuracyColumns, finishedRounds, lossColumns } from "../state/curves.ts";
import type { RoundRow } from "../state/federation-state.ts";
import { stableList } from "../state/stable-list.ts";
import { CurveCard } from "./curve-card.tsx";
import { useFederation } from "./follower-context.ts";

const ACCURACY: readonly Series[] = [{ label: "held-out", color: "--series-1" }];
const LOSS: readonly Series[] = [
  { label: "held-out", color: "--series-2" },
  { label: "training", color: "--series-3", dashed: true },
];
const percent = (value: number) => `${value.toFixed(1)}%`;
const percentTick = (value: number) => `${value}%`;
const lossTick = (value: number) => String(Number(value.toPrecision(3)));

/** Accuracy and loss over the rounds. */
export function Curves() {
  const rounds = useFederation((state) => state.rounds);
  const lastRound = useFederation(({ view }) => view.spec.rounds);
  // A round under way changes with every update, the finished ones do not: the charts are drawn again for them only.
  const stable = useMemo(() => stableList<RoundRow>(), []);
  const finished = stable(finishedRounds(rounds));
  const accuracy = useMemo(() => accuracyColumns(finished), [finished]);
  const loss = useMemo(() => lossColumns(finished), [finished]);
  return (
    <div className="sections-pair">
      <CurveCard
        title="Accuracy"
        columns={accuracy}
        series={ACCURACY}
        lastX={lastRound}
        yRange={accuracyRange}
        yTick={percentTick}
        format={percent}
      />
      <CurveCard
        title="Loss"
        columns={loss}
        series={LOSS}
        lastX={lastRound}
        yRange={lossRange}
        yTick={lossTick}
        format={formatLoss}
      />
    </div>
  );
}
