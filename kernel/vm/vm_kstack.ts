// Kernel stacks (vm_glue.c vm_thread_new and its kind; freebsd-vm row 142). Nothing ever runs on them
// here, since sleeping is executing again, but the memory, the addresses and the paging are real: two
// wired pages of an anonymous object for each thread, above an address that is never mapped. A process
// that is swapped out has its stacks unwired, so that the page daemon may take them.

import { CONTEXT_WORDS } from '../../emulator/index.js';
import type { Kernel } from '../sys/kernel.js';
import { PAGE_SIZE } from '../sys/param.js';
import { KASSERT, panic } from '../sys/panic.js';
import type { Thread } from '../sys/proc.js';
import { pmap_qenter, pmap_qremove } from './pmap.js';
import { kva_alloc, kva_free } from './vm_kern.js';
import {
  vm_object_allocate,
  vm_object_deallocate,
  vm_object_pip_add,
  vm_object_pip_wakeup,
} from './vm_object.js';
import {
  vm_page_activate,
  vm_page_alloc,
  vm_page_busied,
  vm_page_busy_sleep,
  vm_page_dirty,
  vm_page_free,
  vm_page_lookup,
  vm_page_unwire,
  vm_page_wire,
  vm_page_xunbusy,
  vm_wait,
} from './vm_page.js';
import { vm_pager_get_pages } from './vm_pager.js';
import { pager_waited } from './vm_pager_read.js';
import {
  OBJT_DEFAULT,
  PG_CACHED,
  PQ_INACTIVE,
  VM_ALLOC_NOBUSY,
  VM_ALLOC_NORMAL,
  VM_ALLOC_WIRED,
  VM_PAGER_OK,
  VM_PAGER_PEND,
  VM_PAGE_BITS_ALL,
} from './vm_param.js';
import type { kstack, vm_object, vm_page } from './vm_types.js';

/** Pages of a stack, and of the hole below it (kstack_pages, KSTACK_GUARD_PAGES). */
export const KSTACK_PAGES = 2;
export const KSTACK_GUARD_PAGES = 1;

/** A new stack, wired and mapped; null when memory is short. */
function kstack_create(k: Kernel): kstack | null {
  const object = vm_object_allocate(k, OBJT_DEFAULT, KSTACK_PAGES);
  const pages: vm_page[] = [];
  for (let i = 0; i < KSTACK_PAGES; i++) {
    const m = vm_page_alloc(k, object, i, VM_ALLOC_NORMAL | VM_ALLOC_WIRED | VM_ALLOC_NOBUSY);
    if (m === null) {
      for (const page of pages) vm_page_free(k, page);
      vm_object_deallocate(k, object);
      return null;
    }
    m.valid = VM_PAGE_BITS_ALL;
    pages.push(m);
  }
  const guard = kva_alloc(k, (KSTACK_PAGES + KSTACK_GUARD_PAGES) * PAGE_SIZE);
  const va = guard + KSTACK_GUARD_PAGES * PAGE_SIZE;
  pmap_qenter(k, va, pages);
  k.vm.kstacks.count++;
  return { object, va, frame: new Int32Array(CONTEXT_WORDS) };
}

/** Makes sure that vm_thread_new() will find a stack; sleeps while memory is short. */
export function vm_thread_reserve(k: Kernel): void {
  const { cache } = k.vm.kstacks;
  if (cache.length === 0) cache.push(kstack_create(k) ?? vm_wait(k, 'vmwait'));
}

/** Gives a thread its stack: the one that was given back last, or a new one. => there is memory. */
export function vm_thread_new(k: Kernel, td: Thread): void {
  const stack = k.vm.kstacks.cache.pop() ?? kstack_create(k);
  KASSERT(stack !== null, () => 'vm_thread_new: kstack allocation failed');
  td.td_kstack = stack;
  td.td_frame = stack.frame;
}

