import { useMemo } from "react";
import { formatBytes } from "../format/bytes.ts";
import { formatCount, formatLoss, formatShare } from "../format/numbers.ts";
import { ArrowDownIcon, ArrowUpIcon } from "../shell/icons.tsx";
import { figuresOf } from "../state/figures.ts";
import { useFederation } from "./follower-context.ts";
import { Tile } from "./tile.tsx";

/** The figures that one looks for first. */
export function Tiles() {
  const rounds = useFederation((state) => state.rounds);
  const parties = useFederation((state) => state.parties);
  const source = useFederation(({ view }) => view.accuracySource);
  const figures = useMemo(() => figuresOf({ rounds, parties }), [rounds, parties]);
  const { measured, accuracyChange, wireUp, wireDown, online, present } = figures;
  const training = parties.filter(({ activity }) => activity === "training").length;
  const evaluating = parties.filter(({ activity }) => activity === "evaluating").length;
  const evaluated = measured?.evaluated;
  return (
    <dl className="tiles">
      <Tile
        label="Accuracy"
        value={measured?.accuracy == null ? null : formatShare(measured.accuracy)}
        aside={accuracyChange === null ? null : changeWords(accuracyChange)}
        note={evaluated == null ? source : `on ${formatCount(evaluated.examples)} ${source}`}
      />
      <Tile
        label="Loss"
        value={measured?.loss == null ? null : formatLoss(measured.loss)}
        aside={null}
        note={
          measured?.trainLoss == null ? "mean over the same examples" : `${formatLoss(measured.trainLoss)} in training`
        }
      />
      <Tile
        label="Sent up"
        icon={<ArrowUpIcon />}
        value={formatBytes(wireUp)}
        aside={null}
        note="by parties to the coordinator"
      />
      <Tile
        label="Sent down"
        icon={<ArrowDownIcon />}
        value={formatBytes(wireDown)}
        aside={null}
        note="by the coordinator to parties"
      />
      <Tile
        label="Parties online"
        value={String(online)}
        aside={`of ${present}`}
        note={training > 0 ? `${training} training` : evaluating > 0 ? `${evaluating} evaluating` : "all idle"}
      />
    </dl>
  );
}

function changeWords(change: number): string {
  const points = (100 * Math.abs(change)).toFixed(1);
  return `${change < 0 ? "−" : "+"}${points} pts`;
}
