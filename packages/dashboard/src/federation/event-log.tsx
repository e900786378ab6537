import type { ConcordEvent } from "@concord/protocol";
import { SegmentedControl, TextInput } from "@mantine/core";
import { useDeferredValue, useMemo, useState } from "react";
import type { Topic } from "../words/events.ts";
import { sentenceOf, topicOf } from "../words/events.ts";
import { EventLine } from "./event-line.tsx";
import { useFederation } from "./follower-context.ts";

/** Lines that are drawn; the filter looks at all that are kept. */
const MOST = 120;

const TOPICS: readonly { readonly value: Topic | "all"; readonly label: string }[] = [
  { value: "all", label: "All" },
  { value: "rounds", label: "Rounds" },
  { value: "parties", label: "Parties" },
  { value: "updates", label: "Updates" },
  { value: "problems", label: "Problems" },
];

/** What happened, newest first, in sentences. */
export function EventLog() {
  const log = useFederation((state) => state.log);
  const parties = useFederation((state) => state.parties);
  const [topic, setTopic] = useState<Topic | "all">("all");
  const [text, setText] = useState("");
  const wanted = useDeferredValue(text.trim().toLowerCase());
  const names = useMemo(() => new Map(parties.map(({ id, name }) => [id, name])), [parties]);
  const lines = useMemo(() => matching(log, topic, wanted, names), [log, topic, wanted, names]);
  return (
    <section className="card drawn-in-sight" aria-labelledby="log-title">
      <div className="card-head log-head">
        <h2 className="card-title" id="log-title">
          Events
        </h2>
        <div className="log-filters">
          <SegmentedControl
            aria-label="Show events about"
            size="xs"
            data={TOPICS.map(({ value, label }) => ({ value, label }))}
            value={topic}
            onChange={(value) => setTopic(value as Topic | "all")}
          />
          <TextInput
            className="log-search"
            size="xs"
            type="search"
            aria-label="Find in events"
            placeholder="Find …"
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        </div>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable by keyboard */}
      <section className="scroller log-scroller" tabIndex={0} aria-label="Events, scrollable">
        {lines.length === 0 ? (
          <p className="empty">{log.length === 0 ? "Nothing has happened yet." : "No event matches."}</p>
        ) : (
          <ol className="log">
            {lines.map(({ event, sentence }) => (
              <EventLine key={event.seq} time={event.time} topic={topicOf(event)} sentence={sentence} />
            ))}
          </ol>
        )}
      </section>
    </section>
  );
}

function matching(
  log: readonly ConcordEvent[],
  topic: Topic | "all",
  wanted: string,
  names: ReadonlyMap<string, string>,
): { readonly event: ConcordEvent; readonly sentence: string }[] {
  const lines: { event: ConcordEvent; sentence: string }[] = [];
  for (let at = log.length - 1; at >= 0 && lines.length < MOST; at--) {
    const event = log[at];
    if (event === undefined || (topic !== "all" && topicOf(event) !== topic)) continue;
    const sentence = sentenceOf(event, (party) => names.get(party) ?? party);
    if (wanted === "" || sentence.toLowerCase().includes(wanted)) lines.push({ event, sentence });
  }
  return lines;
}
