// vm.pmap.*, vm.reserv.*, vm.phys_*: what the physical map and the physical allocator say of themselves
// (i386/pmap.c, vm_reserv.c, vm_phys.c).

import type { Kernel } from '../sys/kernel.js';
import { VM_MAX_KERNEL_ADDRESS } from '../sys/param.js';
import { vm_reserv_fullpop, vm_reserv_partpop } from '../vm/vm_reserv.js';
import { sysctl_vm_phys_free, sysctl_vm_phys_segs } from '../vm/vm_phys.js';
import { mib_int, mib_string } from './subr_mib.js';
import type { sysctl_oid } from './subr_mib.js';

/** VM_MIN_KERNEL_ADDRESS of i386 without PAE: the page directory in the recursive map. */
const VM_MIN_KERNEL_ADDRESS = 0xbfeff000;

const int = (name: string, get: (k: Kernel) => number): sysctl_oid => ({
  name,
  fmt: 'I',
  get: (k) => mib_int(get(k)),
});
const long = (name: string, get: (k: Kernel) => number): sysctl_oid => ({
  name,
  fmt: 'LU',
  get: (k) => mib_int(get(k)),
});
const text = (name: string, get: (k: Kernel) => string): sysctl_oid => ({
  name,
  fmt: 'A',
  get: (k) => mib_string(get(k)),
});

/** vm.reserv.partpopq: partially populated reservations, and the free pages that they keep, by level. */
function partpopq(k: Kernel): string {
  const { count, unused } = vm_reserv_partpop(k);
  const size = `${String(unused * 4).padStart(6)}K`;
  return `\nLEVEL     SIZE  NUMBER\n\n${'-1'.padStart(5)}: ${size}, ${String(count).padStart(6)}\n`;
}

export const pmap_mib: readonly sysctl_oid[] = [
  int('vm.pmap.pat_works', (k) => Number(k.pmap.pat_works)),
  int('vm.pmap.pg_ps_enabled', (k) => Number(k.pmap.pg_ps_enabled)),
  int('vm.pmap.pv_entry_max', (k) => k.pmap.pv_entry_max),
  int('vm.pmap.shpgperproc', (k) => k.pmap.shpgperproc),
  long('vm.pmap.pde.demotions', (k) => k.pmap.pde_demotions),
  long('vm.pmap.pde.mappings', (k) => k.pmap.pde_mappings),
  long('vm.pmap.pde.p_failures', (k) => k.pmap.pde_p_failures),
  long('vm.pmap.pde.promotions', (k) => k.pmap.pde_promotions),
  long('vm.reserv.broken', (k) => k.vm.reserv.broken),
  long('vm.reserv.freed', (k) => k.vm.reserv.freed),
  int('vm.reserv.fullpop', vm_reserv_fullpop),
  text('vm.reserv.partpopq', partpopq),
  long('vm.reserv.reclaimed', (k) => k.vm.reserv.reclaimed),
  text('vm.phys_free', sysctl_vm_phys_free),
  text('vm.phys_segs', sysctl_vm_phys_segs),
  long('vm.min_kernel_address', () => VM_MIN_KERNEL_ADDRESS),
  long('vm.max_kernel_address', () => VM_MAX_KERNEL_ADDRESS),
  int('vm.exec_map_entries', () => 16),
];
