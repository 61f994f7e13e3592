// What MMX and SSE instructions do around their work: may they run at all, where are their
// operands, and how exceptions are reported (SDM 1 chapters 9 to 11).

import { raiseAC, raiseFault, raiseGP, raiseNM, raiseUD } from '../cpu/fault.js';
import { ea } from '../cpu/op.js';
import type { Handler, Op } from '../cpu/op.js';
import { MODE_ALIGN } from '../cpu/segments.js';
import { VECTOR_XM } from '../exit.js';
import { raisePending } from '../fpu/state.js';
import { load8, probeRead, probeWrite, store8 } from '../mmu/access.js';
import { T_READ, T_WRITE } from '../mmu/tlb.js';
import { CR0_EM, CR0_TS, CR4_OSFXSR, CR4_OSXMMEXCPT } from '../mmu/walk.js';
import { i32, u16, u8 } from '../state/current.js';
import {
  CR0,
  CR4,
  FPU_REGISTERS_BYTES,
  FPU_STATUS,
  FPU_TAG,
  MODE,
  MXCSR,
  TLB_BASE,
  VECTOR_SCRATCH_BYTES,
  XMM_BYTES,
} from '../state/layout.js';

// Exception flags of MXCSR; their masks lie seven bits higher.
export const IE = 0x01;
export const DE = 0x02;
export const ZE = 0x04;
export const OE = 0x08;
export const UE = 0x10;
export const PE = 0x20;
export const DAZ = 0x40;
export const MASK_SHIFT = 7;
export const RC_MASK = 0x6000;
export const RC_DOWN = 0x2000;
export const RC_UP = 0x4000;
export const RC_ZERO = 0x6000;
export const FTZ = 0x8000;
/** Bits that can be set; the others are #GP. */
export const MXCSR_WRITABLE = 0xffff;

/** Where memory operands go that cannot be read in place. */
const STAGING = VECTOR_SCRATCH_BYTES;
/** Where results are collected until no exception can keep them from being written. */
export const RESULT = VECTOR_SCRATCH_BYTES + 32;

function sseUnavailable(): never {
  if (i32[CR0] & CR0_EM || (i32[CR4] & CR4_OSFXSR) === 0) raiseUD();
  return raiseNM();
}

/** Starts an instruction that uses XMM registers or MXCSR: #UD or #NM. */
export function readySse(): void {
  if (i32[CR0] & (CR0_EM | CR0_TS) || (i32[CR4] & CR4_OSFXSR) === 0) sseUnavailable();
}

/** Masked, to nearest, PE set: bits 14-7 and 5. */
const SETTLED_MASK = 0x7fa0;
const SETTLED = 0x1fa0;

/**
 * 0 when SSE can be used and arithmetic with normal numbers and a normal result has no effect but
 * the result: everything is masked, rounding is to nearest, and the inexact flag is set already.
 */
export function unsettled(): number {
  return (
    (i32[CR0] & (CR0_EM | CR0_TS)) |
    (~i32[CR4] & CR4_OSFXSR) |
    ((i32[MXCSR] & SETTLED_MASK) ^ SETTLED)
  );
}

function mmxUnavailable(): never {
  if (i32[CR0] & CR0_EM) raiseUD();
  if (i32[CR0] & CR0_TS) raiseNM();
  return raisePending();
}

/** Starts an instruction that uses MMX registers: #UD, #NM, or #MF for what x87 has pending. */
export function readyMmx(): void {
  if (i32[CR0] & (CR0_EM | CR0_TS) || i32[FPU_STATUS] & 0x80) mmxUnavailable();
}

/** What every MMX instruction but EMMS does to the x87: TOP is 0, no register is empty. */
export function enterMmx(): void {
  i32[FPU_STATUS] &= ~0x3800;
  i32[FPU_TAG] = 0;
}

/** A write to the MMX register at byte `at` fills sign and exponent of the x87 register. */
export function wroteMmx(at: number): void {
  u16[(at + 8) >> 1] = 0xffff;
}

/** Byte address of XMM register n. */
export function xmm(n: number): number {
  return XMM_BYTES + (n << 4);
}

/** Byte address of MMX register n. */
export function mmx(n: number): number {
  return FPU_REGISTERS_BYTES + (n << 4);
}

/**
 * #AC, when armed, for an operand of 16 bytes that need not be aligned otherwise; smaller ones pass
 * ea(). `boundary` is the alignment, less 1, that processors ask for.
 */
export function checkAlignment(la: number, boundary = 15): void {
  if (la & boundary && i32[MODE] & MODE_ALIGN) raiseAC();
}

/** Linear address of the 16-byte operand of an instruction that does not insist on alignment. */
export function anyAddress(op: Op): number {
  const la = ea(op);
  checkAlignment(la);
  return la;
}

