import type { Catalogue, Invite } from "@concord/protocol";
import { ConcordError, parseInvite } from "@concord/protocol";
import { coordinatorClient } from "../client.ts";
import { feedbackOf } from "./own-ratings.ts";
import type { Kept, Shelf } from "./shelf.ts";

export interface Arrival {
  readonly home: Kept["home"];
  readonly catalogue: Catalogue;
  readonly invite: Invite | undefined;
}

/** Which federation this is and what it has to rate: from the shelf, or with an invite on first use. Throws as `Recommender.open`. */
export async function arrive(link: string | undefined, shelf: Shelf, request: typeof fetch): Promise<Arrival> {
  const [home, catalogue] = [await shelf.get("home"), await shelf.get("catalogue")];
  const known = link ?? (await shelf.get("invite"));
  const invite = known === undefined ? undefined : parseInvite(known);
  if (link !== undefined && invite?.federation === home?.federation) await shelf.put("invite", link);
  if (home !== undefined && catalogue !== undefined) {
    if (invite !== undefined && invite.federation !== home.federation) {
      throw new ConcordError(
        "failed_precondition",
        `this shelf is of ${home.federation}; take another for ${invite.federation}`,
        { param: "shelf" },
      );
    }
    const anew = link === undefined || invite === undefined ? undefined : await changed(invite, home, request);
    if (anew !== undefined) {
      await begin(shelf, anew, link);
      return { ...anew, invite };
    }
    // Where the coordinator answers now, should it have moved.
    return { home: { ...home, origin: invite?.origin ?? home.origin }, catalogue, invite };
  }
  if (invite === undefined) {
    throw new ConcordError("failed_precondition", "nothing is kept here yet: an invite link is needed", {
      param: "invite",
    });
  }
  const first = await look(invite, request);
  await begin(shelf, first, link);
  return { ...first, invite };
}

/**
 * The federation that a link leads to, if another one has taken the name of that on the shelf: an operator who begins anew
 * may call it the same. Undefined where it is the same one, or nobody answers.
 */
async function changed(invite: Invite, { spec }: Kept["home"], request: typeof fetch): Promise<Found | undefined> {
  try {
    const found = await look(invite, request, { attempts: 1 });
    return JSON.stringify(found.home.spec) === JSON.stringify(spec) ? undefined : found;
  } catch (error) {
    if (error instanceof ConcordError && error.code !== "failed_precondition") return undefined;
    throw error;
  }
}

/**
 * Clears the shelf for a federation. Ratings of the same films stay if the new one asks for ratings of the same kind (1 is the worst
 * rating in stars, and a like), and so does the secret: other decoys would give away which rows both federations saw.
 */
async function begin(shelf: Shelf, { home, catalogue }: Found, link: string | undefined): Promise<void> {
  const [before, secret] = [await shelf.get("home"), await shelf.get("secret")];
  const sameKind = before !== undefined && feedbackOf(before.spec) === feedbackOf(home.spec);
  const sameFilms = (await shelf.get("catalogue"))?.name === catalogue.name;
  const ratings = sameKind && sameFilms ? await shelf.get("ratings") : undefined;
  await shelf.clear();
  if (secret !== undefined) await shelf.put("secret", secret);
  await shelf.put("home", home);
  await shelf.put("catalogue", catalogue);
  if (link !== undefined) await shelf.put("invite", link);
  const known = new Set(catalogue.items.map(({ id }) => id));
  if (ratings !== undefined) {
    await shelf.put(
      "ratings",
      ratings.filter(({ item }) => known.has(item)),
    );
  }
}

type Found = Omit<Arrival, "invite">;

async function look(invite: Invite, request: typeof fetch, retry: { readonly attempts?: number } = {}): Promise<Found> {
  const client = coordinatorClient({ origin: invite.origin, fetch: request, retry });
  const { federation } = await client.inspect(invite);
  const { id, spec } = federation;
  if (spec.algorithm.kind !== "personalfr") {
    throw new ConcordError("failed_precondition", `${spec.name} is no recommender`);
  }
  const catalogue = await client.catalogue(invite);
  if (catalogue.items.length !== spec.task.outputs) {
    const counts = `${catalogue.items.length} items, the model has ${spec.task.outputs}`;
    throw new ConcordError("failed_precondition", `the catalogue does not fit the model: it has ${counts}`);
  }
  return { home: { origin: invite.origin, federation: id, spec }, catalogue };
}
