import type { InspectResponse } from "@concord/protocol";
import { Button, Checkbox, TextInput } from "@mantine/core";
import type { SubmitEvent } from "react";
import { useEffect, useRef, useState } from "react";
import { formatMoment } from "../format/time.ts";
import { Problem } from "../shell/problem.tsx";
import { useTitle } from "../shell/use-title.ts";
import { JoinFacts } from "./join-facts.tsx";
import { needsLabels } from "./needs-labels.ts";
import { chosenSource, newSeed, sourcesFor } from "./source.ts";
import { SourceFields } from "./source-fields.tsx";
import type { TabParty } from "./tab-party.ts";
import { openTabParty } from "./tab-party.ts";

export interface JoinFormProps {
  readonly offer: InspectResponse;
  readonly onJoined: (party: TabParty) => void;
  readonly onGoOn: (() => void) | undefined;
}

/** What joining means, what the tab would train on, and the decision. */
export function JoinForm({ offer, onJoined, onGoOn }: JoinFormProps) {
  const { spec } = offer.federation;
  const sources = sourcesFor(offer);
  const [choice, setChoice] = useState(() => ({
    kind: sources[0] ?? ("files" as const),
    seed: newSeed(),
    images: null as File | null,
    labels: null as File | null,
  }));
  const [name, setName] = useState("");
  const [shareLabels, setShareLabels] = useState(false);
  // Not assumed: whoever joins must say so, also where nobody can take part without.
  const lacksLabels = needsLabels(spec) && !shareLabels;
  const [joining, setJoining] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const opened = useRef<TabParty>(null);
  useTitle(`Join ${spec.name}`);
  // A party that has not joined when the reader goes elsewhere ends with the page.
  useEffect(() => () => void (opened.current?.member === undefined && opened.current?.close()), []);

  const source = chosenSource(choice);
  const join = (event: SubmitEvent) => {
    event.preventDefault();
    if (source === undefined || lacksLabels) return;
    setJoining(true);
    setProblem(null);
    const called = name.trim();
    const party = openTabParty({
      invite: location.href,
      source,
      shareLabels,
      ...(called === "" ? {} : { name: called }),
    });
    opened.current = party;
    const stop = party.subscribe(() => {
      if (party.member !== undefined) {
        stop();
        onJoined(party);
      } else if (party.status.kind === "failed") {
        stop();
        setJoining(false);
        setProblem(party.status.reason);
      }
    });
  };

  return (
    <form className="join" onSubmit={join} aria-busy={joining}>
      <header>
        <p className="dim">You are invited to train along</p>
        <h1>{spec.name}</h1>
      </header>
      {onGoOn !== undefined && (
        <section className="card join-again">
          <p>This tab is a party of this federation already.</p>
          <Button variant="default" type="button" onClick={onGoOn}>
            Go on as it is
          </Button>
        </section>
      )}
      <JoinFacts offer={offer} />
      <section className="card join-part" aria-labelledby="source-title">
        <h2 id="source-title">What this tab trains on</h2>
        <SourceFields offer={offer} sources={sources} choice={choice} onChange={setChoice} />
      </section>
      <section className="card join-part" aria-labelledby="show-title">
        <h2 id="show-title">What others see of you</h2>
        <p className="dim">
          The number of your examples, when you take part, and how many bytes you send and receive. The rest is up to
          you.
        </p>
        <TextInput
          className="join-name"
          label="Name (optional)"
          placeholder="a name is made up otherwise"
          maxLength={60}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Checkbox
          label="Also show how many training examples of each class I have"
          description={
            needsLabels(spec)
              ? "Needed here: this federation chooses by these counts who exchanges often. Counts only."
              : "It helps the operator to judge how uneven the data are. Counts only."
          }
          checked={shareLabels}
          onChange={(event) => setShareLabels(event.currentTarget.checked)}
        />
      </section>
      {problem !== null && <Problem>This tab has not joined: {problem}.</Problem>}
      <div className="join-decision">
        <Button type="submit" size="md" loading={joining} disabled={source === undefined || lacksLabels}>
          Join
        </Button>
        <p className="dim small">
          {source === undefined
            ? "Choose both files first."
            : lacksLabels
              ? "Agree first to show how many examples of each class you have."
              : `You can pause or leave at any time. The invite expires ${formatMoment(offer.expiresAt)}.`}
        </p>
      </div>
    </form>
  );
}
