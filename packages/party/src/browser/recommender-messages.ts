import type { FederationSpec } from "@concord/federation";
import type { Catalogue } from "@concord/protocol";
import type { Recommendation } from "../recommender/predict.ts";
import type { SentLog } from "../recommender/sent.ts";
import type { OwnRating } from "../recommender/shelf.ts";
import type { Status } from "../status.ts";

/** What the page asks of the recommender in its worker. */
export type RecommenderCommand =
  /** First. `invite` is needed where the browser keeps nothing of this federation yet. */
  | {
      readonly kind: "open";
      readonly origin: string;
      readonly federation: string;
      readonly invite?: string | undefined;
    }
  /** null takes the rating back. */
  | { readonly kind: "rate"; readonly item: string; readonly value: number | null }
  | { readonly kind: "take part" }
  | { readonly kind: "pause" }
  | { readonly kind: "resume" }
  | { readonly kind: "leave" }
  | { readonly kind: "export" }
  | { readonly kind: "import"; readonly copy: string }
  | { readonly kind: "delete" };

export interface ToRecommender {
  readonly type: "recommender";
  readonly command: RecommenderCommand;
}

/** What does not change while the page is open. */
export interface RecommenderHome {
  readonly catalogue: Catalogue;
  readonly spec: FederationSpec;
  /** False where the browser keeps nothing, such as in a private window: then all ends with the tab. */
  readonly keeps: boolean;
  /** What the worker has loaded of its own code, for a page that is to work offline. */
  readonly loaded: readonly string[];
}

export interface RecommenderState {
  readonly ratings: readonly OwnRating[];
  readonly top: readonly Recommendation[];
  /** The list is being worked out anew. */
  readonly thinking: boolean;
  readonly joined: boolean;
  /** Of the party, while it takes part. */
  readonly status: Status | undefined;
  /** Another tab takes part already. */
  readonly taken: boolean;
  readonly sent: SentLog;
}

export type RecommenderNews =
  | { readonly type: "opened"; readonly home: RecommenderHome }
  | { readonly type: "state"; readonly state: RecommenderState }
  | { readonly type: "exported"; readonly copy: string }
  | { readonly type: "deleted" }
  /** It could not be opened. */
  | { readonly type: "failed"; readonly code: string; readonly reason: string }
  /** One command could not be done; the rest is as before. */
  | { readonly type: "problem"; readonly reason: string };
