// Descriptors (i386/include/segments.h, i386/machdep.c gdt_segs). The GDT is a wired kernel page.
// Selectors of user code are those of FreeBSD's 32-bit processes: %cs 0x33, %ss 0x3b, %fs 0x13,
// %gs 0x1b. Bases of the latter two, and the three slots of Linux thread-local storage, belong to the
// thread and are rewritten when another one runs.

import { GS } from '../../emulator/index.js';
import type { Kernel } from '../sys/kernel.js';
import type { Thread } from '../sys/proc.js';
import { kmem_malloc } from '../vm/vm_kern.js';

export const GUFS_SEL = 2;
export const GUGS_SEL = 3;
export const GCODE_SEL = 4;
export const GDATA_SEL = 5;
export const GUCODE_SEL = 6;
export const GUDATA_SEL = 7;
/** Linux: first of three slots (as on x86-64 Linux, so that selectors look the same). */
export const GTLS_SEL = 12;
export const GTLS_ENTRIES = 3;
const NGDT = 16;

const SEL_UPL = 3;
const GSEL = (index: number, rpl: number): number => (index << 3) | rpl;
export const _ucodesel = GSEL(GUCODE_SEL, SEL_UPL);
export const _udatasel = GSEL(GUDATA_SEL, SEL_UPL);
export const _ufssel = GSEL(GUFS_SEL, SEL_UPL);
export const _ugssel = GSEL(GUGS_SEL, SEL_UPL);

const DATA_RW = 0x3; // with the accessed bit
const CODE_RX = 0xb;

/** High and low word of a 4 GB page-granular segment. */
function flat(base: number, type: number, dpl: number): [low: number, high: number] {
  const low = ((base & 0xffff) << 16) | 0xffff;
  const access = 0x90 | (dpl << 5) | type;
  const high = (base & 0xff000000) | 0xcf0000 | (access << 8) | ((base >>> 16) & 0xff);
  return [low, high];
}

function put(k: Kernel, index: number, low: number, high: number): void {
  const at = (k.kern.gdt_pa >>> 2) + index * 2;
  k.machine.ram32[at] = low;
  k.machine.ram32[at + 1] = high;
}

/** Builds the GDT and loads GDTR; an empty IDT, since traps come out as exits. */
export function gdt_init(k: Kernel): void {
  const { va, pages } = kmem_malloc(k, 4096);
  k.kern.gdt = va;
  k.kern.gdt_pa = pages[0].phys_addr;
  put(k, GCODE_SEL, ...flat(0, CODE_RX, 0));
  put(k, GDATA_SEL, ...flat(0, DATA_RW, 0));
  put(k, GUCODE_SEL, ...flat(0, CODE_RX, SEL_UPL));
  put(k, GUDATA_SEL, ...flat(0, DATA_RW, SEL_UPL));
  put(k, GUFS_SEL, ...flat(0, DATA_RW, SEL_UPL));
  put(k, GUGS_SEL, ...flat(0, DATA_RW, SEL_UPL));
  k.kern.gdt_fsbase = k.kern.gdt_gsbase = 0;
  k.machine.cpu.setGdtr(va | 0, NGDT * 8 - 1);
  k.machine.cpu.setIdtr(0, 0);
}

/** The LDT lies in the GDT's page, behind it. */
const LDT_OFFSET = 1024;
/** Most entries of an LDT. */
export const LDT_ENTRIES = (4096 - LDT_OFFSET) / 8;
const GUSERLDT_SEL = 11;

/** Makes `ldt` the table that selectors with bit 2 refer to; null for none. */
function ldt_switch(k: Kernel, ldt: Int32Array | null): void {
  const { kern, machine } = k;
  if (ldt === null) {
    if (kern.gdt_ldt !== null) machine.cpu.setLdt(0, 0, -1);
  } else {
    if (kern.gdt_ldt !== ldt) machine.ram32.set(ldt, (kern.gdt_pa + LDT_OFFSET) >>> 2);
    machine.cpu.setLdt(GSEL(GUSERLDT_SEL, 0), (kern.gdt + LDT_OFFSET) | 0, 8 * LDT_ENTRIES - 1);
  }
  kern.gdt_ldt = ldt;
}

/** Changes entries of the running process's LDT from `first` on. */
export function ldt_set(k: Kernel, td: Thread, first: number, words: Int32Array): void {
  const ldt = td.td_proc.p_ldt?.slice() ?? new Int32Array(2 * LDT_ENTRIES);
  ldt.set(words, 2 * first);
  td.td_proc.p_ldt = ldt;
  ldt_switch(k, ldt);
}

/** Makes the GDT the thread's: before it runs, and after one of its bases changed. */
export function segments_switch(k: Kernel, td: Thread): void {
  const { kern } = k;
  if (kern.gdt_fsbase !== td.td_fsbase) {
    put(k, GUFS_SEL, ...flat(td.td_fsbase, DATA_RW, SEL_UPL));
    kern.gdt_fsbase = td.td_fsbase;
  }
  if (kern.gdt_gsbase !== td.td_gsbase) {
    put(k, GUGS_SEL, ...flat(td.td_gsbase, DATA_RW, SEL_UPL));
    kern.gdt_gsbase = td.td_gsbase;
  }
  if (kern.gdt_tls_owner !== td) {
    for (let i = 0; i < GTLS_ENTRIES; i++) {
      put(k, GTLS_SEL + i, td.td_tls[2 * i], td.td_tls[2 * i + 1]);
    }
    kern.gdt_tls_owner = td;
  }
  ldt_switch(k, td.td_proc.p_ldt);
}

/** Sets the base of %gs of the running thread and reloads the register. */
export function set_gsbase(k: Kernel, td: Thread, base: number): void {
  td.td_gsbase = base >>> 0;
  segments_switch(k, td);
  k.machine.cpu.setSegment(GS, _ugssel);
}

/**
 * Linux set_thread_area: puts a descriptor into TLS slot `slot` (0-2) of a thread. A zero pair of
 * words empties it. The GDT follows if the thread is the running one.
 */
export function set_tls_descriptor(
  k: Kernel,
  td: Thread,
  slot: number,
  low: number,
  high: number,
): void {
  td.td_tls[2 * slot] = low;
  td.td_tls[2 * slot + 1] = high;
  if (k.kern.gdt_tls_owner === td) k.kern.gdt_tls_owner = null;
  if (k.kern.curthread === td) segments_switch(k, td);
}
