import type { Clock } from "./clock.ts";
import type { Depot } from "./depot.ts";
import type { Feed } from "./feed.ts";
import type { Journal } from "./journal.ts";
import type { Log } from "./log.ts";
import type { Meter } from "./meter.ts";

/** What every part of a coordinator works with. */
export interface Context {
  readonly journal: Journal;
  readonly feed: Feed;
  readonly depot: Depot;
  readonly meter: Meter;
  readonly clock: Clock;
  readonly log: Log;
}
