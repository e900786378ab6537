import { Button } from "@mantine/core";
import { useRef } from "react";
import { formatCount, plural } from "../format/numbers.ts";
import type { Opening } from "./opened.ts";
import type { PilotView } from "./pilot.ts";
import { sourceFromFile } from "./sources.ts";

export interface SourceCardProps {
  readonly pilot: PilotView | null;
  readonly opening: boolean;
  readonly onOpen: Opening;
}

/** Where the rewards come from: a file, or an example. */
export function SourceCard({ pilot, opening, onOpen }: SourceCardProps) {
  const input = useRef<HTMLInputElement>(null);
  const example = () => onOpen(async () => ({ kind: "example" }));
  return (
    <section className="card source-card" aria-labelledby="source-title" aria-busy={opening}>
      <div className="source-words">
        <h2 className="card-title" id="source-title">
          {pilot === null ? "Rewards of sampled answers" : pilot.name}
        </h2>
        {pilot === null ? (
          <p className="dim small">
            A CSV, JSON or JSON Lines file: an answer a row, a value a column, <code>prompt_id</code> for the prompt;
            columns <code>prompt</code> and <code>answer</code> may hold the texts. The file stays in this tab.
          </p>
        ) : (
          <p className="dim small">
            {pilot.generated && "Made up by this page, to try it on. "}
            {plural(pilot.samples, "answer")}
            {pilot.severalAnswers && ` to ${formatCount(pilot.prompts)} prompts`},{" "}
            {plural(pilot.values.length, "value")}.{!pilot.generated && " They stay in this tab."}
          </p>
        )}
        {pilot?.notes.map((note) => (
          <p key={note} className="small source-note">
            {note}.
          </p>
        ))}
      </div>
      <div className="source-actions">
        <input
          ref={input}
          className="visually-hidden"
          type="file"
          aria-label="File with rewards"
          tabIndex={-1}
          accept=".csv,.json,.jsonl,.ndjson,text/csv,application/json"
          onChange={({ currentTarget }) => {
            const file = currentTarget.files?.[0];
            if (file !== undefined) onOpen(() => sourceFromFile(file));
            // The same file again, after a change, is a change too.
            currentTarget.value = "";
          }}
        />
        <Button
          variant={pilot === null ? "filled" : "default"}
          loading={opening}
          onClick={() => input.current?.click()}
        >
          {pilot === null ? "Open a file" : "Open another file"}
        </Button>
        {pilot?.generated !== true && (
          <Button variant="default" disabled={opening} onClick={example}>
            Try the example
          </Button>
        )}
      </div>
    </section>
  );
}
