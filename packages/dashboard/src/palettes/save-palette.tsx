import type { GatewayView, PaletteView } from "@concord/protocol";
import { Button, NativeSelect, TextInput } from "@mantine/core";
import type { SubmitEvent } from "react";
import { useState } from "react";
import { createPalette } from "../api/palettes.ts";
import { plural } from "../format/numbers.ts";
import { Problem } from "../shell/problem.tsx";
import type { Outcome } from "./outcome.ts";
import type { PilotView } from "./pilot.ts";
import type { RemoteDesk } from "./remote-desk.ts";
import { useGateway } from "./use-gateway.ts";
import type { Wishes } from "./wishes.ts";
import { targetsOf } from "./wishes.ts";

export interface SavePaletteProps {
  readonly desk: RemoteDesk;
  readonly pilot: PilotView;
  readonly wishes: Wishes;
  readonly outcome: Outcome | null;
}

/** Gives the palette to the gateway, where requests can name it. Shown where there is one and the key may write. */
export function SavePalette(props: SavePaletteProps) {
  const gateway = useGateway();
  if (gateway.kind !== "open") return null;
  if (gateway.role !== "operator") {
    return <p className="small dim">To keep a palette on this gateway takes an operator's key; yours may look.</p>;
  }
  return <SaveForm {...props} apiKey={gateway.key} gateway={gateway.view} onSaved={gateway.reload} />;
}

interface SaveFormProps extends SavePaletteProps {
  readonly apiKey: string;
  readonly gateway: GatewayView;
  readonly onSaved: () => void;
}

function SaveForm({ desk, pilot, wishes, outcome, apiKey, gateway, onSaved }: SaveFormProps) {
  const [name, setName] = useState("");
  const [base, setBase] = useState(gateway.bases[0] ?? "");
  const [k, setK] = useState(String(Math.min(128, Math.max(2, pilot.answersEach))));
  const [temperature, setTemperature] = useState("1");
  const [maxTokens, setMaxTokens] = useState("256");
  const [saving, setSaving] = useState(false);
  const [saved, setSaved] = useState<PaletteView | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const scored = new Set(gateway.rewards);
  const unknown = wishes.list.filter(({ value, on }) => on && !scored.has(value)).map(({ value }) => value);

  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    setSaving(true);
    setProblem(null);
    setSaved(null);
    try {
      const palette = await createPalette(apiKey, {
        name,
        base,
        targets: targetsOf(wishes),
        k: Number(k),
        sampling: { temperature: Number(temperature), topP: 1, maxTokens: Number(maxTokens) },
        pilot: { kind: "rewards", rewards: await desk.ask("csv", null) },
      });
      setSaved(palette);
      onSaved();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setSaving(false);
    }
  };

  return (
    <section className="card" aria-labelledby="save-title">
      <div className="card-head">
        <h2 className="card-title" id="save-title">
          Keep it on the gateway
        </h2>
        <p className="card-note">the rewards go along, texts do not</p>
      </div>
      <form className="card-body save" onSubmit={save}>
        <TextInput
          label="Name"
          placeholder="polite"
          pattern="[a-z0-9][a-z0-9\-]{0,62}"
          title="a-z, 0-9 and -"
          required
          value={name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
        />
        <NativeSelect
          label="Base"
          data={[...gateway.bases]}
          value={base}
          onChange={({ currentTarget }) => setBase(currentTarget.value)}
        />
        <TextInput
          label="Candidates"
          type="number"
          min={2}
          max={128}
          required
          value={k}
          onChange={({ currentTarget }) => setK(currentTarget.value)}
        />
        <TextInput
          label="Temperature"
          type="number"
          min={0.01}
          max={2}
          step="any"
          required
          value={temperature}
          onChange={({ currentTarget }) => setTemperature(currentTarget.value)}
        />
        <TextInput
          label="Max tokens"
          type="number"
          min={1}
          max={100_000}
          required
          value={maxTokens}
          onChange={({ currentTarget }) => setMaxTokens(currentTarget.value)}
        />
        <Button type="submit" loading={saving} disabled={!pilot.severalAnswers || outcome?.kind === "nothing"}>
          Save
        </Button>
      </form>
      <div className="card-body save-words">
        {!pilot.severalAnswers && (
          <p className="small dim">The gateway solves per prompt: it needs several answers to each prompt.</p>
        )}
        {pilot.severalAnswers && Number(k) !== pilot.answersEach && (
          <p className="small dim">
            These rewards have {plural(pilot.answersEach, "answer")} a prompt. With {k} candidates the gateway solves
            anew, on as many answers of each prompt: other multipliers, and with fewer less can be reached.
          </p>
        )}
        {unknown.length > 0 && (
          <p className="small source-note">
            This gateway scores {gateway.rewards.join(", ") || "nothing"}: it cannot serve {unknown.join(", ")}.
          </p>
        )}
        {problem !== null && <Problem>It was not saved: {problem}.</Problem>}
        {saved !== null && (
          <p role="status">
            Saved as <code>{saved.model}</code>: {saved.solution?.verdict ?? saved.status}
          </p>
        )}
      </div>
    </section>
  );
}
