/**
 * The inverse of a symmetric positive definite n × n matrix in row-major order, by its Cholesky factor A = L Lᵀ: first L, then
 * M = L⁻¹, then A⁻¹ = Mᵀ M. All inner loops run along rows. Throws RangeError where a pivot is not above 0.
 */
export function inverse(matrix: Float64Array, n: number): Float64Array {
  const l = factor(matrix, n);
  const m = inverseOfLower(l, n);
  const result = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    for (let i = 0; i <= k; i++) {
      const a = m[k * n + i] as number;
      if (a !== 0) addRow(result, i * n, m, k * n, a, k + 1);
    }
  }
  return result;
}

function factor(matrix: Float64Array, n: number): Float64Array {
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j] as number;
      const [a, b] = [i * n, j * n];
      for (let k = 0; k < j; k++) sum -= (l[a + k] as number) * (l[b + k] as number);
      if (i !== j) l[a + j] = sum / (l[b + j] as number);
      else if (sum > 0) l[a + i] = Math.sqrt(sum);
      else throw new RangeError(`the matrix is not positive definite: pivot ${i} is ${sum}`);
    }
  }
  return l;
}

/** Row i of M = L⁻¹ is (e_i − Σ_{k<i} L_ik M_k) / L_ii. */
function inverseOfLower(l: Float64Array, n: number): Float64Array {
  const m = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) {
      const a = l[i * n + k] as number;
      if (a !== 0) addRow(m, i * n, m, k * n, -a, k + 1);
    }
    m[i * n + i] = 1;
    const pivot = l[i * n + i] as number;
    for (let j = 0; j <= i; j++) m[i * n + j] = (m[i * n + j] as number) / pivot;
  }
  return m;
}

/** target[0 … length − 1] += a · source[0 … length − 1], from the given places on. */
function addRow(target: Float64Array, to: number, source: Float64Array, from: number, a: number, length: number): void {
  for (let j = 0; j < length; j++) target[to + j] = (target[to + j] as number) + a * (source[from + j] as number);
}
