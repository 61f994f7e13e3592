// Constants of the transcendental functions, computed when their module is assembled. Fixed-point
// BigInts with 320 bits behind the point.

const BITS = 320n;
const ONE = 1n << BITS;

/** atan(1/n) or, with `hyperbolic`, atanh(1/n). */
function inverseTangent(n: bigint, hyperbolic: boolean): bigint {
  let power = ONE / n;
  let sum = 0n;
  for (let k = 1n; power !== 0n; k += 2n) {
    sum += hyperbolic || (k & 2n) === 0n ? power / k : -(power / k);
    power /= n * n;
  }
  return sum;
}

// Nothing is computed before it is asked for: most programs never ask.
function once(compute: () => bigint): () => bigint {
  let value = 0n;
  return () => (value ||= compute());
}

/** Machin: pi = 16 atan(1/5) - 4 atan(1/239). */
export const pi = once(() => 16n * inverseTangent(5n, false) - 4n * inverseTangent(239n, false));
export const ln2 = once(() => 2n * inverseTangent(3n, true));
export const twoOverLn2 = once(() => (2n * ONE * ONE) / ln2());

/** `x` * 2^shift, which must be below 1, as a fraction of 128 bits. */
export function fraction(x: bigint, shift: number): bigint {
  return (x >> BigInt(-shift)) >> (BITS - 128n);
}

/** The 66 bits of pi by which the x87 reduces trigonometric arguments (SDM 1 §8.3.8). */
export const PI_66 = 0x3243f6a8885a308d3n << (BITS - 64n);

/** The first bits of 2 / PI_66. */
export function twoOverPi66(bits: number): bigint {
  return ((2n * ONE * ONE) / PI_66) >> (BITS - BigInt(bits));
}

/** 1/first!, 1/(first + step)!, ...: fractions of 128 bits. */
export function reciprocalFactorials(first: number, step: number, count: number): bigint[] {
  const out: bigint[] = [];
  let factorial = 1n;
  for (let n = 2; out.length < count; n++) {
    factorial *= BigInt(n);
    if (n >= first && (n - first) % step === 0) out.push((1n << 128n) / factorial);
  }
  return out;
}

/** 1/3, 1/5, 1/7 ...: fractions of 128 bits. */
export function reciprocalOdds(count: number): bigint[] {
  return Array.from({ length: count }, (_, k) => (1n << 128n) / BigInt(2 * k + 3));
}

/** atan(k/n) for k from 0 to n: fractions of 128 bits. */
export function atanTable(n: number): bigint[] {
  const N = BigInt(n);
  const out = [0n];
  let sum = 0n;
  for (let k = 1n; k <= N; k++) {
    // atan(k/n) - atan((k-1)/n) = atan(n / (n^2 + k(k-1)))
    const t = (ONE * N) / (N * N + k * (k - 1n));
    const square = (t * t) >> BITS;
    let power = t;
    let difference = 0n;
    for (let i = 1n; power !== 0n; i += 2n) {
      difference += (i & 2n) === 0n ? power / i : -(power / i);
      power = (power * square) >> BITS;
    }
    sum += difference;
    out.push(sum >> (BITS - 128n));
  }
  return out;
}
