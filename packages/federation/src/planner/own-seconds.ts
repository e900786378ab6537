import type { Link } from "../links.ts";
import type { MessageBytes } from "../virtual-time.ts";
import { ROUND_TRIPS } from "../virtual-time.ts";

/** The seconds of a round for a party that nobody keeps waiting and that has the coordinator's line to itself. */
export interface OwnSeconds {
  readonly computing: number;
  readonly downloading: number;
  readonly uploading: number;
  readonly latency: number;
  readonly total: number;
}

/** T local steps with E exchanges: T / pace + E (model / down + update / up + round trips). */
export function ownSeconds(link: Link, T: number, E: number, { up, down }: MessageBytes): OwnSeconds {
  const computing = T / link.pace;
  const downloading = (E * down) / link.down;
  const uploading = (E * up) / link.up;
  const latency = E * (ROUND_TRIPS.download + ROUND_TRIPS.upload) * link.latency;
  return { computing, downloading, uploading, latency, total: computing + downloading + uploading + latency };
}

/** What most of the seconds go to. */
export function largestPart(own: OwnSeconds): Exclude<keyof OwnSeconds, "total"> {
  const parts = ["computing", "uploading", "downloading", "latency"] as const;
  return parts.reduce((largest, part) => (own[part] > own[largest] ? part : largest));
}

const NAMES = { computing: "computing", downloading: "the models", uploading: "the updates", latency: "round trips" };

/** For people: "41.2 s, of which the updates 25.3 s". */
export function showOwnSeconds(own: OwnSeconds): string {
  const largest = largestPart(own);
  return `${showSeconds(own.total)}, of which ${NAMES[largest]} ${showSeconds(own[largest])}`;
}

export function showSeconds(seconds: number): string {
  return `${Number(seconds.toPrecision(3))} s`;
}
