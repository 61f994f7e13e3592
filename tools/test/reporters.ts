// What a run of tests looks like to people and to other programs.

import { relative } from 'node:path';
import { isFailure } from './runner.js';
import type { TestCase, TestResult, Verdict } from './types.js';

export interface Summary {
  counts: Record<Verdict, number>;
  seconds: number;
  /** Stopped by --bail: tests that were not run. */
  notRun: number;
}

export interface Reporter {
  begin(total: number): void;
  started?(test: TestCase): void;
  result(result: TestResult): void;
  end(summary: Summary, results: readonly TestResult[]): void;
}

export interface ReporterHost {
  /** Whole lines, without the last newline. */
  write(text: string): void;
  /** Writes text as it is, for a line that is rewritten; null where there is no terminal. */
  status: ((text: string) => void) | null;
  colour: boolean;
  columns: number;
}

const WORDS: Record<Verdict, string> = {
  passed: 'pass',
  failed: 'FAIL',
  skipped: 'skip',
  xfailed: 'xfail',
  xpassed: 'XPASS',
};
const COLOURS: Record<Verdict, number> = {
  passed: 32,
  failed: 31,
  skipped: 33,
  xfailed: 33,
  xpassed: 31,
};
const STDERR_SHOWN = 20;

const indent = (text: string, by: string): string => text.replace(/^/gm, by);

const decode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

/** The counts as a person says them. */
export function summaryLine({ counts, seconds, notRun }: Summary): string {
  const parts = [`${counts.passed} passed`, `${counts.failed + counts.xpassed} failed`];
  if (counts.xfailed > 0) parts.push(`${counts.xfailed} failed as expected`);
  if (counts.skipped > 0) parts.push(`${counts.skipped} skipped`);
  if (notRun > 0) parts.push(`${notRun} not run`);
  return `${parts.join(', ')} (${seconds.toFixed(2)} s)`;
}

/** What a failure shows beyond its reasons: the end of stderr, the kernel's lines, how to re-enter. */
function context(result: TestResult): string[] {
  const { outcome, test, recording } = result;
  const lines: string[] = [];
  if (outcome !== null && test.stderr.length === 0 && outcome.stderr.length > 0) {
    const text = decode(outcome.stderr).trimEnd().split('\n');
    lines.push('stderr:', ...text.slice(-STDERR_SHOWN).map((line) => `  ${line}`));
  }
  if (outcome !== null && outcome.log.length > 0)
    lines.push('kernel:', ...outcome.log.slice(-STDERR_SHOWN).map((line) => `  ${line}`));
  if (recording !== null) lines.push(`faultline debug --replay ${recording}`);
  return lines;
}

export function humanReporter(host: ReporterHost): Reporter {
  const running = new Set<string>();
  let total = 0;
  let done = 0;
  let failed = 0;
  const paint = (verdict: Verdict, text: string): string =>
    host.colour ? `\x1b[${COLOURS[verdict]}m${text}\x1b[0m` : text;
  const clear = (): void => host.status?.('\r\x1b[K');
  const progress = (): void => {
    if (host.status === null || done === total) return;
    const text = `${done}/${total}${failed > 0 ? `, ${failed} failed` : ''}  ${[...running].join('  ')}`;
    host.status(`\r\x1b[K${text.slice(0, host.columns - 1)}`);
  };
  return {
    begin(count) {
      total = count;
      progress();
    },
    started(test) {
      running.add(test.name);
      progress();
    },
    result(result) {
      const { test, verdict, failures, seconds, updated, retries } = result;
      running.delete(test.name);
      done++;
      if (isFailure(result)) failed++;
      clear();
      const time = verdict === 'skipped' ? '' : ` (${Math.round(seconds * 1000)} ms)`;
      const more = retries > 0 ? `, ${retries} ${retries === 1 ? 'retry' : 'retries'}` : '';
      const reason =
        verdict === 'skipped'
          ? `: ${failures.join('; ')}`
          : verdict === 'xfailed'
            ? `: ${test.xfail}`
            : '';
      host.write(`${paint(verdict, WORDS[verdict].padEnd(5))} ${test.name}${reason}${time}${more}`);
      for (const file of updated) host.write(`      updated ${relative(process.cwd(), file)}`);
      if (isFailure(result))
        for (const text of [...failures, ...context(result)]) host.write(indent(text, '      '));
      progress();
    },
    end(summary) {
      clear();
      host.write(
        `\n${paint(summary.counts.failed + summary.counts.xpassed > 0 ? 'failed' : 'passed', summaryLine(summary))}`,
      );
    },
  };
}

/** A YAML block scalar. */
function yaml(key: string, text: string): string {
  return `  ${key}: |\n${indent(printable(text), '    ')}`;
}

