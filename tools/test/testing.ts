// faultline/testing: guest programs run from tests in TypeScript, and vitest's matchers for them.
//
//     import { expect, test } from 'vitest';
//     import { matchers, runGuest } from 'faultline/testing';
//     expect.extend(matchers);
//
//     test('a child copies what it writes', async () => {
//       const guest = await runGuest('cow.c', { args: ['8'] });
//       expect(guest).toExitWith(0);
//       expect(guest).toPrint('copied 8 pages\n');
//       expect(guest).toCount('faults.cow <= 10');
//       expect(guest).toLeaveNothing();
//     });

import type {} from 'vitest';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Builder } from './compile.js';
import { difference } from './diff.js';
import { executeGuest } from './execute.js';
import { compare, parseExpectation } from './metrics.js';
import { DEFAULT_SECONDS, casesOf, languageOf } from './resolve.js';
import type { EndKind, GuestOutcome, GuestRun } from './types.js';

export { BuildError } from './compile.js';
export type { EndKind, GuestOutcome } from './types.js';

const MB = 1 << 20;

/** What a guest is given. Text is UTF-8. */
export interface GuestOptions {
  /** The program's arguments, without argv[0]. */
  args?: readonly string[];
  /** argv[0]; the program's path when it is left out. */
  argv0?: string;
  /** Added to PATH, HOME and USER. */
  env?: Readonly<Record<string, string>>;
  /** Absolute guest path; / when it is left out. */
  cwd?: string;
  stdin?: string | Uint8Array;
  /** Files by absolute guest path. */
  files?: Readonly<Record<string, string | Uint8Array>>;
  /** Directories of the host by guest path, read-only below. */
  mounts?: Readonly<Record<string, string>>;
  /** ABI of a program that is compiled, or instead of what an ELF file says. */
  abi?: 'freebsd' | 'linux';
  /** Bytes of memory, from 16 MB to 1 GB (default 64 MB), and of swap space (default 128 MB). */
  ramBytes?: number;
  swapBytes?: number;
  /** Date at which the guest boots (default 2000-01-01 UTC). */
  clock?: Date;
  limits?: {
    instructions?: number;
    /** Host time; default 60. */
    seconds?: number;
    /** Beyond what is in use when the program starts. */
    memoryBytes?: number;
  };
  /** Flags for the compiler, for a program in C or assembly (default -O1). */
  cflags?: readonly string[];
  /** Events to count: `event.fault.copied`, `event.syscall.fork` ... */
  events?: readonly string[];
}

/** How a guest ended, and what it and the kernel did. */
export class Guest {
  readonly outcome: GuestOutcome;

  constructor(outcome: GuestOutcome) {
    this.outcome = outcome;
  }

  get end(): EndKind {
    return this.outcome.end;
  }
  /** Exit status; 128 + n after signal n, -1 when the first process did not end. */
  get status(): number {
    return this.outcome.status;
  }
  /** SIGSEGV ..., or null. */
  get signal(): string | null {
    return this.outcome.signal;
  }
  get stdout(): string {
    return Buffer.from(this.outcome.stdout).toString();
  }
  get stderr(): string {
    return Buffer.from(this.outcome.stderr).toString();
  }
  get instructions(): number {
    return this.outcome.instructions;
  }
  /** Invariants that do not hold, and what was left over; empty when all is well. */
  get violations(): readonly string[] {
    return this.outcome.violations;
  }

  /** The value of a metric, by its name of `@expect`. @throws RangeError when it was not counted. */
  metric(name: string): number {
    const value = this.outcome.metrics[name] ?? this.outcome.metrics[`v_${name}`];
    if (value === undefined)
      throw new RangeError(`'${name}' was not counted; events are to be named in the options`);
    return value;
  }
}

const binary = (text: string): string => Buffer.from(text).toString('latin1');
const bytes = (data: string | Uint8Array): Uint8Array =>
  typeof data === 'string' ? new Uint8Array(Buffer.from(data)) : data;

/** The bytes of an ELF file or script, or what a source compiles to. */
async function programOf(path: string, options: GuestOptions): Promise<Uint8Array> {
  if (languageOf(path) === null) return readFileSync(path);
  const line = (
    key: string,
    value: string,
  ): { key: string; value: string; conditions: []; block: null; file: string; line: number } => ({
    key,
    value,
    conditions: [],
    block: null,
    file: path,
    line: 1,
  });
  const own = options.abi === undefined ? [] : [line('abi', options.abi)];
  if (options.cflags !== undefined)
    own.push(line('cflags', options.cflags.map((flag) => `'${flag}'`).join(' ')));
  const [test] = casesOf({ file: path, path, shared: [], own, inputs: [] });
  const builder = new Builder();
  try {
    return (await builder.build(test)).program ?? new Uint8Array(0);
  } finally {
    builder.close();
  }
}

/**
 * Runs `program`, an i386 ELF file, script, or source in C or assembly of the host, on a fresh machine
 * in this thread. What the guest does is told by the result; everything else about it is the same
 * every time.
 * @throws BuildError when it cannot be compiled; the error of node:fs when it cannot be read.
 */
