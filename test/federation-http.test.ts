import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Coordinator, memoryBlobs, memoryStore, startCoordinator } from "@concord/coordinator";
import {
  decodeSafetensors,
  type Engine,
  encodeSafetensors,
  flatten,
  key,
  portableEngine,
  split,
  type Tensor,
  type Tree,
} from "@concord/engine";
import {
  algorithmOf,
  type Checkpoint,
  type FederationSpec,
  federationSpecSchema,
  inlineExecutor,
  openPrivate,
  simulate,
} from "@concord/federation";
import { buildTask, handwriting, holdOut } from "@concord/learning";
import type { PartyData } from "@concord/party";
import { fileStore, openParty } from "@concord/party/node";
import { blobId, TENSOR_MEDIA_TYPE } from "@concord/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** A federation over HTTP, coordinator and party library as they are deployed, against the simulator. */

const PARTIES = ["north", "south", "west"];
const FEDERATION = "digits";

let engine: Engine;
let folder: string;
let folders = 0;
beforeAll(async () => {
  engine = await portableEngine();
  folder = await mkdtemp(join(tmpdir(), "concord-http-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** `algorithm` as a file states it. */
function federation(algorithm: Readonly<Record<string, unknown>>, rounds: number): FederationSpec {
  return federationSpecSchema.parse({
    name: "digits of three hands",
    dataset: "generated handwriting",
    task: {
      model: { kind: "mlp", hidden: [8] },
      inputShape: [28, 28, 1],
      outputs: 10,
      loss: "cross-entropy",
      optimizer: { kind: "sgd", momentum: 0.9 },
      learningRate: 0.05,
      batchSize: 10,
    },
    algorithm,
    rounds,
    seed: 11,
    minimumParties: PARTIES.length,
  });
}

const SHORT = federation({ kind: "fedsgd", localSteps: 2 }, 2);

/** Each party has a hand of its own, and another number of examples. */
const dataOf = once((party: string): PartyData => {
  const own = split(key("digits"), party);
  const digits = handwriting({ key: own, writers: 1, digitsPerWriter: 40 + 20 * PARTIES.indexOf(party) });
  return holdOut(digits, own, 0.2);
});

interface Simulated extends Pick<Checkpoint, "privateStates" | "history"> {
  readonly model: string;
  readonly accuracy: number | null;
}

const simulated = once(async (spec: FederationSpec): Promise<Simulated> => {
  const executor = await inlineExecutor(algorithmOf(spec.algorithm), buildTask(spec.task), engine);
  let last: Simulated = { model: "", accuracy: null, privateStates: new Map(), history: [] };
  const parties = PARTIES.map((id) => ({ id, ...dataOf(id) }));
  for await (const { state, history, privateStates } of simulate({ spec, parties, executor })) {
    last = {
      model: await blobId(encodeSafetensors(state.model)),
      accuracy: history.at(-1)?.evaluation?.accuracy ?? null,
      privateStates,
      history,
    };
  }
  return last;
});

/** A function that works each value out once. */
function once<A, B>(work: (argument: A) => B): (argument: A) => B {
  const known = new Map<A, B>();
  return (argument) => {
    const found = known.get(argument);
    if (found !== undefined) return found;
    const result = work(argument);
    known.set(argument, result);
    return result;
  };
}

/** Equal for trees that are equal to the bit. */
function hashOf(tree: Tree<Tensor>): string {
  return createHash("sha256").update(encodeSafetensors(tree)).digest("hex");
}

/** The hash of the global model: a comparison byte by byte would take minutes to print. */
async function modelOf(coordinator: Coordinator): Promise<string> {
  return await blobId(await coordinator.currentModel(FEDERATION));
}

/** A coordinator that can be closed and started again over the same stores; its parties find it where it is then. */
async function site(spec: FederationSpec) {
  const stores = { store: { ...memoryStore(), close: async () => {} }, blobs: memoryBlobs() };
  let coordinator = await startCoordinator({ ...stores, port: 0 });
  const { url: invitedTo } = coordinator;
  await coordinator.createFederation(FEDERATION, spec);
  const dirs = new Map(PARTIES.map((party) => [party, join(folder, `${party}-${folders++}`)]));
  return {
    get coordinator(): Coordinator {
      return coordinator;
    },
    dirOf: (party: string) => dirs.get(party) ?? folder,
    invite: async (party: string) => (await coordinator.createInvite(FEDERATION, { party })).url,
    open: (party: string, options: { invite?: string; fetch?: typeof fetch; signal?: AbortSignal } = {}) =>
      openParty({
        dir: dirs.get(party) ?? folder,
        data: dataOf(party),
        shareLabels: true,
        engine,
        fetch: (input, init) => fetch(String(input).replace(invitedTo, coordinator.url), init),
        retry: { firstDelayMs: 5, longestDelayMs: 50 },
        ...options,
      }),
    async restart() {
      await coordinator.close();
      coordinator = await startCoordinator({ ...stores, port: 0 });
    },
  };
}

describe("a federation over HTTP", () => {
  test.each([
    ["FedAvg", federation({ kind: "fedavg", localSteps: 4 }, 3)],
    ["FedAvg with two of three parties", federation({ kind: "fedavg", localSteps: 3, activeParties: 2 }, 4)],
    ["FedSGD with momentum", federation({ kind: "fedsgd", localSteps: 3 }, 2)],
    ["DynamicFL", federation({ kind: "dynamicfl", localSteps: 6, levels: ["a", "b"], p: 0.7 }, 2)],
    [
      "DynamicFL of three levels",
      federation(
        { kind: "dynamicfl", localSteps: 18, levels: ["b", "c", "g"], ratios: [0.4, 0.3, 0.3], slow: "added" },
        1,
      ),
    ],
    ["FedProx", federation({ kind: "fedprox", localSteps: 3, mu: 0.1 }, 2)],
    ["FedNova", federation({ kind: "fednova", localSteps: 3 }, 2)],
    [
      "FedDyn with two of three parties",
      federation({ kind: "feddyn", localSteps: 3, activeParties: 2, alpha: 0.1 }, 4),
    ],
    ["exchanges inside the round", federation({ kind: "fedavg-inner", localSteps: 5, exchanges: 2 }, 2)],
    ["short rounds", federation({ kind: "fedavg-short", localSteps: 5, exchanges: 2 }, 4)],
  ])("gives the bits and the accuracy of the simulator: %s", async (_name, spec) => {
    const { coordinator, invite, open } = await site(spec);
    const parties = await Promise.all(PARTIES.map(async (id) => await open(id, { invite: await invite(id) })));
    const ends = await Promise.all(parties.map(({ done }) => done));
    expect(ends.map(({ kind }) => kind)).toEqual(["finished", "finished", "finished"]);
    const expected = await simulated(spec);
    expect(await modelOf(coordinator)).toBe(expected.model);
    expect((await coordinator.result(FEDERATION)).accuracy).toBe(expected.accuracy);
    await coordinator.close();
  });

  test("SCAFFOLD: the simulator's bits; a party's c_i stays in its folder, through rounds in which it rests", async () => {
    const spec = federation({ kind: "scaffold", localSteps: 3, activeParties: 2 }, 6);
    const { coordinator, invite, open, dirOf } = await site(spec);
    /** Every update that a party sent. */
    const sent: Uint8Array[] = [];
    const watching: typeof fetch = async (input, init) => {
      const tensors = new Headers(init?.headers).get("content-type") === TENSOR_MEDIA_TYPE;
      if (tensors && init?.body instanceof Blob) sent.push(new Uint8Array(await init.body.arrayBuffer()));
      return fetch(input, init);
    };
    const parties = await Promise.all(
      PARTIES.map(async (id) => await open(id, { invite: await invite(id), fetch: watching })),
    );
    await Promise.all(parties.map(({ done }) => done));
    const { model, privateStates, history } = await simulated(spec);
    expect(await modelOf(coordinator)).toBe(model);
    await coordinator.close();

    // Two updates a round, each of two vectors: the model and the change of c_i, never c_i itself.
    const paths = ["control", "model"].flatMap((vector) =>
      ["fc1.bias", "fc1.weight", "fc2.bias", "fc2.weight"].map((path) => `${vector}.${path}`),
    );
    expect(sent).toHaveLength(12);
    const controls = sent.map((bytes) => {
      const { tensors } = decodeSafetensors(bytes);
      expect(flatten(tensors).map(([path]) => path)).toEqual(paths);
      return hashOf(tensors.control as Tree<Tensor>);
    });
    for (const id of PARTIES) {
      const rounds = history.filter(({ members }) => members.includes(id)).map(({ round }) => round);
      expect(rounds.length).toBeGreaterThan(1);
      expect(rounds.length).toBeLessThan(6);
      const entries = await fileStore(join(dirOf(id), "private")).entries();
      const own = entries.find(({ round }) => round === rounds.at(-1))?.state;
      const inSimulation = privateStates.get(id);
      if (own === undefined || inSimulation === undefined) throw new Error(`${id} has no state`);
      expect(hashOf(openPrivate(own))).toBe(hashOf(openPrivate(inSimulation)));
      expect(controls).not.toContain(hashOf(openPrivate(own).control as Tree<Tensor>));
    }
  });

  // At the n-th request of one party after it has joined: before it is sent, or after it was answered.
  test.each([1, 3, 4, 5, 6, 8, 9, 12, 15, 17, 19, 21].flatMap((n) => [`${n} before`, `${n} after`]))(
    "a party that stops at request %s and is started again changes nothing",
    async (moment) => {
      const spec = SHORT;
      const { coordinator, invite, open } = await site(spec);
      const [n = "", side] = moment.split(" ");
      const kill = new AbortController();
      let requests = 0;
      const dying: typeof fetch = async (input, init) => {
        const due = ++requests === Number(n) + 2; // Inspecting and joining come first.
        if (due && side === "before") kill.abort();
        const answer = await fetch(input, init);
        if (due) kill.abort();
        return answer;
      };
      const others = ["south", "west"].map(async (id) => await open(id, { invite: await invite(id) }));
      const mortal = await open("north", { invite: await invite("north"), fetch: dying, signal: kill.signal });
      expect((await mortal.done).kind).toBe("stopped");
      const reborn = await open("north");
      await Promise.all([reborn.done, ...(await Promise.all(others)).map(({ done }) => done)]);
      expect(await modelOf(coordinator)).toBe((await simulated(spec)).model);
      await coordinator.close();
    },
  );

  test("a coordinator that is away for a while, again and again, changes nothing", async () => {
    const spec = federation({ kind: "fedsgd", localSteps: 4 }, 3);
    const here = await site(spec);
    const parties = await Promise.all(
      PARTIES.map(async (id) => await here.open(id, { invite: await here.invite(id) })),
    );
    const finished = Promise.all(parties.map(({ done }) => done));
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      await here.restart();
    }
    expect((await finished).map(({ kind }) => kind)).toEqual(["finished", "finished", "finished"]);
    expect(await modelOf(here.coordinator)).toBe((await simulated(spec)).model);
    await here.coordinator.close();
  });
});
