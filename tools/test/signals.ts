// Names of the guest's signals, by FreeBSD's numbers: what the kernel keeps for both ABIs.

import * as kernel from '../../kernel/index.js';

/** SIGNAL_NAMES[11] is SIGSEGV; SIGRTMIN and above have no names of their own. */
export const SIGNAL_NAMES: readonly string[] = (() => {
  const names: string[] = [];
  for (const [name, value] of Object.entries(kernel)) {
    if (/^SIG[A-Z]+\d*$/.test(name) && typeof value === 'number' && value > 0 && value < 65)
      names[value] ??= name;
  }
  return names;
})();

/** SIGSEGV for 11. */
export function signalNameOf(number: number): string {
  return SIGNAL_NAMES[number] ?? `signal ${number}`;
}
