// String instructions. A repeated one is a single instruction that commits its registers after every
// iteration, so that a fault leaves it restartable where it stopped (SDM 2B, REP).

import { sub16, sub32, sub8 } from '../cpu/alu.js';
import { FLAG_DF } from '../cpu/flags.js';
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
  const a = loadSized(sourceAddress(op, bytes), bytes);
  const b = loadSized(destinationAddress(op, bytes, false), bytes);
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

// Whole stretches within a page, when everything is flat, forward and in the TLB.

/** Memory byte of `la` if its page may be used without a check, else -1. */
function quick(la: number, need: number): number {
  const t = i32[i32[TLB_BASE] + (la >>> 12)];
  return t & need ? (t & ~0xfff) ^ la : -1;
}

const untilPageEnd = (la: number): number => 4096 - (la & 0xfff);

function moveStretch(op: Op, bytes: Bytes, left: number): number {
  if (op.seg !== FLAT || (i32[MODE] & MODE_FLAT_EXTRA) === 0 || i32[EFLAGS_SYSTEM] & FLAG_DF)
    return 0;
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

type One = (op: Op, bytes: Bytes) => void;
type Stretch = (op: Op, bytes: Bytes, left: number) => number;

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
      const done = stretch(op, bytes, left);
      if (done === 0) one(op, bytes);
      left -= done || 1;
      setCount(op, left);
    }
    return op.next;
  };
}

/** cmps and scas: REPZ goes on while equal, REPNZ while not. */
function repeatingWhile(one: One, bytes: Bytes): Handler {
  return (op) => {
    if (op.imm === REP_NONE) {
      one(op, bytes);
      return op.next;
    }
    const goOn = op.imm === REPZ;
    let left = count(op);
    while (left > 0) {
      one(op, bytes);
      setCount(op, --left);
      if ((i32[FLAG_RESULT] === 0) !== goOn) break;
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
export const cmps8 = repeatingWhile(compareOne, 1);
export const cmps16 = repeatingWhile(compareOne, 2);
export const cmps32 = repeatingWhile(compareOne, 4);
export const scas8 = repeatingWhile(scanOne, 1);
export const scas16 = repeatingWhile(scanOne, 2);
export const scas32 = repeatingWhile(scanOne, 4);
