// Segment registers: what decoded code may assume of them (the mode word), limit and type checks,
// and loading them from descriptors. SDM 3A chapter 3 and §5.

import { i32 } from '../state/current.js';
import {
  CPL,
  CR0,
  EFLAGS_SYSTEM,
  GDT_BASE,
  GDT_LIMIT,
  MODE,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  SELECTOR,
  SYSTEM_TLB,
  TLB_BASE,
  USER_TLB,
} from '../state/layout.js';
import { loadSystem32, storeSystem32 } from '../mmu/access.js';
import { CR0_AM, CR0_PE } from '../mmu/walk.js';
import { raiseAC, raiseGP, raiseNP, raiseSS } from './fault.js';
import { FLAG_AC, FLAG_VM } from './flags.js';

export const ES = 0;
export const CS = 1;
export const SS = 2;
export const DS = 3;
export const FS = 4;
export const GS = 5;
export const LDTR = 6;
export const TR = 7;

// The mode word. Blocks are decoded for one value of it.
export const MODE_CODE32 = 1;
export const MODE_STACK32 = 2;
export const MODE_FLAT_CODE = 4;
export const MODE_FLAT_DATA = 8;
export const MODE_FLAT_EXTRA = 16;
export const MODE_FLAT_STACK = 32;
/** #AC is armed: every memory operand goes the checked way. */
export const MODE_ALIGN = 64;
/** The stack can be used without any check. */
export const MODE_PLAIN_STACK = MODE_STACK32 | MODE_FLAT_STACK;

// Attribute word of a segment: access byte, then G, D/B, L, AVL in bits 15-12.
export const ATTR_ACCESSED = 1;
export const ATTR_WRITABLE = 2; // of data; readable of code
export const ATTR_EXPAND_DOWN = 4; // of data; conforming of code
export const ATTR_CODE = 8;
export const ATTR_S = 0x10;
export const ATTR_PRESENT = 0x80;
export const ATTR_BIG = 0x4000;
export const ATTR_GRANULAR = 0x8000;

export const dplOf = (attributes: number): number => (attributes >> 5) & 3;

/** A descriptor as read from the GDT or LDT. */
export interface Descriptor {
  base: number;
  /** Last valid offset, granularity applied, int32. */
  limit: number;
  attributes: number;
  /** Linear address of its second word. */
  address: number;
}

/** Recomputes the mode word after CPL, a segment, CR0 or EFLAGS.AC changed. */
export function updateMode(): void {
  const flatData = (seg: number): boolean =>
    i32[SEGMENT_BASE + seg] === 0 &&
    i32[SEGMENT_LIMIT + seg] === -1 &&
    (i32[SEGMENT_ATTRIBUTES + seg] & (ATTR_CODE | ATTR_EXPAND_DOWN | ATTR_WRITABLE)) ===
      ATTR_WRITABLE;
  const code = i32[SEGMENT_ATTRIBUTES + CS];
  let mode = code & ATTR_BIG ? MODE_CODE32 : 0;
  if (i32[SEGMENT_ATTRIBUTES + SS] & ATTR_BIG) mode |= MODE_STACK32;
  if (i32[SEGMENT_BASE + CS] === 0 && i32[SEGMENT_LIMIT + CS] === -1) mode |= MODE_FLAT_CODE;
  if (flatData(DS)) mode |= MODE_FLAT_DATA;
  if (flatData(ES)) mode |= MODE_FLAT_EXTRA;
  if (flatData(SS)) mode |= MODE_FLAT_STACK;
  if (i32[CPL] === 3 && i32[CR0] & CR0_AM && i32[EFLAGS_SYSTEM] & FLAG_AC)
    mode = (mode | MODE_ALIGN) & ~FLAT_ANY;
  i32[MODE] = mode;
  i32[TLB_BASE] = i32[CPL] === 3 ? USER_TLB : SYSTEM_TLB;
}

const FLAT_ANY = MODE_FLAT_DATA | MODE_FLAT_EXTRA | MODE_FLAT_STACK;

/** The mode bit that says `seg` is flat; 0 for FS and GS, which are never assumed to be. */
export function flatBit(seg: number): number {
  return FLAT_BITS[seg];
}
const FLAT_BITS = [MODE_FLAT_EXTRA, MODE_FLAT_CODE, MODE_FLAT_STACK, MODE_FLAT_DATA, 0, 0];

