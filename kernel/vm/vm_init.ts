// The virtual memory system comes up (vm_init.c vm_mem_init, i386/machdep.c getmemsize).

import {
  CR0_MP,
  CR0_NE,
  CR0_PE,
  CR0_PG,
  CR0_WP,
  CR4_OSFXSR,
  CR4_OSXMMEXCPT,
  CR4_PGE,
  CR4_PSE,
} from '../../emulator/index.js';
import { EV_BOOT } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { kernel_pmap, pmap_activate, pmap_bootstrap } from './pmap.js';
import { DISK_TIMING } from '../geom/geom_disk.js';
import { init_param2 } from '../kern/subr_param.js';
import { swap_pager_swap_init } from './swap_pager_swap.js';
import { kmem_init, kmem_init_zero_region, vm_ksubmap_init } from './vm_kern.js';
import { vm_page_startup } from './vm_page.js';

function say(k: Kernel, line: string): void {
  if (k.events.mask & EV_BOOT) k.events.emit({ type: 'boot', line });
}

const hex = (n: number): string => `0x${n.toString(16).padStart(8, '0')}`;

/** Physical memory as a PC's firmware would describe it: page 0 and the hole below 1 MB are kept out. */
function getmemsize(k: Kernel): void {
  k.vm.phys_segs = [
    { start: 0x1000, end: 0xa0000 },
    { start: 0x100000, end: k.machine.ramBytes },
  ];
  const bytes = k.vm.phys_segs.reduce((sum, { start, end }) => sum + end - start, 0);
  init_param2(k, bytes / 4096);
}

/**
 * What comes before and with SI_SUB_VM, in FreeBSD's order: physical memory, the first page
 * directory, paging on, page array and queues, kernel map and page tables.
 */
export function vm_mem_init(k: Kernel): void {
  getmemsize(k);
  pmap_bootstrap(k);
  say(k, `pmap_bootstrap: page directory at ${hex(kernel_pmap(k).pm_pdir)}, recursive slot 767`);
  pmap_activate(k, kernel_pmap(k));
  const { cpu } = k.machine;
  cpu.cr4 = CR4_PSE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT;
  cpu.cr0 = CR0_PE | CR0_PG | CR0_WP | CR0_MP | CR0_NE;
  say(k, 'paging enabled: CR0.PG, CR0.WP, CR4.PSE, CR4.PGE');
  vm_page_startup(k);
  const { cnt } = k.vm;
  say(
    k,
    `vm_page_startup: ${cnt.v_page_count} pages, free target ${cnt.v_free_target}, min ${cnt.v_free_min}, reserved ${cnt.v_free_reserved}`,
  );
  kmem_init(k);
  kmem_init_zero_region(k);
  const swap = k.opts.swapDevices ?? [{ bytes: k.opts.swapBytes, file: null }];
  swap_pager_swap_init(k, swap, k.opts.diskTiming ?? DISK_TIMING);
  say(
    k,
    `kmem_init: kernel map from ${hex(k.vm.kernel_map?.min_offset ?? 0)}, page tables to ${hex(k.pmap.kernel_vm_end)}`,
  );
}

/** Memory chunks: segments that adjoin are one. */
function phys_avail(k: Kernel): { start: number; end: number }[] {
  const chunks: { start: number; end: number }[] = [];
  for (const { start, end } of k.vm.phys_segs) {
    const last = chunks.at(-1);
    if (last?.end === start) last.end = end;
    else chunks.push({ start, end });
  }
  return chunks;
}

const bytes = (n: number): string => `${n} (${n >>> 20} MB)`;

/** Says how much memory there is (i386/machdep.c cpu_startup). */
export function cpu_startup(k: Kernel): void {
  say(k, `real memory  = ${bytes(k.machine.ramBytes)}`);
  say(k, 'Physical memory chunk(s):');
  for (const { start, end } of phys_avail(k)) {
    say(k, `${hex(start)} - ${hex(end - 1)}, ${end - start} bytes (${(end - start) / 4096} pages)`);
  }
  vm_ksubmap_init(k);
  say(k, `avail memory = ${bytes(k.vm.cnt.v_free_count * 4096)}`);
}
