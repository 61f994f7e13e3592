// The native system call table (init_sysent.c): the parts that the subsystems export.

import { elf32_freebsd_sysvec } from '../i386/elf_machdep.js';
import { vm_sysent } from '../vm/vm_mmap.js';
import { event_sysent } from './kern_event.js';
import { file_sysent } from './file_sysent.js';
import { optional_sysent } from './optional_sysent.js';
import { proc_sysent } from './proc_sysent.js';
import { select_sysent } from './select_sysent.js';
import { shm_sysent } from './sysv_shm.js';
import { swap_sysent } from './swap_sysent.js';
import { vfs_sysent } from './vfs_sysent.js';

/** Fills the table of the native ABI; idempotent, since all machines share the table. */
export function init_sysent(): void {
  const { sv_table } = elf32_freebsd_sysvec;
  if (sv_table.length > 0) return;
  for (const part of [
    vm_sysent,
    file_sysent,
    vfs_sysent,
    select_sysent,
    proc_sysent,
    event_sysent,
    optional_sysent,
    swap_sysent,
    shm_sysent,
  ]) {
    for (const [number, entry] of Object.entries(part)) sv_table[Number(number)] = entry;
  }
}
