import type { Definition, StepDefinition } from "@concord/engine";
import { key, split } from "@concord/engine";
import type { AutoencoderShape, Task } from "@concord/learning";
import { adam } from "@concord/learning";
import type { PrivatePart, WorkSize } from "./private-part.ts";
import { privatePart } from "./private-part.ts";
import type { Blueprint } from "./programs.ts";
import { fitStep, forward, localStep } from "./programs.ts";
import type { PersonalfrSpec } from "./spec.ts";

/** What a party needs for its work in a task: programs are made once for each size and then always the same objects. */
export interface Bench extends Blueprint {
  localStep(size: WorkSize): StepDefinition;
  fitStep(size: WorkSize): StepDefinition;
  /** Predictions for so many rows of the decoder. */
  forward(size: WorkSize, decoderRows: number): Definition;
}

/** Every party starts with the same encoder, as published; it is no secret and hangs on no seed. */
const ENCODER_KEY = split(key("personalfr"), "encoder");

/** Gives the bench of each task. */
export function benches(spec: PersonalfrSpec): (task: Task) => Bench {
  const known = new WeakMap<Task, Bench>();
  return (task) => {
    const bench = known.get(task) ?? benchFor(spec, task);
    known.set(task, bench);
    return bench;
  };
}

/** N, h and c of a recommender's task. Throws TypeError for any other task. */
export function shapeOf({ spec: { model, outputs } }: Task): AutoencoderShape {
  if (model.kind !== "autoencoder")
    throw new TypeError(`personalfr trains an autoencoder, not a model "${model.kind}"`);
  return { items: outputs, hidden: model.hidden, code: model.code };
}

function benchFor(spec: PersonalfrSpec, task: Task): Bench {
  const shape = shapeOf(task);
  const part: PrivatePart = privatePart(spec.encoder, shape, ENCODER_KEY);
  const ownOptimizer = spec.privateOptimizer === undefined ? task.optimizer : adam();
  const blueprint: Blueprint = { task, shape, part, ownOptimizer, decoderOptimizer: task.optimizer };
  return {
    ...blueprint,
    localStep: once((size) => localStep(blueprint, size)),
    fitStep: once((size) => fitStep(blueprint, size)),
    forward: once((size, decoderRows) => forward(blueprint, size, decoderRows)),
  };
}

/** The same object for the same size, which is how a trainer knows a program that it has compiled. */
function once<D>(make: (size: WorkSize, ...more: number[]) => D): (size: WorkSize, ...more: number[]) => D {
  const made = new Map<string, D>();
  return (size, ...more) => {
    const name = [size.rows, size.batch, size.users, ...more].join();
    const known = made.get(name) ?? make(size, ...more);
    made.set(name, known);
    return known;
  };
}
