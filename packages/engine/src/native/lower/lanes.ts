import { sizeOf } from "../../tensor.ts";
import type { Equation, Equations, Operand, Variable } from "../trace/equations.ts";

/** Elements of a lane, at most: a large tensor gains nothing from company, and joining it costs a pass over it. */
const LANE = 8192;
/** Elements of lanes that go together, at most: what is passed over many times should stay in the cache. */
const TOGETHER = 131_072;
/** Equations that lanes must have in common. */
const COMMON = 3;

const ELEMENTWISE: ReadonlySet<string> = new Set("add mul neg reciprocal sqrt max min exp log".split(" "));

/**
 * An optimiser does the same to every parameter, small or large: a dozen operators for each of them, most of which are over
 * before they have begun. Here equal chains of elementwise equations, which differ in the tensors that they run on, become one
 * chain on those tensors end to end: where the chains part (at the gradients, the parameters, the buffers), the tensors are joined; the
 * outputs of the program are cut out of the result. Every element is computed as before. So are the sums of squares of a norm,
 * whose terms are added up in another order. (A local step of LeNet with momentum and clipping: 0.54 instead of 0.57 ms.)
 */
export function joinLanes(program: Equations): Equations {
  const join = new LaneJoiner(program.equations);
  const equations = program.equations.flatMap((equation) => [...(join.sumOfSquares(equation) ?? [equation])]);
  const outputs = [...program.outputs];
  for (const lanes of join.groups(outputs)) {
    const parts = join.parts(lanes.map((i) => outputs[i] as Variable));
    for (const [j, i] of lanes.entries()) outputs[i] = parts[j] as Variable;
  }
  return { ...program, equations: [...equations, ...join.taken()], outputs };
}

class LaneJoiner {
  readonly #producers = new Map<Operand, Equation>();
  readonly #joined = new Map<string, Operand>();
  readonly #numbers = new Map<Operand, number>();
  #made: Equation[] = [];

  constructor(equations: readonly Equation[]) {
    for (const equation of equations) for (const output of equation.outputs) this.#producers.set(output, equation);
  }

  /** The equations that were made since this was last asked. */
  taken(): Equation[] {
    const made = this.#made;
    this.#made = [];
    return made;
  }

