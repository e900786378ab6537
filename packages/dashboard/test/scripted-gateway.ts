import { firstAnswers, paletteFrom, prices, rewardsFromCsv, solve } from "@concord/alignment";
import type { KeptAnswers, PaletteView } from "@concord/protocol";
import { paletteRequestSchema, paletteViewSchema } from "@concord/protocol";

/** The palettes of a gateway, as far as the page asks for them: what it sends is checked and solved. */
export function scriptedGateway() {
  const palettes: PaletteView[] = [];
  const pilots = new Map<string, string>();

  function create(body: unknown): PaletteView {
    const { name, base, targets, k, sampling, pilot } = paletteRequestSchema.parse(body);
    if (pilot.kind !== "rewards" || typeof pilot.rewards !== "string" || typeof targets === "string") {
      throw new Error("the page sends rewards as text and targets as an object");
    }
    const { rewards } = rewardsFromCsv(pilot.rewards);
    const palette = paletteFrom(targets);
    const found = solve(firstAnswers(rewards, k), palette, "per-prompt");
    if (!found.feasible) throw new Error(found.verdict);
    const version = palettes.filter((one) => one.name === name).length + 1;
    const view = paletteViewSchema.parse({
      name,
      version,
      base,
      model: `${base}@${name}:${version}`,
      targets: JSON.stringify(targets),
      k,
      sampling,
      createdAt: "2026-11-22T12:00:00.000Z",
      status: "ready",
      progress: null,
      problem: null,
      solution: { ...found, prices: prices(rewards, palette, "per-prompt") },
      live: null,
    });
    palettes.push(view);
    pilots.set(`${name}/${version}`, pilot.rewards);
    return view;
  }

  /** Undefined where there is nothing at the path. */
  function answer(method: string, pathname: string, body: unknown): unknown {
    if (pathname === "/v1/gateway") {
      return { enabled: true, bases: ["small", "large"], rewards: ["brave", "calm"], keepPrompts: true };
    }
    if (pathname === "/v1/palettes") return method === "POST" ? create(body) : { palettes };
    const [, place, what] = /^\/v1\/palettes\/([^/]+\/\d+)\/(rewards|answers)$/.exec(pathname) ?? [];
    const rewards = pilots.get(place ?? "");
    if (rewards === undefined) return undefined;
    return what === "rewards" ? { rewards } : { answers: served() };
  }

  return { palettes, answer };
}

function served(): KeptAnswers["answers"] {
  return [1, 2, 3].map((seq) => ({
    seq,
    time: "2026-11-22T12:00:00.000Z",
    prompt: `asked ${seq}`,
    picked: 0,
    candidates: [1, 2].map((i) => ({ text: `said ${i}`, rewards: { brave: i, calm: seq - i }, weight: 0.5 })),
  }));
}
