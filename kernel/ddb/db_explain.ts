// Everything about one address: page tables, frame, page, objects, pager, map entry, and what each
// kind of access would do. Pure reading.

import { PF_PRESENT, PF_USER, PF_WRITE } from '../../emulator/index.js';
import { BUS_PAGE_FAULT, trap_pfault_signal } from '../i386/trap.js';
import type { Kernel } from '../sys/kernel.js';
import { VM_MAXUSER_ADDRESS } from '../sys/param.js';
import type { Proc } from '../sys/proc.js';
import { BUS_OBJERR, SEGV_ACCERR, SEGV_MAPERR, SIGSEGV } from '../sys/signal.js';
import { KERN_SUCCESS, OBJT_VNODE } from '../vm/vm_param.js';
import { PHYS_TO_VM_PAGE } from '../vm/vm_phys.js';
import type { vm_map_entry } from '../vm/vm_types.js';
import { FAULT_TYPE, db_forecast_fault, entry_through_submaps } from './db_fault.js';
import type { fault_forecast } from './db_fault.js';
import { hex } from './db_names.js';
import { db_pte_of, db_show_pv } from './db_pmap.js';
import type { db_pte, db_pv } from './db_pmap.js';
import { swap_block_of } from './db_swap.js';
import { db_entry_of, entry_at, process_of } from './db_vm_map.js';
import type { db_map_entry } from './db_vm_map.js';
import { db_object_of } from './db_vm_object.js';
import type { db_object } from './db_vm_object.js';
import { db_page_of } from './db_vm_page.js';
import type { db_page } from './db_vm_page.js';
import { vm_page_lookup } from '../vm/vm_page.js';

const PAGE_SIZE = 4096;

export type access_kind = keyof typeof FAULT_TYPE;

/** One object of the chain below an address, top first. */
export interface explained_object extends db_object {
  pindex: number;
  /** Physical address of the page that it has there, -1 for none. */
  resident: number;
  /** Where its pager has the page: swap block, byte of the file, -1 for neither. */
  swap_block: number;
  file_offset: number;
}

/** What one kind of access would do. */
export interface explained_access {
  access: access_kind;
  /** Whether the processor would fault, with which error code (SDM 3A §4.7), and why. */
  faults: boolean;
  error_code: number;
  cause: string;
  /** What the kernel would do about the fault; null without one. */
  kernel: fault_forecast | null;
  /** Signal that the process would get (FreeBSD's number) with its si_code; 0 for none. */
  signal: number;
  si_code: number;
  signal_name: string;
  /** One sentence with all of this. */
  summary: string;
}

/** The map entry, with what lies before and behind when there is none. */
export interface explanation {
  va: number;
  pid: number;
  comm: string;
  /** Instructions executed when this was the case. */
  instructions: number;
  translation: db_pte;
  page: db_page | null;
  mappings: db_pv[];
  entry: db_map_entry | null;
  /** Without an entry: what is free around the address; null outside the map. */
  gap: { start: number; end: number } | null;
  chain: explained_object[];
  accesses: explained_access[];
}

function chain_of(entry: vm_map_entry, page: number): explained_object[] {
  const chain: explained_object[] = [];
  let pindex = (page - entry.start + entry.offset) / PAGE_SIZE;
  for (let object = entry.object; object !== null; object = object.backing_object) {
    const inside = object.type === OBJT_VNODE && pindex < object.size;
    chain.push({
      ...db_object_of(object),
      pindex,
      resident: vm_page_lookup(object, pindex)?.phys_addr ?? -1,
      swap_block: swap_block_of(object, pindex),
      file_offset: inside ? pindex * PAGE_SIZE : -1,
    });
    pindex += object.backing_object_offset / PAGE_SIZE;
  }
  return chain;
}

function hardware(t: db_pte, access: access_kind): { cause: string; error_code: number } | null {
  const write = access === 'write' ? PF_WRITE : 0;
  const not_present = PF_USER | write;
  if (!t.valid) {
    const cause = t.pti < 0 ? 'there is no page table' : 'the PTE is not valid';
    return { cause, error_code: not_present };
  }
  if (!t.user) return { cause: "the page is the kernel's", error_code: not_present | PF_PRESENT };
  if (write && !t.writable)
    return { cause: 'the page is mapped read-only', error_code: not_present | PF_PRESENT };
  return null;
}

const SI_CODES: Record<number, string> = {
  [SEGV_MAPERR]: 'SEGV_MAPERR',
  [SEGV_ACCERR]: 'SEGV_ACCERR',
};

