import { Button } from "@mantine/core";
import { useState } from "react";
import { plural } from "../format/numbers.ts";
import { statusWords } from "../join/status-words.ts";
import { Inference } from "./inference.tsx";
import type { RecommenderHome, RecommenderState, TabRecommender } from "./tab-recommender.ts";

export interface TakePartProps {
  readonly state: RecommenderState;
  readonly spec: RecommenderHome["spec"];
  readonly onAsk: TabRecommender["ask"];
}

/** Whether this tab trains along, what that would tell others, and how to stop it. */
export function TakePart({ state, spec, onAsk }: TakePartProps) {
  const { joined, status, taken, ratings } = state;
  const [asked, setAsked] = useState(false);
  const words = status && statusWords(status);
  const paused = status?.kind === "paused";
  return (
    <section className="card join-part" aria-labelledby="part-title">
      <h2 id="part-title">Take part</h2>
      {!joined && (
        <>
          <p>
            The list above needs none of this. If you like, this tab also helps to improve the model that everybody
            uses: it trains on your ratings and sends what the model should change.
          </p>
          <Inference algorithm={spec.algorithm} />
          <div className="join-decision">
            <Button disabled={ratings.length === 0} onClick={() => onAsk({ kind: "take part" })}>
              Take part
            </Button>
            {ratings.length === 0 && <span className="dim small">Rate something first.</span>}
          </div>
        </>
      )}
      {joined && (
        <>
          <div role="status">
            <strong>{taken ? "Another tab takes part" : (words?.title ?? "Not running")}</strong>
            <p className="dim">
              {taken ? "This one recommends all the same." : words?.detail}
              {status !== undefined && <> {plural(status.updates, "update")} counted since the page was loaded.</>}
            </p>
          </div>
          <div className="member-controls">
            <Button
              variant="default"
              disabled={taken}
              onClick={() => onAsk({ kind: paused || !status ? "resume" : "pause" })}
            >
              {paused || !status ? "Resume" : "Pause"}
            </Button>
            <Button
              variant={asked ? "filled" : "default"}
              color="red"
              onBlur={() => setAsked(false)}
              onClick={() => {
                if (asked) onAsk({ kind: "leave" });
                setAsked(!asked);
              }}
            >
              {asked ? "Leave for good?" : "Leave"}
            </Button>
          </div>
        </>
      )}
    </section>
  );
}
