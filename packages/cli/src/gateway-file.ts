import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type GatewayParts, openOperatorFile } from "@concord/coordinator";
import { ConcordError } from "@concord/protocol";
import { parse } from "yaml";
import { InputError } from "./output.ts";

/**
 * What an operator's file says about bases and rewards, opened: paths are relative to the file, keys come from files or from
 * the environment. Throws InputError that names the file, the field and what would be right.
 */
export async function readGateway(path: string): Promise<GatewayParts> {
  let value: unknown;
  try {
    value = parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${error instanceof Error ? error.message : error}`);
  }
  try {
    return await openOperatorFile(value, { folder: dirname(resolve(path)), env: process.env });
  } catch (error) {
    if (error instanceof ConcordError && error.code === "invalid_argument") {
      throw new InputError(`${path}: ${error.message}`, { cause: error });
    }
    throw error;
  }
}
