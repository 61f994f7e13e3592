// What a guest test is, from its words to its outcome. Everything that travels to a worker or into a
// recording is plain data.

import type { kernel_usage_counts } from '../../kernel/index.js';

/** A file that the guest finds; `bytes` are base64 in a recording. */
export interface GuestFile {
  /** Absolute guest path. */
  path: string;
  /** Permission bits. */
  mode: number;
  bytes: Uint8Array;
}

/** Everything that a run depends on: two runs of the same are the same. */
export interface GuestRun {
  /** Guest path of the program; its bytes, or null when it is a file of the guest's own. */
  path: string;
  program: Uint8Array | null;
  /** Whole argument vector, the program's name first. */
  argv: string[];
  /** NAME=VALUE. */
  env: string[];
  cwd: string;
  stdin: Uint8Array;
  files: GuestFile[];
  mounts: { host: string; guest: string }[];
  /** Host directory that is the guest's /, or null for memory with faultline's programs. */
  root: string | null;
  /** 'freebsd', 'linux', or null for what the program says. */
  abi: string | null;
  engine: string;
  ramBytes: number;
  swapBytes: number;
  /** Seed of fault injection; null for none. */
  seed: number | null;
  /** Nanoseconds since 1970 at boot. */
  clockNs: number;
  /** Infinity where there is none. */
  limits: { instructions: number; seconds: number; memoryBytes: number };
  /** Names of the metrics to take beyond the counters, which decides what is listened to. */
  metrics: string[];
  /** Execution counts for --coverage and --profile. */
  coverage: boolean;
  profile: boolean;
}

/**
 * How a run ended. asleep: every process sleeps and nothing will wake one. refused: the program could
 * not be executed. panic: the kernel or the machine gave up.
 */
export type EndKind =
  | 'exited'
  | 'signal'
  | 'instruction-limit'
  | 'time-limit'
  | 'memory-limit'
  | 'asleep'
  | 'refused'
  | 'panic';

export interface GuestOutcome {
  end: EndKind;
  /** Exit status of the first process; 128 + n after signal n. -1 when it did not end. */
  status: number;
  /** SIGSEGV ...; null when no signal ended the first process. */
  signal: string | null;
  /** Why, for refused, panic and asleep. */
  reason: string;
  stdout: Uint8Array;
  stderr: Uint8Array;
  /** Lines of the kernel's own. */
  log: string[];
  /** Violated invariants, and what was left behind. */
  violations: string[];
  leaked: kernel_usage_counts | null;
  instructions: number;
  /** Host time. */
  seconds: number;
  metrics: Record<string, number>;
  counts: ExecutionCounts | null;
}

/** How often instructions were executed, of the program under test. */
export interface ExecutionCounts {
  /** Pairs: file address of the instruction, times. */
  addresses: number[];
  /** Folded stacks: frames joined with ';', and instructions. */
  stacks: [string, number][];
}

export type Comparison = '<' | '<=' | '==' | '!=' | '>=' | '>';

/** `faults.cow <= 3`. */
export interface KernelExpectation {
  metric: string;
  op: Comparison;
  /** A number, or another metric. */
  value: number | string;
  text: string;
}

export type StreamExpectation =
  | { kind: 'exact'; text: string }
  | { kind: 'matches'; pattern: string; flags: string; negated: boolean }
  | { kind: 'golden'; file: string };

/** One test in one cell of its matrix, ready to be compiled and run. */
export interface TestCase {
  /** Path and matrix cell: userland/test/append.c[system=linux]. */
  name: string;
  /** Path of the test as people know it. */
  file: string;
  /** Absolute path of the file that holds the directives. */
  source: string;
  line: number;
  tags: string[];
  cell: Record<string, string>;
  build: Build;
  run: Omit<GuestRun, 'program'>;
  /** Words of the program, without argv[0]. */
  status: number | 'any' | null;
  signal: string | null;
  stdout: StreamExpectation[];
  stderr: StreamExpectation[];
  expect: KernelExpectation[];
  /** Reason, when the test is expected to fail. */
  xfail: string | null;
  /** Reason, when it is not to be run. */
  skip: string | null;
  /** Files whose change matters to --watch. */
  inputs: string[];
}

/** How the program is had. */
export type Build =
  | { kind: 'file'; path: string; command: BuildCommand | null }
  | { kind: 'guest' }
  | {
      kind: 'compile';
      language: 'c' | 'gas' | 'nasm';
      sources: string[];
      cc: string;
      cflags: string[];
      ldflags: string[];
      libc: 'host' | 'none';
      abi: string | null;
    };

/** A command of the host that makes programs; run once. */
export interface BuildCommand {
  words: string[];
  cwd: string;
}

export type Verdict = 'passed' | 'failed' | 'skipped' | 'xfailed' | 'xpassed';

export interface TestResult {
  test: TestCase;
  verdict: Verdict;
  /** Why it failed, a line or several each; for a skipped test the reason. */
  failures: string[];
  outcome: GuestOutcome | null;
  /** Host time with compiling. */
  seconds: number;
  /** Attempts beyond the first. */
  retries: number;
  /** Golden files written by --update. */
  updated: string[];
  /** Path of the recording of a failure. */
  recording: string | null;
}