  /** Which outputs have chains alike, as lists of places of two or more. */
  groups(outputs: readonly Operand[]): number[][] {
    const groups: { readonly places: number[]; readonly first: Operand; size: number }[] = [];
    for (const [i, output] of outputs.entries()) {
      if (!this.#isLane(output)) continue;
      const size = sizeOf(output.shape);
      const group = groups.find(
        ({ first, size: together }) => together + size <= TOGETHER && this.#common(first, output) >= COMMON,
      );
      if (group === undefined) {
        groups.push({ places: [i], first: output, size });
      } else {
        group.places.push(i);
        group.size += size;
      }
    }
    return groups.map(({ places }) => places).filter(({ length }) => length > 1);
  }

  /** The joined chains of these outputs, cut into their parts again. */
  parts(outputs: readonly Variable[]): Variable[] {
    const whole = this.#join(outputs);
    const sizes = outputs.map(({ shape }) => sizeOf(shape));
    const flat = sizes.map((size) => variable([size]));
    this.#made.push({ primitive: "split", inputs: [whole], parameters: { axis: 0, sizes }, outputs: flat });
    return outputs.map(({ shape }, i) => this.#make("reshape", [flat[i] as Variable], shape, { shape }));
  }

  /** What replaces the last addition of a sum over the squares of several tensors; undefined for every other equation. */
  sumOfSquares(equation: Equation): Equation[] | undefined {
    const terms = this.#terms(equation);
    const squares = terms.flatMap((term) => this.#squared(term) ?? []);
    if (squares.length < 2 || squares.length < terms.length) return undefined;
    const small = squares.filter((x) => this.#fits(x));
    const sizes = small.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    if (small.length < 2 || sizes > TOGETHER) return undefined;
    const whole = this.#join(small);
    const square = this.#make("mul", [whole, whole], whole.shape);
    let sum: Operand = this.#make("reduce", [square], [], { op: "Add", axis: [0] });
    for (const [i, term] of terms.entries()) {
      if (!this.#fits(squares[i] as Operand)) sum = this.#make("add", [sum, term], []);
    }
    const last = this.#made.pop() as Equation;
    return [...this.taken(), { ...last, outputs: equation.outputs }];
  }

  /** Operands of a sum of scalars; none unless the equation is one, and the last of its kind. */
  #terms(equation: Equation): Operand[] {
    const [output] = equation.outputs;
    if (equation.primitive !== "add" || output?.shape.length !== 0 || output.dtype !== "float32") return [];
    return equation.inputs.flatMap((input) => {
      const producer = this.#producers.get(input);
      const inner = producer === undefined ? [] : this.#terms(producer);
      return inner.length === 0 ? [input] : inner;
    });
  }

  /** x where the operand is the sum of all of x · x. */
  #squared(operand: Operand): Operand | undefined {
    const sum = this.#producers.get(operand);
    if (sum?.primitive !== "reduce" || sum.parameters.op !== "Add" || sum.outputs[0]?.shape.length !== 0)
      return undefined;
    const square = this.#producers.get(sum.inputs[0] as Operand);
    if (square?.primitive !== "mul") return undefined;
    const [x, y] = square.inputs;
    return x === y ? x : undefined;
  }

  /** Chains of the operands in one: each operand flat, one after the other. The same number everywhere stays a number. */
  #join(operands: readonly Operand[]): Operand {
    const [first] = operands;
    if (first === undefined) throw new RangeError("there are no lanes to join");
    if (operands.every((operand) => isSame(first, operand))) return first;
    const key = operands.map((operand) => this.#numberOf(operand)).join();
    const known = this.#joined.get(key);
    if (known !== undefined) return known;
    const made = this.#joinEquations(operands) ?? this.#concatenate(operands);
    this.#joined.set(key, made);
    return made;
  }

  #joinEquations(operands: readonly Operand[]): Variable | undefined {
    const equations = operands.map((operand) => this.#producers.get(operand));
    const [first] = equations;
    if (first === undefined || !equations.every((equation) => equation && this.#alike(first, equation)))
      return undefined;
    const inputs = first.inputs.map((_, j) => this.#join(equations.map((equation) => equation?.inputs[j] as Operand)));
    return this.#make(first.primitive, inputs, [total(operands)], first.parameters);
  }

  #concatenate(operands: readonly Operand[]): Variable {
    const flat = operands.map((operand) => {
      const shape = [sizeOf(operand.shape)];
      return this.#make("reshape", [operand], shape, { shape });
    });
    return this.#make("concatenate", flat, [total(operands)], { axis: 0 });
  }

  #make(
    primitive: string,
    inputs: readonly Operand[],
    shape: readonly number[],
    parameters: Equation["parameters"] = {},
  ): Variable {
    const made = variable(shape);
    this.#made.push({ primitive, inputs, parameters, outputs: [made] });
    return made;
  }

  /** How many equations two chains have in common, from their ends on. */
  #common(a: Operand, b: Operand): number {
    const [one, other] = [this.#producers.get(a), this.#producers.get(b)];
    if (one === undefined || other === undefined || !this.#alike(one, other)) return 0;
    return one.inputs.reduce((sum, input, j) => sum + this.#common(input, other.inputs[j] as Operand), 1);
  }

  /** Whether two equations do the same to every element of their tensors. */
  #alike(a: Equation, b: Equation): boolean {
    if (a.primitive !== b.primitive || a.inputs.length !== b.inputs.length) return false;
    return (
      this.#isElementwise(a) &&
      this.#isElementwise(b) &&
      a.inputs.every((input, j) => {
        const other = b.inputs[j] as Operand;
        return this.#isShared(a, input) || this.#isShared(b, other) ? isSame(input, other) : true;
      })
    );
  }

  #isElementwise(equation: Equation): boolean {
    const [output] = equation.outputs;
    if (!ELEMENTWISE.has(equation.primitive) || output === undefined || !this.#fits(output)) return false;
    return equation.inputs.every((input) => input.shape.length === 0 || isShaped(input, output));
  }

  /** A number beside a tensor. (Where the lane itself is a number nothing tells them apart, so there it must be a literal.) */
  #isShared({ outputs: [output] }: Equation, input: Operand): boolean {
    return input.kind === "literal" || (input.shape.length === 0 && output?.shape.length !== 0);
  }

  #isLane(output: Operand): boolean {
    const producer = this.#producers.get(output);
    return producer !== undefined && this.#isElementwise(producer);
  }

  #fits({ dtype, shape }: Operand): boolean {
    return dtype === "float32" && sizeOf(shape) >= 1 && sizeOf(shape) <= LANE;
  }

  #numberOf(operand: Operand): number {
    const known = this.#numbers.get(operand);
    if (known !== undefined) return known;
    this.#numbers.set(operand, this.#numbers.size);
    return this.#numbers.size - 1;
  }
}

function variable(shape: readonly number[]): Variable {
  return { kind: "variable", dtype: "float32", shape };
}

function total(operands: readonly Operand[]): number {
  return operands.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

function isShaped({ dtype, shape }: Operand, like: Variable): boolean {
  return dtype === "float32" && shape.length === like.shape.length && shape.every((size, i) => size === like.shape[i]);
}

function isSame(a: Operand, b: Operand): boolean {
  return (
    a === b || (a.kind === "literal" && b.kind === "literal" && a.dtype === b.dtype && Object.is(a.value, b.value))
  );
}
