import type { PaletteView } from "@concord/protocol";
import { Button, PasswordInput } from "@mantine/core";
import type { SubmitEvent } from "react";
import { useState } from "react";
import { keptAnswers, pilotRewards } from "../api/palettes.ts";
import { enterWith, session } from "../session/session.ts";
import { useStore } from "../state/use-store.ts";
import type { Opening } from "./opened.ts";
import { sourceFromKept } from "./sources.ts";
import { useGateway, useGatewayOfSession } from "./use-gateway.ts";
import { wishesFor } from "./wishes.ts";
import { formatPrice } from "./words.ts";

/** The palettes that the coordinator's gateway serves, or how to get at them. */
export function GatewayPalettes({ onOpen }: { readonly onOpen: Opening }) {
  useGatewayOfSession();
  const gateway = useGateway();
  return (
    <section className="card" aria-labelledby="gateway-title">
      <div className="card-head">
        <h2 className="card-title" id="gateway-title">
          Gateway
        </h2>
        {gateway.kind === "open" && <p className="card-note">scores {gateway.view.rewards.join(", ") || "nothing"}</p>}
      </div>
      <div className="card-body gateway">
        {gateway.kind === "closed" && <KeyForm />}
        {gateway.kind === "none" && (
          <p className="dim">
            This coordinator has no gateway (<code>concord serve --gateway gateway.yaml</code> starts one). All of the
            above works without it.
          </p>
        )}
        {gateway.kind === "failed" && <p className="dim">The gateway was not asked: {gateway.why}.</p>}
        {gateway.kind === "open" && gateway.palettes.length === 0 && <p className="dim">It has no palettes yet.</p>}
        {gateway.kind === "open" &&
          gateway.palettes.map((palette) => (
            <GatewayPalette
              key={palette.name}
              palette={palette}
              apiKey={gateway.key}
              mayRead={gateway.role === "operator" && gateway.view.keepPrompts}
              onOpen={onOpen}
            />
          ))}
      </div>
    </section>
  );
}

interface GatewayPaletteProps {
  readonly palette: PaletteView;
  readonly apiKey: string;
  /** Answers are kept, and the key may see them. */
  readonly mayRead: boolean;
  readonly onOpen: Opening;
}

function GatewayPalette({ palette, apiKey, mayRead, onOpen }: GatewayPaletteProps) {
  const { name, version, model, status, k, live, solution, progress, problem } = palette;
  const begin = (pilot: Parameters<typeof wishesFor>[0]) => wishesFor(pilot, solution?.goals ?? []);
  const open = () =>
    onOpen(
      async () => ({ kind: "text", name: model, text: await pilotRewards(apiKey, palette), format: "csv" }),
      begin,
    );
  const openKept = () =>
    onOpen(async () => {
      const kept = await keptAnswers(apiKey, palette);
      if (kept.length === 0) throw new Error(`no answers of ${model} have been kept yet`);
      return sourceFromKept(`Served by ${model}`, kept);
    }, begin);
  return (
    <article className="gateway-palette" aria-label={name}>
      <div className="gateway-words">
        <h3>
          {name} <span className="dim">version {version}</span>
        </h3>
        <p className="small dim">
          <code>{model}</code> · {status}
          {progress !== null && ` (${progress.done} of ${progress.all})`} · {k} candidates
          {problem !== null && ` · ${problem}`}
        </p>
        {live !== null && (
          <p className="small">
            {live.requests} requests:{" "}
            {live.levels.map(({ label, mean, target, interval, drift }, i) => (
              <span key={label} className={drift ? "value-conflict" : undefined}>
                {i > 0 && ", "}
                {label} {formatPrice(mean)}
                {interval !== null && ` [${formatPrice(interval[0])}, ${formatPrice(interval[1])}]`} of{" "}
                {formatPrice(target)}
                {drift && " (drifts)"}
              </span>
            ))}
          </p>
        )}
      </div>
      <div className="gateway-actions">
        <Button size="xs" variant="default" disabled={solution === null} onClick={open}>
          Open
        </Button>
        {mayRead && (
          <Button size="xs" variant="default" onClick={openKept}>
            Open served answers
          </Button>
        )}
      </div>
    </article>
  );
}

function KeyForm() {
  const [pasted, setPasted] = useState("");
  const problem = useStore(session, (state) => (state.kind === "none" ? state.problem : null));
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void enterWith(pasted);
  };
  return (
    <form className="gateway-key" onSubmit={submit}>
      <PasswordInput
        className="gateway-key-field"
        label="Key of the coordinator"
        description="An operator's (co_…) or a viewer's (cv_…), to open its palettes here. The sliders work without one."
        placeholder="co_…"
        autoComplete="off"
        spellCheck={false}
        error={problem}
        value={pasted}
        onChange={({ currentTarget }) => setPasted(currentTarget.value)}
      />
      <Button type="submit" variant="default" disabled={pasted.trim() === ""}>
        Use
      </Button>
    </form>
  );
}
