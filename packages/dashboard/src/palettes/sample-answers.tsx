import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { formatShare } from "../format/numbers.ts";
import type { Pinned } from "./outcome.ts";
import type { PilotView } from "./pilot.ts";
import type { RemoteDesk } from "./remote-desk.ts";
import type { SampleDraws, ShownAnswer } from "./samples.ts";
import { formatLevel } from "./scale.ts";
import type { Wishes } from "./wishes.ts";
import { paletteOf } from "./wishes.ts";

export interface SampleAnswersProps {
  readonly desk: RemoteDesk;
  readonly pilot: PilotView;
  readonly wishes: Wishes;
  readonly pinned: Pinned | null;
}

const SHOWN = 3;
/** After the sliders: answers are read, not watched. */
const REST_MS = 400;

/** Answers of the file as the base model, palette A and the sliders would give them. */
export function SampleAnswers({ desk, pilot, wishes, pinned }: SampleAnswersProps) {
  const [seed, setSeed] = useState(1);
  const [draws, setDraws] = useState<{ readonly names: readonly string[]; readonly rows: SampleDraws } | null>(null);
  useEffect(() => {
    let current = true;
    const sides = [
      { name: "Base model", palette: [], dual: wishes.dual },
      ...(pinned === null ? [] : [{ name: "Palette A", palette: paletteOf(pinned.wishes), dual: pinned.wishes.dual }]),
      { name: pinned === null ? "This palette" : "Palette B, now", palette: paletteOf(wishes), dual: wishes.dual },
    ];
    const timer = setTimeout(async () => {
      const rows = await desk.ask("draw", { sides, seed, count: SHOWN }).catch(() => null);
      if (current && rows !== null) setDraws({ names: sides.map(({ name }) => name), rows });
    }, REST_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [desk, wishes, pinned, seed]);

  return (
    <section className="card" aria-labelledby="samples-title">
      <div className="card-head">
        <h2 className="card-title" id="samples-title">
          Answers
        </h2>
        <Button size="xs" variant="default" onClick={() => setSeed(seed + 1)}>
          Draw others
        </Button>
      </div>
      <div className="card-body samples">
        {draws?.rows.map((row, i) => {
          // A draw is of one prompt for all sides, the base model's among them, which can always be reached.
          const shared = pilot.severalAnswers ? row[0]?.prompt : null;
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: a draw is its place
            <article key={i} className="sample">
              {shared != null && <h3 className="sample-prompt">{shared}</h3>}
              <div className="sample-sides">
                {row.map((shown, side) => (
                  <div key={draws.names[side]} className="sample-side">
                    <h4>{draws.names[side]}</h4>
                    {shown === null ? (
                      <p className="dim">This palette cannot be reached.</p>
                    ) : (
                      <Answer shown={shown} pilot={pilot} withPrompt={shared == null} />
                    )}
                  </div>
                ))}
              </div>
            </article>
          );
        })}
        {pilot.severalAnswers && (
          <p className="small dim">
            One of the answers to the same prompt is picked each time, with the same random number: what differs is due
            to the palette.
          </p>
        )}
      </div>
    </section>
  );
}

interface AnswerProps {
  readonly shown: ShownAnswer;
  readonly pilot: PilotView;
  readonly withPrompt: boolean;
}

function Answer({ shown: { prompt, answer, rewards, chance }, pilot, withPrompt }: AnswerProps) {
  return (
    <>
      {withPrompt && prompt !== null && <p className="dim small">{prompt}</p>}
      <p className="sample-text">{answer === "" ? "(empty)" : answer}</p>
      <p className="dim small numeric">
        {pilot.values.map(({ name, scale }, i) => `${name} ${formatLevel(scale, rewards[i] ?? 0)}`).join(" · ")}
        {pilot.severalAnswers && ` · picked with ${formatShare(chance)}`}
      </p>
    </>
  );
}
