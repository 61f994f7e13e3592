import { db_commands } from '../../kernel/index.js';
import { describeClasses } from '../trace/select.js';
import { EXPLAIN_OPTIONS, MACHINE_OPTIONS } from './machine_options.js';
import { describeOptions } from './options.js';

export const USAGE = `Usage: faultline [COMMAND] [OPTION...] [ARGUMENT...]

Runs i386 programs on an emulated machine whose page faults are served by a
FreeBSD-style kernel.

Commands:
  run PROGRAM [ARG...]   run a guest program, FreeBSD or Linux, statically linked
  explain PROGRAM ADDRESS  all about one address: page tables, page, objects, pager,
                         and what reading, writing and executing it would do
  shell                  the guest's own shell on an interactive machine
  debug PROGRAM [ARG...] the same under a debugger with gdb's commands
  replay FILE            run what --record FILE recorded again, and check that it is the same
  dap                    a debug adapter for editors such as VS Code
  test PATH...           run guest programs as regression tests
  tour                   a short demonstration: fork, copy-on-write, what the kernel did
  boot IMAGE             bare metal: a multiboot kernel or a ROM that brings its own

Without a command: shell on a terminal, tour otherwise.

  faultline COMMAND --help   the options of a command
  faultline --version        the version

Exit status: the guest's own; 128+n when signal n ended it; 124 at a limit
(--timeout, --limit-instructions); 125 when faultline itself could not go on
or was not understood. Ctrl-C, SIGTERM, SIGHUP and SIGQUIT go to the guest.
`;

const RUN_USAGE = `Usage: faultline run [OPTION...] PROGRAM [ARG...]

Runs PROGRAM, a file of the host (or, with -L, a path below that root), as the
first process of a fresh machine. The guest sees nothing of the host but the
program itself and what -L and --mount name. Without -L its /bin has faultline's
own programs (sh, ls, cat, ps, vmstat, procstat ...), so scripts run as well.

Examples:
  faultline run ./hello
  faultline run --stats --trace fault ./hello 2>trace.txt
  faultline run --show map --show pageq ./hello
  faultline run -L /srv/i386-root /bin/busybox sh -c 'ls / | sort'
`;

const EXPLAIN_USAGE = `Usage: faultline explain [OPTION...] PROGRAM ADDRESS [OPTION...] [-- ARG...]

Runs PROGRAM as run does and explains the guest virtual address ADDRESS: page
directory and page table entry, frame, page, map entry, the objects behind it and
where their pagers have the page; and for reading, writing and executing whether
the processor would fault, why, and what the kernel would do about it. Nothing of
the guest is changed by that, and then the run ends.

ADDRESS is a number (0x for hexadecimal), a symbol of PROGRAM, a register such as
$esp, or one of these with + or - a number. The explanation is on standard output,
what the guest writes on standard error.

Examples:
  faultline explain ./hello main
  faultline explain ./hello '$esp-0x2000' --at 1000 --json
  faultline explain ./sort buffer+0x1000 --break qsort -- file
`;

const USAGES: Record<string, string> = { run: RUN_USAGE, explain: EXPLAIN_USAGE };

/** What --show understands, in columns. */
function showHelp(): string {
  const lines = db_commands().map(
    ({ name, args, help }) => `  ${`${name} ${args}`.padEnd(22)}${help}`,
  );
  return `Commands of --show (N, PID and ADDRESS are numbers):\n${lines.join('\n')}\n`;
}

/** The help of one command. */
export function runHelp(command: string): string {
  const usage = USAGES[command] ?? `Usage: faultline ${command} [OPTION...]\n`;
  const explains = command === 'explain';
  const options = describeOptions(explains ? EXPLAIN_OPTIONS : MACHINE_OPTIONS);
  const classes = `\nEvents of --trace:\n${describeClasses()}\n`;
  return `${usage}\nOptions:\n${options}\n${classes}${explains ? '' : `\n${showHelp()}`}`;
}
