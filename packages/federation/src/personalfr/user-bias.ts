import type { Tensor, Tree } from "@concord/engine";
import { ratingsOf } from "@concord/learning";
import type { Workplace } from "./local-work.ts";
import { predictions } from "./local-work.ts";
import type { OwnState } from "./own-state.ts";

/**
 * The users' biases for a given decoder, in closed form: b_u = m + Σ_i (r_ui − m − p_ui) / (n_u + λ), with the predictions p without
 * bias, the middle m of the scale, and λ = `userBias`. They stay with the party. Without `userBias` they are 0 and a
 * model sees ratings as they are.
 *
 * @param itemRows whether row i of the decoder is item i ("all") or the i-th active item ("active")
 */
export async function settleBiases(
  place: Workplace,
  state: OwnState,
  decoder: Tree<Tensor>,
  itemRows: "all" | "active",
): Promise<OwnState> {
  const { spec, ratings, bench } = place;
  const lambda = spec.userBias;
  if (lambda === undefined || ratings.feedback === "implicit") return state;
  const middle = (ratings.scale.min + ratings.scale.max) / 2;
  const columns = new Map(Array.from(state.active, (item, column) => [item, column]));
  const rowOf = (item: number) => (itemRows === "all" ? item : (columns.get(item) as number));
  const settle = (predicted: readonly Float32Array[] | undefined): OwnState => {
    const biases = Float32Array.from(state.biases, (_, user) => {
      const own = ratingsOf(ratings.known, user);
      const residuals = own.map(({ item, value }) => value - middle - (predicted?.[user]?.[rowOf(item)] ?? 0));
      return middle + residuals.reduce((sum, r) => sum + r, 0) / (own.length + lambda);
    });
    return { ...state, biases };
  };
  // An encoder reads ratings less the bias, so that a party that has none yet needs one before it can predict.
  const ready = state.trained ? state : settle(undefined);
  const rows = itemRows === "all" ? bench.shape.items : state.size.rows;
  return settle(await predictions(place, ready, decoder, rows));
}
