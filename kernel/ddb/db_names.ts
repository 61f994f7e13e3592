// Names of what structures hold as numbers, and the numbers as ddb writes them.

import {
  PG_A,
  PG_FRAME,
  PG_G,
  PG_M,
  PG_MANAGED,
  PG_NC_PCD,
  PG_NC_PWT,
  PG_PS,
  PG_RW,
  PG_U,
  PG_V,
  PG_W,
} from '../i386/pte.js';
import {
  MAP_ENTRY_BEHAV_MASK,
  MAP_ENTRY_BEHAV_RANDOM,
  MAP_ENTRY_BEHAV_SEQUENTIAL,
  MAP_ENTRY_COW,
  MAP_ENTRY_GROWS_DOWN,
  MAP_ENTRY_GROWS_UP,
  MAP_ENTRY_GUARD,
  MAP_ENTRY_IN_TRANSITION,
  MAP_ENTRY_IS_SUB_MAP,
  MAP_ENTRY_NEEDS_COPY,
  MAP_ENTRY_NEEDS_WAKEUP,
  MAP_ENTRY_NOCOREDUMP,
  MAP_ENTRY_NOFAULT,
  MAP_ENTRY_NOSYNC,
  MAP_ENTRY_STACK_GAP_DN,
  MAP_ENTRY_STACK_GAP_UP,
  MAP_ENTRY_USER_WIRED,
  MAP_ENTRY_VN_WRITECNT,
  MAP_ENTRY_WIRE_SKIPPED,
  PQ_ACTIVE,
  PQ_CACHE,
  PQ_INACTIVE,
  VM_PROT_EXECUTE,
  VM_PROT_READ,
  VM_PROT_WRITE,
} from '../vm/vm_param.js';

/** A number as an address: 0x and no padding. */
export function hex(n: number): string {
  return `0x${(n < 0 ? n >>> 0 : n).toString(16)}`;
}

const OBJECT_TYPES = ['default', 'swap', 'vnode', 'device', 'phys', 'dead', 'sg', 'mgtdevice'];

/** OBJT_* in a word. */
export function object_type_name(type: number): string {
  return OBJECT_TYPES[type] ?? `type${type}`;
}

/** VM_PROT_* as procstat -v writes it: rwx, with dashes. */
export function protection_name(prot: number): string {
  return `${prot & VM_PROT_READ ? 'r' : '-'}${prot & VM_PROT_WRITE ? 'w' : '-'}${prot & VM_PROT_EXECUTE ? 'x' : '-'}`;
}

/** Names of vm_map_print() by VM_INHERIT_*; the last one is the later VM_INHERIT_ZERO. */
const INHERITANCE = ['share', 'copy', 'none', 'zero'];

export function inheritance_name(inheritance: number): string {
  return INHERITANCE[inheritance] ?? String(inheritance);
}

export function queue_name(queue: number): string {
  if (queue === PQ_INACTIVE) return 'inactive';
  if (queue === PQ_ACTIVE) return 'active';
  return queue === PQ_CACHE ? 'cache' : 'none';
}

type bit_name = readonly [bit: number, name: string];

const ENTRY_FLAGS: readonly bit_name[] = [
  [MAP_ENTRY_NOSYNC, 'NOSYNC'],
  [MAP_ENTRY_IS_SUB_MAP, 'IS_SUB_MAP'],
  [MAP_ENTRY_COW, 'COW'],
  [MAP_ENTRY_NEEDS_COPY, 'NEEDS_COPY'],
  [MAP_ENTRY_NOFAULT, 'NOFAULT'],
  [MAP_ENTRY_USER_WIRED, 'USER_WIRED'],
  [MAP_ENTRY_IN_TRANSITION, 'IN_TRANSITION'],
  [MAP_ENTRY_NEEDS_WAKEUP, 'NEEDS_WAKEUP'],
  [MAP_ENTRY_NOCOREDUMP, 'NOCOREDUMP'],
  [MAP_ENTRY_GROWS_DOWN, 'GROWS_DOWN'],
  [MAP_ENTRY_GROWS_UP, 'GROWS_UP'],
  [MAP_ENTRY_WIRE_SKIPPED, 'WIRE_SKIPPED'],
  [MAP_ENTRY_VN_WRITECNT, 'VN_WRITECNT'],
  [MAP_ENTRY_GUARD, 'GUARD'],
  [MAP_ENTRY_STACK_GAP_DN, 'STACK_GAP_DN'],
  [MAP_ENTRY_STACK_GAP_UP, 'STACK_GAP_UP'],
];

const names_of = (value: number, names: readonly bit_name[]): string[] =>
  names.filter(([bit]) => value & bit).map(([, name]) => name);

/** MAP_ENTRY_* by name, without the prefix. */
export function entry_flag_names(eflags: number): string[] {
  const names = names_of(eflags, ENTRY_FLAGS);
  const behaviour = eflags & MAP_ENTRY_BEHAV_MASK;
  if (behaviour === MAP_ENTRY_BEHAV_SEQUENTIAL) names.push('BEHAV_SEQUENTIAL');
  if (behaviour === MAP_ENTRY_BEHAV_RANDOM) names.push('BEHAV_RANDOM');
  return names;
}

/** SDM 3A table 4-5 and 4-6; the last two are pmap's own, in the bits that Intel leaves free. */
const PTE_BITS: readonly bit_name[] = [
  [PG_V, 'V'],
  [PG_RW, 'W'],
  [PG_U, 'U'],
  [PG_NC_PWT, 'PWT'],
  [PG_NC_PCD, 'PCD'],
  [PG_A, 'A'],
  [PG_M, 'D'],
  [PG_G, 'G'],
  [PG_W, 'wired'],
  [PG_MANAGED, 'managed'],
];

/** Bits of an entry by name; bit 7 of a PDE says 4 MB, that of a PTE is the PAT's. */
export function pte_bit_names(entry: number, is_pde = false): string[] {
  const names = names_of(entry, PTE_BITS);
  return entry & PG_PS ? [...names, is_pde ? 'PS' : 'PAT'] : names;
}

/** An entry in words: its frame and its bits. */
export function pte_text(entry: number, is_pde = false): string {
  if ((entry & PG_V) === 0) return entry === 0 ? 'none' : `${hex(entry)} (not valid)`;
  return `${hex((entry & PG_FRAME) >>> 0)}[${pte_bit_names(entry, is_pde).join(' ')}]`;
}
