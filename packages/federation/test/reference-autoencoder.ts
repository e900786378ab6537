/** The autoencoder and its step a second time, in plain float64 without any library, by the chain rule written out. */

/** Weights are [inputs][outputs], those of items [items][hidden]. */
export interface Reference {
  readonly [name: string]: number[][];
}

const EPSILON = 1e-5;

/** The loss over observed ratings and the gradient of every parameter for one user. */
export function lossAndGradient(p: Reference, x: number[], y: number[], observed: number[], dropout: number[]) {
  const at = (name: string) => p[name] as number[][];
  const row = (name: string) => at(name)[0] as number[];
  const zero = Object.fromEntries(Object.entries(p).map(([name, m]) => [name, m.map((r) => r.map(() => 0))]));
  const hidden = forwardLayer(product(x, at("encoder.items.weight")), p, "encoder.first");
  const code = forwardLayer(product(hidden.out, at("encoder.second.weight")), p, "encoder.second");
  const dropped = code.out.map((c, i) => c * (dropout[i] as number));
  const last = forwardLayer(product(dropped, at("decoder.first.weight")), p, "decoder.first");
  const predicted = at("decoder.items.weight").map(
    (w, i) => dot(w, last.out) + (row("decoder.items.bias")[i] as number),
  );
  const count = observed.reduce((a, b) => a + b, 0);
  const errors = predicted.map((value, i) => value - (y[i] as number));
  const loss = errors.reduce((sum, e, i) => sum + (observed[i] as number) * e * e, 0) / count;
  const slope = errors.map((e, i) => (2 * (observed[i] as number) * e) / count);

  const dLast = last.out.map((_, j) => dot(slope, column(at("decoder.items.weight"), j)));
  const dFirst = backwardLayer(dLast, last, p, "decoder.first", zero);
  const dCode = product2(dFirst, at("decoder.first.weight")).map((d, i) => d * (dropout[i] as number));
  const dSecond = backwardLayer(dCode, code, p, "encoder.second", zero);
  const dHidden = product2(dSecond, at("encoder.second.weight"));
  const dInput = backwardLayer(dHidden, hidden, p, "encoder.first", zero);
  const gradient: Reference = {
    ...zero,
    "decoder.items.weight": outer(slope, last.out),
    "decoder.items.bias": [slope],
    "decoder.first.weight": outer(dropped, dFirst),
    "encoder.second.weight": outer(hidden.out, dSecond),
    "encoder.items.weight": outer(x, dInput),
  };
  return { loss, gradient };
}

/** SGD with Nesterov momentum after clipping by the norm over everything; in place of `p` and `momentum`. */
export function sgdStep(
  p: Reference,
  gradient: Reference,
  momentum: Reference,
  { rate, mu, clip }: { readonly rate: number; readonly mu: number; readonly clip: number },
): { p: Reference; momentum: Reference } {
  const norm = Math.sqrt(
    Object.values(gradient)
      .flat(2)
      .reduce((sum, g) => sum + g * g, 0),
  );
  const factor = Math.min(1, clip / (norm + 1e-6));
  const zip = (a: Reference, b: Reference, f: (a: number, b: number) => number): Reference =>
    Object.fromEntries(
      Object.entries(a).map(([name, m]) => [
        name,
        m.map((r, i) => r.map((value, j) => f(value, (b[name] as number[][])[i]?.[j] as number))),
      ]),
    );
  const next = zip(momentum, gradient, (b, g) => mu * b + factor * g);
  const direction = zip(next, gradient, (b, g) => factor * g + mu * b);
  return { p: zip(p, direction, (w, d) => w - rate * d), momentum: next };
}

function forwardLayer(product_: number[], p: Reference, name: string) {
  const bias = p[`${name}.bias`]?.[0] as number[];
  const [scale, shift] = [p[`${name}.norm.weight`]?.[0] as number[], p[`${name}.norm.bias`]?.[0] as number[]];
  const z = product_.map((value, i) => value + (bias[i] as number));
  const mean = z.reduce((a, b) => a + b, 0) / z.length;
  const deviation = Math.sqrt(z.reduce((sum, a) => sum + (a - mean) ** 2, 0) / z.length + EPSILON);
  const normal = z.map((a) => (a - mean) / deviation);
  const out = normal.map((a, i) => Math.tanh(a * (scale[i] as number) + (shift[i] as number)));
  return { normal, deviation, out };
}

/** From the gradient of a layer's output to that of its product, noting those of its parameters. */
function backwardLayer(
  dOut: number[],
  { normal, deviation, out }: ReturnType<typeof forwardLayer>,
  p: Reference,
  name: string,
  gradient: Record<string, number[][]>,
): number[] {
  const scale = p[`${name}.norm.weight`]?.[0] as number[];
  const d = dOut.map((g, i) => g * (1 - (out[i] as number) ** 2));
  gradient[`${name}.norm.weight`] = [d.map((g, i) => g * (normal[i] as number))];
  gradient[`${name}.norm.bias`] = [d];
  const dNormal = d.map((g, i) => g * (scale[i] as number));
  const mean = dNormal.reduce((a, b) => a + b, 0) / d.length;
  const slant = dot(dNormal, normal) / d.length;
  const dz = dNormal.map((g, i) => (g - mean - (normal[i] as number) * slant) / deviation);
  gradient[`${name}.bias`] = [dz];
  return dz;
}

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
const column = (m: number[][], j: number) => m.map((r) => r[j] as number);
/** v M and M v. */
const product = (v: number[], m: number[][]) => (m[0] as number[]).map((_, j) => dot(v, column(m, j)));
const product2 = (v: number[], m: number[][]) => m.map((r) => dot(r, v));
const outer = (a: number[], b: number[]) => a.map((x) => b.map((y) => x * y));
