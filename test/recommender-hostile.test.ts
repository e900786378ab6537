import type { Tensor, Tree } from "@concord/engine";
import { decodeSafetensors, encodeSafetensors, float32, int32, mapTree, portableEngine } from "@concord/engine";
import { type CoordinatorClient, coordinatorClient, join, memoryStore, runParty } from "@concord/party";
import { blobId, ConcordError, parseInvite } from "@concord/protocol";
import { expect, test } from "vitest";
import { filmsCoordinator, smallRaters, smallRecommender } from "./small-recommender.ts";

/** What a party sends that it must not: each is refused with a reason, and harms nobody. */

const ITEMS = 40;
const HIDDEN = 6;
const ROWS = [3, 11, 39];

/** A right update for three items: the model that came down, a little moved. */
function right(model: Tree<Tensor>): Tree<Tensor> {
  const moved = mapTree(model, (leaf) =>
    float32(
      leaf.shape,
      Array.from(leaf.data, (value) => value + 0.01),
    ),
  );
  const { weight, bias } = moved.items as Record<"weight" | "bias", Tensor>;
  const rows = ROWS.flatMap((row) => [...weight.data.slice(row * HIDDEN, (row + 1) * HIDDEN)]);
  return {
    ...moved,
    items: {
      index: int32([ROWS.length], ROWS),
      weight: float32([ROWS.length, HIDDEN], rows),
      bias: float32([ROWS.length], ROWS.map((row) => bias.data[row] as number)), // biome-ignore format: one line
    },
  };
}

type Wrong = (update: Tree<Tensor>, model: Tree<Tensor>) => Tree<Tensor> | Uint8Array<ArrayBuffer>;

const items = (change: (items: Record<string, Tensor>) => Tree<Tensor>): Wrong => {
  return (update) => ({ ...update, items: change(update.items as Record<string, Tensor>) });
};
const index = (...rows: number[]) => items((own) => ({ ...own, index: int32([rows.length], rows) }));
const first = (change: (layer: Record<string, Tensor>) => Tree<Tensor>): Wrong => {
  return (update) => ({ ...update, first: change(update.first as Record<string, Tensor>) });
};
const poisoned = (value: number) =>
  first((layer) => ({ ...layer, bias: float32([HIDDEN], new Array(HIDDEN).fill(0).with(4, value)) }));

const WRONG: readonly (readonly [what: string, make: Wrong, why: RegExp])[] = [
  ["a row that there is not", index(3, 11, ITEMS), /there is no row 40; rows are 0 … 39/],
  ["a negative row", index(-1, 3, 11), /there is no row -1/],
  ["a row twice", index(3, 11, 11), /row 11 comes after row 11; rows must be ascending, each once/],
  ["rows in disorder", index(11, 3, 39), /row 3 comes after row 11/],
  ["no row at all", index(), /names no row/],
  ["more numbers of rows than rows", index(3, 11, 12, 39), /items\.(weight|bias)/],
  ["rows without their numbers", items(({ index: _, ...rows }) => rows), /items\.(weight|bias)/],
  ["numbers of rows that are no integers", items((own) => ({ ...own, index: float32([3], ROWS) })), /must be int32/],
  [
    "rows of another width",
    items((own) => ({ ...own, weight: float32([3, 5], new Array(15).fill(0)) })),
    /items\.weight/,
  ],
  ["NaN", poisoned(Number.NaN), /"first\.bias" holds NaN at element 4; values must be finite/],
  ["an infinite number", poisoned(Number.POSITIVE_INFINITY), /"first\.bias" holds Infinity at element 4/],
  ["a layer too few", ({ first: _, ...update }) => update, /first/],
  ["its own codes", (update) => ({ ...update, own: { codes: float32([1, 4], [1, 2, 3, 4]) } }), /own\.codes/],
  ["bytes that are no tensors", () => new TextEncoder().encode("five stars"), /safetensors|header|bytes/],
];

test("wrong updates are refused with a reason, and the round ends as if they had never come", async () => {
  const [withThem, without] = [await finalModel(WRONG), await finalModel([])];
  expect(withThem).toBe(without);
});

/** The model after two rounds of an honest party and one that first sends all of these. */
async function finalModel(wrong: typeof WRONG): Promise<string> {
  const spec = smallRecommender("vector", 2);
  const coordinator = await filmsCoordinator(spec);
  const [honest, hostile] = smallRaters([1, 1]);
  if (honest === undefined || hostile === undefined) throw new Error("there are two raters");
  const joined = async (name: string, data: typeof honest) => {
    const invite = parseInvite((await coordinator.createInvite("films", { party: name })).url);
    return join(coordinatorClient({ origin: invite.origin }), { invite, spec, data, client: "test" });
  };
  const identity = await joined("honest", honest);
  const party = runParty({ identity, data: honest, engine: await portableEngine(), privateStore: memoryStore() });
  const { origin, key } = await joined("hostile", hostile);
  const client = coordinatorClient({ origin, key, retry: { attempts: 1 } });
  for (;;) {
    const work = await client.work(5);
    if (work.kind === "finished") break;
    if (work.kind === "evaluate") {
      await client.reply(work.lease.id, { kind: "evaluate", evaluation: {} });
    } else if (work.kind === "train") {
      const model = decodeSafetensors(await client.download(work.lease.model)).tensors;
      for (const [what, make, why] of wrong) {
        const made = make(right(model), model);
        const refused = await refusal(
          client,
          work.lease.id,
          made instanceof Uint8Array ? made : encodeSafetensors(made),
        );
        expect(refused?.code, what).toBe("invalid_argument");
        expect(refused?.message, what).toMatch(why);
      }
      const update = await client.upload(encodeSafetensors(right(model)));
      expect((await client.reply(work.lease.id, { kind: "train", update, loss: 1 })).status).toBe("accepted");
    }
  }
  expect((await party.done).kind).toBe("finished");
  return await blobId(await coordinator.currentModel("films"));
}

/** The error with which an update is refused, on its way up or when it is handed in; undefined where it is not. */
async function refusal(
  client: CoordinatorClient,
  lease: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<ConcordError | undefined> {
  try {
    await client.reply(lease, { kind: "train", update: await client.upload(bytes), loss: 1 });
    return undefined;
  } catch (error) {
    if (error instanceof ConcordError) return error;
    throw error;
  }
}
