// What vm_fault() would do, found by walking what it would walk and changing nothing: a fault's
// forecast. The steps and their order are vm_fault.ts's; test/kernel/ddb.test.ts compares the two.

import type { Kernel } from '../sys/kernel.js';
import { SGROWSIZ, VM_MAXUSER_ADDRESS } from '../sys/param.js';
import type { Proc } from '../sys/proc.js';
import { RLIMIT_STACK, RLIMIT_VMEM } from '../sys/resource.js';
import { is_anonymous } from '../vm/vm_object.js';
import { vm_page_busied, vm_page_count_severe, vm_page_lookup } from '../vm/vm_page.js';
import { vm_pager_has_page } from '../vm/vm_pager.js';
import {
  KERN_INVALID_ADDRESS,
  KERN_OUT_OF_BOUNDS,
  KERN_PROTECTION_FAILURE,
  KERN_SUCCESS,
  MAP_ENTRY_GROWS_DOWN,
  MAP_ENTRY_GUARD,
  MAP_ENTRY_IN_TRANSITION,
  MAP_ENTRY_IS_SUB_MAP,
  MAP_ENTRY_NEEDS_COPY,
  MAP_ENTRY_STACK_GAP_DN,
  OBJT_DEAD,
  OBJT_DEFAULT,
  OBJT_VNODE,
  OBJ_DEAD,
  VM_PAGE_BITS_ALL,
  VM_PROT_NONE,
  VM_PROT_READ,
  VM_PROT_WRITE,
} from '../vm/vm_param.js';
import type { vm_map, vm_map_entry, vm_object, vm_page } from '../vm/vm_types.js';
import { swap_block_of } from './db_swap.js';
import { entry_at } from './db_vm_map.js';

const PAGE_SIZE = 4096;

/** An object on the way of the search. */
export interface fault_step {
  object: number;
  type: number;
  pindex: number;
  /** resident: a page is there; pager: the pager has it; nothing; beyond: past the object's end. */
  found: 'resident' | 'pager' | 'nothing' | 'beyond';
}

/** Where a page would be read from. */
export interface page_source {
  kind: 'swap' | 'file' | 'device';
  object: number;
  /** Swap block, or -1. */
  block: number;
  /** Byte of the file, or -1. */
  offset: number;
}

/** The forecast of one fault. */
export interface fault_forecast {
  /** KERN_*. */
  result: number;
  /**
   * map: a page that is resident. zero-fill, copy, rename (the page moves up: nobody else sees it),
   * page-in (then `then`). wait: something is in transition. fail: `result` says why.
   */
  action: 'map' | 'zero-fill' | 'copy' | 'rename' | 'page-in' | 'wait' | 'fail';
  /** After a page-in: what becomes of the page that was read. */
  then: 'map' | 'copy' | 'rename' | null;
  /** The stack grows by so many bytes first. */
  grows: number;
  /** An object is made first: to hold private copies, or because memory was never touched. */
  makes_object: 'shadow' | 'anonymous' | null;
  /** Memory is so short that the thread waits for the page daemon first. */
  short_of_memory: boolean;
  source: page_source | null;
  steps: fault_step[];
  /** Why it fails, or what it waits for. */
  why: string;
}

function forecast(
  action: fault_forecast['action'],
  result = KERN_SUCCESS,
  why = '',
): fault_forecast {
  return {
    result,
    action,
    then: null,
    grows: 0,
    makes_object: null,
    short_of_memory: false,
    source: null,
    steps: [],
    why,
  };
}

/** The entry that serves `va` after descending into submaps. */
export function entry_through_submaps(map: vm_map, va: number): vm_map_entry | null {
  let entry = entry_at(map, va);
  while (entry !== null && entry.eflags & MAP_ENTRY_IS_SUB_MAP && entry.sub_map !== null)
    entry = entry_at(entry.sub_map, va);
  return entry;
}

