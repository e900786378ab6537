import { flushCompileCache } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { openParty, type Party } from "@concord/party/node";
import { ConcordError } from "@concord/protocol";
import { dataOf } from "./small-federation.ts";

/** A party of a folder, until the federation has finished or it is killed. Arguments: folder, name, invite. */
const [dir = "", name = "", invite] = process.argv.slice(2);
flushCompileCache();
const retry = { firstDelayMs: 20, longestDelayMs: 150 };
const party = await join();
const last = await party.done;
if (last.kind !== "finished") throw new Error(`the party ended as ${last.kind}`);

/** Joining gives up after a few attempts, since a person waits for it; nobody waits here. */
async function join(): Promise<Party> {
  for (;;) {
    try {
      return await openParty({ dir, name, invite, data: dataOf(name), shareLabels: true, retry });
    } catch (error) {
      if (!(error instanceof ConcordError && error.code === "unavailable")) throw error;
      await sleep(100);
    }
  }
}
