import { SegmentedControl } from "@mantine/core";
import { useCallback, useMemo, useState } from "react";
import type { Series, XAxis } from "../charts/line-chart.tsx";
import { accuracyRange, lossRange } from "../charts/ranges.ts";
import { formatBytes } from "../format/bytes.ts";
import { formatLoss } from "../format/numbers.ts";
import { accuracyByBytes, accuracyColumns, finishedRounds, lossColumns } from "../state/curves.ts";
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

const BYTES: XAxis = { kind: "bytes" };
const AGAINST = [
  { value: "rounds", label: "by round" },
  { value: "bytes", label: "by bytes" },
];

/** Accuracy over the rounds or over what they cost, and loss over the rounds. */
export function Curves() {
  const rounds = useFederation((state) => state.rounds);
  const lastRound = useFederation(({ view }) => view.spec.rounds);
  // A round under way changes with every update, the finished ones do not: the charts are drawn again for them only.
  const stable = useMemo(() => stableList<RoundRow>(), []);
  const finished = stable(finishedRounds(rounds));
  const [against, setAgainst] = useState("rounds");
  const byBytes = against === "bytes";
  const numbers = useMemo(() => finished.map(({ round }) => round), [finished]);
  const byRound = useMemo<XAxis>(() => ({ kind: "rounds", last: lastRound }), [lastRound]);
  const accuracy = useMemo(() => (byBytes ? accuracyByBytes : accuracyColumns)(finished), [byBytes, finished]);
  const loss = useMemo(() => lossColumns(finished), [finished]);
  const at = useCallback((row: number) => `round ${numbers[row]}`, [numbers]);
  const atBytes = useCallback(
    (row: number) => `${at(row)}, ${formatBytes(accuracy[0][row] ?? 0)} sent`,
    [at, accuracy],
  );
  const choice = useMemo(
    () => (
      <SegmentedControl
        aria-label="Show accuracy against"
        size="xs"
        data={AGAINST}
        value={against}
        onChange={setAgainst}
      />
    ),
    [against],
  );
  return (
    <div className="sections-pair">
      <CurveCard
        title="Accuracy"
        by={byBytes ? "bytes" : "round"}
        columns={accuracy}
        series={ACCURACY}
        rounds={numbers}
        at={byBytes ? atBytes : at}
        choice={choice}
        x={byBytes ? BYTES : byRound}
        yRange={accuracyRange}
        yTick={percentTick}
        format={percent}
      />
      <CurveCard
        title="Loss"
        by="round"
        columns={loss}
        series={LOSS}
        rounds={numbers}
        at={at}
        x={byRound}
        yRange={lossRange}
        yTick={lossTick}
        format={formatLoss}
      />
    </div>
  );
}