/** Bytes by which vm_map_growstack() would grow the stack above `gap` for `va`, or why it does not. */
function growth(k: Kernel, p: Proc, gap: vm_map_entry, va: number): number | string {
  const vm = p.p_vmspace;
  const stack = gap.next;
  if (vm === null || (gap.eflags & MAP_ENTRY_STACK_GAP_DN) === 0) return 'a guard entry';
  if (stack.start !== gap.end || (stack.eflags & MAP_ENTRY_GROWS_DOWN) === 0)
    return 'the gap of a stack that is gone';
  const room = gap.end - gap.start - k.kern.stack_guard_page * PAGE_SIZE;
  const needed = gap.end - va;
  if (needed > room) return "the stack's guard page";
  let amount = Math.min(Math.ceil(needed / SGROWSIZ) * SGROWSIZ, room);
  const limits = p.p_limit.pl_rlimit;
  if (va >= vm.vm_maxsaddr && gap.end <= vm.vm_stacktop) {
    const left = limits[RLIMIT_STACK].rlim_cur - vm.vm_ssize * PAGE_SIZE;
    if (needed > left) return 'the stack would exceed RLIMIT_STACK';
    amount = Math.min(amount, left - (left % PAGE_SIZE));
  }
  if (vm.vm_map.size + amount > limits[RLIMIT_VMEM].rlim_cur)
    return 'the address space would exceed RLIMIT_VMEM';
  return amount;
}

function source_of(object: vm_object, pindex: number): page_source {
  const block = swap_block_of(object, pindex);
  const kind = block >= 0 ? 'swap' : object.type === OBJT_VNODE ? 'file' : 'device';
  const offset = kind === 'file' ? pindex * PAGE_SIZE : -1;
  return { kind, object: object.id, block, offset };
}

/** What becomes of a page found below the first object when it is written to (vm_fault_cow). */
function below(first: vm_object | null, object: vm_object, m: vm_page | null): 'copy' | 'rename' {
  const seen_by_first_only =
    first !== null &&
    first.backing_object === object &&
    object.ref_count === 1 &&
    object.shadow_count === 1 &&
    object.handle === null &&
    is_anonymous(object) &&
    is_anonymous(first) &&
    (m === null || m.wire_count === 0);
  return seen_by_first_only ? 'rename' : 'copy';
}

/** The search down the chain; `first` is null when a new shadow is put in front of `top`. */
function search(
  k: Kernel,
  f: fault_forecast,
  first: vm_object | null,
  top: vm_object,
  top_pindex: number,
  write: boolean,
): fault_forecast {
  let pindex = top_pindex;
  const end = (
    action: fault_forecast['action'],
    result = KERN_SUCCESS,
    why = '',
  ): fault_forecast => ({
    ...f,
    action,
    result,
    why,
  });
  for (let object: vm_object | null = top; object !== null;) {
    const step = (found: fault_step['found']): void => {
      f.steps.push({
        object: (object as vm_object).id,
        type: (object as vm_object).type,
        pindex,
        found,
      });
    };
    if (object.type === OBJT_DEAD || object.flags & OBJ_DEAD)
      return end('fail', KERN_PROTECTION_FAILURE, `object #${object.id} is dead`);
    const m = vm_page_lookup(object, pindex);
    const settled = (): 'map' | 'copy' | 'rename' =>
      object === first || !write ? 'map' : below(first, object as vm_object, m);
    if (m !== null) {
      step('resident');
      if (vm_page_busied(m)) return end('wait', KERN_SUCCESS, 'the page is busy');
      if (m.valid === VM_PAGE_BITS_ALL) return end(settled());
      if (object.type === OBJT_VNODE && pindex >= object.size)
        return end('fail', KERN_OUT_OF_BOUNDS, 'the page lies beyond the end of its file');
    }
    if (m === null && pindex >= object.size) {
      step('beyond');
      if (object === first || object.type !== OBJT_DEFAULT)
        return end('fail', KERN_OUT_OF_BOUNDS, `beyond the end of object #${object.id}`);
    } else if (vm_pager_has_page(k, object, pindex)) {
      if (m === null) step('pager');
      f.source = source_of(object, pindex);
      f.then = settled();
      return end('page-in');
    } else if (m === null) step('nothing');
    pindex += object.backing_object_offset / PAGE_SIZE;
    object = object.backing_object;
  }
  return end('zero-fill');
}

