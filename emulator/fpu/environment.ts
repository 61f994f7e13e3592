// Control: FLDCW FNSTCW FNSTSW FNINIT FNCLEX FINCSTP FDECSTP FFREE FWAIT, and the images of the whole
// state: FNSTENV FLDENV FNSAVE FRSTOR (SDM 1 §8.1.10).

import { raiseNM } from '../cpu/fault.js';
import { FLAG_VM } from '../cpu/flags.js';
import { ea } from '../cpu/op.js';
import type { Handler, Op } from '../cpu/op.js';
import { load16, load32, probeRead, probeWrite, store16, store32 } from '../mmu/access.js';
import { CR0_MP, CR0_PE, CR0_TS } from '../mmu/walk.js';
import { i32, u16 } from '../state/current.js';
import {
  CR0,
  EAX,
  EFLAGS_SYSTEM,
  FPU_CONTROL,
  FPU_DATA_OFFSET,
  FPU_DATA_SELECTOR,
  FPU_INSTRUCTION_OFFSET,
  FPU_INSTRUCTION_SELECTOR,
  FPU_OPCODE,
  FPU_STATUS,
  FPU_TAG,
} from '../state/layout.js';
import { C1, EXCEPTIONS, SUMMARY } from './constants.js';
import {
  isEmpty,
  markEmpty,
  moveTop,
  putValue,
  raisePending,
  ready,
  readyNoWait,
  register,
  settle,
  topOf,
  track,
} from './state.js';

/** Bits of the control word that can be written; bit 6 always reads as 1. */
const CONTROL_WRITABLE = 0x1f3f;

function setControl(value: number): void {
  i32[FPU_CONTROL] = (value & CONTROL_WRITABLE) | 0x40;
}

/** The summary bits follow from the exceptions and their masks. */
function updateSummary(): void {
  const status = i32[FPU_STATUS];
  const pending = status & EXCEPTIONS & ~i32[FPU_CONTROL];
  i32[FPU_STATUS] = pending ? status | SUMMARY : status & ~SUMMARY;
}

/** FNINIT: what the state is after reset, the registers' contents excepted. */
export function initialise(): void {
  setControl(0x37f);
  i32[FPU_STATUS] = 0;
  i32[FPU_TAG] = 0xffff;
  i32[FPU_INSTRUCTION_OFFSET] = 0;
  i32[FPU_INSTRUCTION_SELECTOR] = 0;
  i32[FPU_DATA_OFFSET] = 0;
  i32[FPU_DATA_SELECTOR] = 0;
  i32[FPU_OPCODE] = 0;
}

/** WAIT heeds CR0.TS only with MP, and not EM (SDM 3A table 2-2). */
export const fwait: Handler = (op) => {
  if ((i32[CR0] & (CR0_TS | CR0_MP)) === (CR0_TS | CR0_MP)) raiseNM();
  if (i32[FPU_STATUS] & 0x80) raisePending();
  return op.next;
};

export const fnop: Handler = (op) => {
  ready();
  track(op);
  return op.next;
};

/** FNENI, FNDISI, FNSETPM: meant something to the 8087 and 80287. */
export const fnop_nowait: Handler = (op) => {
  readyNoWait();
  return op.next;
};

export const fninit: Handler = (op) => {
  readyNoWait();
  initialise();
  return op.next;
};

export const fnclex: Handler = (op) => {
  i32[FPU_STATUS] = readyNoWait() & ~(SUMMARY | EXCEPTIONS | 0x40);
  return op.next;
};

export const fldcw: Handler = (op) => {
  ready();
  setControl(load16(ea(op)));
  updateSummary();
  return op.next;
};

export const fnstcw: Handler = (op) => {
  readyNoWait();
  store16(ea(op), i32[FPU_CONTROL]);
  return op.next;
};

export const fnstsw_m16: Handler = (op) => {
  const status = readyNoWait();
  store16(ea(op), status);
  return op.next;
};

export const fnstsw_ax: Handler = (op) => {
  u16[EAX * 2] = readyNoWait();
  return op.next;
};

export const fincstp: Handler = (op) => {
  settle(moveTop(ready(), 1), 0);
  track(op);
  return op.next;
};

export const fdecstp: Handler = (op) => {
  settle(moveTop(ready(), -1), 0);
  track(op);
  return op.next;
};

export const ffree: Handler = (op) => {
  const status = ready();
  track(op);
  markEmpty(topOf(status) + op.imm);
  settle(status, 0);
  return op.next;
};

/** FFREEP: undocumented, but everywhere. */
export const ffreep: Handler = (op) => {
  const status = ready();
  track(op);
  markEmpty(topOf(status) + op.imm);
  markEmpty(topOf(status));
  i32[FPU_STATUS] = moveTop(status, 1) & ~C1;
  return op.next;
};

/** Tag of physical register n: 0 valid, 1 zero, 2 special, 3 empty. */
function kindOf(n: number): number {
  if (isEmpty(n)) return 3;
  const at = register(n) >> 2;
  const exponent = u16[(at << 1) + 4] & 0x7fff;
  if (exponent === 0) return i32[at] | i32[at + 1] ? 2 : 1;
  return exponent === 0x7fff || i32[at + 1] >= 0 ? 2 : 0;
}