function violation(seg: number): never {
  return seg === SS ? raiseSS(0) : raiseGP(0);
}

/**
 * Linear address of `width` bytes at `offset` of a segment.
 * Throws #SS(0) or #GP(0) for a null segment, a type or a limit violation, #AC when armed.
 */
export function segmentedAddress(
  seg: number,
  offset: number,
  width: number,
  writes: boolean,
): number {
  const attributes = i32[SEGMENT_ATTRIBUTES + seg];
  if ((attributes & ATTR_PRESENT) === 0) violation(seg);
  if (writes) {
    if ((attributes & (ATTR_CODE | ATTR_WRITABLE)) !== ATTR_WRITABLE) violation(seg);
  } else if ((attributes & (ATTR_CODE | ATTR_WRITABLE)) === ATTR_CODE) violation(seg);
  if (!withinLimit(attributes, i32[SEGMENT_LIMIT + seg], offset, width)) violation(seg);
  const la = (offset + i32[SEGMENT_BASE + seg]) | 0;
  if (i32[MODE] & MODE_ALIGN && la & misaligned(width)) raiseAC();
  return la;
}

/**
 * Address bits that must be clear for an operand of `width` bytes when alignment is checked (SDM 3A
 * table 6-7). 16-byte operands are the SSE instructions' own affair.
 */
function misaligned(width: number): number {
  if (width <= 8) return width - 1;
  if (width === 10) return 7;
  // x87 environments and states of 16-bit and 32-bit code.
  return width === 14 || width === 94 ? 1 : width === 28 || width === 108 ? 3 : 0;
}

/** Whether `width` bytes at `offset` lie within a segment. */
export function withinLimit(
  attributes: number,
  limit: number,
  offset: number,
  width: number,
): boolean {
  const first = offset >>> 0;
  const last = first + width - 1;
  if ((attributes & (ATTR_CODE | ATTR_EXPAND_DOWN)) === ATTR_EXPAND_DOWN)
    return first > limit >>> 0 && last <= (attributes & ATTR_BIG ? 0xffffffff : 0xffff);
  return last <= limit >>> 0;
}

/** Protected mode proper: neither real-address mode nor virtual-8086 mode. */
export function isProtectedMode(): boolean {
  return (i32[CR0] & CR0_PE) !== 0 && (i32[EFLAGS_SYSTEM] & FLAG_VM) === 0;
}

export function isVirtual8086(): boolean {
  return (i32[EFLAGS_SYSTEM] & FLAG_VM) !== 0 && (i32[CR0] & CR0_PE) !== 0;
}

const REAL_LIMIT = 0xffff;
const REAL_ATTRIBUTES = 0x93;
const VIRTUAL_8086_ATTRIBUTES = 0xf3;

/**
 * Loads a segment register in real-address mode, which changes its base and leaves limit and size
 * what they are, or in virtual-8086 mode, which sets them all (SDM 3A §9.9.2, 3B §20.2.1). The
 * caller updates the mode word.
 */
export function cacheRealSegment(seg: number, selector: number): void {
  const base = (selector & 0xffff) << 4;
  let limit = REAL_LIMIT;
  let attributes = VIRTUAL_8086_ATTRIBUTES;
  if (!isVirtual8086()) {
    const before = i32[SEGMENT_ATTRIBUTES + seg];
    if (before & ATTR_PRESENT) limit = i32[SEGMENT_LIMIT + seg];
    attributes = REAL_ATTRIBUTES | (before & (ATTR_BIG | ATTR_GRANULAR));
  }
  cacheSegment(seg, selector & 0xffff, { base, limit, attributes });
}

/** Reads a descriptor; null when the selector lies beyond its table. Throws #PF only. */
export function readDescriptor(selector: number): Descriptor | null {
  const raw = readRawDescriptor(selector);
  return raw && { ...decodeDescriptor(raw.low, raw.high), address: raw.address };
}

/** The two words of a descriptor, which may be a gate. */
export interface RawDescriptor {
  low: number;
  high: number;
  /** Linear address of `high`. */
  address: number;
}

