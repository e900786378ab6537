import type { RewardModel } from "@concord/alignment/scoring";
import type { PaletteRequest, PaletteView } from "@concord/protocol";
import type { Coordinator, CoordinatorOptions, GatewayParts } from "../src/index.ts";
import { openAiBase } from "../src/index.ts";
import { json, send } from "./fake-party.ts";
import type { FakeUpstream } from "./fake-upstream.ts";
import { startInMemory } from "./federation.ts";

/** A reward whose numbers everybody knows: how many of the answer's words are "good", and how many letters it has. */
export const goodness: RewardModel = {
  name: "goodness",
  version: "1",
  batch: 100,
  score: async (answers) => answers.map(({ answer }) => answer.split(" ").filter((word) => word === "good").length),
};
export const brevity: RewardModel = {
  name: "brevity",
  version: "1",
  batch: 100,
  score: async (answers) => answers.map(({ answer }) => -answer.length),
};

export const UPSTREAM_KEY = "sk-upstream-secret-0123456789";
export const TEXTS = ["bad", "good", "good good", "good good good"] as const;

export function partsFor(upstream: FakeUpstream, change: Partial<GatewayParts> = {}): GatewayParts {
  const { url } = upstream;
  const base = openAiBase({ name: "base", url, model: "big-1", key: UPSTREAM_KEY, parallel: 64, timeoutSeconds: 30 });
  return { bases: [base], rewards: [goodness, brevity], keepPrompts: false, requests: 256, ...change };
}

/** Sixty prompts with eight answers each: every one of TEXTS twice, so that the mean of goodness is 1.5. */
export function pilotRows(k = 8, prompts = 60): { prompt_id: number; goodness: number; brevity: number }[] {
  return Array.from({ length: prompts * k }, (_, j) => ({
    prompt_id: Math.floor(j / k),
    goodness: j % 4,
    brevity: -(TEXTS[j % 4] as string).length,
  }));
}

export const request = (change: Partial<PaletteRequest> = {}): PaletteRequest => ({
  name: "kind",
  base: "base",
  targets: "goodness=2",
  pilot: { kind: "rewards", rewards: pilotRows() },
  ...change,
});

/** A coordinator with a gateway, and short ways to ask it. */
export async function startGateway(parts: GatewayParts, options: Partial<CoordinatorOptions> = {}) {
  const coordinator = await startInMemory({ gateway: parts, ...options });
  const asOperator = (method: string, path: string, body?: unknown) =>
    send(coordinator.url, method, path, body, coordinator.operatorKey);
  const { key } = await json<{ key: string }>(await asOperator("POST", "/v1/tenants", { name: "acme" }));
  return { ...gatewayOf(coordinator, key), coordinator };
}

export function gatewayOf(coordinator: Coordinator, key: string) {
  const asOperator = (method: string, path: string, body?: unknown) =>
    send(coordinator.url, method, path, body, coordinator.operatorKey);
  return {
    key,
    asOperator,
    asTenant: (method: string, path: string, body?: unknown) => send(coordinator.url, method, path, body, key),
    create: async (change: Partial<PaletteRequest> = {}) =>
      json<PaletteView>(await asOperator("POST", "/v1/palettes", request(change))),
    palette: async (name = "kind") => json<PaletteView>(await asOperator("GET", `/v1/palettes/${name}`)),
    chat: (body: object = {}) =>
      send(
        coordinator.url,
        "POST",
        "/v1/chat/completions",
        { model: "base@kind", messages: [{ role: "user", content: "Say something." }], ...body },
        key,
      ),
  };
}
