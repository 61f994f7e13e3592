// Seeded random numbers with a taste for edges.

/** A generator of uniform 32-bit numbers (mulberry32). */
export type Random = () => number;

export function createRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return (z ^ (z >>> 14)) >>> 0;
  };
}

/** From 0 to n - 1. */
export function below(random: Random, n: number): number {
  return random() % n;
}

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[random() % from.length];
}

export function chance(random: Random, percent: number): boolean {
  return random() % 100 < percent;
}

const EDGES = [
  0, 1, 2, 3, 7, 8, 9, 0xf, 0x10, 0x1f, 0x20, 0x21, 0x7e, 0x7f, 0x80, 0x81, 0xfe, 0xff, 0x100,
  0x7fff, 0x8000, 0x8001, 0xfffe, 0xffff, 0x10000, 0x7fffff80, 0x7fffffff, 0x80000000, 0x80000001,
  0xaaaaaaaa, 0x55555555, 0xffff0000, 0xffff8000, 0xffffff7f, 0xffffff80, 0xfffffffe, 0xffffffff,
  0x99999999, 0x00009999, 0x01010101,
];
const scattered = createRandom(0x1f2e3d4c);
/** A limited set of values keeps recorded cases small. */
const VALUES = [...EDGES, ...EDGES, ...Array.from({ length: 120 }, () => scattered())];

/** A register value: an edge or one of a fixed set of random ones. */
export function value(random: Random): number {
  return VALUES[random() % VALUES.length];
}
