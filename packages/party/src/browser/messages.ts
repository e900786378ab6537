import type { Status } from "../status.ts";

/** Where a tab's examples come from. None of them is ever sent. */
export type DataSource =
  /** Digits that a program writes, in a hand of its own for each seed. */
  | { readonly kind: "handwriting"; readonly seed: string }
  /** What the operator offers to those who bring nothing. */
  | { readonly kind: "sample" }
  /** Two IDX files that the visitor picked, `.gz` or not. */
  | { readonly kind: "files"; readonly images: Blob; readonly labels: Blob };

/** Where a tab computes. WebGPU falls back to WebAssembly where there is none. */
export type Device = "wasm" | "webgpu";

export interface JoinFromTab {
  /** The link. */
  readonly invite: string;
  /** Chosen by what the federation trains on where it is not given. */
  readonly source?: DataSource | undefined;
  /** What people call the party. */
  readonly name?: string | undefined;
  /** The visitor consents that others see how many training examples of each class the tab has. */
  readonly shareLabels: boolean;
}

/** What a tab keeps to go on after a reload: who it is, and how to get the examples again. */
export interface SavedParty {
  /** `joining`: the invite may have been used, the answer is not known. */
  readonly kind: "joining" | "member";
  /** As JSON an `Identity`, or while joining a `TabJoin`: federation, terms and key are in both. */
  readonly identity: string;
  readonly source: { readonly kind: "handwriting"; readonly seed: string } | { readonly kind: "stored" };
  readonly paused: boolean;
}

/** What the page tells the worker. The first message says who the party is. */
export type ToWorker =
  | { readonly type: "join"; readonly join: JoinFromTab; readonly device: Device }
  | { readonly type: "resume"; readonly saved: SavedParty; readonly device: Device }
  /** What was to be kept is kept. */
  | { readonly type: "kept" }
  | { readonly type: "pause" }
  | { readonly type: "unpause" }
  | { readonly type: "leave" };

/** What the page may show of the party. */
export interface Member {
  readonly federation: string;
  /** What people call the federation. */
  readonly title: string;
  readonly party: string;
  readonly rounds: number;
  /** Name of the data set that the tab trains on. */
  readonly dataset: string;
  readonly generated: boolean;
  readonly examples: number;
  readonly heldOut: number;
  /** Training examples of each class, for the visitor's own eyes; empty where there are no classes. */
  readonly labels: readonly number[];
  readonly classNames: readonly string[];
  /** Such as "jax-js on WebAssembly" or "ONNX Runtime on WebAssembly, 1 thread". */
  readonly engine: string;
}

/** What the worker tells the page. */
export type FromWorker =
  /** To be kept for a reload, at once; the worker goes on when it is told so. */
  | { readonly type: "keep"; readonly saved: SavedParty }
  | { readonly type: "member"; readonly member: Member }
  | { readonly type: "status"; readonly status: Status }
  /** Another tab is this party already: this tab must join anew. */
  | { readonly type: "taken" };
