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
  {
    names: ['--swap'],
    value: 'SIZE',
    repeat: true,
    help: 'a disk in memory to swap to, 0 to 4G (default: 128M)',
  },
  {
    names: ['--swap-file'],
    value: 'FILE[:SIZE]',
    repeat: true,
    help: 'a file of the host to swap to, made with SIZE\nif it is not there',
  },
  { names: ['--abi'], value: 'NAME', help: 'freebsd or linux, instead of what the ELF brand says' },
  { names: ['-strace', '--strace'], help: 'one line on stderr for every system call' },
  {
    names: ['--trace'],
    value: 'EVENTS',
    help: `one line for every event of these classes, or all:\n${TRACE_CLASSES.slice(0, 6).join(',')},\n${TRACE_CLASSES.slice(6).join(',')}`,
  },
  { names: ['--json'], help: 'events and statistics as JSON lines' },
  { names: ['--stats'], help: "the kernel's and the machine's counters at the end" },
  {
    names: ['--show'],
    value: 'COMMAND',
    repeat: true,
    help: 'at the end, while the first process still has its memory, what the\nkernel debugger shows: "map", "object 12", "pageq" ...',
  },
  {
    names: ['--at'],
    value: 'COUNT',
    help: 'do --show after COUNT instructions instead',
  },
  { names: ['-D', '--log'], value: 'FILE', help: 'write what is ours to FILE instead of stderr' },
  { names: ['--boot-log'], help: 'what the kernel does while it boots' },
  {
    names: ['--record'],
    value: 'FILE',
    help: 'write everything that comes from outside to FILE,\nfor faultline replay and debug --replay',
  },
  { names: ['--check'], help: 'check every kernel invariant at each process exit and at the end' },
  {
    names: ['-g', '--gdb'],
    value: 'PORT|SOCKET',
    help: 'wait for gdb (target remote) at [HOST:]PORT of this machine, or at a\nsocket of that path, before the first instruction',
  },
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

/** explain has its own ways to say when. */
export const EXPLAIN_OPTIONS: readonly OptionSpec[] = [
  { names: ['--at'], value: 'COUNT', help: 'explain after COUNT instructions' },
  {
    names: ['--break'],
    value: 'ADDRESS',
    help: 'explain when the instruction at ADDRESS is about to execute\n(default: when the process exits)',
  },
  { names: ['--pid'], value: 'N', help: 'in process N (default: the first, or who runs then)' },
  ...MACHINE_OPTIONS.filter(({ names }) => !['--show', '--at'].includes(names[0])),
];
