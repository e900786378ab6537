import type { Tensor, Tree } from "@concord/engine";
import { flatten } from "@concord/engine";
import type { DecoderUpdate } from "../update.ts";
import { rowIndex } from "../update.ts";

/** What an honest but curious coordinator holds of one party and one round: what went down and what came up. */
export interface Observation {
  readonly round: number;
  readonly model: Tree<Tensor>;
  readonly update: DecoderUpdate;
}

/** How an update has changed the rows of the last layer, [N] each: 0 for rows that were not sent or are as they were. */
export interface RowChanges {
  /** Norm of the change of weights and bias. */
  readonly norm: Float64Array;
  /** Change of the bias: for an item in the batch, proportional to rating minus prediction. */
  readonly bias: Float64Array;
}

/** Compares an update with what went down. Whether rows or the whole decoder came makes no difference. */
export function rowChanges({ model, update }: Observation): RowChanges {
  const [down, up] = [new Map(flatten(model)), new Map(flatten(update))];
  const [oldWeight, oldBias] = [down.get("items.weight") as Tensor, down.get("items.bias") as Tensor];
  const [weight, bias] = [up.get("items.weight") as Tensor, up.get("items.bias") as Tensor];
  const [items, width] = [oldBias.data.length, oldWeight.shape[1] ?? 1];
  const index = rowIndex(update) ?? Int32Array.from({ length: items }, (_, item) => item);
  const changes = { norm: new Float64Array(items), bias: new Float64Array(items) };
  for (const [row, item] of index.entries()) {
    const change = (bias.data[row] as number) - (oldBias.data[item] as number);
    let squares = change ** 2;
    for (let j = 0; j < width; j++) {
      squares += ((weight.data[row * width + j] as number) - (oldWeight.data[item * width + j] as number)) ** 2;
    }
    changes.bias[item] = change;
    changes.norm[item] = Math.sqrt(squares);
  }
  return changes;
}
