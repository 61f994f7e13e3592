// String instructions. A repeated one is a single instruction that commits its registers after every
// iteration, so that a fault leaves it restartable where it stopped (SDM 2B, REP).

import { sub16, sub32, sub8 } from '../cpu/alu.js';
import { FLAG_DF, FLAG_TF } from '../cpu/flags.js';
import { ADDRESS_16, FLAT } from '../cpu/op.js';
import type { Handler, Op } from '../cpu/op.js';
import { ES, MODE_FLAT_EXTRA, segmentedAddress } from '../cpu/segments.js';
import { load16, load32, load8, store16, store32, store8 } from '../mmu/access.js';
import { T_READ, T_WRITE } from '../mmu/tlb.js';
import { i32, u16, u8 } from '../state/current.js';
import { EAX, ECX, EDI, EFLAGS_SYSTEM, ESI, FLAG_RESULT, MODE, TLB_BASE } from '../state/layout.js';

type Bytes = 1 | 2 | 4;

/** Repeat prefixes as the decoder leaves them in op.imm. */
export const REP_NONE = 0;
export const REPZ = 1;
export const REPNZ = 2;

const address16 = (op: Op): boolean => op.seg !== FLAT && (op.seg & ADDRESS_16) !== 0;

function step(bytes: Bytes): number {
  return i32[EFLAGS_SYSTEM] & FLAG_DF ? -bytes : bytes;
}

function sourceAddress(op: Op, bytes: Bytes): number {
  if (op.seg === FLAT) return i32[ESI];
  const offset = op.seg & ADDRESS_16 ? u16[ESI * 2] : i32[ESI];
  return segmentedAddress(op.seg & 7, offset, bytes, false);
}

function destinationAddress(op: Op, bytes: Bytes, writes: boolean): number {
  if (i32[MODE] & MODE_FLAT_EXTRA && !address16(op)) return i32[EDI];
  return segmentedAddress(ES, address16(op) ? u16[EDI * 2] : i32[EDI], bytes, writes);
}

function addTo(op: Op, register: number, delta: number): void {
  if (address16(op)) u16[register * 2] += delta;
  else i32[register] += delta;
}

function count(op: Op): number {
  return address16(op) ? u16[ECX * 2] : i32[ECX] >>> 0;
}

function setCount(op: Op, value: number): void {
  if (address16(op)) u16[ECX * 2] = value;
  else i32[ECX] = value;
}

function loadSized(la: number, bytes: Bytes): number {
  return bytes === 4 ? load32(la) : bytes === 2 ? load16(la) : load8(la);
}

function storeSized(la: number, value: number, bytes: Bytes): void {
  if (bytes === 4) store32(la, value);
  else if (bytes === 2) store16(la, value);
  else store8(la, value);
}

function accumulator(bytes: Bytes): number {
  return bytes === 4 ? i32[EAX] : bytes === 2 ? u16[EAX * 2] : u8[EAX * 4];
}

function compare(a: number, b: number, bytes: Bytes): void {
  if (bytes === 4) sub32(a, b);
  else if (bytes === 2) sub16(a, b);
  else sub8(a, b);
}

// One iteration of each.

function moveOne(op: Op, bytes: Bytes): void {
  const value = loadSized(sourceAddress(op, bytes), bytes);
  storeSized(destinationAddress(op, bytes, true), value, bytes);
  const delta = step(bytes);
  addTo(op, ESI, delta);
  addTo(op, EDI, delta);
}

function storeOne(op: Op, bytes: Bytes): void {
  storeSized(destinationAddress(op, bytes, true), accumulator(bytes), bytes);
  addTo(op, EDI, step(bytes));
}

function loadOne(op: Op, bytes: Bytes): void {
  const value = loadSized(sourceAddress(op, bytes), bytes);
  if (bytes === 4) i32[EAX] = value;
  else if (bytes === 2) u16[EAX * 2] = value;
  else u8[EAX * 4] = value;
  addTo(op, ESI, step(bytes));
}

function compareOne(op: Op, bytes: Bytes): void {
  // Which is read first shows when both fault: AMD's processors begin with ES:EDI.
  const b = loadSized(destinationAddress(op, bytes, false), bytes);
  const a = loadSized(sourceAddress(op, bytes), bytes);
  const delta = step(bytes);
  addTo(op, ESI, delta);
  addTo(op, EDI, delta);
  compare(a, b, bytes);
}

