// The ABIs there are.

import { elf_linux_sysvec } from '../compat/linux/linux_sysvec.js';
import { elf32_freebsd_sysvec } from '../i386/elf_machdep.js';
import type { sysentvec } from '../sys/sysent.js';

export const sysentvecs: readonly sysentvec[] = [elf32_freebsd_sysvec, elf_linux_sysvec];

/** By name ('freebsd', 'linux'); null when there is none. */
export function sysentvec_by_name(name: string): sysentvec | null {
  return sysentvecs.find((sv) => sv.sv_name === name) ?? null;
}
