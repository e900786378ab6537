import { SegmentedControl } from "@mantine/core";
import { useEffect, useReducer, useState } from "react";
import { useStore } from "../state/use-store.ts";
import { Comparison } from "./comparison.tsx";
import type { Pinned } from "./outcome.ts";
import type { PilotView } from "./pilot.ts";
import { PricesTable } from "./prices-table.tsx";
import type { RemoteDesk } from "./remote-desk.ts";
import { SampleAnswers } from "./sample-answers.tsx";
import { SavePalette } from "./save-palette.tsx";
import type { Solved, Solving } from "./solving.ts";
import { createSolving } from "./solving.ts";
import { ValueCard } from "./value-card.tsx";
import { VerdictCard, VerdictStrip } from "./verdict-card.tsx";
import type { Wishes } from "./wishes.ts";
import { changeWishes, firstWishes } from "./wishes.ts";

export interface WorkbenchProps {
  readonly desk: RemoteDesk;
  readonly pilot: PilotView;
  readonly first: Wishes;
}

/** How long the sliders must be at rest before what takes longer is computed. */
const REST_MS = 250;

/** Makes the answers follow the sliders. */
export function Workbench({ desk, pilot, first }: WorkbenchProps) {
  const [solving, setSolving] = useState<Solving | null>(null);
  useEffect(() => {
    const own = createSolving(desk, () => new Promise((resolve) => setTimeout(resolve, REST_MS)));
    setSolving(own);
    return () => own.stop();
  }, [desk]);
  return solving === null ? null : <Bench desk={desk} pilot={pilot} first={first} solving={solving} />;
}

/** Sliders, verdict, and what follows from them. */
function Bench({ desk, pilot, first, solving }: WorkbenchProps & { readonly solving: Solving }) {
  const [wishes, change] = useReducer(changeWishes, first);
  const [pinned, setPinned] = useState<Pinned | null>(null);
  const solved: Solved = useStore(solving.solved, (state) => state);

  // At most one question a frame, however fast a slider is dragged.
  useEffect(() => {
    const frame = requestAnimationFrame(() => solving.want(wishes));
    return () => cancelAnimationFrame(frame);
  }, [solving, wishes]);

  const { outcome } = solved;
  const pin = () => outcome !== null && solved.wishes !== null && setPinned({ wishes: solved.wishes, outcome });
  return (
    <>
      <div className="bench">
        <div className="bench-verdict">
          <VerdictCard
            solved={solved}
            behind={solved.wishes !== wishes}
            onTake={(levels) => change({ kind: "take", levels })}
            onPin={pin}
            onReset={() => change({ kind: "all", wishes: firstWishes(pilot) })}
          >
            <DualSwitch pilot={pilot} wishes={wishes} onChange={(dual) => change({ kind: "dual", dual })} />
          </VerdictCard>
          {pinned !== null && (
            <Comparison
              pilot={pilot}
              pinned={pinned}
              wishes={wishes}
              outcome={outcome}
              onBack={() => change({ kind: "all", wishes: pinned.wishes })}
              onUnpin={() => setPinned(null)}
            />
          )}
        </div>
        <div className="bench-values">
          <p className="small dim bench-legend">
            <span className="legend-item">
              <span className="swatch swatch-before" /> base model
            </span>
            <span className="legend-item">
              <span className="swatch swatch-after" /> under this palette
            </span>
            {pinned !== null && (
              <span className="legend-item">
                <span className="swatch swatch-pinned" /> palette A
              </span>
            )}
            <span className="legend-item">
              <span className="swatch swatch-mean" /> its average
            </span>
            <span className="legend-item">
              <span className="swatch swatch-delivered" /> average here
            </span>
            <span className="legend-item">
              <span className="swatch swatch-thin" /> too few samples
            </span>
            <span className="legend-item">
              <span className="swatch swatch-beyond" /> not reachable
            </span>
          </p>
          {pilot.values.map((value, i) => (
            <ValueCard
              key={value.name}
              at={i}
              value={value}
              wishes={wishes}
              solved={solved}
              pinned={pinned}
              onChange={change}
            />
          ))}
          <VerdictStrip outcome={outcome} />
        </div>
      </div>
      <PricesTable pilot={pilot} solved={solved} />
      {pilot.hasAnswers && <SampleAnswers desk={desk} pilot={pilot} wishes={wishes} pinned={pinned} />}
      <SavePalette desk={desk} pilot={pilot} wishes={wishes} outcome={outcome} />
    </>
  );
}

interface DualSwitchProps {
  readonly pilot: PilotView;
  readonly wishes: Wishes;
  readonly onChange: (dual: Wishes["dual"]) => void;
}

/** Whose average the targets bind. */
function DualSwitch({ pilot, wishes, onChange }: DualSwitchProps) {
  if (!pilot.severalAnswers) {
    return (
      <p className="small dim">
        Solved jointly over all answers: with one answer a prompt, nothing can be said about choosing among candidates.
      </p>
    );
  }
  return (
    <div className="dual">
      <SegmentedControl
        fullWidth
        size="xs"
        aria-label="Whose average the targets bind"
        value={wishes.dual}
        onChange={(dual) => onChange(dual as Wishes["dual"])}
        data={[
          { value: "per-prompt", label: "Per prompt" },
          { value: "joint", label: "Joint" },
        ]}
      />
      <p className="small dim">
        {wishes.dual === "per-prompt"
          ? "Each prompt keeps its weight and only its answers are chosen from: what serving can do."
          : "Prompts are weighted too, as published; serving cannot choose its prompts and will fall short."}
      </p>
    </div>
  );
}
