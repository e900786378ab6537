import { dirname, resolve } from "node:path";
import type { Network } from "@concord/federation";
import { networkOf, networkSpecSchema } from "@concord/federation";
import { z } from "zod";
import { readLinksFile } from "../plan/links-file.ts";

/**
 * Links that an experiment simulates: a table as `concord plan` reads it (its name is relative to the experiment), or links
 * stated in place, or both, with what no table says: the coordinator's line, and the link of parties that are not named.
 */
export const linksSchema = z.union(
  [z.string().min(1), networkSpecSchema.extend({ file: z.string().min(1).optional() })],
  { error: "expected the name of a table of links, or parties, default, server, overheadBytes and file" },
);
export type Links = z.output<typeof linksSchema>;

/** The network of an experiment. Throws InputError for a table that cannot be read. */
export async function networkFrom(links: Links, experiment: string): Promise<Network> {
  const { file, ...stated } = typeof links === "string" ? { ...networkSpecSchema.parse({}), file: links } : links;
  const listed = file === undefined ? [] : await readLinksFile(resolve(dirname(experiment), file));
  const network = networkOf(stated);
  return { ...network, links: new Map([...listed.map(({ id, link }) => [id, link] as const), ...network.links]) };
}