function scanOne(op: Op, bytes: Bytes): void {
  const value = loadSized(destinationAddress(op, bytes, false), bytes);
  addTo(op, EDI, step(bytes));
  compare(accumulator(bytes), value, bytes);
}

// Whole stretches within a page, when everything is flat and in the TLB.

/** Memory byte of `la` if its page may be used without a check, else -1. */
function quick(la: number, need: number): number {
  const t = i32[i32[TLB_BASE] + (la >>> 12)];
  return t & need ? (t & ~0xfff) ^ la : -1;
}

const untilPageEnd = (la: number): number => 4096 - (la & 0xfff);

const flatBoth = (op: Op): boolean => op.seg === FLAT && (i32[MODE] & MODE_FLAT_EXTRA) !== 0;

function moveStretch(op: Op, bytes: Bytes, left: number): number {
  if (!flatBoth(op)) return 0;
  if (i32[EFLAGS_SYSTEM] & FLAG_DF) return moveStretchBackward(bytes, left);
  const source = i32[ESI];
  const destination = i32[EDI];
  const room = Math.min(untilPageEnd(source), untilPageEnd(destination));
  const iterations = Math.min(left, Math.floor(room / bytes));
  if (iterations < 2) return 0;
  const from = quick(source, T_READ);
  const to = quick(destination, T_WRITE);
  if (from < 0 || to < 0) return 0;
  const length = iterations * bytes;
  // A destination just above the source repeats a pattern; copyWithin would not.
  if (to > from && to < from + length) {
    if (to - from < bytes) return 0;
    for (let i = 0; i < length; i++) u8[to + i] = u8[from + i];
  } else u8.copyWithin(to, from, from + length);
  i32[ESI] = source + length;
  i32[EDI] = destination + length;
  return iterations;
}

function moveStretchBackward(bytes: Bytes, left: number): number {
  const source = i32[ESI];
  const destination = i32[EDI];
  const highest = Math.max(source & 0xfff, destination & 0xfff);
  const room = Math.min(source & 0xfff, destination & 0xfff) + bytes;
  if (highest + bytes > 4096) return 0;
  const iterations = Math.min(left, Math.floor(room / bytes));
  if (iterations < 2) return 0;
  const from = quick(source, T_READ);
  const to = quick(destination, T_WRITE);
  if (from < 0 || to < 0) return 0;
  const length = iterations * bytes;
  if (to < from && from < to + length) return 0; // repeats a pattern
  u8.copyWithin(to + bytes - length, from + bytes - length, from + bytes);
  i32[ESI] = source - length;
  i32[EDI] = destination - length;
  return iterations;
}

function storeStretch(op: Op, bytes: Bytes, left: number): number {
  if (address16(op) || (i32[MODE] & MODE_FLAT_EXTRA) === 0 || i32[EFLAGS_SYSTEM] & FLAG_DF)
    return 0;
  const destination = i32[EDI];
  const iterations = Math.min(left, Math.floor(untilPageEnd(destination) / bytes));
  if (iterations < 2) return 0;
  const to = quick(destination, T_WRITE);
  if (to < 0) return 0;
  const length = iterations * bytes;
  const value = accumulator(bytes);
  if (bytes === 1) u8.fill(value, to, to + length);
  else if (bytes === 4 && (to & 3) === 0) i32.fill(value, to >> 2, (to + length) >> 2);
  else
    for (let i = 0; i < length; i += bytes)
      for (let b = 0; b < bytes; b++) u8[to + i + b] = value >> (8 * b);
  i32[EDI] = destination + length;
  return iterations;
}

// Comparing stretches leave the last iteration in a page to compareOne or scanOne, which set flags.

function element(at: number, bytes: Bytes): number {
  let value = u8[at];
  for (let i = 1; i < bytes; i++) value |= u8[at + i] << (8 * i);
  return value;
}

