// The page walk of 32-bit paging (SDM 3A §4.3): two levels, 4 KB and 4 MB pages.

import { PF_PRESENT, PF_RESERVED, PF_USER, PF_WRITE } from '../exit.js';
import { i32 } from '../state/current.js';
import { CR0, CR3, CR4, RAM_BASE } from '../state/layout.js';
import { currentMemoryBytes, isPlainMap, isRomFrame, locate } from './physical.js';

export const PTE_P = 1;
export const PTE_W = 2;
export const PTE_U = 4;
export const PTE_A = 0x20;
export const PTE_D = 0x40;
export const PTE_PS = 0x80;
export const PTE_G = 0x100;

export const CR0_PE = 1;
export const CR0_MP = 2;
export const CR0_EM = 4;
export const CR0_TS = 8;
export const CR0_NE = 0x20;
export const CR0_WP = 0x10000;
export const CR0_AM = 0x40000;
export const CR0_PG = 1 << 31;
export const CR4_VME = 1;
export const CR4_PVI = 2;
export const CR4_TSD = 4;
export const CR4_DE = 8;
export const CR4_PSE = 0x10;
export const CR4_PGE = 0x80;
export const CR4_PCE = 0x100;
export const CR4_OSFXSR = 0x200;
export const CR4_OSXMMEXCPT = 0x400;

/** Kinds of access; one bit set says it all. */
export const ACCESS_READ = 0;
export const ACCESS_WRITE = 1;
export const ACCESS_USER = 2;
export const ACCESS_FETCH = 4;

/** Bits of a 4 MB PDE that must be 0 with a 32-bit physical address: 21 to 13 (no PSE-36). */
const PS_RESERVED = 0x003fe000;

/** Result of the last walk that succeeded. */
export const walked = {
  /** The 4 KB frame: its offset in memory (physical.ts). */
  frame: 0,
  writable: false,
  user: false,
  dirty: false,
  global: false,
  /** Came from a 4 MB page. */
  large: false,
};

/** Word of a page table; nothing is mapped by tables that are not in memory. */
function readEntry(offset: number): number {
  return offset >>> 0 < currentMemoryBytes() ? i32[(RAM_BASE + offset) >>> 2] : 0;
}

function writeEntry(offset: number, entry: number): void {
  if (isPlainMap() || !isRomFrame(offset)) i32[(RAM_BASE + offset) >>> 2] = entry;
}

/**
 * Translates the page of linear address `la` for `access`, setting A and D as the processor does.
 * @returns -1 with `walked` filled, or the #PF error code.
 */
export function walk(la: number, access: number): number {
  const error = translate(la, access);
  if (error < 0 && !isPlainMap()) {
    walked.frame = locate(walked.frame) & ~0xfff;
    if (isRomFrame(walked.frame)) walked.writable = false;
  }
  return error;
}

/** Offset in memory of an entry of a page table at physical address `pa`. */
function entryAt(pa: number): number {
  return isPlainMap() ? pa : locate(pa) | 0;
}

function translate(la: number, access: number): number {
  if (i32[CR0] >= 0) {
    // CR0.PG is bit 31: without it linear addresses are physical.
    walked.frame = la & ~0xfff;
    walked.writable = walked.user = walked.dirty = true;
    walked.global = walked.large = false;
    return -1;
  }
  const write = access & ACCESS_WRITE;
  const user = access & ACCESS_USER;
  const code = (write ? PF_WRITE : 0) | (user ? PF_USER : 0);
  const pdeAddress = entryAt((i32[CR3] & ~0xfff) + ((la >>> 22) << 2));
  const pde = readEntry(pdeAddress);
  if ((pde & PTE_P) === 0) return code;

  const large = (pde & PTE_PS) !== 0 && (i32[CR4] & CR4_PSE) !== 0;
  let entryAddress = pdeAddress;
  let entry = pde;
  let rights = pde;
  if (large) {
    if (pde & PS_RESERVED) return code | PF_PRESENT | PF_RESERVED;
  } else {
    entryAddress = entryAt((pde & ~0xfff) + (((la >>> 12) & 0x3ff) << 2));
    entry = readEntry(entryAddress);
    if ((entry & PTE_P) === 0) return code;
    rights = pde & entry;
  }
  if (user && (rights & PTE_U) === 0) return code | PF_PRESENT;
  const writable = (rights & PTE_W) !== 0 || (!user && (i32[CR0] & CR0_WP) === 0);
  if (write && !writable) return code | PF_PRESENT;

  if (!large && (pde & PTE_A) === 0) writeEntry(pdeAddress, pde | PTE_A);
  const accessed = entry | PTE_A | (write ? PTE_D : 0);
  if (accessed !== entry) writeEntry(entryAddress, accessed);

  walked.frame = large ? (pde & 0xffc00000) | (la & 0x3ff000) : entry & ~0xfff;
  walked.writable = writable;
  walked.large = large;
  walked.user = (rights & PTE_U) !== 0;
  walked.dirty = (accessed & PTE_D) !== 0;
  walked.global = (entry & PTE_G) !== 0 && (i32[CR4] & CR4_PGE) !== 0;
  return -1;
}

/** What the page tables say about an address, read without touching A, D or the TLB. */
export interface PageWalk {
  pdeAddress: number;
  pde: number;
  /** -1 when the PDE is not present or maps 4 MB. */
  pteAddress: number;
  pte: number;
  /** Physical address of the byte, or -1. */
  pa: number;
  pageBytes: number;
  writable: boolean;
  user: boolean;
}

/** Walks like a debugger: no access is checked and nothing is changed. */
export function inspect(
  ram32: Int32Array,
  cr0: number,
  cr3: number,
  cr4: number,
  la: number,
): PageWalk {
  const at = (pa: number): number => ram32[pa >>> 2] ?? 0;
  if (cr0 >= 0) {
    return {
      pdeAddress: -1,
      pde: 0,
      pteAddress: -1,
      pte: 0,
      pa: la >>> 0,
      pageBytes: 4096,
      writable: true,
      user: true,
    };
  }
  const pdeAddress = ((cr3 & ~0xfff) >>> 0) + ((la >>> 22) << 2);
  const pde = at(pdeAddress);
  const result: PageWalk = {
    pdeAddress,
    pde,
    pteAddress: -1,
    pte: 0,
    pa: -1,
    pageBytes: 4096,
    writable: false,
    user: false,
  };
  if ((pde & PTE_P) === 0) return result;
  let rights = pde;
  if (pde & PTE_PS && cr4 & CR4_PSE) {
    result.pageBytes = 1 << 22;
    result.pa = ((pde & 0xffc00000) | (la & 0x3fffff)) >>> 0;
  } else {
    result.pteAddress = ((pde & ~0xfff) >>> 0) + (((la >>> 12) & 0x3ff) << 2);
    result.pte = at(result.pteAddress);
    if ((result.pte & PTE_P) === 0) return result;
    rights &= result.pte;
    result.pa = ((result.pte & ~0xfff) | (la & 0xfff)) >>> 0;
  }
  result.writable = (rights & PTE_W) !== 0;
  result.user = (rights & PTE_U) !== 0;
  return result;
}
