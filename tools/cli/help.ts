import { MACHINE_OPTIONS } from './machine_options.js';
import { describeOptions } from './options.js';

export const USAGE = `Usage: faultline [COMMAND] [OPTION...] [ARGUMENT...]

Runs i386 programs on an emulated machine whose page faults are served by a
FreeBSD-style kernel.

Commands:
  run PROGRAM [ARG...]   run a guest program, FreeBSD or Linux, statically linked
  shell                  the guest's own shell on an interactive machine
  debug PROGRAM [ARG...] the same under a debugger with gdb's commands
  tour                   a short demonstration: fork, copy-on-write, what the kernel did
  boot IMAGE             bare metal: a multiboot kernel or a ROM that brings its own

Without a command: shell on a terminal, tour otherwise.

  faultline COMMAND --help   the options of a command
  faultline --version        the version

Exit status: the guest's own; 128+n when signal n ended it; 124 at a limit
(--timeout, --limit-instructions); 125 when faultline itself could not go on
or was not understood. Ctrl-C, SIGTERM, SIGHUP and SIGQUIT go to the guest.
`;

export function runHelp(command: string): string {
  const usage =
    command === 'run'
      ? `Usage: faultline run [OPTION...] PROGRAM [ARG...]

Runs PROGRAM, a file of the host (or, with -L, a path below that root), as the
first process of a fresh machine. The guest sees nothing of the host but the
program itself and what -L and --mount name. Without -L its /bin has faultline's
own programs (sh, ls, cat, ps, vmstat, procstat ...), so scripts run as well.

Examples:
  faultline run ./hello
  faultline run --stats --trace fault ./hello 2>trace.txt
  faultline run -L /srv/i386-root /bin/busybox sh -c 'ls / | sort'
`
      : `Usage: faultline ${command} [OPTION...]
`;
  return `${usage}\nOptions:\n${describeOptions(MACHINE_OPTIONS)}\n`;
}