/** The tag word as an environment shows it. */
export function tagWord(): number {
  let tags = 0;
  for (let n = 0; n < 8; n++) tags |= kindOf(n) << (2 * n);
  return tags;
}

/** Takes over a tag word: only empty or not matters. */
export function setTagWord(tags: number): void {
  let word = 0;
  for (let n = 0; n < 8; n++) if (((tags >> (2 * n)) & 3) === 3) word |= 3 << (2 * n);
  i32[FPU_TAG] = word;
}

function isReal(): boolean {
  return (i32[CR0] & CR0_PE) === 0 || (i32[EFLAGS_SYSTEM] & FLAG_VM) !== 0;
}

/** Bytes of an environment. */
function environmentBytes(op: Op): number {
  return op.size16 ? 14 : 28;
}

/** Stores the seven words of the environment: 16 or 32 bits each, in one of the two formats. */
function storeEnvironment(op: Op, la: number): void {
  const fip = i32[FPU_INSTRUCTION_OFFSET];
  const fdp = i32[FPU_DATA_OFFSET];
  const code = i32[FPU_OPCODE] & 0x7ff;
  const real = isReal();
  const words = [i32[FPU_CONTROL], i32[FPU_STATUS], tagWord(), fip, 0, fdp, 0];
  if (op.size16) {
    words[4] = real ? ((fip >>> 4) & 0xf000) | code : i32[FPU_INSTRUCTION_SELECTOR];
    words[6] = real ? (fdp >>> 4) & 0xf000 : i32[FPU_DATA_SELECTOR];
    for (let i = 0; i < 7; i++) store16((la + 2 * i) | 0, words[i]);
    return;
  }
  if (real) {
    words[3] = (fip & 0xffff) | 0xffff0000;
    words[4] = ((fip >>> 16) << 12) | code;
    words[5] = (fdp & 0xffff) | 0xffff0000;
    words[6] = (fdp >>> 16) << 12;
  } else {
    words[4] = (i32[FPU_INSTRUCTION_SELECTOR] & 0xffff) | (code << 16);
    words[6] = i32[FPU_DATA_SELECTOR] | 0xffff0000;
  }
  for (let i = 0; i < 3; i++) words[i] |= 0xffff0000;
  for (let i = 0; i < 7; i++) store32((la + 4 * i) | 0, words[i]);
}

function loadEnvironment(op: Op, la: number): void {
  const real = isReal();
  const words: number[] = [];
  for (let i = 0; i < 7; i++) {
    words.push(op.size16 ? load16((la + 2 * i) | 0) : load32((la + 4 * i) | 0));
  }
  setControl(words[0]);
  i32[FPU_STATUS] = words[1] & 0xffff;
  setTagWord(words[2]);
  if (real) {
    const high = (word: number): number =>
      op.size16 ? (word & 0xf000) << 4 : (word << 4) & ~0xffff;
    i32[FPU_INSTRUCTION_OFFSET] = (words[3] & 0xffff) | high(words[4]);
    i32[FPU_OPCODE] = words[4] & 0x7ff;
    i32[FPU_DATA_OFFSET] = (words[5] & 0xffff) | high(words[6]);
  } else {
    i32[FPU_INSTRUCTION_OFFSET] = words[3];
    i32[FPU_INSTRUCTION_SELECTOR] = words[4] & 0xffff;
    if (!op.size16) i32[FPU_OPCODE] = (words[4] >> 16) & 0x7ff;
    i32[FPU_DATA_OFFSET] = words[5];
    i32[FPU_DATA_SELECTOR] = words[6] & 0xffff;
  }
  updateSummary();
}

/** FNSTENV masks all exceptions behind itself. */
export const fnstenv: Handler = (op) => {
  readyNoWait();
  const la = ea(op);
  probeWrite(la, environmentBytes(op));
  storeEnvironment(op, la);
  i32[FPU_CONTROL] |= EXCEPTIONS;
  updateSummary();
  return op.next;
};

export const fldenv: Handler = (op) => {
  ready();
  const la = ea(op);
  probeRead(la, environmentBytes(op));
  loadEnvironment(op, la);
  return op.next;
};

export const fnsave: Handler = (op) => {
  const status = readyNoWait();
  const la = ea(op);
  const header = environmentBytes(op);
  probeWrite(la, header + 80);
  storeEnvironment(op, la);
  for (let i = 0; i < 8; i++) {
    const from = register(topOf(status) + i) >> 2;
    const to = (la + header + 10 * i) | 0;
    store32(to, i32[from]);
    store32((to + 4) | 0, i32[from + 1]);
    store16((to + 8) | 0, u16[(from << 1) + 4]);
  }
  initialise();
  return op.next;
};

export const frstor: Handler = (op) => {
  ready();
  const la = ea(op);
  const header = environmentBytes(op);
  probeRead(la, header + 80);
  loadEnvironment(op, la);
  const top = topOf(i32[FPU_STATUS]);
  for (let i = 0; i < 8; i++) {
    const from = (la + header + 10 * i) | 0;
    const high = load32((from + 4) | 0);
    putValue(register(top + i), load16((from + 8) | 0), high, load32(from));
  }
  return op.next;
};