/** Iterations of CMPS, forward, that surely go on; `goOn`: while equal. */
function compareStretch(op: Op, bytes: Bytes, left: number, goOn: boolean): number {
  if (!flatBoth(op) || i32[EFLAGS_SYSTEM] & FLAG_DF) return 0;
  const source = i32[ESI];
  const destination = i32[EDI];
  const room = Math.min(untilPageEnd(source), untilPageEnd(destination));
  const most = Math.min(left, Math.floor(room / bytes)) - 1;
  if (most < 2) return 0;
  const a = quick(source, T_READ);
  const b = quick(destination, T_READ);
  if (a < 0 || b < 0) return 0;
  let n = 0;
  if (bytes === 1) while (n < most && (u8[a + n] === u8[b + n]) === goOn) n++;
  else {
    const same = (at: number): boolean => element(a + at, bytes) === element(b + at, bytes);
    while (n < most && same(n * bytes) === goOn) n++;
  }
  i32[ESI] = source + n * bytes;
  i32[EDI] = destination + n * bytes;
  return n;
}

/** Iterations of SCAS, forward, that surely go on. */
function scanStretch(op: Op, bytes: Bytes, left: number, goOn: boolean): number {
  if (address16(op) || (i32[MODE] & MODE_FLAT_EXTRA) === 0 || i32[EFLAGS_SYSTEM] & FLAG_DF)
    return 0;
  const destination = i32[EDI];
  const most = Math.min(left, Math.floor(untilPageEnd(destination) / bytes)) - 1;
  if (most < 2) return 0;
  const at = quick(destination, T_READ);
  if (at < 0) return 0;
  const value = accumulator(bytes);
  let n = 0;
  if (bytes === 1 && !goOn) {
    const end = at + most;
    n = at;
    while (n < end && u8[n] !== value) n++;
    n -= at;
  } else while (n < most && (element(at + n * bytes, bytes) === value) === goOn) n++;
  i32[EDI] = destination + n * bytes;
  return n;
}

/** With TF set a repeated instruction traps after every iteration, pointing at itself. */
function stepped(): boolean {
  return (i32[EFLAGS_SYSTEM] & FLAG_TF) !== 0;
}

type One = (op: Op, bytes: Bytes) => void;
type Stretch = (op: Op, bytes: Bytes, left: number) => number;
type ComparingStretch = (op: Op, bytes: Bytes, left: number, goOn: boolean) => number;

const noStretch: Stretch = () => 0;

/** movs, stos and lods: either repeat prefix repeats, the flags play no part. */
function repeating(one: One, stretch: Stretch, bytes: Bytes): Handler {
  return (op) => {
    if (op.imm === REP_NONE) {
      one(op, bytes);
      return op.next;
    }
    let left = count(op);
    while (left > 0) {
      const done = stepped() ? 0 : stretch(op, bytes, left);
      if (done === 0) one(op, bytes);
      left -= done || 1;
      setCount(op, left);
      if (left > 0 && stepped()) return op;
    }
    return op.next;
  };
}

/** cmps and scas: REPZ goes on while equal, REPNZ while not. */
function repeatingWhile(one: One, stretch: ComparingStretch, bytes: Bytes): Handler {
  return (op) => {
    if (op.imm === REP_NONE) {
      one(op, bytes);
      return op.next;
    }
    const goOn = op.imm === REPZ;
    let left = count(op);
    while (left > 0) {
      if (!stepped()) setCount(op, (left -= stretch(op, bytes, left, goOn)));
      one(op, bytes);
      setCount(op, --left);
      if ((i32[FLAG_RESULT] === 0) !== goOn) break;
      if (left > 0 && stepped()) return op;
    }
    return op.next;
  };
}

export const movs8 = repeating(moveOne, moveStretch, 1);
export const movs16 = repeating(moveOne, moveStretch, 2);
export const movs32 = repeating(moveOne, moveStretch, 4);
export const stos8 = repeating(storeOne, storeStretch, 1);
export const stos16 = repeating(storeOne, storeStretch, 2);
export const stos32 = repeating(storeOne, storeStretch, 4);
export const lods8 = repeating(loadOne, noStretch, 1);
export const lods16 = repeating(loadOne, noStretch, 2);
export const lods32 = repeating(loadOne, noStretch, 4);
export const cmps8 = repeatingWhile(compareOne, compareStretch, 1);
export const cmps16 = repeatingWhile(compareOne, compareStretch, 2);
export const cmps32 = repeatingWhile(compareOne, compareStretch, 4);
export const scas8 = repeatingWhile(scanOne, scanStretch, 1);
export const scas16 = repeatingWhile(scanOne, scanStretch, 2);
export const scas32 = repeatingWhile(scanOne, scanStretch, 4);
