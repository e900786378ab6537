import type { CatalogEntry } from "@concord/learning";
import { CATALOG, catalogEntry, labelHistogram } from "@concord/learning";
import { DownloadError, locateDataset, pullDataset } from "@concord/learning/node";
import Table from "cli-table3";
import { Command } from "commander";
import { asInput, isHere, loadTest, loadTrain } from "../datasets.ts";
import { output, showBytes } from "../output.ts";
import { useProxyOfEnvironment } from "../proxy.ts";

export function dataCommand(): Command {
  return new Command("data")
    .description("Data sets: list them, get them, look at them.")
    .addCommand(
      new Command("list")
        .description("Show the data sets that Concord knows, and which are on this machine.")
        .addHelpText("after", "\nExample:\n  $ concord data list")
        .action(async ({ json = false }: { json?: boolean }) => list(json)),
    )
    .addCommand(
      new Command("pull")
        .description("Download a data set from its publisher; a download that was cut goes on where it stopped.")
        .argument("<name>", "the data set, as data list names it")
        .addHelpText("after", "\nExample:\n  $ concord data pull fashion-mnist")
        .action(async (name: string, { json = false }: { json?: boolean }) => pull(name, json)),
    )
    .addCommand(
      new Command("info")
        .description("Load a data set and show its shape, labels and groups.")
        .argument("<name>", "the data set, as data list names it")
        .addHelpText("after", "\nExample:\n  $ concord data info heart-disease")
        .action(async (name: string, { json = false }: { json?: boolean }) => info(name, json)),
    );
}

async function list(json: boolean): Promise<void> {
  const out = output(json);
  const table = new Table({ head: ["name", "what", "examples", "licence", "here"], style: { head: [], border: [] } });
  for (const entry of Object.values(CATALOG)) {
    const { name, title, examples, licence, inputShape, classes } = entry;
    const here = isGenerated(entry) || (await isHere(name));
    out.record({ type: "dataset", name, title, inputShape, classes, examples, licence, here, bytes: sizeOf(entry) });
    table.push([
      name,
      title,
      `${examples.train} + ${examples.test}`,
      licence,
      isGenerated(entry) ? "made on demand" : here ? "yes" : `no (${showBytes(sizeOf(entry))})`,
    ]);
  }
  out.say(table.toString());
}

async function pull(name: string, json: boolean): Promise<void> {
  const out = output(json);
  await asInput(async () => catalogEntry(name));
  const hint = useProxyOfEnvironment();
  const stopping = new AbortController();
  process.once("SIGINT", () => stopping.abort(new Error("interrupted; the same command continues the download")));
  let shown = 0;
  try {
    const folder = await pullDataset(name, {
      signal: stopping.signal,
      onProgress({ file, received, total }) {
        const now = Date.now();
        if (received < total && now - shown < 500) return;
        shown = now;
        out.record({ type: "progress", file, received, total });
        out.say(`${file}  ${showBytes(received)} of ${showBytes(total)}`);
      },
    });
    out.say(`${name} is in ${folder}`);
    out.record({ type: "result", dataset: name, folder });
  } catch (error) {
    // What the publisher or the network refuses is no fault of the input, and no bug either: say it without a stack.
    if (error instanceof DownloadError || stopping.signal.aborted) {
      const { message } = error as Error;
      throw new TypeError(hint === undefined ? message : `${message}. ${hint}`);
    }
    throw error;
  }
}

async function info(name: string, json: boolean): Promise<void> {
  const out = output(json);
  const entry = await asInput(async () => catalogEntry(name));
  const folder = isGenerated(entry) ? null : await asInput(() => locateDataset(name));
  for (const part of ["train", "test"] as const) {
    if (entry.examples[part] === 0) continue;
    const data = await (part === "train" ? loadTrain(name) : loadTest(name));
    const labels = data.classes > 0 ? [...labelHistogram(data)] : null;
    const groups = data.groups && data.groupNames ? countGroups(data.groups, data.groupNames) : null;
    out.record({
      type: "part",
      part,
      examples: data.size,
      inputShape: data.inputShape,
      classes: data.classes,
      labels,
      groups,
      generated: data.generated,
    });
    out.say(
      `${part}: ${data.size} examples, inputs [${data.inputShape.join(", ")}]${data.generated ? ", generated" : ""}`,
    );
    labels?.forEach((count, label) => {
      out.say(`  ${data.classNames?.[label] ?? `class ${label}`}: ${count}`);
    });
    const named = Object.entries(groups ?? {});
    if (named.length > 0)
      out.say(
        `  ${entry.groups ?? "groups"}: ${named
          .slice(0, 12)
          .map(([group, count]) => `${group} ${count}`)
          .join(", ")}${named.length > 12 ? ", …" : ""}`,
      );
  }
  out.say(
    `licence: ${entry.licence}${entry.homepage === "" ? "" : `; ${entry.homepage}`}${folder === null ? "" : `; in ${folder}`}`,
  );
  out.record({
    type: "result",
    dataset: name,
    title: entry.title,
    licence: entry.licence,
    homepage: entry.homepage,
    folder,
  });
}

function isGenerated({ files }: CatalogEntry): boolean {
  return files.length === 0;
}

function sizeOf({ files }: CatalogEntry): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

function countGroups(groups: Int32Array, names: readonly string[]): Record<string, number> {
  const counts = Object.fromEntries(names.map((name) => [name, 0]));
  for (const group of groups) {
    const name = names[group] ?? "";
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
