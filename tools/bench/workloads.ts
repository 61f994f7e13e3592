// What npm run bench runs: the programs of userland/bench.

export interface Workload {
  name: string;
  /** Rounds, so many that a run here takes two or three seconds. */
  count: number;
  /** Integer workloads enter the mean that is compared with native; the kernel's have a unit cost. */
  kind: 'integer' | 'kernel';
  /** What a round does, when its cost is of interest. */
  unit?: string;
}

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
  { name: 'faults', count: 500_000, kind: 'kernel', unit: 'zero-fill fault' },
  { name: 'cow', count: 200_000, kind: 'kernel', unit: 'copied page' },
  { name: 'fork', count: 5000, kind: 'kernel', unit: 'fork+exit+wait' },
  { name: 'pipe', count: 30_000, kind: 'kernel', unit: 'round trip' },
  { name: 'syscall', count: 1_000_000, kind: 'kernel', unit: 'getppid' },
];
