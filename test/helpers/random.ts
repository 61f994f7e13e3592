// Reproducible random numbers for tests.

/** A generator of 32-bit unsigned numbers (xorshift32); the same seed gives the same sequence. */
export function random(seed: number): () => number {
  let x = Math.imul(seed, 0x9e3779b1) || 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}
