import { chmod, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "@concord/engine/node";
import { ConcordError, newSecret } from "@concord/protocol";

/** The name of the operator's key in the data folder. */
const OPERATOR_KEY_FILE = "operator.key";

/**
 * The operator's key from its file, which is made on the first start: the folder for its owner only (0700), the file too
 * (0600). Throws ConcordError `failed_precondition` if the folder cannot be used.
 */
export async function operatorKey(dataDir: string): Promise<string> {
  const file = join(dataDir, OPERATOR_KEY_FILE);
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await chmod(dataDir, 0o700);
    const known = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (known !== undefined) {
      await chmod(file, 0o600);
      return checked(file, known.trim());
    }
    // Whole or not at all: a kill in between must not leave an empty file that no start accepts. The store's lock sees to
    // it that one coordinator at a time is here.
    const key = newSecret("operator");
    await writeDurably(file, `${key}\n`, 0o600);
    return key;
  } catch (error) {
    if (error instanceof ConcordError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new ConcordError("failed_precondition", `the data folder ${dataDir} cannot be used: ${why}`, {
      cause: error,
    });
  }
}

function checked(file: string, key: string): string {
  if (/^co_[A-Za-z0-9_-]{32}$/.test(key)) return key;
  throw new ConcordError("failed_precondition", `${file} holds no operator key; remove it to have a new one made`);
}
