import type { RoundRow } from "../state/federation-state.ts";

/** More squares than this do not fit; then numbers must do. */
const MOST = 16;

/** The members of a round: a square each, filled once its last update has arrived, crossed out if it was dropped. */
export function RoundMembers({ row, names }: { readonly row: RoundRow; readonly names: ReadonlyMap<string, string> }) {
  const { members, dropped, status, steps } = row;
  const over = status === "finished" || status === "void";
  const done = members.filter(({ completed }) => completed).length;
  const nameOf = (party: string) => names.get(party) ?? party;
  const reasons = new Map(dropped.map(({ party, reason }) => [party, reason]));
  const lost = members.filter(({ completed, missed }) => !completed && (over || missed.includes(steps)));
  const missing = new Map(lost.map(({ party }) => [party, reasons.get(party) ?? "its last update did not arrive"]));
  const droppedWords = [...missing].map(([party, reason]) => `${nameOf(party)} (${reason})`).join("; ");
  return (
    <span className="members">
      {members.length <= MOST && (
        <span className="members-squares" aria-hidden="true">
          {members.map(({ party, completed }) => (
            <span
              key={party}
              data-state={missing.has(party) ? "dropped" : completed ? "done" : "open"}
              title={missing.has(party) ? `${nameOf(party)}: dropped, ${missing.get(party)}` : nameOf(party)}
            />
          ))}
        </span>
      )}
      <span className="numeric members-count">
        {done}
        <span className="dim">
          <span aria-hidden="true">/</span>
          <span className="visually-hidden"> of </span>
          {members.length}
        </span>
        {missing.size > 0 && <span className="visually-hidden">, dropped: {droppedWords}</span>}
      </span>
      {missing.size > 0 && (
        <span className="members-dropped" title={droppedWords} aria-hidden="true">
          {missing.size === 1 ? `without ${[...missing.keys()].map(nameOf).join("")}` : `without ${missing.size}`}
        </span>
      )}
    </span>
  );
}