/** Takes a thread's stack: it is kept for another thread unless there are many (vm.kstack_cache_size). */
export function vm_thread_dispose(k: Kernel, td: Thread): void {
  const stack = td.td_kstack;
  if (stack === null) return;
  td.td_kstack = null;
  const { kstacks } = k.vm;
  if (kstacks.count <= kstacks.cache_size) kstacks.cache.push(stack);
  else vm_thread_stack_dispose(k, stack);
}

function kstack_pages_of(object: vm_object): vm_page[] {
  return Array.from({ length: KSTACK_PAGES }, (_, i) => {
    const m = vm_page_lookup(object, i);
    if (m === null) return panic('vm_thread_dispose: kstack already missing?');
    return m;
  });
}

function vm_thread_stack_dispose(k: Kernel, { object, va }: kstack): void {
  k.vm.kstacks.count--;
  pmap_qremove(k, va, KSTACK_PAGES);
  for (const m of kstack_pages_of(object)) vm_page_free(k, m);
  vm_object_deallocate(k, object);
  const hole = KSTACK_GUARD_PAGES * PAGE_SIZE;
  kva_free(k, va - hole, KSTACK_PAGES * PAGE_SIZE + hole);
}

/** Memory is short: the stacks kept for later are given back. */
export function vm_thread_stack_lowmem(k: Kernel): void {
  for (const stack of k.vm.kstacks.cache.splice(0)) vm_thread_stack_dispose(k, stack);
}

/** The stack of a thread whose process is swapped out becomes pageable. */
export function vm_thread_swapout(k: Kernel, td: Thread): void {
  const stack = td.td_kstack;
  if (stack === null) return;
  pmap_qremove(k, stack.va, KSTACK_PAGES);
  for (const m of kstack_pages_of(stack.object)) {
    vm_page_dirty(m);
    vm_page_unwire(k, m, PQ_INACTIVE);
  }
}

/** Brings it back: sleeps while it is read, or memory is short, and may then be called again. */
export function vm_thread_swapin(k: Kernel, td: Thread): void {
  const stack = td.td_kstack;
  if (stack === null) return;
  const pages = Array.from({ length: KSTACK_PAGES }, (_, i) => kstack_page(k, stack.object, i));
  // Wired all at once: none is taken while another is waited for, or it is read again.
  for (const m of pages) vm_page_wire(k, m);
  pmap_qenter(k, stack.va, pages);
}

function kstack_page(k: Kernel, object: vm_object, pindex: number): vm_page {
  const waited = pager_waited(k, object, pindex);
  if (waited !== null && waited.error !== 0) panic('vm_thread_swapin: cannot get kstack');
  const resident = vm_page_lookup(object, pindex);
  if (resident !== null) {
    if (vm_page_busied(resident)) vm_page_busy_sleep(k, resident, 'pgrbwt');
    if (resident.flags & PG_CACHED) vm_page_activate(k, resident);
    if (resident.valid === VM_PAGE_BITS_ALL) return resident;
    vm_page_free(k, resident);
  }
  const m = vm_page_alloc(k, object, pindex, VM_ALLOC_NORMAL) ?? vm_wait(k, 'vmwait');
  vm_object_pip_add(object);
  const result = vm_pager_get_pages(k, object, m, 0, 0);
  vm_object_pip_wakeup(k, object);
  if (result === VM_PAGER_PEND) vm_page_busy_sleep(k, m, 'swread');
  if (result !== VM_PAGER_OK) panic('vm_thread_swapin: cannot get kstack');
  vm_page_xunbusy(k, m);
  return m;
}

/** Objects that only stacks refer to, those of threads and those kept: for vm_check(). */
export function vm_thread_objects(k: Kernel): vm_object[] {
  const stacks = [...k.kern.threads.values()].map((td) => td.td_kstack).filter((s) => s !== null);
  return [...stacks, ...k.vm.kstacks.cache].map((s) => s.object);
}
