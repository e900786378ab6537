import type { Tensor, Tree } from "@concord/engine";
import { decodeSafetensors, encodeSafetensors } from "@concord/engine";
import type { CoordinatorState, FederationSpec, RoundProgress } from "@concord/federation";
import { algorithmOf, beginRound, federationKeys, merged, nextExchange, openSegment, reply } from "@concord/federation";
import { buildTask, type Evaluation } from "@concord/learning";
import { blobId, ConcordError, replyRequestSchema, TENSOR_MEDIA_TYPE } from "@concord/protocol";

/** One call of the party, as the fake coordinator saw it. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

type Interference = Response | Promise<Response | undefined> | undefined;

export interface FakeCoordinator {
  readonly fetch: typeof fetch;
  readonly calls: readonly Call[];
  readonly evaluations: readonly Evaluation[];
  /** The model after all rounds so far. */
  readonly model: Tree<Tensor>;
  /** Consulted before every request: an answer of its own replaces the coordinator's. */
  interfere: (call: Call) => Interference;
}

/**
 * A coordinator of one party, in memory and behind `fetch`: rounds, exchanges and blobs as the protocol has them, but no
 * time, no other party and no store.
 */
export async function fakeCoordinator(spec: FederationSpec, examples: number, party = "ada"): Promise<FakeCoordinator> {
  const algorithm = algorithmOf(spec.algorithm);
  const keys = federationKeys(spec.seed);
  let state: CoordinatorState = algorithm.init({ task: buildTask(spec.task), key: keys.init });
  let round = 0;
  let progress: RoundProgress | undefined;
  let evaluating = false;
  const blobs = new Map<string, Uint8Array<ArrayBuffer>>();
  const calls: Call[] = [];
  const evaluations: Evaluation[] = [];

  const coordinator = {
    calls,
    evaluations,
    get model() {
      return state.model;
    },
    interfere: (_call: Call): Interference => undefined,
    fetch: async (input: string | URL | Request, init?: RequestInit) => {
      const path = new URL(String(input)).pathname;
      const method = init?.method ?? "GET";
      const bytes = new Uint8Array(await new Response(init?.body ?? null).arrayBuffer());
      const isJson = new Headers(init?.headers).get("content-type") === "application/json";
      const call = { method, path, body: isJson ? JSON.parse(new TextDecoder().decode(bytes)) : bytes };
      calls.push(call);
      const instead = await coordinator.interfere(call);
      init?.signal?.throwIfAborted();
      if (instead !== undefined) return instead;
      return await answer(call, bytes);
    },
  };
  return coordinator;

  async function answer({ method, path, body }: Call, bytes: Uint8Array<ArrayBuffer>): Promise<Response> {
    const id = path.split("/").at(-1) ?? "";
    if (path.startsWith("/v1/blobs/")) {
      if (method === "PUT") blobs.set(id, bytes);
      const blob = blobs.get(id);
      if (blob === undefined) return refuse(new ConcordError("not_found", `no blob ${id}`));
      return new Response(method === "PUT" ? null : blob, { headers: { "content-type": TENSOR_MEDIA_TYPE } });
    }
    if (path === "/v1/party/work") return Response.json(await work());
    if (path.endsWith("/heartbeat")) return Response.json({ expiresInSeconds: 30 });
    if (path.endsWith("/reply")) return Response.json(accept(path.split("/").at(-2) ?? "", body));
    if (path === "/v1/party/status") return Response.json({});
    return refuse(new ConcordError("not_found", `no route ${path}`));
  }

  async function work() {
    if (progress === undefined && !evaluating) {
      if (round === spec.rounds) return { kind: "finished", reason: "all rounds are done" };
      round++;
      const profiles = [{ id: party, examples }];
      progress = beginRound(
        algorithm.select(state, { round, candidates: profiles, parties: profiles, key: keys.select(round) }),
      );
    }
    const lease = async (model: Tree<Tensor>, name: string) => {
      const bytes = encodeSafetensors(model);
      const sha256 = await blobId(bytes);
      blobs.set(sha256, bytes);
      const ref = { sha256, bytes: bytes.length };
      return { id: name, round, expiresInSeconds: 30, heartbeatSeconds: 5, model: ref };
    };
    if (progress === undefined) return { kind: "evaluate", lease: await lease(state.model, `${round}-evaluate`) };
    const segment = openSegment(progress, party);
    if (segment === undefined) return { kind: "wait", reason: "the exchange is being merged" };
    const { index, from, to } = segment;
    const down = await lease(algorithm.download(state, segment), `${round}-${index}`);
    return { kind: "train", lease: down, steps: progress.plan.steps, segment: { index, from, to } };
  }

  function accept(lease: string, body: unknown) {
    const answer = replyRequestSchema.parse(body);
    if (answer.kind === "evaluate") {
      evaluations.push(answer.evaluation);
      evaluating = false;
      return { status: "accepted" };
    }
    const segment = Number(lease.split("-")[1]);
    if (progress === undefined || openSegment(progress, party)?.index !== segment) return { status: "duplicate" };
    progress = reply(progress, party, segment);
    const exchange = nextExchange(progress);
    const { tensors } = decodeSafetensors(blobs.get(answer.update.sha256) ?? new Uint8Array());
    algorithm.checkUpdate(state, tensors);
    state = algorithm.merge(state, {
      round,
      plan: progress.plan,
      step: exchange?.step ?? 0,
      last: exchange?.last ?? true,
      updates: [{ party, examples, tensors }],
    });
    progress = merged(progress);
    if (progress.next === undefined) {
      state = algorithm.finish(state, { plan: progress.plan, completed: [party] });
      progress = undefined;
      evaluating = true;
    }
    return { status: "accepted" };
  }
}

/** An error as the coordinator would send it. */
export function refuse(error: ConcordError): Response {
  return Response.json(error.toBody(), { status: error.status });
}
