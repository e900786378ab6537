import { Button } from "@mantine/core";
import { useState } from "react";
import { formatBytes } from "../format/bytes.ts";
import { formatCount, plural } from "../format/numbers.ts";
import { Inference } from "./inference.tsx";
import type { RecommenderHome, RecommenderState } from "./tab-recommender.ts";

export interface SentPanelProps {
  readonly sent: RecommenderState["sent"];
  readonly catalogue: RecommenderHome["catalogue"];
  readonly spec: RecommenderHome["spec"];
}

const FEW = 6;

const ONE = {
  update: "Update",
  reply: "Reply",
  join: "Joining",
  status: "Pausing, resuming or leaving",
  invite: "Showing the invite",
  model: "Asking for the model",
  work: "Asking for work",
  heartbeat: "Sign of life",
} as const;

const WORDS = {
  update: "Updates",
  reply: "Replies (where an update is, and the mean training loss)",
  join: "Joining",
  status: "Pausing, resuming, leaving",
  invite: "Showing the invite, to look and to fetch the model",
  model: "Asking for the present model",
  work: "Asking for work",
  heartbeat: "Signs of life while training",
} as const;

/** Every byte that left the device, by message, from the bytes themselves. */
export function SentPanel({ sent, catalogue, spec }: SentPanelProps) {
  const [all, setAll] = useState(false);
  const total = Object.values(sent.totals).reduce((sum, { bytes }) => sum + bytes, 0);
  return (
    <section className="card" aria-labelledby="sent-panel-title" data-payload={sent.payload} data-index={sent.index}>
      <div className="card-head">
        <h2 className="card-title" id="sent-panel-title">
          What has left this device
        </h2>
        <span className="card-note numeric">{formatBytes(total)} in message bodies</span>
      </div>
      <div className="card-body">
        <div className="scroller">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Message</th>
                <th scope="col" className="right">
                  Times
                </th>
                <th scope="col" className="right">
                  Bytes
                </th>
              </tr>
            </thead>
            <tbody>
              {Object.entries(sent.totals).map(([kind, { count, bytes }]) => (
                <tr key={kind}>
                  <th scope="row">{WORDS[kind as keyof typeof WORDS]}</th>
                  <td className="right numeric">{formatCount(count)}</td>
                  <td className="right numeric">{formatCount(bytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <p className="dim small">
          Of the updates, {formatCount(sent.payload)} bytes are numbers of the model and {formatCount(sent.index)} bytes
          say which films the rows are of. The coordinator counts the same; headers come on top.
        </p>
        {sent.payload > 0 && <Inference algorithm={spec.algorithm} />}
        <h3>The latest messages</h3>
        {sent.messages.length === 0 && <p className="dim">None yet.</p>}
        <ul className="sent-list">
          {sent.messages.slice(0, all ? undefined : FEW).map((message) => (
            <li key={message.number}>
              <Message message={message} catalogue={catalogue} />
            </li>
          ))}
        </ul>
        {sent.messages.length > FEW && (
          <Button variant="subtle" size="compact-sm" onClick={() => setAll(!all)}>
            {all ? "Fewer" : `The latest ${sent.messages.length}`}
          </Button>
        )}
      </div>
    </section>
  );
}

interface MessageProps {
  readonly message: RecommenderState["sent"]["messages"][number];
  readonly catalogue: RecommenderHome["catalogue"];
}

function Message({ message, catalogue }: MessageProps) {
  const { kind, time, bytes, text, parts, items } = message;
  return (
    <details>
      <summary>
        <span>{new Date(time).toLocaleTimeString()}</span> {ONE[kind]}
        <span className="dim numeric">
          {" "}
          {formatCount(bytes)} bytes{items && `, rows of ${plural(items.length, "film")}`}
        </span>
      </summary>
      {text !== undefined && <code className="sent-text">{text}</code>}
      {parts !== undefined && (
        <div className="scroller">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Tensor</th>
                <th scope="col">Shape</th>
                <th scope="col">Part</th>
                <th scope="col" className="right">
                  Bytes
                </th>
              </tr>
            </thead>
            <tbody>
              {parts.map((part) => (
                <tr key={part.tensor}>
                  <th scope="row">
                    <code>{part.tensor}</code>
                  </th>
                  <td className="numeric">{part.shape.join(" × ")}</td>
                  <td>{PARTS[part.kind]}</td>
                  <td className="right numeric">{formatCount(part.bytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {items !== undefined && (
        <p className="small">It names: {items.map((column) => catalogue.items[column]?.title ?? column).join("; ")}.</p>
      )}
    </details>
  );
}

const PARTS = { dense: "all of it", rows: "rows of some films", index: "which films" } as const;
