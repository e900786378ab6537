import type { ConcordEvent } from "@concord/protocol";
import { formatBytes } from "../format/bytes.ts";
import { formatLoss, formatShare, plural } from "../format/numbers.ts";
import { formatMoment, formatSeconds } from "../format/time.ts";

/** What an event is about, for the filter of the log. */
export type Topic = "rounds" | "parties" | "updates" | "problems";

/** The topic of an event; what went wrong is a problem whatever else it is about. */
export function topicOf(event: ConcordEvent): Topic {
  switch (event.type) {
    case "party.dropped":
    case "update.refused":
    case "round.void":
    case "federation.stopped":
      return "problems";
    case "exchange.merged":
      return event.missing.length > 0 ? "problems" : "updates";
    case "party.status":
      return event.status === "absent" ? "problems" : "parties";
    case "party.joined":
    case "invite.created":
      return "parties";
    case "update.accepted":
      return "updates";
    default:
      return "rounds";
  }
}

/** An event as a sentence. `nameOf` gives what people call a party. */
export function sentenceOf(event: ConcordEvent, nameOf: (party: string) => string): string {
  switch (event.type) {
    case "federation.started":
      return "The federation started.";
    case "federation.finished":
      return `The federation finished after ${plural(event.rounds, "round")}.`;
    case "federation.stopped":
      return `The federation was stopped: ${event.reason}.`;
    case "federation.resumed":
      return event.round === 0
        ? "The coordinator is back; the first round goes on."
        : `The coordinator is back; the federation goes on after round ${event.round}.`;
    case "party.joined":
      return `${event.name} joined with ${plural(event.examples, "example")} (${event.client}).`;
    case "party.status":
      return statusSentence(nameOf(event.party), event.status, event.reason);
    case "round.started":
      return startedSentence(event);
    case "party.dropped":
      return `${nameOf(event.party)} was dropped from round ${event.round} at step ${event.step}: ${event.reason}.`;
    case "update.accepted":
      return `${nameOf(event.party)} sent its update for round ${event.round}, step ${event.step}: ${formatBytes(event.bytes)}, training loss ${formatLoss(event.loss)}.`;
    case "update.refused":
      return `${event.party === null ? "A request" : `A reply of ${nameOf(event.party)}`} was refused${event.round === null ? "" : ` in round ${event.round}`}: ${event.reason} (${event.code}).`;
    case "exchange.merged":
      return mergedSentence(event, nameOf);
    case "round.void":
      return `Round ${event.round} is void: ${event.reason}.`;
    case "round.finished":
      return finishedSentence(event);
    case "invite.created":
      return `An invite for ${plural(event.uses, "party", "parties")} was made; it expires ${formatMoment(event.expiresAt)}.`;
  }
}

function startedSentence({ round, members, steps, group }: Extract<ConcordEvent, { type: "round.started" }>): string {
  const started = `Round ${round} started with ${plural(members.length, "party", "parties")}, ${plural(steps, "local step")} each`;
  if (group === undefined) return `${started}.`;
  return `${started}; the fast group has ${group.parties.length}, KL ${group.divergence.toFixed(3)} nats.`;
}

const STATUS = { active: "is active", paused: "paused", absent: "is absent", left: "left" } as const;

function statusSentence(name: string, status: keyof typeof STATUS, reason: string): string {
  return reason === "" ? `${name} ${STATUS[status]}.` : `${name} ${STATUS[status]}: ${reason}.`;
}

function mergedSentence(
  { round, step, parties, missing }: Extract<ConcordEvent, { type: "exchange.merged" }>,
  nameOf: (party: string) => string,
): string {
  if (parties.length === 0) return `Round ${round}, step ${step}: no update arrived; the model stays as it was.`;
  const merged = `Round ${round}, step ${step}: merged ${plural(parties.length, "update")}`;
  if (missing.length === 0) return `${merged}.`;
  const few = missing.slice(0, 3).map(nameOf).join(", ");
  return `${merged} without ${missing.length > 3 ? `${few} and ${missing.length - 3} more` : few}.`;
}

function finishedSentence(event: Extract<ConcordEvent, { type: "round.finished" }>): string {
  const measured = [
    ...(event.accuracy === null ? [] : [`accuracy ${formatShare(event.accuracy)}`]),
    ...(event.loss === null ? [] : [`loss ${formatLoss(event.loss)}`]),
    ...(event.accuracy === null && event.loss === null && event.trainLoss !== null
      ? [`training loss ${formatLoss(event.trainLoss)}`]
      : []),
  ];
  const result = measured.length === 0 ? "" : `: ${measured.join(", ")}`;
  return `Round ${event.round} finished in ${formatSeconds(event.seconds)}${result}.`;
}
