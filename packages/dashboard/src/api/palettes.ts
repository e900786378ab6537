import type { GatewayView, KeptAnswers, PaletteRequest, PaletteView } from "@concord/protocol";
import { requestJson } from "./http.ts";

/** What palettes can be made of; `enabled` is false where the coordinator has no gateway. */
export function getGateway(key: string, signal?: AbortSignal): Promise<GatewayView> {
  return requestJson("/v1/gateway", { key, signal });
}

/** The newest version of each palette. */
export async function listPalettes(key: string, signal?: AbortSignal): Promise<readonly PaletteView[]> {
  const { palettes } = await requestJson<{ palettes: PaletteView[] }>("/v1/palettes", { key, signal });
  return palettes;
}

/** The rewards that a version was solved on, as CSV. */
export async function pilotRewards(key: string, { name, version }: PaletteView): Promise<string> {
  const { rewards } = await requestJson<{ rewards: string }>(`${at(name, version)}/rewards`, { key });
  return rewards;
}

/** The newest answers that were kept of a version, if the operator has them kept. Needs an operator's key. */
export async function keptAnswers(key: string, { name, version }: PaletteView): Promise<KeptAnswers["answers"]> {
  const { answers } = await requestJson<KeptAnswers>(`${at(name, version)}/answers?limit=2000`, { key });
  return answers;
}

/** Makes a palette, or the next version of one; needs an operator's key. */
export function createPalette(key: string, palette: PaletteRequest): Promise<PaletteView> {
  return requestJson("/v1/palettes", { key, body: palette });
}

function at(name: string, version: number): string {
  return `/v1/palettes/${encodeURIComponent(name)}/${version}`;
}
