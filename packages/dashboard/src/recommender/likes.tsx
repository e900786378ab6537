import { CloseButton } from "@mantine/core";
import { useId } from "react";
import { ThumbDownIcon, ThumbUpIcon } from "../shell/icons.tsx";
import type { StarsProps } from "./stars.tsx";

/** True for the scale of a federation that learns likes. */
export function isLikes({ min, max, step }: StarsProps["scale"]): boolean {
  return min === 0 && max === 1 && step === 1;
}

const CHOICES = [
  { value: 1, says: "I like it", Icon: ThumbUpIcon },
  { value: 0, says: "I do not like it", Icon: ThumbDownIcon },
] as const;

/** Liked or not, as a group of two radio buttons that look like thumbs. */
export function Likes({ title, value, onRate }: StarsProps) {
  const name = useId();
  return (
    <span className="stars">
      <span role="radiogroup" aria-label={`Do you like ${title}?`} className="stars-row">
        {CHOICES.map((choice) => (
          <label key={choice.value} className="star" data-on={choice.value === value || undefined} title={choice.says}>
            <input
              type="radio"
              className="visually-hidden"
              name={name}
              checked={choice.value === value}
              aria-label={choice.says}
              onChange={() => onRate(choice.value)}
            />
            <choice.Icon />
          </label>
        ))}
      </span>
      <CloseButton
        size="sm"
        aria-label={`Take back what you said of ${title}`}
        title="Take back"
        style={{ visibility: value === undefined ? "hidden" : "visible" }}
        onClick={() => onRate(null)}
      />
    </span>
  );
}
