import { createHash } from "node:crypto";
import { join as joinPath } from "node:path";
import { engineFor } from "@concord/engine/node";
import { partitionSpecSchema } from "@concord/learning";
import type { Status } from "@concord/party";
import { openParty } from "@concord/party/node";
import { parseInvite } from "@concord/protocol";
import { Command } from "commander";
import { z } from "zod";
import { checkOptions, decimal, whole } from "../options.ts";
import type { Output } from "../output.ts";
import { InputError, output, showBytes } from "../output.ts";
import { partyData } from "../party-data.ts";

const optionsSchema = z.object({
  dir: z.string().optional(),
  name: z.string().min(1).max(60).optional(),
  dataset: z.string().optional(),
  shard: z.string().optional(),
  partition: z.string().default("dirichlet:0.3"),
  group: z.string().optional(),
  images: z.string().optional(),
  labels: z.string().optional(),
  csv: z.string().optional(),
  schema: z.string().optional(),
  heldOut: decimal("expected a share between 0 and 1, such as 0.2", (share) => share > 0 && share < 1).default(0.2),
  seed: whole(0, Number.MAX_SAFE_INTEGER).default(1),
  shareLabels: z.boolean().default(false),
  json: z.boolean().default(false),
});
type Options = z.output<typeof optionsSchema>;

export function joinCommand(): Command {
  return new Command("join")
    .description("Take part in a federation with data of your own.")
    .argument(
      "[invite]",
      "the link you were invited with; to continue later, give it again or name the folder with --dir",
    )
    .option("--dataset <name>", "a data set of this machine (default: the one the federation names)")
    .option("--shard <k/n>", "only share k of n of it")
    .option("--partition <kind>", "how shares are cut: iid, dirichlet:<beta> or classes:<k> (default: dirichlet:0.3)")
    .option("--group <name>", "only a natural group of it, such as one hospital")
    .option("--images <file>", "IDX file of images (.gz or not), with --labels")
    .option("--labels <file>", "IDX file of labels, with --images")
    .option("--csv <file>", "a table, with --schema")
    .option("--schema <file>", "YAML file that says what the columns of the table are (docs/operations.md)")
    .option("--held-out <share>", "share of the examples kept for evaluation (default: 0.2)")
    .option("--seed <n>", "seed of the split (default: 1)")
    .option("--name <name>", "what others call you")
    .option("--share-labels", "let others see how many examples of each class you have")
    .option("--dir <folder>", "where your key and private state are kept (default: .concord/joined/<by invite>)")
    .addHelpText(
      "after",
      "\nExample:\n  $ concord join 'http://127.0.0.1:7700/join/federation-1#ci_…' --dataset fashion-mnist --shard 3/20",
    )
    .action(async (invite: string | undefined, raw: unknown) =>
      joinFederation(invite, checkOptions("join", optionsSchema, raw)),
    );
}

async function joinFederation(link: string | undefined, options: Options): Promise<void> {
  const out = output(options.json);
  const partition = parsePartition(options.partition);
  const dir = options.dir ?? folderOf(link);
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  const party = await openParty({
    dir,
    invite: link,
    name: options.name,
    shareLabels: options.shareLabels,
    data: (spec) => partyData({ ...options, partition }, spec),
    signal: stopping.signal,
    // Somebody's own machine, with one party on it.
    engine: await engineFor({ alone: true }),
    onStatus: reporter(out),
  });
  out.record({ type: "start", party: party.identity.party, federation: party.identity.federation, folder: dir });
  out.say(`Taking part as ${party.identity.party}; the key and private state are in ${dir}.`);
  const last = await party.done;
  out.say(
    last.kind === "stopped"
      ? "Stopped; the same command continues."
      : `Ended: ${last.kind === "finished" ? last.reason : last.kind}`,
  );
  out.record({
    type: "result",
    ended: last.kind,
    updates: last.updates,
    bytesUp: last.bytesUp,
    bytesDown: last.bytesDown,
    loss: last.loss ?? null,
  });
}

/** Named after the invite, so that the same link finds the same party again. */
function folderOf(link: string | undefined): string {
  if (link === undefined) {
    throw new InputError("join: expected the link of an invite, or --dir with the folder of a party that has joined");
  }
  const name = createHash("sha256").update(parseInvite(link).token).digest("hex").slice(0, 12);
  return joinPath(".concord", "joined", name);
}

function reporter(out: Output): (status: Status) => void {
  let shown = "";
  return (status) => {
    out.record({ type: "status", ...status });
    const line = sentence(status);
    if (line !== shown) out.say(line);
    shown = line;
  };
}

function sentence(status: Status): string {
  const traffic = `${showBytes(status.bytesUp)} up, ${showBytes(status.bytesDown)} down`;
  switch (status.kind) {
    case "training":
      return `round ${status.round}: training, steps ${status.from + 1} to ${status.to} (${traffic})`;
    case "evaluating":
      return `round ${status.round}: evaluating`;
    case "waiting":
      return `waiting: ${status.reason}`;
    case "offline":
      return `the coordinator does not answer (${status.reason}); trying again`;
    case "failed":
      return `failed: ${status.reason}`;
    default:
      return status.kind;
  }
}

function parsePartition(text: string) {
  const [kind, value] = text.split(":");
  const spec =
    kind === "dirichlet"
      ? { kind, beta: Number(value ?? 0.3) }
      : kind === "classes"
        ? { kind, classes: Number(value ?? 2) }
        : { kind };
  const parsed = partitionSpecSchema.safeParse(spec);
  if (!parsed.success || (kind === "iid" && value !== undefined)) {
    throw new InputError(`join --partition: expected iid, dirichlet:<beta> or classes:<k>, got ${text}`);
  }
  return parsed.data;
}
