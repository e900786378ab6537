import { column, type Frontier, type Rewards, rankOfSorted } from "@concord/alignment";
import { roundOff, showNumber } from "../show.ts";
import { axes } from "./axes.ts";
import { dot, escapeHtml, label, line, path, svg } from "./svg.ts";

/** Where base, targets and realised levels stand among the base model's single answers. */
export function quantileRadar(
  rewards: Rewards,
  levels: readonly {
    readonly name: string;
    readonly className: string;
    readonly of: Readonly<Record<string, number>>;
  }[],
): string {
  const { values } = rewards;
  const sorted = values.map((_, i) => column(rewards, i).sort());
  const [cx, cy, radius] = [210, 170, 120];
  const place = (i: number, share: number): readonly [number, number] => {
    const angle = (2 * Math.PI * i) / values.length - Math.PI / 2;
    return [cx + share * radius * Math.cos(angle), cy + share * radius * Math.sin(angle)];
  };
  const rings = [0.25, 0.5, 0.75, 1].map(
    (share) =>
      path(
        values.map((_, i) => place(i, share)),
        "grid",
        true,
      ) + label(cx + 3, cy - share * radius - 2, `${100 * share} %`),
  );
  const spokes = values.map((value, i) => {
    const [x, y] = place(i, 1.1);
    const [endX, endY] = place(i, 1);
    const anchor = Math.abs(x - cx) < 12 ? "middle" : x < cx ? "end" : "start";
    return line(cx, cy, endX, endY, "grid") + label(x, y + 4, value, anchor);
  });
  const shapes = levels.map(({ name, className, of }) => {
    const points = values.map((value, i) => {
      const level = of[value];
      const share = level === undefined ? 0 : rankOfSorted(sorted[i] as Float64Array, level);
      return {
        point: place(i, share),
        title: `${name}, ${value}: ${showNumber(level)} (above ${(100 * share).toFixed(1)} % of answers)`,
      };
    });
    const marks = points.map(({ point: [x, y], title }) => dot(x, y, `${className} fill`, title)).join("");
    return (
      path(
        points.map(({ point }) => point),
        className,
        true,
      ) + marks
    );
  });
  return svg(420, 340, "Quantiles of base, target and realised levels", [...rings, ...spokes, ...shapes].join(""));
}

/** The base model's distribution of a value and that under the weights. */
export function beforeAfter(rewards: Rewards, at: number, weights: Float64Array | null, target: number | null): string {
  const name = rewards.values[at] ?? "";
  const numbers = column(rewards, at);
  const sorted = numbers.slice().sort();
  const low = sorted[Math.floor(0.002 * (sorted.length - 1))] as number;
  const high = sorted[Math.ceil(0.998 * (sorted.length - 1))] as number;
  const bins = 40;
  const before = new Float64Array(bins);
  const after = new Float64Array(bins);
  numbers.forEach((reward, j) => {
    const place = high > low ? Math.floor(((reward - low) / (high - low)) * bins) : 0;
    const bin = Math.min(bins - 1, Math.max(0, place));
    before[bin] = (before[bin] as number) + 1 / numbers.length;
    if (weights) after[bin] = (after[bin] as number) + (weights[j] as number);
  });
  const top = Math.max(...before, ...after);
  const { x, y, frame } = axes({ width: 340, height: 200, xs: [low, high], ys: [0, top], xName: name, yName: "share" });
  const steps = (heights: Float64Array) =>
    [...heights].flatMap((height, bin): (readonly [number, number])[] => {
      const edge = (q: number) => x(low + ((high - low) * q) / bins);
      return [
        [edge(bin), y(height)],
        [edge(bin + 1), y(height)],
      ];
    });
  const mark = target === null ? "" : line(x(target), y(0), x(target), y(top), "target");
  const shape = weights ? path(steps(after), "realised") : "";
  return svg(340, 200, `Distribution of ${name} before and after`, frame + path(steps(before), "base") + shape + mark);
}

/** What each level of the raised value costs, and where samples become too few. */
export function frontierPlot({ raise, points, limit }: Frontier): string {
  const levels = points.map(({ level }) => level);
  const { x, y, frame } = axes({
    width: 340,
    height: 220,
    xs: [Math.min(...levels), Math.max(...levels)],
    ys: [0, Math.max(...points.map(({ kl }) => kl))],
    xName: `${raise} (limit ${showNumber(limit)})`,
    yName: "KL",
  });
  const marks = points.map(({ level, kl, price, ess, estimable }) =>
    dot(
      x(level),
      y(kl),
      estimable ? "realised fill" : "doubtful fill",
      `level ${showNumber(level)}, KL ${showNumber(kl)}, price ${showNumber(price)}, rests on ${showNumber(ess)} samples`,
    ),
  );
  const curve = path(
    points.map(({ level, kl }) => [x(level), y(kl)] as const),
    "realised",
  );
  return svg(340, 220, `Frontier of ${raise}`, frame + curve + marks.join(""));
}

/** The share of the weight that the heaviest samples carry. */
export function weightsPlot(weights: Float64Array): string {
  const sorted = weights.slice().sort().reverse();
  const points: (readonly [number, number])[] = [[0, 0]];
  const step = Math.max(1, Math.floor(sorted.length / 300));
  let sum = 0;
  sorted.forEach((weight, j) => {
    sum += weight;
    if ((j + 1) % step === 0 || j === sorted.length - 1) points.push([(j + 1) / sorted.length, sum]);
  });
  const { x, y, frame } = axes({
    width: 340,
    height: 220,
    xs: [0, 1],
    ys: [0, 1],
    xName: "heaviest samples",
    yName: "share of the weight",
    showX: (value) => `${Math.round(100 * value)} %`,
  });
  const even = line(x(0), y(0), x(1), y(1), "base");
  return svg(
    340,
    220,
    "How weight is spread over the samples",
    frame +
      even +
      path(
        points.map(([a, b]) => [x(a), y(b)]),
        "realised",
      ),
  );
}

/** How the levels of all values move when one target rises by a standard deviation, in standard deviations. */
export function tradeOffTable(
  levels: Readonly<Record<string, Readonly<Record<string, number>>>>,
  sds: Readonly<Record<string, number>>,
  sdOfGoal: Readonly<Record<string, number>>,
): string {
  const values = Object.keys(sds);
  const rows = Object.entries(levels).map(([goal, row]) => {
    const cells = values.map((value) => {
      const change = ((row[value] ?? 0) * (sdOfGoal[goal] ?? 1)) / (sds[value] || 1);
      const strength = Math.min(1, Math.abs(change)) * 0.6;
      const colour =
        change === 0 ? "transparent" : change > 0 ? `rgb(46 125 90 / ${strength})` : `rgb(190 60 50 / ${strength})`;
      return `<td style="background:${colour}">${showNumber(roundOff(change))}</td>`;
    });
    return `<tr><th scope="row">${escapeHtml(goal)}</th>${cells.join("")}</tr>`;
  });
  const head = values.map((value) => `<th scope="col">${escapeHtml(value)}</th>`).join("");
  return `<table><thead><tr><th scope="col">1 sd more of</th>${head}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
}
