import type { Status } from "./tab-party.ts";

export interface StatusWords {
  readonly title: string;
  readonly detail: string;
  readonly dot: string;
  readonly tone: "calm" | "busy" | "warn" | "bad" | "good";
}

/** A status as people say it. */
export function statusWords(status: Status): StatusWords {
  switch (status.kind) {
    case "connecting":
      return {
        title: "Connecting",
        detail: "Getting ready, and asking the coordinator for work.",
        dot: "paused",
        tone: "calm",
      };
    case "waiting":
      return { title: "Waiting", detail: sentence(status.reason), dot: "active", tone: "calm" };
    case "training": {
      const steps =
        status.from === 0 && status.to === status.steps
          ? `${status.steps} steps`
          : `steps ${status.from + 1} to ${status.to} of ${status.steps}`;
      return {
        title: "Training",
        detail: `Round ${status.round}: ${steps} on this tab's own examples.`,
        dot: "training",
        tone: "busy",
      };
    }
    case "evaluating":
      return {
        title: "Evaluating",
        detail: `Round ${status.round}: measuring the joint model on examples held out here.`,
        dot: "training",
        tone: "busy",
      };
    case "paused":
      return {
        title: "Paused",
        detail: "This tab takes part in no new round until you resume.",
        dot: "paused",
        tone: "warn",
      };
    case "offline":
      return {
        title: "Offline",
        detail: `The coordinator does not answer; trying again in ${Math.max(1, Math.round(status.retryInSeconds))} s.`,
        dot: "offline",
        tone: "bad",
      };
    case "finished":
      return { title: "Finished", detail: sentence(status.reason), dot: "active", tone: "good" };
    case "left":
      return {
        title: "Left",
        detail: "This tab has left the federation, and has forgotten its key and its state.",
        dot: "left",
        tone: "calm",
      };
    case "stopped":
      return { title: "Stopped", detail: "Reload the page to go on.", dot: "paused", tone: "warn" };
    case "failed":
      return { title: "Cannot go on", detail: sentence(status.reason), dot: "absent", tone: "bad" };
  }
}

function sentence(text: string): string {
  if (text === "") return "";
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