function signal_text(sig: number, code: number): string {
  if (sig === SIGSEGV) return `SIGSEGV (${SI_CODES[code] ?? code})`;
  return `SIGBUS (${code === BUS_OBJERR ? 'BUS_OBJERR' : code === BUS_PAGE_FAULT ? 'BUS_PAGE_FAULT' : code})`;
}

/** What the kernel would do, in words. */
function forecast_text(f: fault_forecast): string {
  const first: string[] = [];
  if (f.short_of_memory) first.push('waits until the page daemon has freed memory');
  if (f.grows > 0) first.push(`grows the stack by ${f.grows} bytes`);
  if (f.makes_object === 'shadow') first.push('puts a shadow object in front');
  if (f.makes_object === 'anonymous' && f.grows === 0) first.push('makes an anonymous object');
  const last = f.steps.at(-1);
  const at = last === undefined ? '' : ` of object #${last.object}[${last.pindex}]`;
  const { source } = f;
  const from =
    source?.kind === 'swap'
      ? `swap block ${source.block}`
      : source?.kind === 'file'
        ? `byte ${hex(source.offset)} of the file`
        : 'its device';
  const words: Record<fault_forecast['action'], string> = {
    map: `maps the resident page${at}`,
    'zero-fill': 'fills a page with zeroes',
    copy: `copies the page${at}`,
    rename: `moves the page${at} up: nobody else sees it`,
    'page-in': `reads the page${at} from ${from}${f.then === 'copy' ? ' and copies it' : f.then === 'rename' ? ' and moves it up' : ''}`,
    wait: `waits: ${f.why}`,
    fail: f.why,
  };
  return [...first, words[f.action]].join(', ');
}

function explain_access(
  k: Kernel,
  p: Proc,
  va: number,
  access: access_kind,
  t: db_pte,
): explained_access {
  const result: explained_access = {
    access,
    faults: false,
    error_code: 0,
    cause: '',
    kernel: null,
    signal: 0,
    si_code: 0,
    signal_name: '',
    summary: access === 'execute' ? 'no fault (as a read: i386 pages have no NX bit)' : 'no fault',
  };
  const fault = hardware(t, access);
  if (fault === null) return result;
  const kernel = db_forecast_fault(k, p, va, FAULT_TYPE[access]);
  Object.assign(result, fault, { faults: true, kernel });
  let outcome = `the kernel ${forecast_text(kernel)}`;
  if (kernel.result !== KERN_SUCCESS) {
    const { sig, code } = trap_pfault_signal(k, p, kernel.result);
    result.signal = sig;
    result.si_code = code;
    result.signal_name = signal_text(sig, code);
    outcome = `${result.signal_name}: ${forecast_text(kernel)}`;
  }
  result.summary = `#PF ${hex(fault.error_code)}, ${fault.cause}; ${outcome}`;
  return result;
}

/**
 * Explains guest virtual address `va` (uint32) of process `pid`, of the current or first one when it
 * is null. @returns null when there is no such process or it has no address space.
 */
export function db_explain(k: Kernel, va: number, pid: number | null): explanation | null {
  const p = process_of(k, pid);
  const vm = p?.p_vmspace;
  if (!p || !vm) return null;
  const is_kernel = va >= VM_MAXUSER_ADDRESS;
  const map = is_kernel && k.vm.kernel_map !== null ? k.vm.kernel_map : vm.vm_map;
  const page_va = va - (va % PAGE_SIZE);
  const translation = db_pte_of(k, vm.vm_pmap, va);
  const m = translation.valid ? PHYS_TO_VM_PAGE(k, translation.frame) : null;
  const entry = entry_through_submaps(map, page_va);
  let gap: explanation['gap'] = null;
  if (entry_at(map, page_va) === null && page_va >= map.min_offset && page_va < map.max_offset) {
    gap = { start: map.min_offset, end: map.max_offset };
    for (let e = map.header.next; e !== map.header; e = e.next) {
      if (e.end <= page_va) gap.start = e.end;
      else gap.end = Math.min(gap.end, e.start);
    }
  }
  return {
    va,
    pid: p.p_pid,
    comm: p.p_comm,
    instructions: k.machine.instructions,
    translation,
    page: m === null ? null : db_page_of(k, m),
    mappings: m === null ? [] : (db_show_pv(k, m.phys_addr)?.mappings ?? []),
    entry: entry === null ? null : db_entry_of(entry),
    gap,
    chain: entry === null ? [] : chain_of(entry, page_va),
    accesses: (['read', 'write', 'execute'] as const).map((access) =>
      explain_access(k, p, va, access, translation),
    ),
  };
}
