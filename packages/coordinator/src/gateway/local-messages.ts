import type { Answer } from "@concord/alignment/scoring";
import type { Candidate } from "./base-model.ts";

/** Between the gateway and the thread in which a local model runs. */
export interface LocalFiles {
  readonly name: string;
  /** A model file of llama2.c, and its tokenizer. */
  readonly model: string;
  readonly tokenizer: string;
}

export type LocalRequest =
  | {
      readonly kind: "complete";
      readonly id: number;
      readonly prompt: string;
      readonly count: number;
      readonly sampling: { readonly temperature: number; readonly topP: number; readonly maxTokens: number };
      readonly seed: number;
    }
  | { readonly kind: "perplexity"; readonly id: number; readonly answers: readonly Answer[] }
  | { readonly kind: "stop"; readonly id: number };

export type LocalReply =
  | { readonly kind: "ready" }
  /** The files are not what they should be. */
  | { readonly kind: "unusable"; readonly field: "model" | "tokenizer"; readonly message: string }
  | { readonly kind: "completed"; readonly id: number; readonly candidates: readonly Candidate[] }
  | { readonly kind: "scored"; readonly id: number; readonly rewards: readonly number[] }
  /** `asker`: what was asked cannot be done, such as a prompt that is longer than the context. */
  | { readonly kind: "failed"; readonly id: number; readonly message: string; readonly asker: boolean };
