// Runs cases side by side and hands their results on, in their order.

import { rmSync } from 'node:fs';
import { BuildError } from './compile.js';
import type { Builder } from './compile.js';
import { judge } from './judge.js';
import { writeRecording } from './recording.js';
import type { GuestOutcome, GuestRun, TestCase, TestResult } from './types.js';

export interface RunnerOptions {
  jobs: number;
  /** Failures after which no more tests are begun; Infinity for none. */
  bail: number;
  /** Attempts beyond the first for a test that fails. */
  retry: number;
  update: boolean;
  coverage: boolean;
  profile: boolean;
  /** Directory for the recordings of failures; null for none. */
  recordings: string | null;
  /** Flags for the compiler beyond the test's own. */
  cflags: readonly string[];
  execute(run: GuestRun): Promise<GuestOutcome>;
  /** A test begins. */
  started(test: TestCase): void;
  /** In the order of the cases. */
  finished(result: TestResult): void;
}

export const isFailure = ({ verdict }: TestResult): boolean =>
  verdict === 'failed' || verdict === 'xpassed';

function resultOf(test: TestCase, failures: string[]): TestResult {
  return {
    test,
    verdict: 'failed',
    failures,
    outcome: null,
    seconds: 0,
    retries: 0,
    updated: [],
    recording: null,
  };
}

/** The result for a test that cannot even be understood. */
export function malformed(file: string, message: string): TestResult {
  const test = {
    name: file,
    file,
    source: file,
    line: 1,
    tags: [],
    cell: {},
    inputs: [file],
  } as unknown as TestCase;
  return resultOf(test, [message]);
}

async function attempt(
  test: TestCase,
  builder: Builder,
  options: RunnerOptions,
): Promise<TestResult> {
  const result = resultOf(test, []);
  let run: GuestRun;
  try {
    const { program, inputs } = await builder.build(test, options.cflags);
    test.inputs.push(...inputs.filter((path) => !test.inputs.includes(path)));
    const { coverage, profile } = options;
    run = { ...test.run, program, coverage, profile };
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    result.failures.push(error.message);
    return result;
  }
  result.outcome = await options.execute(run);
  const { failures, updated } = judge(test, result.outcome, options.update);
  result.failures = failures;
  result.updated = updated;
  result.verdict = failures.length === 0 ? 'passed' : 'failed';
  if (failures.length > 0 && test.xfail === null && options.recordings !== null)
    result.recording = writeRecording(options.recordings, result, run);
  return result;
}

async function runCase(
  test: TestCase,
  builder: Builder,
  options: RunnerOptions,
): Promise<TestResult> {
  if (test.skip !== null) return { ...resultOf(test, [test.skip]), verdict: 'skipped' };
  const started = performance.now();
  options.started(test);
  let result = await attempt(test, builder, options);
  let retries = 0;
  while (result.verdict === 'failed' && test.xfail === null && retries < options.retry) {
    retries++;
    if (result.recording !== null) rmSync(result.recording, { force: true });
    result = await attempt(test, builder, options);
  }
  result.retries = retries;
  if (test.xfail !== null) {
    const failed = result.verdict === 'failed';
    result.verdict = failed ? 'xfailed' : 'xpassed';
    if (!failed) result.failures = [`it passed, but is expected to fail: ${test.xfail}`];
  }
  result.seconds = (performance.now() - started) / 1000;
  return result;
}

/** Runs the cases. @returns their results; with `bail`, those that were begun. */
export async function runCases(
  cases: readonly TestCase[],
  builder: Builder,
  options: RunnerOptions,
): Promise<TestResult[]> {
  const results: (TestResult | undefined)[] = [];
  let next = 0;
  let told = 0;
  let failures = 0;
  const lane = async (): Promise<void> => {
    while (next < cases.length && failures < options.bail) {
      const index = next++;
      const result = await runCase(cases[index], builder, options);
      if (isFailure(result)) failures++;
      results[index] = result;
      for (let r = results[told]; r !== undefined; r = results[++told]) options.finished(r);
    }
  };
  await Promise.all(
    Array.from({ length: Math.min(options.jobs, Math.max(1, cases.length)) }, lane),
  );
  return results.filter((r) => r !== undefined);
}
