import { formatBytes } from "../format/bytes.ts";
import { formatCount } from "../format/numbers.ts";
import { savedSpec } from "./saved-spec.ts";
import { taskShape } from "./task-shape.ts";

/** Exactly what an update holds. */
export function SentTensors() {
  const spec = savedSpec();
  if (spec === null) return null;
  const { tensors, parameters, bytes } = taskShape(spec);
  return (
    <section className="card" aria-labelledby="tensors-title">
      <div className="card-head">
        <h2 className="card-title" id="tensors-title">
          What each update holds
        </h2>
        <span className="card-note numeric">
          {formatCount(parameters)} numbers, {formatBytes(bytes)}
        </span>
      </div>
      <table className="table tensors">
        <thead>
          <tr>
            <th scope="col">Tensor</th>
            <th scope="col">Shape</th>
            <th scope="col" className="right">
              Numbers
            </th>
          </tr>
        </thead>
        <tbody>
          {tensors.map(({ name, shape }) => (
            <tr key={name}>
              <th scope="row">
                <code>{name}</code>
              </th>
              <td className="numeric">{shape.join(" × ")}</td>
              <td className="right numeric">{formatCount(shape.reduce((product, axis) => product * axis, 1))}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="card-body dim small">
        With it goes the mean training loss, one number; after an evaluation two sums and a count. Nothing else.
      </p>
    </section>
  );
}
