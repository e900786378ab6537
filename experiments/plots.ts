/** A run in a plot. */
export interface Series {
  readonly name: string;
  /** The method itself, what it is held against at equal cost, and what is known besides. */
  readonly kind: "method" | "control" | "baseline";
  /** Ascending in x. Few points are drawn as marks, more than one as a line. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Axes {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  /** What the other axis shows, from bottom to top, evenly spaced; 0 to 100 % unless said otherwise. */
  readonly ticks?: readonly { readonly value: number; readonly text: string }[];
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [760, 400, 60, 200, 34, 50];
/** The method in blues, controls in oranges, baselines in greys. */
const COLOURS = {
  method: ["#1746a2", "#2f6fed", "#7fa9f8", "#0b7a75", "#4bb5ae"],
  control: ["#c2410c", "#f08a24", "#a16207", "#d9a441", "#8f3f71", "#d6336c", "#e8590c", "#5f3dc4"],
  baseline: ["#222222", "#555555", "#7a7a7a", "#9a9a9a", "#bbbbbb", "#5b6b7b", "#8899aa"],
};

const FEW = 6;

const PERCENT = [0, 0.2, 0.4, 0.6, 0.8, 1].map((value) => ({ value, text: `${100 * value} %` }));

/** Curves or marks over a logarithmic x axis, as an SVG file. */
export function plot({ title, x: xName, y: yName, ticks = PERCENT }: Axes, series: readonly Series[]): string {
  const xs = series.flatMap(({ points }) => points.map(([x]) => x));
  const low = Math.floor(Math.log10(Math.min(...xs)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...xs))));
  const x = (value: number) => LEFT + ((Math.log10(value) - low) / (high - low)) * (WIDTH - LEFT - RIGHT);
  const [bottom, top] = [ticks[0]?.value ?? 0, ticks.at(-1)?.value ?? 1];
  const y = (value: number) => HEIGHT - BOTTOM - ((value - bottom) / (top - bottom)) * (HEIGHT - TOP - BOTTOM);
  const decades = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
  const grid = [
    ...decades.map(
      (value) => line(x(value), y(bottom), x(value), y(top)) + text(x(value), y(bottom) + 16, String(value), "middle"),
    ),
    ...ticks.map(
      (tick) =>
        line(x(decades[0] as number), y(tick.value), WIDTH - RIGHT, y(tick.value)) +
        text(LEFT - 8, y(tick.value) + 4, tick.text, "end"),
    ),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, xName, "middle"),
    text(LEFT, 18, `${title}: ${yName}`, "start"),
  ];
  const counts = { method: 0, control: 0, baseline: 0 };
  const drawn = series.map(({ name, kind, points }, i) => {
    const colour = COLOURS[kind][counts[kind]++ % COLOURS[kind].length] as string;
    const places = points.map(([a, b]) => [x(a).toFixed(1), y(b).toFixed(1)] as const);
    const marks = places.length > FEW ? [] : places.map(([a, b]) => mark(Number(a), Number(b), kind, colour));
    const course =
      places.length === 1
        ? ""
        : `<polyline points="${places.map((place) => place.join(",")).join(" ")}" fill="none" stroke="${colour}" stroke-width="1.6"/>`;
    const shape = course + marks.join("");
    const key = TOP + 8 + 17 * i;
    return `<g><title>${name}</title>${shape}</g>${mark(WIDTH - RIGHT + 18, key - 4, kind, colour)}${text(WIDTH - RIGHT + 30, key, name, "start")}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="12" role="img">`,
    `<title>${title}: ${yName} by ${xName}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    ...grid,
    ...drawn,
    "</svg>\n",
  ].join("\n");
}

/** The method is a disc, a control a square, a baseline a diamond. */
function mark(x: number, y: number, kind: Series["kind"], colour: string): string {
  if (kind === "method") return `<circle cx="${x}" cy="${y}" r="5" fill="${colour}"/>`;
  const turn = kind === "baseline" ? ` transform="rotate(45 ${x} ${y})"` : "";
  return `<rect x="${x - 4}" y="${y - 4}" width="8" height="8" fill="${colour}"${turn}/>`;
}

function line(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="#e3e6ea"/>`;
}

function text(x: number, y: number, content: string, anchor: "start" | "middle" | "end"): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${content}</text>`;
}