export function readRawDescriptor(selector: number): RawDescriptor | null {
  const local = (selector & 4) !== 0;
  if (local && (i32[SEGMENT_ATTRIBUTES + LDTR] & ATTR_PRESENT) === 0) return null;
  const table = local ? i32[SEGMENT_BASE + LDTR] : i32[GDT_BASE];
  const limit = local ? i32[SEGMENT_LIMIT + LDTR] : i32[GDT_LIMIT];
  const offset = selector & 0xfff8;
  if (offset + 7 > limit >>> 0) return null;
  const low = loadSystem32((table + offset) | 0);
  const address = (table + offset + 4) | 0;
  return { low, high: loadSystem32(address), address };
}

export function decodeDescriptor(low: number, high: number): Omit<Descriptor, 'address'> {
  const attributes = (high >>> 8) & 0xf0ff;
  const raw = (low & 0xffff) | (high & 0xf0000);
  return {
    base: (low >>> 16) | ((high & 0xff) << 16) | (high & 0xff000000),
    limit: attributes & ATTR_GRANULAR ? (raw << 12) | 0xfff : raw,
    attributes,
  };
}

/** Puts a descriptor into a segment register, as hardware caches it. */
export function cacheSegment(seg: number, selector: number, d: Omit<Descriptor, 'address'>): void {
  i32[SELECTOR + seg] = selector;
  i32[SEGMENT_BASE + seg] = d.base;
  i32[SEGMENT_LIMIT + seg] = d.limit;
  i32[SEGMENT_ATTRIBUTES + seg] = d.attributes;
}

export function markAccessed(d: Descriptor): void {
  if ((d.attributes & ATTR_ACCESSED) === 0) {
    storeSystem32(d.address, loadSystem32(d.address) | (ATTR_ACCESSED << 8));
    d.attributes |= ATTR_ACCESSED;
  }
}

/** Loads a data segment register or SS as MOV and POP do; throws #GP, #SS, #NP, #PF. */
export function loadSegment(seg: number, selector: number): void {
  if (!isProtectedMode()) cacheRealSegment(seg, selector);
  else if (seg === SS) loadStackSegment(selector);
  else loadDataSegment(seg, selector);
  updateMode();
}

function loadDataSegment(seg: number, selector: number): void {
  if ((selector & 0xfffc) === 0) {
    cacheSegment(seg, selector, { base: 0, limit: 0, attributes: 0 });
    return;
  }
  const d = readDescriptor(selector) ?? raiseGP(selector);
  if ((d.attributes & ATTR_S) === 0) raiseGP(selector);
  const code = (d.attributes & ATTR_CODE) !== 0;
  if (code && (d.attributes & ATTR_WRITABLE) === 0) raiseGP(selector);
  const conforming = code && (d.attributes & ATTR_EXPAND_DOWN) !== 0;
  const dpl = dplOf(d.attributes);
  if (!conforming && ((selector & 3) > dpl || i32[CPL] > dpl)) raiseGP(selector);
  if ((d.attributes & ATTR_PRESENT) === 0) raiseNP(selector);
  markAccessed(d);
  cacheSegment(seg, selector, d);
}

function loadStackSegment(selector: number): void {
  if ((selector & 0xfffc) === 0) raiseGP(0);
  const d = readDescriptor(selector) ?? raiseGP(selector);
  const cpl = i32[CPL];
  if ((selector & 3) !== cpl || dplOf(d.attributes) !== cpl) raiseGP(selector);
  if ((d.attributes & (ATTR_S | ATTR_CODE | ATTR_WRITABLE)) !== (ATTR_S | ATTR_WRITABLE))
    raiseGP(selector);
  if ((d.attributes & ATTR_PRESENT) === 0) raiseSS(selector);
  markAccessed(d);
  cacheSegment(SS, selector, d);
}

/**
 * The code segment of a far jump, call (through no gate) or return at the same privilege level.
 * @param forReturn RPL must equal CPL and decides the level (RETF, IRET).
 * Throws #GP, #NP, #PF; nothing is loaded yet.
 */
