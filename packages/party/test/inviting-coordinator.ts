import type { FederationSpec } from "@concord/federation";
import { ConcordError, type JoinRequest, joinRequestSchema } from "@concord/protocol";
import { fakeCoordinator, refuse } from "./fake-coordinator.ts";

/** A link whose token is well formed; the coordinator below takes any. */
export const invite = `http://coordinator.test/join/points#ci_${"a".repeat(32)}`;

export interface Sample {
  readonly images: Uint8Array<ArrayBuffer>;
  readonly labels: Uint8Array<ArrayBuffer>;
}

/** A fake coordinator with an invite that serves once, and an operator's sample if one is given. */
export async function invitingCoordinator(spec: FederationSpec, examples: number, sample?: Sample) {
  const fake = await fakeCoordinator(spec, examples);
  const joined: JoinRequest[] = [];
  const federation = { id: "points", spec };
  fake.interfere = ({ path, body }) => {
    switch (path) {
      case "/v1/invites/inspect": {
        const state = {
          status: "waiting",
          parties: 0,
          round: 0,
          expiresAt: "2030-01-01",
          sample: sample !== undefined,
        };
        return Response.json({ federation, ...state });
      }
      case "/v1/invites/sample/images":
      case "/v1/invites/sample/labels":
        return new Response(path.endsWith("images") ? sample?.images : sample?.labels);
      case "/v1/join": {
        const request = joinRequestSchema.parse(body);
        const again = request.key !== undefined && joined.some(({ key }) => key === request.key);
        if (!again) joined.push(request);
        if (joined.length > 1) return refuse(new ConcordError("gone", "this invite has been used"));
        return Response.json({ party: "ada", key: request.key ?? "cp_secret", federation });
      }
      default:
        return undefined;
    }
  };
  return { fake, joined };
}
