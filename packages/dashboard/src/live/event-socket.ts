import type { ConcordEvent } from "@concord/protocol";
import { reconnectDelay } from "./backoff.ts";

export type Connection = "connecting" | "live" | "reconnecting";

export interface EventSocketOptions {
  readonly key: string;
  readonly federation: string;
  /** The last event that is known: asked again at every connection. */
  readonly after: () => number;
  readonly onEvent: (event: ConcordEvent) => void;
  readonly onConnection: (connection: Connection) => void;
}

/** Listens to the events of a federation, and goes on after the last known one when the connection was lost. Returns how to stop. */
export function openEventSocket({ key, federation, after, onEvent, onConnection }: EventSocketOptions): () => void {
  let stopped = false;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let socket: WebSocket | undefined;

  const connect = () => {
    timer = undefined;
    const current = new WebSocket(`${location.origin.replace(/^http/, "ws")}/v1/events`);
    socket = current;
    current.onopen = () => current.send(JSON.stringify({ key, federation, after: after() }));
    current.onmessage = ({ data }) => {
      if (stopped || current !== socket) return;
      const message = parse(data);
      if (message === undefined) return;
      if (message.type === "hello") {
        failures = 0;
        onConnection("live");
      } else if ("seq" in message) onEvent(message);
    };
    current.onclose = () => {
      if (stopped || current !== socket) return;
      failures++;
      onConnection("reconnecting");
      timer = setTimeout(connect, reconnectDelay(failures, Math.random()));
    };
  };

  // Do not sit out a long wait when the network or the reader has just come back.
  const hurry = () => {
    if (stopped || timer === undefined || document.hidden) return;
    clearTimeout(timer);
    connect();
  };
  addEventListener("online", hurry);
  document.addEventListener("visibilitychange", hurry);
  connect();

  return () => {
    stopped = true;
    clearTimeout(timer);
    removeEventListener("online", hurry);
    document.removeEventListener("visibilitychange", hurry);
    socket?.close();
  };
}

function parse(data: unknown): ConcordEvent | { readonly type: "hello" } | undefined {
  if (typeof data !== "string") return undefined;
  try {
    return JSON.parse(data) as ConcordEvent | { type: "hello" };
  } catch {
    return undefined;
  }
}
