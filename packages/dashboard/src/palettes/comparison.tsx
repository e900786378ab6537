import { Button } from "@mantine/core";
import { formatCount } from "../format/numbers.ts";
import type { Outcome, Pinned } from "./outcome.ts";
import type { PilotView } from "./pilot.ts";
import { formatLevel } from "./scale.ts";
import type { Wishes } from "./wishes.ts";
import { formatPrice } from "./words.ts";

export interface ComparisonProps {
  readonly pilot: PilotView;
  readonly pinned: Pinned;
  readonly wishes: Wishes;
  readonly outcome: Outcome | null;
  readonly onBack: () => void;
  readonly onUnpin: () => void;
}

/** The palette that was kept (A) beside the one on the sliders (B). */
export function Comparison({ pilot, pinned, wishes, outcome, onBack, onUnpin }: ComparisonProps) {
  const sides = [
    { name: "A", wishes: pinned.wishes, outcome: pinned.outcome },
    { name: "B", wishes, outcome },
  ] as const;
  return (
    <section className="card" aria-labelledby="comparison-title">
      <div className="card-head">
        <h2 className="card-title" id="comparison-title">
          A and B
        </h2>
        <p className="card-note">level delivered; asked for in brackets</p>
      </div>
      <div className="scroller">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">
                <span className="visually-hidden">Figure</span>
              </th>
              <th scope="col" className="right">
                A
              </th>
              <th scope="col" className="right">
                B, now
              </th>
            </tr>
          </thead>
          <tbody>
            {pilot.values.map(({ name, scale }, i) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {sides.map((side) => {
                  const wish = side.wishes.list[i];
                  const delivered = solutionOf(side.outcome)?.realised[name];
                  return (
                    <td key={side.name} className="right numeric">
                      {delivered === undefined ? "–" : formatLevel(scale, delivered)}{" "}
                      <span className="dim">({wish?.on === true ? formatLevel(scale, wish.level) : "free"})</span>
                    </td>
                  );
                })}
              </tr>
            ))}
            <tr>
              <th scope="row">KL, nats</th>
              {sides.map(({ name, outcome }) => (
                <td key={name} className="right numeric">
                  {klWords(outcome)}
                </td>
              ))}
            </tr>
            <tr>
              <th scope="row">Effective samples</th>
              {sides.map(({ name, outcome }) => (
                <td key={name} className="right numeric">
                  {essWords(outcome)}
                </td>
              ))}
            </tr>
          </tbody>
        </table>
      </div>
      <div className="comparison-actions">
        <Button size="xs" variant="default" onClick={onBack}>
          Sliders to A
        </Button>
        <Button size="xs" variant="subtle" onClick={onUnpin}>
          Forget A
        </Button>
      </div>
    </section>
  );
}

function solutionOf(outcome: Outcome | null) {
  return outcome?.kind === "reached" ? outcome.solution : undefined;
}

function klWords(outcome: Outcome | null): string {
  const kl = solutionOf(outcome)?.kl;
  if (kl !== undefined) return formatPrice(kl);
  return outcome?.kind === "unreachable" ? "not reachable" : "–";
}

function essWords(outcome: Outcome | null): string {
  const ess = solutionOf(outcome)?.ess;
  return ess === undefined ? "–" : formatCount(Math.round(ess));
}
