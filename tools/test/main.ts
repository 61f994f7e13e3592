// faultline test: finds, runs and reports.

import { closeSync, openSync, statSync, watch, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { UsageError, parseCount, parseNumber, parseOptions, valueOf } from '../cli/options.js';
import type { ParsedOptions } from '../cli/options.js';
import { errorCode, systemErrorText, writeAll } from '../host/node_host.js';
import { Builder } from './compile.js';
import { Coverage } from './coverage.js';
import { discover } from './discover.js';
import type { Found } from './discover.js';
import { TEST_OPTIONS, testHelp } from './help.js';
import { Pool } from './pool.js';
import { REPORTERS } from './reporters.js';
import type { Reporter, Summary } from './reporters.js';
import { DEFAULT_SECONDS } from './resolve.js';
import { isFailure, malformed, runCases } from './runner.js';
import type { TestCase, TestResult, Verdict } from './types.js';

const RECORDINGS = 'faultline-recordings';
const DEBOUNCE_MS = 100;

interface Selection {
  filters: RegExp[];
  tags: string[];
  shard: { index: number; of: number };
}

function wholeFrom0(option: string, text: string): number {
  if (!/^\d+$/.test(text))
    throw new UsageError(`${option} wants a whole number from 0 on, not '${text}'`);
  return Number(text);
}

function selectionOf(options: ParsedOptions): Selection {
  const filters = (options.values.get('filter') ?? []).map((text) => {
    try {
      return new RegExp(text);
    } catch {
      throw new UsageError(`--filter wants a regular expression, not '${text}'`);
    }
  });
  const shard = valueOf(options, 'shard') ?? '1/1';
  const match = /^(\d+)\/(\d+)$/.exec(shard);
  const [index, of] = match === null ? [0, 0] : [Number(match[1]), Number(match[2])];
  if (index < 1 || index > of)
    throw new UsageError(`--shard wants I/N with 1 <= I <= N, not '${shard}'`);
  return { filters, tags: options.values.get('tag') ?? [], shard: { index, of } };
}

function select(cases: readonly TestCase[], { filters, tags, shard }: Selection): TestCase[] {
  const chosen = cases.filter(
    (test) =>
      (filters.length === 0 || filters.some((f) => f.test(test.name))) &&
      tags.every((tag) =>
        tag.startsWith('!') ? !test.tags.includes(tag.slice(1)) : test.tags.includes(tag),
      ),
  );
  return chosen.filter((_, i) => i % shard.of === shard.index - 1);
}

interface Output {
  reporters: Reporter[];
  close(): void;
}

function openReporters(options: ParsedOptions): Output {
  const terminal = Boolean(process.stdout.isTTY);
  const given = options.values.get('reporter') ?? ['human'];
  const open: number[] = [];
  let toStdout = 0;
  const reporters = given.map((text) => {
    const equals = text.indexOf('=');
    const name = equals < 0 ? text : text.slice(0, equals);
    const file = equals < 0 ? null : text.slice(equals + 1);
    if (!Object.hasOwn(REPORTERS, name))
      throw new UsageError(`--reporter knows ${Object.keys(REPORTERS).join(', ')}, not '${name}'`);
    if (file === null && ++toStdout > 1)
      throw new UsageError('only one --reporter can have stdout; NAME=FILE sends one to a file');
    const fd = file === null ? 1 : openFile(file);
    if (fd !== 1) open.push(fd);
    return REPORTERS[name]({
      write: (line) => writeAll(fd, Buffer.from(`${line}\n`)),
      status: terminal && fd === 1 ? (part) => writeAll(1, Buffer.from(part)) : null,
      colour: terminal && fd === 1 && !process.env['NO_COLOR'],
      columns: process.stdout.columns || 80,
    });
  });
  return { reporters, close: () => open.forEach((fd) => closeSync(fd)) };
}

function openFile(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${systemErrorText(errorCode(error))}`);
  }
}

function writeOutput(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${systemErrorText(errorCode(error))}`);
  }
}

