/** Text and attribute values, safe in HTML and SVG. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** A picture of the given size that scales with the page. `title` is what a screen reader says. */
export function svg(width: number, height: number, title: string, content: string): string {
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}" style="max-width:${width}px">${content}</svg>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, className: string): string {
  return `<line x1="${at(x1)}" y1="${at(y1)}" x2="${at(x2)}" y2="${at(y2)}" class="${className}"/>`;
}

export function path(points: readonly (readonly [number, number])[], className: string, closed = false): string {
  const steps = points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${at(x)} ${at(y)}`).join("");
  return `<path d="${steps}${closed ? "Z" : ""}" class="${className}"/>`;
}

export function dot(x: number, y: number, className: string, title: string): string {
  return `<circle cx="${at(x)}" cy="${at(y)}" r="3.5" class="${className}"><title>${escapeHtml(title)}</title></circle>`;
}

export function label(x: number, y: number, text: string, anchor: "start" | "middle" | "end" = "start"): string {
  return `<text x="${at(x)}" y="${at(y)}" text-anchor="${anchor}">${escapeHtml(text)}</text>`;
}

function at(position: number): string {
  return Number.isFinite(position) ? position.toFixed(1) : "0";
}
