import type { Status } from "@concord/party/browser";

/** What this tab's page shows of its party: the latest status, and what earlier ones told. */
export interface TabView {
  readonly status: Status;
  /** The last round that it worked on. */
  readonly round: number | null;
  /** Training loss of each update, oldest first. */
  readonly losses: readonly number[];
}

/** Losses that are kept for the curve. */
export const LOSS_LIMIT = 120;

export function firstView(status: Status): TabView {
  return seeStatus({ status, round: null, losses: [] }, status);
}

/** The view after one more status. */
export function seeStatus(view: TabView, status: Status): TabView {
  if (status === view.status && view.round !== null) return view;
  const round = status.kind === "training" || status.kind === "evaluating" ? status.round : view.round;
  const isNew = status.updates > view.status.updates || (view.losses.length === 0 && status.updates > 0);
  const losses = isNew && status.loss !== undefined ? [...view.losses, status.loss].slice(-LOSS_LIMIT) : view.losses;
  return { status, round, losses };
}
