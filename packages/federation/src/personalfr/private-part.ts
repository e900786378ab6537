import type { ArrayTree, Key, NDArray, Tensor, TensorSpec, Tree } from "@concord/engine";
import { float32, int32, tanh, zeros } from "@concord/engine";
import type { AutoencoderShape } from "@concord/learning";
import { activeEncoderInit, arrayAt, embedding, encode, encoderSpecs } from "@concord/learning";
import type { PersonalfrSpec } from "./spec.ts";

/** For how many item rows, users in a batch, and users of the party a program is made. */
export interface WorkSize {
  readonly rows: number;
  readonly batch: number;
  readonly users: number;
}

/** A batch of users as the private part reads it. */
interface UserBatch {
  /** Rows of the party's users. */
  readonly users: Int32Array<ArrayBuffer>;
  /** Their ratings on the active items, 0 for the rest; [batch, rows]. */
  readonly x: Float32Array<ArrayBuffer>;
}

/** What a party keeps to itself, and how it gives a user's code. */
export interface PrivatePart {
  readonly specs: (size: WorkSize) => Tree<TensorSpec>;
  /** A fresh one for a party with these active items, without padding. */
  readonly init: (users: number, active: Int32Array) => Tree<Tensor>;
  readonly inputSpecs: (size: WorkSize) => Tree<TensorSpec>;
  readonly input: (size: WorkSize, batch: UserBatch) => Tree<Tensor>;
  /** [batch, c], before dropout. */
  readonly codes: (own: ArrayTree, input: ArrayTree) => NDArray;
}

export function privatePart(kind: PersonalfrSpec["encoder"], shape: AutoencoderShape, key: Key): PrivatePart {
  return kind === "published" ? encoderPart(shape, key) : vectorPart(shape);
}

/** The published encoder, of which a party holds the rows of its active items. */
function encoderPart(shape: AutoencoderShape, key: Key): PrivatePart {
  return {
    specs: ({ rows }) => encoderSpecs({ ...shape, items: rows }),
    init: (_users, active) => activeEncoderInit(shape, key, active),
    inputSpecs: ({ rows, batch }) => ({ x: { dtype: "float32", shape: [batch, rows] } }),
    input: ({ rows, batch }, { x }) => ({ x: float32([batch, rows], x) }),
    codes: (own, input) => encode(own, arrayAt(input, "x")),
  };
}

/**
 * One vector z for each user, with the code tanh(z): to one user's fixed row, an encoder is a costly way to hold one.
 * It starts at 0, where every user has the same predictions.
 */
function vectorPart({ code }: AutoencoderShape): PrivatePart {
  return {
    specs: ({ users }) => ({ codes: { dtype: "float32", shape: [users, code] } }),
    init: (users) => ({ codes: zeros("float32", [users, code]) }),
    inputSpecs: ({ batch }) => ({ users: { dtype: "int32", shape: [batch] } }),
    input: ({ batch }, { users }) => ({ users: int32([batch], users) }),
    codes: (own, input) => tanh(embedding(arrayAt(own, "codes"), arrayAt(input, "users"))),
  };
}
