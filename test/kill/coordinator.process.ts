import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openBlobFiles, openSqliteStore, startCoordinator } from "@concord/coordinator";
import type { FederationSpec } from "@concord/federation";
import { hurriedClock } from "./hurried-clock.ts";
import { FEDERATION } from "./small-federation.ts";

/**
 * A coordinator over the stores of a folder, until it is killed. Prints one JSON object a line: first its port, then the
 * events that happen. Its time moves on by the seconds that it is told, one number a line, on standard input.
 * Arguments: folder, specification of the federation to begin where there is none.
 */
const [folder = "", spec = ""] = process.argv.slice(2);
flushCompileCache();
const { clock, advance } = hurriedClock();
createInterface({ input: process.stdin }).on("line", (line) => advance(Number(line)));
const coordinator = await startCoordinator({
  dataDir: folder,
  store: await openSqliteStore(join(folder, "store.sqlite")),
  blobs: await openBlobFiles(join(folder, "blobs")),
  port: 0,
  clock,
});
coordinator.onEvent((event) => console.log(JSON.stringify(event)));
if ((await coordinator.federations()).length === 0) {
  await coordinator.createFederation(FEDERATION, JSON.parse(spec) as FederationSpec);
}
console.log(JSON.stringify({ port: coordinator.port }));
