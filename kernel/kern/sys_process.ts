// A debugger's access to the memory of a process (sys_process.c).

import type { Kernel } from '../sys/kernel.js';
import type { Proc } from '../sys/proc.js';
import { pmap_extract_and_hold } from '../vm/pmap.js';
import { vm_fault } from '../vm/vm_fault.js';
import { vm_page_dirty, vm_page_unhold } from '../vm/vm_page.js';
import {
  KERN_SUCCESS,
  VM_FAULT_DIRTY,
  VM_PROT_COPY,
  VM_PROT_READ,
  VM_PROT_WRITE,
} from '../vm/vm_param.js';
import type { vm_map, vm_page } from '../vm/vm_types.js';
import { SLEEP } from './kern_synch.js';

const PAGE_SIZE = 4096;

/** The page of `va`, held, such that writing to it changes nobody else's memory; or null. */
function hold_private(k: Kernel, map: vm_map, va: number): vm_page | null {
  const page = va - (va % PAGE_SIZE);
  const m = pmap_extract_and_hold(k, map.pmap, page, VM_PROT_WRITE);
  if (m !== null) return m;
  try {
    const result = vm_fault(k, map, page, VM_PROT_READ | VM_PROT_COPY, VM_FAULT_DIRTY);
    if (result !== KERN_SUCCESS) return null;
  } catch (thrown) {
    if (thrown !== SLEEP) throw thrown;
    return null;
  }
  return pmap_extract_and_hold(k, map.pmap, page, VM_PROT_READ);
}

/**
 * Writes memory of `p` as a debugger does (proc_rwmem): whatever the protection, into a private copy
 * where the mapping is copy-on-write. @returns bytes written.
 */
export function proc_writemem(k: Kernel, p: Proc, va: number, bytes: Uint8Array): number {
  const map = p.p_vmspace?.vm_map;
  let done = 0;
  while (map !== undefined && done < bytes.length) {
    const at = va + done;
    const m = hold_private(k, map, at);
    if (m === null) break;
    const pa = m.phys_addr + (at % PAGE_SIZE);
    const count = Math.min(bytes.length - done, PAGE_SIZE - (at % PAGE_SIZE));
    k.machine.ram8.set(bytes.subarray(done, done + count), pa);
    k.machine.physStored(pa, count);
    vm_page_dirty(m);
    vm_page_unhold(k, m);
    done += count;
  }
  return done;
}
