import type { ConcordEvent } from "@concord/protocol";
import type { Output } from "./output.ts";
import { showBytes, showDuration, showPercent } from "./output.ts";

export interface Progress {
  /** Tells what an event means: a JSON line for programs, a sentence for people. */
  show(event: ConcordEvent): void;
}

/** The progress of a federation of so many rounds. */
export function progress(rounds: number, out: Output): Progress {
  const seconds: number[] = [];
  return {
    show(event) {
      out.record(event);
      const line = sentence(event);
      if (line !== undefined) out.say(line);
    },
  };

  function sentence(event: ConcordEvent): string | undefined {
    switch (event.type) {
      case "federation.resumed":
        return `continuing after round ${event.round}`;
      case "party.joined":
        return `${event.party} joined with ${event.examples} examples (${event.client})`;
      case "party.status":
        return event.status === "active" ? undefined : `${event.party} is ${event.status}: ${event.reason}`;
      case "party.dropped":
        return `round ${event.round}: ${event.party} missed the exchange after step ${event.step} (${event.reason})`;
      case "update.refused":
        return `refused from ${event.party ?? "somebody"}: ${event.reason}`;
      case "round.void":
        return `round ${event.round} is void: ${event.reason}`;
      case "round.finished": {
        seconds.push(event.seconds);
        const recent = seconds.slice(-5);
        const pace = recent.reduce((sum, s) => sum + s, 0) / recent.length;
        const bar = progressBar(event.round / rounds);
        return `${bar} round ${event.round}/${rounds}  accuracy ${showPercent(event.accuracy)}  loss ${event.loss?.toFixed(3) ?? "–"}  ${showBytes(event.wireUp)} up, ${showBytes(event.wireDown)} down  ${showDuration(pace * (rounds - event.round))} left`;
      }
      case "federation.stopped":
        return `stopped: ${event.reason}`;
      default:
        return undefined;
    }
  }
}

function progressBar(share: number): string {
  const width = 20;
  const filled = Math.round(share * width);
  return "█".repeat(filled) + "░".repeat(width - filled);
}
