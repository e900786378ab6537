import type { Result } from "./main.ts";

/** Bars of milliseconds a step on a logarithmic scale, one group for each workload, as SVG. */
export function plot(results: readonly Result[]): string {
  const engines = ["portable", "native", "pytorch"] as const;
  const colours = { portable: "#b0b7c3", native: "#2f6fed", pytorch: "#e8743b" };
  const times = results.flatMap((result) => engines.flatMap((engine) => result[engine]?.median ?? []));
  const low = Math.log10(Math.min(...times) / 1.5);
  const high = Math.log10(Math.max(...times) * 1.3);
  const [width, left, row] = [760, 110, 54];
  const height = results.length * row + 60;
  const x = (ms: number) => left + ((Math.log10(ms) - low) / (high - low)) * (width - left - 70);
  const bars = results.flatMap((result, i) => {
    const top = 20 + i * row;
    const label = `<text x="${left - 8}" y="${top + 26}" text-anchor="end">${result.workload}</text>`;
    return [
      label,
      ...engines.flatMap((engine, j) => {
        const measured = result[engine];
        if (measured === undefined) return [];
        const y = top + j * 15;
        const end = x(measured.median).toFixed(1);
        return [
          `<rect x="${left}" y="${y}" width="${(x(measured.median) - left).toFixed(1)}" height="12" fill="${colours[engine]}"/>`,
          `<text x="${end}" y="${y + 10}" dx="5" font-size="10">${show(measured.median)} ms</text>`,
        ];
      }),
    ];
  });
  const legend = engines.map(
    (engine, j) =>
      `<rect x="${left + j * 120}" y="${height - 28}" width="12" height="12" fill="${colours[engine]}"/>` +
      `<text x="${left + j * 120 + 18}" y="${height - 18}">${engine}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12" role="img">`,
    "<title>Milliseconds a step, logarithmic, one thread</title>",
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...bars,
    ...legend,
    "</svg>\n",
  ].join("\n");
}

function show(ms: number): string {
  return ms >= 100 ? ms.toFixed(0) : ms.toFixed(2);
}
