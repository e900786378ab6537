import { formatCount } from "../format/numbers.ts";
import type { Member } from "./tab-party.ts";

/** What the tab trains on, for the visitor's own eyes. */
export function MemberData({ member }: { readonly member: Member }) {
  const { dataset, examples, heldOut, labels, classNames, engine } = member;
  const most = Math.max(1, ...labels);
  return (
    <section className="card join-part" aria-labelledby="data-title">
      <h2 id="data-title">Your examples</h2>
      <p>
        {formatCount(examples)} to train on, {formatCount(heldOut)} held out: {dataset}. They are in this tab only.
      </p>
      {labels.length > 0 && labels.length <= 20 && (
        <ol className="classes" aria-label="Training examples of each class">
          {labels.map((count, label) => {
            const name = classNames[label] ?? String(label);
            return (
              <li className="classes-item" key={name} title={`${name}: ${formatCount(count)}`}>
                <span
                  className="classes-bar"
                  style={{ height: `${Math.max(3, (100 * count) / most)}%` }}
                  aria-hidden="true"
                />
                <span className="classes-name">
                  {name}
                  <span className="visually-hidden">: {formatCount(count)}</span>
                </span>
              </li>
            );
          })}
        </ol>
      )}
      <p className="dim small">Computed by {engine}.</p>
    </section>
  );
}
