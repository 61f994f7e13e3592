// Descriptor tables and what asks about their segments: LGDT to VERW, and ARPL.

import { advance } from '../cpu/block.js';
import { raiseUD } from '../cpu/fault.js';
import { setZero } from '../cpu/flags.js';
import { ea, eaPlus, offsetOf } from '../cpu/op.js';
import type { Handler, Op } from '../cpu/op.js';
import {
  accessRights,
  accessible,
  isProtectedMode,
  segmentLimit,
  segmentedAddress,
  LDTR,
  TR,
} from '../cpu/segments.js';
import { loadLocalTable, loadTaskRegister } from '../cpu/task.js';
import { load16, load32, probeWrite, rmw16, store16, store32 } from '../mmu/access.js';
import { i32, u16 } from '../state/current.js';
import { CR0, GDT_BASE, GDT_LIMIT, IDT_BASE, IDT_LIMIT, SELECTOR } from '../state/layout.js';
import { privileged } from './system.js';

/** Instructions that only protected mode has are undefined elsewhere. */
function protectedOnly(): void {
  if (!isProtectedMode()) raiseUD();
}

function storeTable(op: Op, base: number, limit: number): Op {
  const la = ea(op);
  probeWrite(la, 6);
  store16(la, limit);
  store32(eaPlus(op, 2), base);
  return op.next;
}
export const sgdt: Handler = (op) => storeTable(op, i32[GDT_BASE], i32[GDT_LIMIT]);
export const sidt: Handler = (op) => storeTable(op, i32[IDT_BASE], i32[IDT_LIMIT]);
/** LGDT and LIDT with a 16-bit operand size load 24 bits of the base (SDM 2A, LGDT). */
function loadTable(op: Op, base: number, limit: number, mask: number): Op {
  privileged();
  const length = load16(ea(op));
  i32[base] = load32(eaPlus(op, 2)) & mask;
  i32[limit] = length;
  return op.next;
}
export const lgdt32: Handler = (op) => loadTable(op, GDT_BASE, GDT_LIMIT, -1);
export const lgdt16: Handler = (op) => loadTable(op, GDT_BASE, GDT_LIMIT, 0xffffff);
export const lidt32: Handler = (op) => loadTable(op, IDT_BASE, IDT_LIMIT, -1);
export const lidt16: Handler = (op) => loadTable(op, IDT_BASE, IDT_LIMIT, 0xffffff);

/** SLDT, STR, SMSW to a register fill 32 bits (SMSW) or zero-extend. */
function systemWord(kind: number): number {
  if (kind !== 2) protectedOnly();
  return kind === 0 ? i32[SELECTOR + LDTR] : kind === 1 ? i32[SELECTOR + TR] : i32[CR0];
}
export const store_system_r32: Handler = (op) => {
  i32[op.d] = systemWord(op.imm);
  return op.next;
};
export const store_system_r16: Handler = (op) => {
  u16[op.d] = systemWord(op.imm);
  return op.next;
};
export const store_system_m: Handler = (op) => {
  store16(ea(op), systemWord(op.imm));
  return op.next;
};
function loadSystemSegment(kind: number, selector: () => number): void {
  protectedOnly();
  privileged();
  if (kind === 0) loadLocalTable(selector());
  else loadTaskRegister(selector());
}
// LLDT (op.imm 0) and LTR (1).
export const load_system_r: Handler = (op) => {
  loadSystemSegment(op.imm, () => u16[op.d]);
  return advance(op);
};
export const load_system_m: Handler = (op) => {
  loadSystemSegment(op.imm, () => load16(ea(op)));
  return advance(op);
};

export const verr_r: Handler = (op) => {
  protectedOnly();
  setZero(accessible(u16[op.d], false));
  return op.next;
};
export const verr_m: Handler = (op) => {
  protectedOnly();
  setZero(accessible(load16(ea(op)), false));
  return op.next;
};
export const verw_r: Handler = (op) => {
  protectedOnly();
  setZero(accessible(u16[op.d], true));
  return op.next;
};
export const verw_m: Handler = (op) => {
  protectedOnly();
  setZero(accessible(load16(ea(op)), true));
  return op.next;
};

function query(op: Op, ask: (s: number) => number | null, memory: boolean, wide: boolean): Op {
  protectedOnly();
  const answer = ask(memory ? load16(ea(op)) : u16[op.s]);
  setZero(answer !== null);
  if (answer !== null) {
    if (wide) i32[op.d] = answer;
    else u16[op.d] = answer;
  }
  return op.next;
}
export const lar32_rr: Handler = (op) => query(op, accessRights, false, true);
export const lar32_rm: Handler = (op) => query(op, accessRights, true, true);
export const lar16_rr: Handler = (op) => query(op, accessRights, false, false);
export const lar16_rm: Handler = (op) => query(op, accessRights, true, false);
export const lsl32_rr: Handler = (op) => query(op, segmentLimit, false, true);
export const lsl32_rm: Handler = (op) => query(op, segmentLimit, true, true);
export const lsl16_rr: Handler = (op) => query(op, segmentLimit, false, false);
export const lsl16_rm: Handler = (op) => query(op, segmentLimit, true, false);

/** ARPL: raises the RPL of a selector to that of another; ZF says whether it did. */
function adjust(selector: number, other: number): number {
  const lower = (selector & 3) < (other & 3);
  setZero(lower);
  return lower ? (selector & ~3) | (other & 3) : selector;
}
export const arpl_r: Handler = (op) => {
  protectedOnly();
  u16[op.d] = adjust(u16[op.d], u16[op.s]);
  return op.next;
};
export const arpl_m: Handler = (op) => {
  protectedOnly();
  const la = ea(op);
  const selector = load16(la);
  // Written only when it changes, and faulting as a read otherwise.
  if ((selector & 3) < (u16[op.s] & 3)) {
    if (op.seg >= 0) segmentedAddress(op.seg & 7, offsetOf(op), 2, true);
    rmw16(la);
  }
  const adjusted = adjust(selector, u16[op.s]);
  if (adjusted !== selector) store16(la, adjusted);
  return op.next;
};
