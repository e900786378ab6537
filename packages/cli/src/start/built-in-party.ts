import type { PartyData } from "@concord/party";
import { openParty } from "@concord/party/node";

/** What the parent tells a built-in party; everything else it learns from the coordinator, like any other party. */
export interface Instructions {
  readonly dir: string;
  readonly origin: string;
  readonly invite: string | undefined;
  readonly name: string;
  readonly data: PartyData;
}

/** What a built-in party tells its parent. */
export type Report =
  | { readonly kind: "ended"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string };

// The parent's death closes the channel, kill -9 included: no party is left behind.
process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole group; the parent decides when its parties end.
process.on("SIGINT", () => {});

process.once("message", async (instructions: Instructions) => {
  const { dir, origin, invite, name, data } = instructions;
  try {
    const party = await openParty({ dir, origin, invite, name, data, shareLabels: true });
    const last = await party.done;
    report({ kind: "ended", reason: last.kind === "finished" ? last.reason : last.kind });
  } catch (error) {
    report({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });
  }
});

function report(message: Report): void {
  process.send?.(message, () => process.exit(message.kind === "failed" ? 1 : 0));
}
