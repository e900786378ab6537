import type { TensorSpec, Tree } from "@concord/engine";
import { flatten, showSpec } from "@concord/engine";
import type { Limits, LoadedProgram, OpenSession, Port } from "@concord/engine/programs";
import { exportProgram, exportStep, loadProgram, MalformedModel, RefusedProgram } from "@concord/engine/programs";
import type { Task } from "@concord/learning";
import { ConcordError } from "@concord/protocol";

export interface TaskProgramOptions {
  /** The task of the federation, from the party's own code. */
  readonly task: Task;
  /** Hashes that the party's owner has approved. */
  readonly approved: ReadonlySet<string>;
  /** How to open a session; in Node, `isolatedSession` keeps the program in a process of its own. */
  readonly open: OpenSession;
  readonly limits?: Partial<Limits>;
}

/** Rows of the evaluation that a party's own code compiles. */
const EVALUATION_BATCH = 256;

/**
 * The hashes of the programs that this party's own code makes of a task: its training step and its evaluation. A program with
 * one of them needs nobody's approval. jax-js must have been started.
 */
export async function ownPrograms({ trainingStep, evaluation }: Task): Promise<ReadonlySet<string>> {
  const own = [await exportStep(trainingStep), await exportProgram(evaluation(EVALUATION_BATCH))];
  return new Set(own.map(({ hash }) => hash));
}

/**
 * Opens a program that came with a task, which somebody else may have written. It runs only if the party's own code makes the
 * same bytes of the task or its owner has approved their hash, if it keeps the limits, and if what it would share are the
 * parameters of the task's model and nothing else.
 *
 * Throws ConcordError: `permission_denied` for a program that is refused, `invalid_argument` for bytes that are none.
 */
export async function openTaskProgram(bytes: Uint8Array, options: TaskProgramOptions): Promise<LoadedProgram> {
  const { task, approved, limits, open } = options;
  try {
    const known = new Set([...approved, ...(await ownPrograms(task))]);
    const loaded = await loadProgram(bytes, { approved: known, ...(limits !== undefined && { limits }) }, open);
    const { manifest } = loaded;
    const shared = (manifest.kind === "step" ? manifest.carry : manifest.inputs).filter(isParameter);
    const problem = difference(shared, task.model.parameters);
    if (problem === undefined) return loaded;
    loaded.program.dispose();
    throw new RefusedProgram(problem);
  } catch (error) {
    if (error instanceof RefusedProgram) throw refusal("permission_denied", error);
    if (error instanceof MalformedModel) throw refusal("invalid_argument", error);
    throw error;
  }
}

function isParameter({ role }: Port): boolean {
  return role === "parameters";
}

/** In what the parameters of a program are not those of the model; undefined if they are. */
function difference(ports: readonly Port[], parameters: Tree<TensorSpec>): string | undefined {
  const wanted = new Map(flatten(parameters).map(([path, spec]) => [`parameters.${path}`, showSpec(spec)]));
  for (const { path, dtype, shape } of ports) {
    const [is, expected] = [showSpec({ dtype, shape }), wanted.get(path)];
    if (expected === undefined) return `the model of the task has no "${path}"`;
    if (is !== expected) return `"${path}" is ${is}, the model of the task has ${expected}`;
  }
  const present = new Set(ports.map(({ path }) => path));
  const missing = [...wanted.keys()].find((path) => !present.has(path));
  return missing === undefined ? undefined : `the parameter "${missing}" of the task's model is missing`;
}

function refusal(code: "permission_denied" | "invalid_argument", cause: Error): ConcordError {
  return new ConcordError(code, `refused the task's program: ${cause.message}`, { param: "program", cause });
}
