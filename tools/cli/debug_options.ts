import { MACHINE_OPTIONS } from './machine_options.js';
import { describeOptions } from './options.js';
import type { OptionSpec } from './options.js';

const OF_RUN_ONLY = ['--record', '--strace', '--trace', '--gdb', '--json', '--stats', '--log', '--boot-log', '--limit-instructions', '--timeout']; // prettier-ignore

export const DEBUG_OPTIONS: readonly OptionSpec[] = [
  { names: ['-x'], value: 'FILE', repeat: true, help: 'execute the commands of FILE first' },
  { names: ['-ex'], value: 'COMMAND', repeat: true, help: 'execute COMMAND then' },
  {
    names: ['--replay'],
    value: 'FILE',
    help: 'debug what --record FILE recorded, in place of a PROGRAM',
  },
  {
    names: ['-batch', '--batch'],
    help: 'end after -x and -ex, with status 1 when a command failed',
  },
  {
    names: ['--replay'],
    value: 'FILE',
    help: 'instead of PROGRAM: the run that a failing test has recorded',
  },
  ...MACHINE_OPTIONS.filter(({ names }) => !names.some((name) => OF_RUN_ONLY.includes(name))),
];

export function debugHelp(): string {
  return `Usage: faultline debug [OPTION...] PROGRAM [ARG...]

Runs PROGRAM under a debugger with gdb's commands: break, watch, catch, step,
next, finish, backtrace, print, x, info, disassemble ... and the kernel's words:
vmmap, pagewalk, v2p, p2v, info tlb, faults. 'help' lists them all.

Examples:
  faultline debug ./hello
  faultline debug --batch -ex 'break main' -ex run -ex bt ./hello

Options:
${describeOptions(DEBUG_OPTIONS)}
`;
}
