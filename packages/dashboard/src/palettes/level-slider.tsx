import type { CSSProperties } from "react";
import type { ValueView } from "./pilot.ts";
import { placeOn } from "./scale.ts";
import type { KnownReach } from "./solving.ts";
import type { Wish } from "./wishes.ts";
import { levelWords } from "./words.ts";

export interface LevelSliderProps {
  readonly value: ValueView;
  readonly wish: Wish;
  readonly known: KnownReach | undefined;
  /** What is known of the reachable part belongs to other levels of the others. */
  readonly stale: boolean;
  readonly onChange: (level: number) => void;
}

/** Quantiles that get a tick, and those of them that are named where there is room. */
const TICKS = ["q10", "q25", "q50", "q75", "q90"] as const;
/** A name needs about this share of the width. */
const ROOM = 0.1;

/** A slider on which one sees where single answers lie, and how far the level can go. */
export function LevelSlider({ value, wish, known, stale, onChange }: LevelSliderProps) {
  const { name, scale, quantiles, constant } = value;
  const { limit, thin } = partsOf(value, known);
  return (
    <div className="slider" data-stale={stale ? "" : undefined}>
      <div className="slider-track" style={percents({ limit, thin })} aria-hidden="true">
        <span className="slider-free" />
        <span className="slider-thin" />
        <span className="slider-beyond" />
      </div>
      <input
        type="range"
        aria-label={`${name}: least average`}
        aria-valuetext={levelWords(value, wish.level)}
        min={scale.min}
        max={scale.max}
        step={scale.step}
        disabled={constant}
        value={wish.level}
        onChange={({ currentTarget }) => onChange(Number(currentTarget.value))}
      />
      <div className="slider-ticks" aria-hidden="true">
        {ticksOf(value).map(({ tick, place, named }) => (
          <span key={tick} className="slider-tick" style={percents({ place })} title={`${tick}: ${quantiles[tick]}`}>
            {named && tick}
          </span>
        ))}
      </div>
    </div>
  );
}

/** Where on the slider the part without a mark ends, and where the thin part does. */
function partsOf(
  { scale }: ValueView,
  known: KnownReach | undefined,
): { readonly limit: number; readonly thin: number } {
  if (known === undefined) return { limit: 1, thin: 1 };
  const { reach } = known;
  if (reach.kind === "stuck") return { limit: 0, thin: 0 };
  const limit = placeOn(scale, reach.limit);
  if (reach.thinFrom === null) return { limit, thin: limit };
  return { limit, thin: reach.thinFrom <= reach.from ? 0 : Math.min(limit, placeOn(scale, reach.thinFrom)) };
}

function ticksOf({ scale, quantiles }: ValueView) {
  let last = -1;
  return TICKS.map((tick) => {
    const place = placeOn(scale, quantiles[tick] ?? scale.min);
    const named = place - last >= ROOM;
    if (named) last = place;
    return { tick, place, named };
  });
}

/** Shares as custom properties: `{ limit: 0.5 }` is `--limit: 50%`. */
function percents(shares: Readonly<Record<string, number>>): CSSProperties {
  return Object.fromEntries(Object.entries(shares).map(([name, share]) => [`--${name}`, share])) as CSSProperties;
}
