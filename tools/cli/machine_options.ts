// The options that every command which runs guests has in common (QEMU's user-mode habits).

import { TRACE_CLASSES } from '../trace/select.js';
import type { OptionSpec } from './options.js';

export const MACHINE_OPTIONS: readonly OptionSpec[] = [
  {
    names: ['-L', '--root'],
    value: 'DIR',
    help: "show the host directory DIR as the guest's /\n(read-only below; what the guest writes stays in memory)",
  },
  {
    names: ['--mount'],
    value: 'DIR[:PATH]',
    repeat: true,
    help: 'show the host directory DIR at the guest path PATH\n(default: the same path; read-only below, too)',
  },
  {
    names: ['-E', '--env'],
    value: 'VAR=VALUE',
    repeat: true,
    help: 'set an environment variable of the guest; VAR= empties it',
  },
  {
    names: ['--cwd'],
    value: 'PATH',
    help: 'working directory of the guest (default: /, for shell /root)',
  },
  { names: ['--argv0'], value: 'NAME', help: 'argv[0] of the guest (default: PROGRAM)' },
  { names: ['--mem'], value: 'SIZE', help: 'guest memory, 16M to 1G (default: 64M)' },
  { names: ['--swap'], value: 'SIZE', help: 'swap space, 0 to 4G (default: 128M)' },
  { names: ['--abi'], value: 'NAME', help: 'freebsd or linux, instead of what the ELF brand says' },
  { names: ['-strace', '--strace'], help: 'one line on stderr for every system call' },
  {
    names: ['--trace'],
    value: 'EVENTS',
    help: `one line for every event of these classes, or all:\n${TRACE_CLASSES.slice(0, 6).join(',')},\n${TRACE_CLASSES.slice(6).join(',')}`,
  },
  { names: ['--json'], help: 'events and statistics as JSON lines' },
  { names: ['--stats'], help: "the kernel's and the machine's counters at the end" },
  { names: ['-D', '--log'], value: 'FILE', help: 'write what is ours to FILE instead of stderr' },
  { names: ['--boot-log'], help: 'what the kernel does while it boots' },
  { names: ['--check'], help: 'check every kernel invariant at each process exit and at the end' },
  {
    names: ['--limit-instructions'],
    value: 'N',
    help: 'stop after N instructions with status 124',
  },
  {
    names: ['--timeout'],
    value: 'SECONDS',
    help: 'stop after SECONDS of host time with status 124',
  },
  {
    names: ['--realtime'],
    help: 'let sleeping guests wait in host time (default on a terminal;\notherwise idle time is skipped)',
  },
  { names: ['-h', '--help'], help: 'this text' },
];
