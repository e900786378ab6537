import type { PilotView } from "./pilot.ts";
import type { Solved } from "./solving.ts";
import { formatPrice } from "./words.ts";

/** What a little more of each target costs, and what it does to the others. */
export function PricesTable({
  pilot,
  solved: { outcome, prices },
}: {
  readonly pilot: PilotView;
  readonly solved: Solved;
}) {
  const active =
    outcome?.kind === "reached"
      ? outcome.solution.goals.filter(({ label }) => (outcome.solution.lambda[label] ?? 0) > 0)
      : [];
  return (
    <section className="card" aria-labelledby="prices-title">
      <div className="card-head">
        <h2 className="card-title" id="prices-title">
          Prices
        </h2>
        <p className="card-note">when one target rises by a tenth of its standard deviation and the others hold</p>
      </div>
      {active.length === 0 ? (
        <p className="empty">No target costs anything: raise one above what the base model has.</p>
      ) : (
        <div className="scroller">
          <table className="table prices" aria-busy={prices === null}>
            <thead>
              <tr>
                <th scope="col">Target that rises</th>
                <th scope="col" className="right">
                  costs, nats of KL
                </th>
                {pilot.values.map(({ name }) => (
                  <th key={name} scope="col" className="right">
                    {name} moves by
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {active.map(({ label, sd }) => (
                <tr key={label}>
                  <th scope="row">
                    {label} +{formatPrice(sd / 10)}
                  </th>
                  <td className="right numeric">
                    {prices === null ? "…" : formatPrice(((prices.kl[label] ?? 0) * sd) / 10)}
                  </td>
                  {pilot.values.map(({ name }) => (
                    <td key={name} className="right numeric">
                      {prices === null ? "…" : moveWords(((prices.levels[label]?.[name] ?? 0) * sd) / 10, pilot, name)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** A move with its sign; what is only rounding is none. */
function moveWords(move: number, { values }: PilotView, name: string): string {
  const sd = values.find((value) => value.name === name)?.sd ?? 1;
  if (Math.abs(move) < 1e-6 * sd) return "0";
  return move > 0 ? `+${formatPrice(move)}` : formatPrice(move);
}
