// faultline test: its options and its help text.

import { describeOptions } from '../cli/options.js';
import type { OptionSpec } from '../cli/options.js';
import { KEYS } from './directives.js';
import { metricNames } from './metrics.js';

export const TEST_OPTIONS: readonly OptionSpec[] = [
  { names: ['-j', '--jobs'], value: 'N', help: 'tests at a time (default: one a processor)' },
  {
    names: ['-k', '--filter'],
    value: 'REGEXP',
    repeat: true,
    help: 'only tests whose name matches; several: any of them',
  },
  {
    names: ['--tag'],
    value: 'WORD',
    repeat: true,
    help: 'only tests with this tag; !WORD: only those without',
  },
  { names: ['--shard'], value: 'I/N', help: 'the Ith of N parts of the tests' },
  { names: ['--bail'], value: 'N', help: 'begin no more tests after N failures' },
  { names: ['--retry'], value: 'N', help: 'run a test that fails up to N times more (default: 0)' },
  {
    names: ['--timeout'],
    value: 'SECONDS',
    help: 'time for a test that states none (default: 60)',
  },
  { names: ['-u', '--update'], help: 'write golden files instead of comparing with them' },
  { names: ['-w', '--watch'], help: 'run again what a changed file belongs to' },
  { names: ['--list'], help: 'say which tests there are, and run none' },
  {
    names: ['-r', '--reporter'],
    value: 'NAME[=FILE]',
    repeat: true,
    help: 'human (default), tap, junit or json, on stdout or to FILE',
  },
  {
    names: ['--coverage'],
    value: 'FILE',
    help: "lines of the programs' sources that were executed, as lcov",
  },
  { names: ['--profile'], value: 'FILE', help: 'instructions by chain of calls, as folded stacks' },
  {
    names: ['--recordings'],
    value: 'DIR',
    help: 'where failing tests leave what debug --replay opens\n(default: faultline-recordings; empty: nowhere)',
  },
  { names: ['-h', '--help'], help: 'this text' },
];

function wrapped(words: readonly string[], indent: string): string {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < 76)
      lines[lines.length - 1] += `, ${word}`;
    else lines.push(indent + word);
  }
  return lines.join(',\n');
}

export function testHelp(): string {
  const width = Math.max(...Object.keys(KEYS).map((key) => key.length)) + 3;
  const keys = Object.entries(KEYS).map(([key, text]) => `  ${`@${key}`.padEnd(width)}${text}`);
  return `Usage: faultline test [OPTION...] PATH...

Runs guest programs as tests. A test is a program (ELF, script, or C or assembly
source) with directives in the comment that the source begins with, or in
NAME.test beside it; tests.conf has directives for all tests of its directory.
Of a directory, sources with directives and what NAME.test or tests.conf name
are tests. Every test also fails when the kernel's invariants do not hold at its
end, or pages, swap blocks, vnodes or processes are left over.

  /* Does a child's write copy one page?
   *
   * @args   8
   * @stdout "copied 1 page\\n"
   * @expect faults.cow <= 3
   * @expect pages.leaked == 0
   * @matrix ram = 16M | 64M
   */

Directives (@key value; @key[ram=16M] value in some cells of the matrix only):
${keys.join('\n')}

What @expect knows, with < <= == != >= >:
${wrapped([...metricNames(), "the kernel's counters (v_zfod ...)"], '  ')}

Exit status: 0 when all passed, 1 when some failed, 125 for wrong usage.

Options:
${describeOptions(TEST_OPTIONS)}
`;
}