function stage(la: number, bytes: number): number {
  const t = i32[i32[TLB_BASE] + (la >>> 12)];
  if (t & T_READ && (la & 0xfff) <= 4096 - bytes) {
    // Within a page: out of the words that it lies in.
    const at = (t & ~0xfff) ^ la;
    const shift = (at & 3) << 3;
    const from = at >> 2;
    const to = STAGING >> 2;
    const words = (bytes + 3) >> 2;
    if (shift === 0) for (let i = 0; i < words; i++) i32[to + i] = i32[from + i];
    else if (bytes >= 4) {
      for (let i = 0; i < words; i++) {
        i32[to + i] = (i32[from + i] >>> shift) | (i32[from + i + 1] << (32 - shift));
      }
    } else for (let i = 0; i < bytes; i++) u8[STAGING + i] = u8[at + i];
    return STAGING;
  }
  probeRead(la, bytes);
  for (let i = 0; i < bytes; i++) u8[STAGING + i] = load8((la + i) | 0);
  return STAGING;
}

/** Byte index, aligned to `bytes` (up to 16), where the memory operand can be read. Throws #PF. */
export function operand(op: Op, bytes: number): number {
  const la = ea(op);
  const t = i32[i32[TLB_BASE] + (la >>> 12)];
  if (t & T_READ && (la & (bytes - 1)) === 0) return (t & ~0xfff) ^ la;
  if (bytes === 16) checkAlignment(la);
  return stage(la, bytes);
}

/** The same for 16 bytes that must be aligned: #GP otherwise. */
export function alignedOperand(op: Op): number {
  const la = ea(op);
  if (la & 15) raiseGP(0);
  const t = i32[i32[TLB_BASE] + (la >>> 12)];
  if (t & T_READ) return (t & ~0xfff) ^ la;
  return stage(la, 16);
}

/** Stores `bytes` (a multiple of 4) from byte index `from` at linear address `la`. Throws #PF. */
export function store(la: number, bytes: number, from: number): void {
  const t = i32[i32[TLB_BASE] + (la >>> 12)];
  if (t & T_WRITE && (la & 3) === 0 && (la & 0xfff) <= 4096 - bytes) {
    const at = ((t & ~0xfff) ^ la) >> 2;
    const source = from >> 2;
    for (let i = 0; i < bytes >> 2; i++) i32[at + i] = i32[source + i];
    return;
  }
  if (t & T_WRITE && (la & 0xfff) <= 4096 - bytes) {
    const at = (t & ~0xfff) ^ la;
    for (let i = 0; i < bytes; i++) u8[at + i] = u8[from + i];
    return;
  }
  probeWrite(la, bytes);
  for (let i = 0; i < bytes; i++) store8((la + i) | 0, u8[from + i]);
}

/** Linear address of the image of FXSAVE and FXRSTOR: #GP, or #AC when armed and not even aligned to 4. */
export function imageAddress(op: Op): number {
  const la = ea(op);
  checkAlignment(la, 3);
  if (la & 15) raiseGP(0);
  return la;
}

/** The linear address of a 16-byte operand that must be aligned. Throws #GP. */
export function alignedAddress(op: Op): number {
  const la = ea(op);
  if (la & 15) raiseGP(0);
  return la;
}

/** Copies `words` 32-bit words between byte indices. */
export function copyWords(to: number, from: number, words: number): void {
  const d = to >> 2;
  const s = from >> 2;
  for (let i = 0; i < words; i++) i32[d + i] = i32[s + i];
}

function raiseXM(): never {
  if (i32[CR4] & CR4_OSXMMEXCPT) raiseFault(VECTOR_XM);
  return raiseUD();
}

/**
 * Records exceptions in MXCSR; throws #XM (or #UD) for one that is not masked.
 * @param before flags known before the computation (IE DE ZE): should one of them be unmasked,
 * @param after the others (OE UE PE) are not looked for.
 */
export function report(before: number, after: number): void {
  const mxcsr = i32[MXCSR];
  const unmasked = ~(mxcsr >> MASK_SHIFT) & 0x3f;
  if (before & unmasked) {
    i32[MXCSR] = mxcsr | before;
    raiseXM();
  }
  i32[MXCSR] = mxcsr | before | after;
  if (after & unmasked) raiseXM();
}

/** What one family does with operands that lie at byte indices d and s. */
export type Work = (d: number, s: number, op: Op) => void;

export interface Pair {
  r: Handler;
  m: Handler;
}

/** Handlers of an instruction on XMM registers with a 16-byte operand that must be aligned. */
export function onXmm(work: Work): Pair {
  return {
    r: (op) => {
      readySse();
      work(op.d, op.s, op);
      return op.next;
    },
    m: (op) => {
      readySse();
      work(op.d, alignedOperand(op), op);
      return op.next;
    },
  };
}

/** The same with an operand of 4, 8 or 16 bytes anywhere. */
export function onXmmAnywhere(work: Work, bytes: number): Pair {
  return {
    r: (op) => {
      readySse();
      work(op.d, op.s, op);
      return op.next;
    },
    m: (op) => {
      readySse();
      work(op.d, operand(op, bytes), op);
      return op.next;
    },
  };
}

/** Handlers of an instruction on MMX registers; memory operands have `bytes`. */
export function onMmx(work: Work, bytes = 8): Pair {
  return {
    r: (op) => {
      readyMmx();
      enterMmx();
      work(op.d, op.s, op);
      wroteMmx(op.d);
      return op.next;
    },
    m: (op) => {
      readyMmx();
      const s = operand(op, bytes);
      enterMmx();
      work(op.d, s, op);
      wroteMmx(op.d);
      return op.next;
    },
  };
}
