// What npm run bench runs: the programs of userland/bench.

export interface Workload {
  name: string;
  /** Rounds, so many that a run here takes two or three seconds. */
  count: number;
  /**
   * Integer workloads enter the mean that is compared with native, the kernel's have a unit cost, and
   * of those that repeat one instruction (operations.c) the cost of that is told.
   */
  kind: 'integer' | 'float' | 'kernel' | 'instruction';
  /** What a round does, when its cost is of interest. */
  unit?: string;
}

/** Instructions in a round of operations.c. */
export const INSTRUCTIONS_PER_ROUND = 18_000;
/** The instruction that costs nothing but being dispatched. */
export const CHEAPEST = 'mov';

const instruction = (name: string, count: number): Workload => ({
  name,
  count,
  kind: 'instruction',
});

export const WORKLOADS: readonly Workload[] = [
  { name: 'integer', count: 16000, kind: 'integer' },
  { name: 'sieve', count: 350, kind: 'integer' },
  { name: 'heapsort', count: 60, kind: 'integer' },
  { name: 'crc32', count: 650, kind: 'integer' },
  { name: 'matrix', count: 150, kind: 'integer' },
  { name: 'fib', count: 1500, kind: 'integer' },
  { name: 'bytecode', count: 1500, kind: 'integer' },
  { name: 'strings', count: 2000, kind: 'integer' },
  { name: 'memcpy', count: 400, kind: 'integer' },
  { name: 'x87', count: 3000, kind: 'float' },
  { name: 'sse', count: 5000, kind: 'float' },
  { name: 'vectors', count: 5000, kind: 'float' },
  { name: 'faults', count: 500_000, kind: 'kernel', unit: 'zero-fill fault' },
  { name: 'cow', count: 200_000, kind: 'kernel', unit: 'copied page' },
  { name: 'map10', count: 200_000, kind: 'kernel', unit: 'lookup among 10 entries' },
  { name: 'map10000', count: 200_000, kind: 'kernel', unit: 'lookup among 10,000 entries' },
  { name: 'pagein', count: 200_000, kind: 'kernel', unit: 'fault on a page in the page cache' },
  { name: 'mmap', count: 150_000, kind: 'kernel', unit: 'mmap+munmap' },
  { name: 'fork10k', count: 100, kind: 'kernel', unit: 'fork+exit+wait, 10,000 pages shared' },
  { name: 'exit10k', count: 40, kind: 'kernel', unit: 'fork+10,000 faults+exit+wait' },
  { name: 'fork', count: 5000, kind: 'kernel', unit: 'fork+exit+wait' },
  { name: 'pipe', count: 30_000, kind: 'kernel', unit: 'round trip' },
  { name: 'syscall', count: 1_000_000, kind: 'kernel', unit: 'getppid' },
  instruction(CHEAPEST, 16_000),
  instruction('fadd', 4000),
  instruction('fmul', 4000),
  instruction('fdiv', 3000),
  instruction('fld', 3000),
  instruction('addsd', 8000),
  instruction('mulsd', 8000),
  instruction('divsd', 8000),
  instruction('movsd', 8000),
  instruction('addps', 4000),
  instruction('mulps', 4000),
  instruction('paddd', 10_000),
  instruction('pmullw', 8000),
];