/** Without characters that neither YAML nor XML may have. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are what is replaced
  return text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]|[\ud800-\udfff]/gu, '\ufffd');
}

/** TAP version 14: https://testanything.org/tap-version-14-specification.html */
export function tapReporter(host: ReporterHost): Reporter {
  let number = 0;
  const escape = (text: string): string => text.replace(/[\\#]/g, '\\$&').replace(/\n/g, ' ');
  return {
    begin(total) {
      host.write(`TAP version 14\n1..${total}`);
    },
    result(result) {
      const { test, verdict, failures, seconds } = result;
      const ok = verdict === 'passed' || verdict === 'skipped' ? 'ok' : 'not ok';
      const directive =
        verdict === 'skipped'
          ? ` # SKIP ${escape(failures.join('; '))}`
          : verdict === 'xfailed'
            ? ` # TODO ${escape(test.xfail ?? '')}`
            : '';
      host.write(`${ok} ${++number} - ${escape(test.name)}${directive}`);
      if (verdict === 'passed' || verdict === 'skipped') return;
      const lines = [
        '  ---',
        yaml('message', failures.join('\n')),
        `  duration_ms: ${(seconds * 1000).toFixed(3)}`,
      ];
      const { outcome, recording } = result;
      if (outcome !== null) lines.push(`  exit: ${outcome.signal ?? outcome.status}`);
      if (outcome !== null && outcome.stderr.length > 0)
        lines.push(yaml('stderr', decode(outcome.stderr).trimEnd()));
      if (recording !== null) lines.push(`  recording: ${JSON.stringify(recording)}`);
      host.write([...lines, '  ...'].join('\n'));
    },
    end({ notRun }) {
      if (notRun > 0) host.write('Bail out! enough tests have failed');
    },
  };
}

/** The dialect of JUnit's XML that Jenkins and GitLab read. */
export function junitReporter(host: ReporterHost): Reporter {
  const xml = (text: string): string =>
    printable(text).replace(
      /[<>&"]/g,
      (c) => ({ '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' })[c] as string,
    );
  return {
    begin() {},
    result() {},
    end({ counts, seconds }, results) {
      const failed = counts.failed + counts.xpassed;
      const skipped = counts.skipped + counts.xfailed;
      const totals = `tests="${results.length}" failures="${failed}" errors="0" skipped="${skipped}" time="${seconds.toFixed(3)}"`;
      const lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        `<testsuites name="faultline test" ${totals}>`,
        `  <testsuite name="faultline test" ${totals}>`,
      ];
      for (const result of results) {
        const { test, outcome, failures } = result;
        lines.push(
          `    <testcase classname="${xml(test.file)}" name="${xml(test.name)}" file="${xml(test.file)}" line="${test.line}" time="${result.seconds.toFixed(3)}">`,
        );
        if (isFailure(result))
          lines.push(
            `      <failure message="${xml(failures[0].split('\n')[0])}">${xml([...failures, ...context(result)].join('\n'))}</failure>`,
          );
        else if (result.verdict === 'skipped')
          lines.push(`      <skipped message="${xml(failures.join('; '))}"/>`);
        else if (result.verdict === 'xfailed')
          lines.push(`      <skipped message="${xml(`expected to fail: ${test.xfail}`)}"/>`);
        for (const [tag, bytes] of [
          ['system-out', outcome?.stdout],
          ['system-err', outcome?.stderr],
        ] as const) {
          if (bytes !== undefined && bytes.length > 0)
            lines.push(`      <${tag}>${xml(decode(bytes))}</${tag}>`);
        }
        lines.push('    </testcase>');
      }
      host.write([...lines, '  </testsuite>', '</testsuites>'].join('\n'));
    },
  };
}

/** One JSON object with everything. */
export function jsonReporter(host: ReporterHost): Reporter {
  return {
    begin() {},
    result() {},
    end(summary, results) {
      const tests = results.map(({ test, outcome, ...r }) => ({
        name: test.name,
        file: test.file,
        line: test.line,
        tags: test.tags,
        matrix: test.cell,
        ...r,
        xfail: test.xfail ?? null,
        outcome:
          outcome === null
            ? null
            : {
                ...outcome,
                counts: undefined,
                stdout: decode(outcome.stdout),
                stderr: decode(outcome.stderr),
              },
      }));
      host.write(JSON.stringify({ version: 1, ...summary, tests }, null, 2));
    },
  };
}

export const REPORTERS: Readonly<Record<string, (host: ReporterHost) => Reporter>> = {
  human: humanReporter,
  tap: tapReporter,
  junit: junitReporter,
  json: jsonReporter,
};