export function checkCodeSegment(selector: number, forReturn: boolean): Descriptor {
  if ((selector & 0xfffc) === 0) raiseGP(0);
  const d = readDescriptor(selector) ?? raiseGP(selector);
  if ((d.attributes & (ATTR_S | ATTR_CODE)) !== (ATTR_S | ATTR_CODE)) raiseGP(selector);
  const cpl = i32[CPL];
  const dpl = dplOf(d.attributes);
  const conforming = (d.attributes & ATTR_EXPAND_DOWN) !== 0;
  if (forReturn) {
    if ((selector & 3) !== cpl) raiseGP(selector);
    if (conforming ? dpl > cpl : dpl !== cpl) raiseGP(selector);
  } else if (conforming ? dpl > cpl : dpl !== cpl || (selector & 3) > cpl) raiseGP(selector);
  if ((d.attributes & ATTR_PRESENT) === 0) raiseNP(selector);
  return d;
}

/** Loads CS with a descriptor that checkCodeSegment accepted; RPL becomes CPL. */
export function loadCodeSegment(selector: number, d: Descriptor): void {
  markAccessed(d);
  cacheSegment(CS, (selector & ~3) | i32[CPL], d);
  updateMode();
}

/** Whether a descriptor's type allows it in a segment register. */
function fits(seg: number, attributes: number): boolean {
  if ((attributes & (ATTR_S | ATTR_PRESENT)) !== (ATTR_S | ATTR_PRESENT)) return false;
  const type = attributes & (ATTR_CODE | ATTR_WRITABLE);
  if (seg === CS) return (type & ATTR_CODE) !== 0;
  return seg === SS ? type === ATTR_WRITABLE : type !== ATTR_CODE;
}

/**
 * Loads any segment register without a privilege check, as a kernel's return path may.
 * @returns false, with a null segment loaded, when the selector names no usable segment.
 */
export function forceSegment(seg: number, selector: number): boolean {
  const d = (selector & 0xfffc) === 0 ? null : readDescriptor(selector);
  const usable = d !== null && fits(seg, d.attributes);
  if (usable) {
    markAccessed(d);
    cacheSegment(seg, selector, d);
    if (seg === CS) i32[CPL] = selector & 3;
  } else cacheSegment(seg, selector & 0xfffc ? 0 : selector, { base: 0, limit: 0, attributes: 0 });
  updateMode();
  return usable || (selector & 0xfffc) === 0;
}

// LAR, LSL, VERR and VERW ask about a segment without loading it.

const LAR_SYSTEM_TYPES = [1, 2, 3, 4, 5, 9, 11, 12];
const LSL_SYSTEM_TYPES = [1, 2, 3, 9, 11];

function visible(selector: number): Descriptor | null {
  if ((selector & 0xfffc) === 0) return null;
  const d = readDescriptor(selector);
  if (d === null) return null;
  const conforming =
    (d.attributes & (ATTR_S | ATTR_CODE | ATTR_EXPAND_DOWN)) ===
    (ATTR_S | ATTR_CODE | ATTR_EXPAND_DOWN);
  if (!conforming && Math.max(i32[CPL], selector & 3) > dplOf(d.attributes)) return null;
  return d;
}

/** The access rights that LAR gives, or null when it clears ZF. */
export function accessRights(selector: number): number | null {
  const d = visible(selector);
  if (d === null) return null;
  if ((d.attributes & ATTR_S) === 0 && !LAR_SYSTEM_TYPES.includes(d.attributes & 15)) return null;
  return loadSystem32(d.address) & 0x00ffff00;
}

/** The limit that LSL gives, or null when it clears ZF. */
export function segmentLimit(selector: number): number | null {
  const d = visible(selector);
  if (d === null) return null;
  if ((d.attributes & ATTR_S) === 0 && !LSL_SYSTEM_TYPES.includes(d.attributes & 15)) return null;
  return d.limit;
}

/** Whether VERR (or VERW, with `write`) sets ZF. */
export function accessible(selector: number, write: boolean): boolean {
  const d = visible(selector);
  if (d === null || (d.attributes & ATTR_S) === 0) return false;
  const code = (d.attributes & ATTR_CODE) !== 0;
  if (write) return !code && (d.attributes & ATTR_WRITABLE) !== 0;
  return !code || (d.attributes & ATTR_WRITABLE) !== 0;
}
