import type {
  FederationView,
  InspectResponse,
  InviteRequest,
  InviteResponse,
  PartyView,
  RoundView,
  SessionResponse,
} from "@concord/protocol";
import { request, requestJson } from "./http.ts";

/** A one-time token for a key. */
export function exchangeToken(token: string): Promise<SessionResponse> {
  return requestJson("/v1/session", { body: { token } });
}

export async function listFederations(key: string, signal?: AbortSignal): Promise<readonly FederationView[]> {
  const { federations } = await requestJson<{ federations: FederationView[] }>("/v1/federations", { key, signal });
  return federations;
}

export function getFederation(key: string, id: string, signal?: AbortSignal): Promise<FederationView> {
  return requestJson(at(id), { key, signal });
}

export async function listParties(key: string, id: string, signal?: AbortSignal): Promise<readonly PartyView[]> {
  const { parties } = await requestJson<{ parties: PartyView[] }>(`${at(id)}/parties`, { key, signal });
  return parties;
}

export async function listRounds(key: string, id: string, signal?: AbortSignal): Promise<readonly RoundView[]> {
  const { rounds } = await requestJson<{ rounds: RoundView[] }>(`${at(id)}/rounds`, { key, signal });
  return rounds;
}

/** The number of the newest event. */
export async function lastEvent(key: string, id: string, signal?: AbortSignal): Promise<number> {
  const { last } = await requestJson<{ last: number }>(`${at(id)}/events?limit=1`, { key, signal });
  return last;
}

/** A new invite; needs an operator's key. */
export function createInvite(key: string, id: string, invite: InviteRequest): Promise<InviteResponse> {
  return requestJson(`${at(id)}/invites`, { key, body: invite });
}

/** What an invite leads to; it is not used up. */
export function inspectInvite(federation: string, invite: string, signal?: AbortSignal): Promise<InspectResponse> {
  return requestJson("/v1/invites/inspect", { body: { federation, invite }, signal });
}

/** The current global model: safetensors. */
export async function fetchModel(key: string, id: string): Promise<Blob> {
  const response = await request(`${at(id)}/model`, { key });
  return response.blob();
}

function at(federation: string): string {
  return `/v1/federations/${encodeURIComponent(federation)}`;
}
