// The translation lookaside buffer: one word a virtual page, in two tables, one for CPL 3 and one
// for the more privileged. A flat table has no conflict misses; a list of the filled entries keeps
// flushing cheap.
//
//   bit 0      T_READ: reads and fetches may use the entry
//   bit 1      T_WRITE: so may writes (the page is writable, D is set, no decoded code lies in it)
//   bit 2      T_CODE: writable and dirty, but decoded code lies in the frame
//   bit 3      T_WATCH: a data breakpoint or a watchpoint lies in the page; every access takes the slow way
//   bits 31-12 (byte offset of the frame in memory) xor (linear page)

import { i32 } from '../state/current.js';
import { CPL, CR0, RAM_BASE, SYSTEM_TLB, TLB_WORDS, USER_TLB } from '../state/layout.js';
import { isDataBreakpointPage } from '../cpu/debug_registers.js';
import { currentMemoryBytes } from './physical.js';
import { ACCESS_USER, CR0_PG, walk, walked } from './walk.js';
import { isWatched } from './watch.js';

export const T_READ = 1;
export const T_WRITE = 2;
export const T_CODE = 4;
export const T_WATCH = 8;

const FILLED_MAX = 1 << 16;

/** Which entries are in use; one per machine. */
export interface TlbState {
  /** Word indices of filled entries, in no order; an entry may be listed twice. */
  filled: Int32Array;
  filledCount: number;
  /** Word indices of entries that came from global pages. */
  global: Set<number>;
  /** 4 MB regions (la >>> 22) that have had entries from a large page. */
  large: Set<number>;
  /** Per frame: 1 when it holds decoded code. */
  codeFrames: Uint8Array;
}

export function createTlbState(ramBytes: number): TlbState {
  return {
    filled: new Int32Array(FILLED_MAX),
    filledCount: 0,
    global: new Set(),
    large: new Set(),
    codeFrames: new Uint8Array(ramBytes >>> 12),
  };
}

let tlb: TlbState;
export function setTlbState(state: TlbState): void {
  tlb = state;
}

/** Walk and fill for `access`. @returns -1, or the #PF error code with nothing filled. */
export function fill(la: number, access: number): number {
  const error = walk(la, access);
  if (error >= 0) return error;
  if (walked.frame >>> 0 >= currentMemoryBytes()) return -1; // no memory: never cached
  let word = ((RAM_BASE + walked.frame) ^ (la & ~0xfff)) | T_READ;
  if (walked.writable && walked.dirty) {
    word |= tlb.codeFrames[walked.frame >>> 12] ? T_CODE : T_WRITE;
  }
  if (isDataBreakpointPage(la) || isWatched(la)) word = (word & ~0xfff) | T_WATCH;
  const index = (access & ACCESS_USER ? USER_TLB : SYSTEM_TLB) + (la >>> 12);
  if (i32[index] === 0) {
    if (tlb.filledCount === FILLED_MAX) flush(true);
    tlb.filled[tlb.filledCount++] = index;
  }
  i32[index] = word;
  if (walked.large) tlb.large.add(la >>> 22);
  if (walked.global) tlb.global.add(index);
  else if (tlb.global.size > 0) tlb.global.delete(index);
  return -1;
}

/** ACCESS_USER when the current privilege level is 3, else 0. */
export function userAccess(): number {
  return i32[CPL] === 3 ? ACCESS_USER : 0;
}

/** Drops the translations of the page of `la` (INVLPG), global ones too. */
export function invalidatePage(la: number): void {
  const page = la >>> 12;
  i32[USER_TLB + page] = 0;
  i32[SYSTEM_TLB + page] = 0;
  const region = la >>> 22;
  if (tlb.large.has(region)) {
    i32.fill(0, USER_TLB + region * 1024, USER_TLB + region * 1024 + 1024);
    i32.fill(0, SYSTEM_TLB + region * 1024, SYSTEM_TLB + region * 1024 + 1024);
    tlb.large.delete(region);
  }
}

