// -strace: one line per completed system call, in the manner of qemu-user and strace.

import { hex } from '../../kernel/index.js';
import type { KernelEvent } from '../../kernel/index.js';

type SyscallEvent = Extract<KernelEvent, { type: 'syscall' }>;

/** Small numbers in decimal, what looks like an address or a flag word in hexadecimal. */
function argument(value: number): string {
  const signed = value | 0;
  return signed >= -4096 && signed < 65536 ? String(signed) : hex(value);
}

/** Calls whose entry is all that there is to see. */
const NEVER_RETURN = ['exit', 'exit_group', 'thr_exit'];

/** The line for a call that returns, at its return, and for one that does not, at its entry. */
export function straceLine(e: SyscallEvent): string | null {
  if (e.op === 'enter')
    return NEVER_RETURN.includes(e.name)
      ? `${e.pid} ${e.name}(${e.args.map(argument).join(',')})`
      : null;
  const result = e.error ? `-1 errno=${e.error}` : argument(e.result);
  return `${e.pid} ${e.name}(${e.args.map(argument).join(',')}) = ${result}`;
}
