import { CloseButton } from "@mantine/core";
import { useId } from "react";
import { StarIcon } from "../shell/icons.tsx";
import type { RecommenderHome } from "./tab-recommender.ts";

export interface StarsProps {
  readonly title: string;
  readonly scale: RecommenderHome["catalogue"]["scale"];
  readonly value: number | undefined;
  /** null takes the rating back. */
  readonly onRate: (value: number | null) => void;
}

/** A rating as a group of radio buttons that look like stars: arrow keys and screen readers know what to do. */
export function Stars({ title, scale: { min, max, step }, value, onRate }: StarsProps) {
  const name = useId();
  const values = Array.from({ length: Math.round((max - min) / step) + 1 }, (_, i) => min + i * step);
  return (
    <span className="stars">
      <span role="radiogroup" aria-label={`Your rating of ${title}`} className="stars-row">
        {values.map((stars) => (
          <label key={stars} className="star" data-on={(value !== undefined && stars <= value) || undefined}>
            <input
              type="radio"
              className="visually-hidden"
              name={name}
              checked={value === stars}
              aria-label={stars === 1 ? "1 star" : `${stars} stars`}
              onChange={() => onRate(stars)}
            />
            <StarIcon />
          </label>
        ))}
      </span>
      <CloseButton
        size="sm"
        aria-label={`Take back the rating of ${title}`}
        title="Take back"
        style={{ visibility: value === undefined ? "hidden" : "visible" }}
        onClick={() => onRate(null)}
      />
    </span>
  );
}
