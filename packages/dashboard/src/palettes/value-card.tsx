import { Button, Checkbox } from "@mantine/core";
import { Distribution } from "./distribution.tsx";
import { LevelField } from "./level-field.tsx";
import { LevelSlider } from "./level-slider.tsx";
import type { Pinned } from "./outcome.ts";
import type { ValueView } from "./pilot.ts";
import { formatLevel } from "./scale.ts";
import type { Solved } from "./solving.ts";
import { holdsFor } from "./solving.ts";
import type { WishChange, Wishes } from "./wishes.ts";
import { formatPrice, levelWords, reachWords } from "./words.ts";

export interface ValueCardProps {
  readonly at: number;
  readonly value: ValueView;
  readonly wishes: Wishes;
  readonly solved: Solved;
  readonly pinned: Pinned | null;
  readonly onChange: (change: WishChange) => void;
}

/** One value: its distribution before and after, the slider below it on the same scale, and what it comes to. */
export function ValueCard({ at, value, wishes, solved, pinned, onChange }: ValueCardProps) {
  const wish = wishes.list[at];
  if (wish === undefined) return null;
  const { name, scale, constant } = value;
  const { outcome } = solved;
  const reached = outcome?.kind === "reached" ? outcome : null;
  const base = value.base[wishes.dual];
  const delivered = reached?.solution.realised[name];
  const lambda = reached?.solution.lambda[name];
  const conflict = outcome?.kind === "unreachable" && outcome.solution.conflict.includes(name);
  const known = solved.reaches[name];
  const stale = known !== undefined && known.holds !== holdsFor(wishes, name);
  const set = (level: number) => onChange({ kind: "level", value: name, level });
  return (
    <section className="card value" data-off={wish.on ? undefined : ""} aria-label={name}>
      <div className="value-head">
        <Checkbox
          label={name}
          className="value-name"
          checked={wish.on}
          disabled={constant}
          onChange={({ currentTarget }) => onChange({ kind: "switch", value: name, on: currentTarget.checked })}
        />
        {conflict && <span className="value-conflict">in conflict</span>}
        <span className="value-asked">
          {wish.on && wish.level !== base && (
            <Button
              variant="subtle"
              size="compact-xs"
              onClick={() => set(base)}
              aria-label={`${name}: to the base level`}
            >
              To base
            </Button>
          )}
          <span className="value-least">{wish.on ? "at least" : "free"}</span>
          {wish.on && <LevelField name={name} scale={scale} level={wish.level} onChange={set} />}
        </span>
      </div>
      <Distribution
        value={value}
        base={base}
        delivered={delivered}
        after={reached?.after[at]}
        pinned={pinned?.outcome.kind === "reached" ? pinned.outcome.after[at] : undefined}
      />
      <LevelSlider value={value} wish={wish} known={known} stale={stale} onChange={set} />
      <div className="value-foot small">
        <p>
          Base <span className="numeric">{formatLevel(scale, base)}</span>
          {delivered !== undefined && (
            <>
              , here{" "}
              <strong className="numeric" data-figure="delivered">
                {formatLevel(scale, delivered)}
              </strong>
            </>
          )}
          {wish.on && lambda !== undefined && (
            <>
              {" "}
              · λ{" "}
              <strong className="numeric" data-figure="lambda">
                {formatPrice(lambda)}
              </strong>
              {lambda === 0 ? " (costs nothing)" : ""}
            </>
          )}
        </p>
        <p className="dim" data-stale={stale ? "" : undefined}>
          {reachWords(value, known)}
        </p>
      </div>
      <p className="visually-hidden">
        Single answers of the base model: a tenth is below {levelWords(value, value.quantiles.q10 ?? base)}, half below{" "}
        {levelWords(value, value.quantiles.q50 ?? base)}, nine tenths below{" "}
        {levelWords(value, value.quantiles.q90 ?? base)}.
      </p>
    </section>
  );
}
