import { readFile } from "node:fs/promises";
import type { Coordinator } from "@concord/coordinator";
import type { FederationSpec } from "@concord/federation";
import { federationSpecSchema } from "@concord/federation";
import { federationIdSchema, fromZod } from "@concord/protocol";
import { parse } from "yaml";
import type { Options } from "./commands/serve.ts";
import { asInput, loadTrain } from "./datasets.ts";
import { readExperiment } from "./experiment.ts";
import { readGateway } from "./gateway-file.ts";
import { interruption } from "./interruption.ts";
import { listen } from "./listening.ts";
import type { Output } from "./output.ts";
import { InputError, output, showPercent } from "./output.ts";
import { progress } from "./progress.ts";
import { recordRun } from "./run-record.ts";

/** Runs `concord serve`: the coordinator alone, until it is told to stop. */
export async function serve(file: string | undefined, options: Options): Promise<void> {
  const out = output(options.json);
  const spec = file === undefined ? undefined : await readFederation(file);
  const interrupted = interruption();
  const gateway = options.gateway === undefined ? undefined : await readGateway(options.gateway);
  const coordinator = await listen({ ...options, gateway }, out);
  try {
    const created = spec && file ? await create(coordinator, options.id ?? idOf(file), spec) : undefined;
    const address = `${coordinator.url}/#${await coordinator.newOneTimeToken()}`;
    out.record({ type: "start", url: address, federations: (await coordinator.federations()).map(({ id }) => id) });
    out.say(`Operator's page:  ${address}`);
    if (gateway !== undefined) {
      const [bases, rewards] = [gateway.bases, gateway.rewards].map((parts) => parts.map(({ name }) => name));
      out.record({ type: "gateway", url: `${coordinator.url}/v1`, bases, rewards });
      out.say(`Gateway:  ${coordinator.url}/v1  (bases ${bases?.join(", ")}; rewards ${rewards?.join(", ")})`);
    }
    if (created !== undefined) {
      for (let i = 0; i < options.invites; i++) {
        const { url, expiresAt } = await coordinator.createInvite(created, { uses: 1 });
        out.record({ type: "invite", federation: created, url, expiresAt });
        out.say(`Invite ${i + 1}:  ${url}`);
      }
    }
    const following = (await coordinator.federations())
      .filter(({ status }) => status === "waiting" || status === "running")
      .map(({ id, spec: stated }) => follow(coordinator, id, stated, options.dir, out));
    await Promise.race([interrupted, Promise.all(following).then(() => interrupted)]);
    out.say("Stopped; the same command continues.");
  } finally {
    await coordinator.close();
  }
}

async function create(coordinator: Coordinator, id: string, spec: FederationSpec): Promise<string> {
  const known = (await coordinator.federations()).find((federation) => federation.id === id);
  if (known === undefined) await coordinator.createFederation(id, spec);
  else if (JSON.stringify(known.spec) !== JSON.stringify(spec)) {
    throw new InputError(`federation "${id}" is there already with another specification; give --id for a new one`);
  }
  return id;
}

async function follow(
  coordinator: Coordinator,
  id: string,
  spec: FederationSpec,
  dir: string,
  out: Output,
): Promise<void> {
  const { show } = progress(spec.rounds, out);
  for await (const event of coordinator.events(id)) {
    show(event);
    if (event.type === "federation.stopped") return;
    if (event.type !== "federation.finished") continue;
    const { result, folder } = await recordRun(coordinator, id, dir);
    out.record({ ...result, federation: id, folder });
    out.say(
      `${id} has finished: accuracy ${showPercent(result.accuracy)} (${result.accuracySource}); results in ${folder}`,
    );
    return;
  }
}

/** A federation, or an experiment of `concord run`: then the federation that it simulates, for parties elsewhere. */
async function readFederation(path: string): Promise<FederationSpec> {
  let value: unknown;
  try {
    value = parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${error instanceof Error ? error.message : error}`);
  }
  if (isExperiment(value)) {
    const experiment = await readExperiment(path);
    // What the task takes from the data set, such as the number of classes, is in no such file.
    const dataset = await asInput(() => loadTrain(experiment.data.dataset), `${path}: data.dataset`);
    return experiment.federation(dataset);
  }
  const spec = federationSpecSchema.safeParse(value);
  if (!spec.success) throw new InputError(fromZod(spec.error, path).message);
  return spec.data;
}

/** Only an experiment says where its examples come from. */
function isExperiment(value: unknown): boolean {
  return typeof value === "object" && value !== null && "data" in value;
}

function idOf(path: string): string {
  const id = (path.split(/[\\/]/).at(-1) ?? "")
    .replace(/\.ya?ml$/, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return federationIdSchema.parse(id);
}
