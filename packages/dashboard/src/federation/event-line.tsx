import { memo } from "react";
import { formatClock } from "../format/time.ts";
import type { Topic } from "../words/events.ts";

export interface EventLineProps {
  readonly time: string;
  readonly topic: Topic;
  readonly sentence: string;
}

/** One event. */
export const EventLine = memo(function EventLine({ time, topic, sentence }: EventLineProps) {
  return (
    <li className="log-line" data-topic={topic}>
      <time className="numeric" dateTime={time}>
        {formatClock(time)}
      </time>
      <span className="log-mark" aria-hidden="true" />
      <span>
        {topic === "problems" && <span className="visually-hidden">Problem: </span>}
        {sentence}
      </span>
    </li>
  );
});