/** Drops all translations; those of global pages only when `includingGlobal`. */
export function flush(includingGlobal: boolean): void {
  const { filled, filledCount } = tlb;
  let kept = 0;
  if (includingGlobal || tlb.global.size === 0) {
    for (let i = 0; i < filledCount; i++) i32[filled[i]] = 0;
    tlb.global.clear();
    tlb.large.clear();
  } else {
    for (let i = 0; i < filledCount; i++) {
      const index = filled[i];
      if (i32[index] === 0) continue;
      if (tlb.global.has(index)) filled[kept++] = index;
      else i32[index] = 0;
    }
  }
  tlb.filledCount = kept;
}

/** A frame has received decoded code: writes to it must be noticed from now on. */
export function markCodeFrame(frame: number): void {
  const number = frame >>> 12;
  if (tlb.codeFrames[number]) return;
  tlb.codeFrames[number] = 1;
  retag(frame, T_WRITE, T_CODE);
}

/** No decoded code is left in the frame. */
export function unmarkCodeFrame(frame: number): void {
  tlb.codeFrames[frame >>> 12] = 0;
  retag(frame, T_CODE, T_WRITE);
}

export function isCodeFrame(frame: number): boolean {
  return tlb.codeFrames[frame >>> 12] !== 0;
}

function retag(frame: number, from: number, to: number): void {
  const base = RAM_BASE + frame;
  for (let i = 0; i < tlb.filledCount; i++) {
    const index = tlb.filled[i];
    const word = i32[index];
    const page = (index - USER_TLB) & (TLB_WORDS - 1);
    if (word & from && ((word ^ (page << 12)) & ~0xfff) === base) i32[index] = (word & ~from) | to;
  }
}

/** The entries in use: linear and physical address of a page, and what they permit. */
export function entriesInUse(): { la: number; pa: number; write: boolean; user: boolean }[] {
  const entries = new Map<number, { la: number; pa: number; write: boolean; user: boolean }>();
  for (let i = 0; i < tlb.filledCount; i++) {
    const index = tlb.filled[i];
    const word = i32[index];
    if (word === 0) continue;
    const la = (((index - USER_TLB) & (TLB_WORDS - 1)) << 12) >>> 0;
    const pa = (((word ^ la) & ~0xfff) - RAM_BASE) >>> 0;
    entries.set(index, {
      la,
      pa,
      write: (word & (T_WRITE | T_CODE)) !== 0,
      user: index < SYSTEM_TLB,
    });
  }
  return [...entries].sort(([a], [b]) => a - b).map(([, entry]) => entry);
}

/**
 * Checks every entry in use against the page tables. @returns one line per stale entry; a kernel
 * that forgets INVLPG has some, legally, until it flushes.
 */
export function staleEntries(
  describe: (la: number) => { frame: number; writable: boolean } | null,
): string[] {
  const stale: string[] = [];
  if ((i32[CR0] & CR0_PG) === 0) return stale;
  for (let i = 0; i < tlb.filledCount; i++) {
    const index = tlb.filled[i];
    const word = i32[index];
    if (word === 0) continue;
    const la = ((index - USER_TLB) & (TLB_WORDS - 1)) << 12;
    const frame = ((word ^ la) & ~0xfff) - RAM_BASE;
    const now = describe(la);
    if (now === null || now.frame !== frame || (word & (T_WRITE | T_CODE) && !now.writable)) {
      stale.push(
        `TLB entry for 0x${(la >>> 0).toString(16)} -> frame 0x${frame.toString(16)} is stale`,
      );
    }
  }
  return stale;
}

/** The translations of a TLB at a moment. */
export interface TlbImage {
  /** Word indices of filled entries, and what is in them. */
  indices: Int32Array;
  words: Int32Array;
  global: readonly number[];
  large: readonly number[];
}

export function saveTlb(): TlbImage {
  const indices = tlb.filled.slice(0, tlb.filledCount);
  return {
    indices,
    words: indices.map((index) => i32[index]),
    global: [...tlb.global],
    large: [...tlb.large],
  };
}

/** Makes the translations those of an image; => no code is decoded. */
export function restoreTlb(image: TlbImage): void {
  flush(true);
  tlb.filled.set(image.indices);
  tlb.filledCount = image.indices.length;
  image.indices.forEach((index, n) => {
    i32[index] = image.words[n];
  });
  for (const index of image.global) tlb.global.add(index);
  for (const region of image.large) tlb.large.add(region);
}
