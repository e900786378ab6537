import { formatShare, plural } from "../format/numbers.ts";
import { figuresOf } from "../state/figures.ts";
import { useFederation } from "./follower-context.ts";

/** Tells those who listen how it goes: at most one sentence for each tenth of the rounds, and the end. */
export function Announcer() {
  const status = useFederation(({ view }) => view.status);
  const total = useFederation(({ view }) => view.spec.rounds);
  const rounds = useFederation((state) => state.rounds);
  const parties = useFederation((state) => state.parties);
  const every = Math.max(1, Math.ceil(total / 10));
  const reached = rounds.filter(({ round, status }) => status === "finished" && round % every === 0).at(-1);
  const accuracy = figuresOf({ parties, rounds }).measured?.accuracy ?? null;
  const sentence =
    status === "finished"
      ? `The federation finished${accuracy === null ? "" : ` with an accuracy of ${formatShare(accuracy)}`}.`
      : reached === undefined
        ? ""
        : `${plural(reached.round, "round")} of ${total} done${reached.accuracy === null ? "" : `, accuracy ${formatShare(reached.accuracy)}`}.`;
  return (
    <p className="visually-hidden" aria-live="polite">
      {sentence}
    </p>
  );
}
