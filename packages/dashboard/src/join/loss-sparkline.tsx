import { formatLoss, plural } from "../format/numbers.ts";

const WIDTH = 480;
const HEIGHT = 110;
const EDGE = 6;

/** This tab's own training loss, update by update. */
export function LossSparkline({ losses }: { readonly losses: readonly number[] }) {
  const shown = losses.filter(Number.isFinite);
  const first = shown[0];
  const last = shown.at(-1);
  const most = Math.max(...shown, 1e-9);
  const x = (i: number) => EDGE + ((WIDTH - 2 * EDGE) * i) / Math.max(1, shown.length - 1);
  const y = (loss: number) => HEIGHT - EDGE - ((HEIGHT - 2 * EDGE) * loss) / most;
  const points = shown.map((loss, i) => `${x(i).toFixed(1)},${y(loss).toFixed(1)}`).join(" ");
  return (
    <section className="card join-part" aria-labelledby="loss-title">
      <h2 id="loss-title">Own loss, update by update</h2>
      {first === undefined || last === undefined ? (
        <p className="spark-empty dim">It appears with the first update.</p>
      ) : (
        <svg
          className="spark"
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`From ${formatLoss(first)} to ${formatLoss(last)} over ${plural(shown.length, "update")}`}
        >
          <line x1="0" x2={WIDTH} y1={HEIGHT - EDGE} y2={HEIGHT - EDGE} />
          <polyline points={shown.length === 1 ? `${points} ${WIDTH - EDGE},${y(first).toFixed(1)}` : points} />
        </svg>
      )}
    </section>
  );
}
