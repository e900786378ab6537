// biome-ignore-all lint/a11y/noRedundantRoles: see timeline-row.tsx
import { formatCount } from "../format/numbers.ts";
import type { FastShare } from "../state/timeline.ts";

/** In which share of its rounds a party was in the fast group, as a bar and in numbers. */
export function FastShareCell({ share: { fast, rounds } }: { readonly share: FastShare }) {
  const percent = rounds === 0 ? 0 : Math.round((100 * fast) / rounds);
  return (
    <td
      role="cell"
      className="right numeric timeline-share"
      data-label="In the fast group"
      title={`in the fast group in ${formatCount(fast)} of the ${formatCount(rounds)} rounds it took part in`}
    >
      <span className="share-bar" aria-hidden="true">
        <span style={{ width: `${percent}%` }} />
      </span>
      <span className="share-percent">{percent}%</span>
      <span className="dim share-rounds">
        {formatCount(fast)}/{formatCount(rounds)}
      </span>
    </td>
  );
}