/**
 * What a fault of `p` at `va` for an access of `type` (VM_PROT_READ or VM_PROT_WRITE) would do.
 * Nothing is changed: no tree is splayed, no page allocated, no queue moved.
 */
export function db_forecast_fault(k: Kernel, p: Proc, va: number, type: number): fault_forecast {
  const vm = p.p_vmspace;
  if (vm === null) return forecast('fail', KERN_INVALID_ADDRESS, 'the process has no memory');
  if (va >= VM_MAXUSER_ADDRESS)
    return forecast('fail', KERN_INVALID_ADDRESS, 'the address is not of user memory');
  const page = va - (va % PAGE_SIZE);
  const entry = entry_through_submaps(vm.vm_map, page);
  if (entry === null) return forecast('fail', KERN_INVALID_ADDRESS, 'no map entry is there');
  if (entry.eflags & MAP_ENTRY_GUARD) {
    const grows = growth(k, p, entry, page);
    if (typeof grows === 'string') return forecast('fail', KERN_INVALID_ADDRESS, grows);
    const { protection } = entry.next;
    if (protection === VM_PROT_NONE || (type & ~protection) !== 0)
      return forecast('fail', KERN_PROTECTION_FAILURE, 'the stack may not be used so');
    const short_of_memory = vm_page_count_severe(k);
    return { ...forecast('zero-fill'), grows, makes_object: 'anonymous', short_of_memory };
  }
  if (entry.protection === VM_PROT_NONE || (type & ~entry.protection) !== 0) {
    const verb = type & VM_PROT_WRITE ? 'writing' : 'reading';
    return forecast('fail', KERN_PROTECTION_FAILURE, `the map entry does not permit ${verb}`);
  }
  if (entry.eflags & MAP_ENTRY_IN_TRANSITION)
    return forecast('wait', KERN_SUCCESS, 'the map entry is being wired or unwired');
  return of_entry(k, entry, page, type);
}

function of_entry(k: Kernel, entry: vm_map_entry, page: number, type: number): fault_forecast {
  // A wired entry is faulted with all the access it permits.
  const access = entry.wired_count > 0 ? entry.protection | type : type;
  const write = (access & VM_PROT_WRITE) !== 0;
  const f = forecast('map');
  const { object } = entry;
  const pindex = (page - entry.start + entry.offset) / PAGE_SIZE;
  if (object === null) {
    const made = { ...f, makes_object: 'anonymous' as const, action: 'zero-fill' as const };
    return { ...made, short_of_memory: vm_page_count_severe(k) };
  }
  // vm_object_shadow() keeps an anonymous object that nobody else refers to.
  const own = object.ref_count === 1 && object.handle === null && is_anonymous(object);
  const shadow = write && (entry.eflags & MAP_ENTRY_NEEDS_COPY) !== 0 && !own;
  if (shadow) f.makes_object = 'shadow';
  const found = search(k, f, shadow ? null : object, object, pindex, write);
  const takes_page = found.action !== 'map' && found.action !== 'wait' && found.action !== 'fail';
  return { ...found, short_of_memory: takes_page && vm_page_count_severe(k) };
}

/** The access that i386 pages can tell apart: without NX, fetching is reading. */
export const FAULT_TYPE = {
  read: VM_PROT_READ,
  write: VM_PROT_WRITE,
  execute: VM_PROT_READ,
} as const;
