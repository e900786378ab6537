import type { FederationSpec } from "@concord/federation";
import type { Dataset, Examples } from "@concord/learning";
import { buildTask, checkDataset, exampleCount, labelHistogram } from "@concord/learning";
import type { Invite, JoinRequest } from "@concord/protocol";
import { ConcordError, newSecret } from "@concord/protocol";
import type { CoordinatorClient } from "./client.ts";
import type { Identity } from "./identity.ts";

/** A party's own examples. They stay with it. */
export interface PartyData {
  readonly train: Examples;
  /** What it evaluates on; not trained on. */
  readonly heldOut: Examples;
}

export interface JoinOptions {
  readonly invite: Invite;
  /** What the invite leads to, as `inspect` told. */
  readonly spec: FederationSpec;
  readonly data: PartyData;
  /** What people call the party. */
  readonly name?: string | undefined;
  /** Consents that others see how many training examples of each class the party has. */
  readonly shareLabels?: boolean | undefined;
  /** Such as "node" or "browser". */
  readonly client: string;
  /** The key that the party will have. One that is kept before lets a later run take up this join; else one is made. */
  readonly key?: string | undefined;
  /** The party's own secret, which is not sent. One is made where none is given. */
  readonly secret?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Exchanges an invite for an identity. The data are checked against the task before anything is given, so that an invite
 * is not used up by a party that cannot take part.
 */
export async function join(over: CoordinatorClient, options: JoinOptions): Promise<Identity> {
  const { invite, spec, data, secret = newSecret("own"), signal } = options;
  checkData(data, spec.task);
  const { party, key, federation } = await over.join(request(options), signal);
  if (federation.id !== invite.federation) {
    throw new ConcordError("failed_precondition", `invited to ${invite.federation}, but joined ${federation.id}`);
  }
  return { origin: invite.origin, federation: federation.id, party, key, secret, spec: federation.spec };
}

/** Throws ConcordError `invalid_argument`, saying what does not fit, unless the examples fit the task. */
export function checkData({ train, heldOut }: PartyData, task: FederationSpec["task"]): void {
  if (train.size < 1) throw new ConcordError("invalid_argument", "a party needs at least one training example");
  try {
    const built = buildTask(task);
    checkDataset(built, train);
    checkDataset(built, heldOut);
  } catch (error) {
    throw new ConcordError("invalid_argument", error instanceof Error ? error.message : String(error), {
      param: "data",
      cause: error,
    });
  }
}

function request({ invite, spec, data, name, shareLabels, client, key }: JoinOptions): JoinRequest {
  const { train, heldOut } = data;
  const labels =
    shareLabels === true && train.kind !== "ratings" && train.classes > 0
      ? labelCounts(train, spec.task.outputs)
      : undefined;
  return {
    federation: invite.federation,
    invite: invite.token,
    ...(name === undefined ? {} : { name }),
    examples: train.size,
    heldOut: exampleCount(heldOut),
    ...(labels === undefined ? {} : { labels }),
    client,
    // Made once for all attempts: a repeated request finds the party that an earlier one has made.
    key: key ?? newSecret("party"),
  };
}

/** One count for each class of the task: a party may know only some of them. */
function labelCounts(train: Dataset, classes: number): number[] {
  const counts = labelHistogram(train);
  return Array.from({ length: classes }, (_, label) => counts[label] ?? 0);
}