/** Everything that one `faultline test` keeps from one run to the next. */
class Command {
  readonly #options: ParsedOptions;
  readonly #paths: string[];
  readonly #selection: Selection;
  readonly #jobs: number;
  readonly #bail: number;
  readonly #retry: number;
  readonly #seconds: number;
  readonly #recordings: string | null;
  readonly #builder = new Builder();
  readonly #pool: Pool;
  /** What a test was seen to read, for --watch. */
  readonly #headers = new Map<string, string[]>();

  constructor(options: ParsedOptions, script: URL) {
    this.#options = options;
    this.#paths = options.rest;
    if (this.#paths.length === 0)
      throw new UsageError('test wants a PATH; see faultline test --help');
    this.#selection = selectionOf(options);
    const number = (
      key: string,
      otherwise: number,
      read: (option: string, text: string) => number,
    ): number => {
      const text = valueOf(options, key);
      return text === undefined ? otherwise : read(`--${key}`, text);
    };
    this.#jobs = number('jobs', availableParallelism(), parseCount);
    this.#bail = number('bail', Infinity, parseCount);
    this.#retry = number('retry', 0, wholeFrom0);
    this.#seconds = number('timeout', DEFAULT_SECONDS, parseNumber);
    this.#recordings = (valueOf(options, 'recordings') ?? RECORDINGS) || null;
    this.#pool = new Pool(script);
  }

  #find(): Found {
    const found = discover(this.#paths, process.cwd());
    if (found.cases.length + found.errors.length === 0)
      throw new UsageError(`no tests in ${this.#paths.join(' ')}; see faultline test --help`);
    for (const test of found.cases)
      if (test.run.limits.seconds === DEFAULT_SECONDS) test.run.limits.seconds = this.#seconds;
    return found;
  }

  list(): number {
    const found = this.#find();
    const lines = select(found.cases, this.#selection).map(({ name }) => `${name}\n`);
    writeAll(1, Buffer.from(lines.join('')));
    for (const { message } of found.errors) writeAll(2, Buffer.from(`faultline: ${message}\n`));
    return found.errors.length > 0 ? 1 : 0;
  }

  async once(): Promise<number> {
    try {
      const found = this.#find();
      const cases = select(found.cases, this.#selection);
      if (cases.length + found.errors.length === 0) throw new UsageError('no test is selected');
      return await this.#run(cases, found.errors);
    } finally {
      await this.#close();
    }
  }

  async #close(): Promise<void> {
    this.#builder.close();
    await this.#pool.close();
  }

  async #run(cases: readonly TestCase[], errors: Found['errors']): Promise<number> {
    const { reporters, close } = openReporters(this.#options);
    const coverageFile = valueOf(this.#options, 'coverage');
    const profileFile = valueOf(this.#options, 'profile');
    const coverage = new Coverage((file) => !file.startsWith('/usr/') && file.startsWith('/'));
    const started = performance.now();
    for (const r of reporters) r.begin(cases.length + errors.length);
    const results: TestResult[] = [];
    const finished = (result: TestResult): void => {
      results.push(result);
      for (const r of reporters) r.result(result);
    };
    for (const { file, message } of errors) finished(malformed(file, message));
    const ran = await runCases(cases, this.#builder, {
      jobs: this.#jobs,
      bail: this.#bail,
      retry: this.#retry,
      update: this.#options.flags.has('update'),
      coverage: coverageFile !== undefined,
      profile: profileFile !== undefined,
      recordings: this.#recordings,
      cflags: [],
      execute: async (run) => {
        const outcome = await this.#pool.run(run);
        if (outcome.counts !== null) coverage.add(keyOf(run), run.program, outcome.counts);
        outcome.counts = null;
        return outcome;
      },
      started: (test) => {
        for (const r of reporters) r.started?.(test);
      },
      finished,
    });
    const counts: Record<Verdict, number> = {
      passed: 0,
      failed: 0,
      skipped: 0,
      xfailed: 0,
      xpassed: 0,
    };
    for (const { verdict } of results) counts[verdict]++;
    const summary: Summary = {
      counts,
      seconds: Number(((performance.now() - started) / 1000).toFixed(3)),
      notRun: cases.length - ran.length,
    };
    for (const r of reporters) r.end(summary, results);
    close();
    if (coverageFile !== undefined) writeOutput(coverageFile, coverage.lcov());
    if (profileFile !== undefined) writeOutput(profileFile, coverage.folded());
    return results.some(isFailure) ? 1 : 0;
  }

  /** Runs everything, then again what changes. Ends by a signal only. */
  async watch(): Promise<number> {
    let times = new Map<string, number>();
    let known = '';
    let found = this.#find();
    for (let first = true; ; first = false) {
      this.#builder.forget();
      const changed = (test: TestCase): boolean =>
        first || test.inputs.some((path) => times.get(path) !== modified(path));
      const cases = select(found.cases, this.#selection).filter(changed);
      const messages = found.errors.map(({ message }) => message).join('\n');
      // Taken before the run, so that a change during it counts; headers are known after it.
      const before = timesOf(found.cases);
      if (cases.length > 0 || messages !== known) await this.#run(cases, found.errors);
      known = messages;
      times = new Map([...times, ...timesOf(found.cases), ...before]);
      const directories = new Set([...times.keys()].map((path) => dirname(path)));
      for (const directory of found.directories) directories.add(directory);
      if (process.stdout.isTTY) writeAll(1, Buffer.from('waiting for changes (Ctrl-C ends)\n'));
      found = await this.#findAgain(directories, found);
      for (const test of found.cases) test.inputs.push(...(this.#headers.get(test.source) ?? []));
    }
  }

  /** Waits for a change, and for tests to be there after it: editors remove and rename. */
  async #findAgain(directories: ReadonlySet<string>, last: Found): Promise<Found> {
    for (const { source, inputs } of last.cases) this.#headers.set(source, inputs);
    for (;;) {
      await change(directories);
      try {
        return this.#find();
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        writeAll(2, Buffer.from(`faultline: ${error.message}\n`));
      }
    }
  }
}

function timesOf(cases: readonly TestCase[]): Map<string, number> {
  return new Map(cases.flatMap(({ inputs }) => inputs).map((path) => [path, modified(path)]));
}

/** Programs with the same bytes at the same place are counted together. */
function keyOf(run: { path: string; program: Uint8Array | null }): string {
  let hash = 0;
  for (const byte of run.program ?? []) hash = (Math.imul(hash, 31) + byte) | 0;
  return `${run.path}:${run.program?.length ?? 0}:${hash}`;
}

function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Waits until something in the directories changes and then is quiet for a moment. */
function change(directories: Iterable<string>): Promise<void> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | null = null;
    const watchers = [...directories]
      .filter((path) => modified(path) !== 0)
      .map((path) =>
        watch(path, () => {
          if (timer !== null) clearTimeout(timer);
          timer = setTimeout(() => {
            for (const watcher of watchers) watcher.close();
            resolve();
          }, DEBOUNCE_MS);
        }),
      );
  });
}

/**
 * Runs `faultline test` with its words. `script` is the module that the threads run, which calls
 * serveAsWorker(). @returns the exit status.
 */
export async function testCommand(words: string[], script: URL): Promise<number> {
  const options = parseOptions(TEST_OPTIONS, words);
  if (options.flags.has('help')) {
    process.stdout.write(testHelp());
    return 0;
  }
  // Options may stand behind the paths too: nothing here belongs to a guest.
  const paths: string[] = [];
  while (options.rest.length > 0) {
    paths.push(options.rest.shift() as string);
    const more = parseOptions(TEST_OPTIONS, options.rest);
    more.flags.forEach((flag) => options.flags.add(flag));
    more.values.forEach((values, key) =>
      options.values.set(key, [...(options.values.get(key) ?? []), ...values]),
    );
    options.rest = more.rest;
  }
  options.rest = paths;
  if (options.flags.has('help')) {
    process.stdout.write(testHelp());
    return 0;
  }
  const command = new Command(options, script);
  if (options.flags.has('list')) return command.list();
  return options.flags.has('watch') ? command.watch() : command.once();
}