export async function runGuest(program: string, options: GuestOptions = {}): Promise<Guest> {
  const host = resolve(program);
  const compiled = languageOf(host) !== null;
  const path = binary(compiled ? host.replace(/\.\w+$/, '') : host);
  const env = { PATH: '/bin:/usr/bin:/sbin:/usr/sbin', HOME: '/', USER: 'root', ...options.env };
  const { limits = {}, ramBytes = 64 * MB, swapBytes = 128 * MB } = options;
  const run: GuestRun = {
    path,
    program: await programOf(host, options),
    argv: [
      options.argv0 === undefined ? path : binary(options.argv0),
      ...(options.args ?? []).map(binary),
    ],
    env: Object.entries(env).map(([name, value]) => binary(`${name}=${value}`)),
    cwd: binary(options.cwd ?? '/'),
    stdin: bytes(options.stdin ?? ''),
    files: Object.entries(options.files ?? {}).map(([file, data]) => ({
      path: binary(file),
      mode: 0o644,
      bytes: bytes(data),
    })),
    mounts: Object.entries(options.mounts ?? {}).map(([guest, from]) => ({
      host: resolve(from),
      guest,
    })),
    root: null,
    abi: compiled ? null : (options.abi ?? null),
    engine: 'interpreter',
    ramBytes: ramBytes - (ramBytes % 65536),
    swapBytes: swapBytes - (swapBytes % 4096),
    seed: null,
    clockNs: (options.clock?.getTime() ?? Date.UTC(2000, 0, 1)) * 1e6,
    limits: { instructions: Infinity, seconds: DEFAULT_SECONDS, memoryBytes: Infinity, ...limits },
    metrics: ['shadow.depth', 'memory.peak', ...(options.events ?? [])],
    coverage: false,
    profile: false,
  };
  return new Guest(executeGuest(run));
}

interface MatcherResult {
  pass: boolean;
  message(): string;
}

function ended(guest: Guest): string {
  const { end, status, signal, outcome } = guest;
  if (end === 'exited') return `exited with ${status}`;
  return end === 'signal'
    ? `was ended by ${signal}`
    : `ended by ${end}${outcome.reason === '' ? '' : `: ${outcome.reason}`}`;
}

function printed(name: string, seen: string, wanted: string | RegExp): MatcherResult {
  const pass = typeof wanted === 'string' ? seen === wanted : wanted.test(seen);
  const said =
    typeof wanted === 'string' ? difference(binary(wanted), binary(seen)) : `it is:\n${seen}`;
  return {
    pass,
    message: () =>
      `${name} ${pass ? 'is' : 'is not'} ${typeof wanted === 'string' ? 'what was expected' : `like ${wanted}`}\n${said}`,
  };
}

/** For vitest's expect.extend(). */
export const matchers = {
  /** The first process ended with this exit status. */
  toExitWith(guest: Guest, status: number): MatcherResult {
    const pass = guest.end === 'exited' && guest.status === status;
    return {
      pass,
      message: () => `the guest ${ended(guest)}${pass ? '' : `, not ${status}`}\n${guest.stderr}`,
    };
  },
  /** A signal (SIGSEGV) ended the first process. */
  toBeKilledBy(guest: Guest, signal: string): MatcherResult {
    return { pass: guest.signal === signal, message: () => `the guest ${ended(guest)}` };
  },
  /** Standard output is this text, or matches. */
  toPrint: (guest: Guest, wanted: string | RegExp): MatcherResult =>
    printed('stdout', guest.stdout, wanted),
  /** The same for standard error. */
  toPrintError: (guest: Guest, wanted: string | RegExp): MatcherResult =>
    printed('stderr', guest.stderr, wanted),
  /** `faults.cow <= 3`: as @expect has it. */
  toCount(guest: Guest, expectation: string): MatcherResult {
    const { metric, op, value } = parseExpectation(expectation);
    const left = guest.metric(metric);
    const pass = compare(left, op, typeof value === 'number' ? value : guest.metric(value));
    return { pass, message: () => `${expectation}: ${metric} is ${left}` };
  },
  /** Every invariant of the kernel holds, and no page, swap block, vnode or process is left over. */
  toLeaveNothing(guest: Guest): MatcherResult {
    const { end, violations } = guest;
    const pass = violations.length === 0 && (end === 'exited' || end === 'signal');
    return {
      pass,
      message: () =>
        pass ? 'nothing was left over' : [`the guest ${ended(guest)}`, ...violations].join('\n'),
    };
  },
};

/** The matchers as methods of expect(). */
export interface GuestMatchers<R = void> {
  /** The first process ended with this exit status. */
  toExitWith(status: number): R;
  /** A signal (SIGSEGV) ended the first process. */
  toBeKilledBy(signal: string): R;
  /** Standard output is this text, or matches. */
  toPrint(wanted: string | RegExp): R;
  /** Standard error is this text, or matches. */
  toPrintError(wanted: string | RegExp): R;
  /** `faults.cow <= 3`: as @expect has it. */
  toCount(expectation: string): R;
  /** The kernel's invariants hold, and no page, swap block, vnode or process is left over. */
  toLeaveNothing(): R;
}

declare module 'vitest' {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type, @typescript-eslint/no-unused-vars -- merged with vitest's own
  interface Matchers<T> extends GuestMatchers {}
}
