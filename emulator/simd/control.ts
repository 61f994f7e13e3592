// MXCSR, EMMS, fences, and the 512-byte image of x87, MMX and SSE state (SDM 1 §10.5).

import { ea } from '../cpu/op.js';
import type { Handler } from '../cpu/op.js';
import { raiseGP, raiseNM } from '../cpu/fault.js';
import {
  load16,
  load32,
  load8,
  probeRead,
  probeWrite,
  store16,
  store32,
  store8,
} from '../mmu/access.js';
import { CR0_EM, CR0_TS, CR4_OSFXSR } from '../mmu/walk.js';
import { i32, u16 } from '../state/current.js';
import {
  CR0,
  CR4,
  FPU_CONTROL,
  FPU_DATA_OFFSET,
  FPU_DATA_SELECTOR,
  FPU_INSTRUCTION_OFFSET,
  FPU_INSTRUCTION_SELECTOR,
  FPU_OPCODE,
  FPU_REGISTERS_BYTES,
  FPU_STATUS,
  FPU_TAG,
  MXCSR,
  XMM_BYTES,
} from '../state/layout.js';
import { MXCSR_WRITABLE, imageAddress, enterMmx, readyMmx, readySse } from './state.js';

export const ldmxcsr: Handler = (op) => {
  readySse();
  const value = load32(ea(op));
  if (value & ~MXCSR_WRITABLE) raiseGP(0);
  i32[MXCSR] = value;
  return op.next;
};
export const stmxcsr: Handler = (op) => {
  readySse();
  store32(ea(op), i32[MXCSR]);
  return op.next;
};

/** Empties the x87 registers. */
export const emms: Handler = (op) => {
  readyMmx();
  enterMmx();
  i32[FPU_TAG] = 0xffff;
  return op.next;
};

/** LFENCE MFENCE SFENCE PAUSE: one instruction after the other is how this machine works. */
export const fence: Handler = (op) => op.next;

/** There is no cache; the operand must be readable. */
export const clflush: Handler = (op) => {
  load8(ea(op));
  return op.next;
};

function readyState(): void {
  if (i32[CR0] & (CR0_EM | CR0_TS)) raiseNM();
}

/** The tag word with one bit for each register that is not empty. */
function abridgedTags(): number {
  let tags = 0;
  for (let n = 0; n < 8; n++) if (((i32[FPU_TAG] >> (2 * n)) & 3) !== 3) tags |= 1 << n;
  return tags;
}

/** Word index of ST(i). */
function stackWord(i: number): number {
  const top = (i32[FPU_STATUS] >> 11) & 7;
  return (FPU_REGISTERS_BYTES >> 2) + (((top + i) & 7) << 2);
}

export const fxsave: Handler = (op) => {
  readyState();
  const la = imageAddress(op);
  probeWrite((la + 511) | 0, 1); // a fault is reported at the last byte, as AMD's processors do
  probeWrite(la, 512);
  const at = (offset: number): number => (la + offset) | 0;
  store16(la, i32[FPU_CONTROL]);
  store16(at(2), i32[FPU_STATUS]);
  store8(at(4), abridgedTags());
  store8(at(5), 0);
  store16(at(6), i32[FPU_OPCODE] & 0x7ff);
  store32(at(8), i32[FPU_INSTRUCTION_OFFSET]);
  store32(at(12), i32[FPU_INSTRUCTION_SELECTOR] & 0xffff);
  store32(at(16), i32[FPU_DATA_OFFSET]);
  store32(at(20), i32[FPU_DATA_SELECTOR] & 0xffff);
  store32(at(24), i32[MXCSR]);
  store32(at(28), MXCSR_WRITABLE);
  for (let i = 0; i < 8; i++) {
    const from = stackWord(i);
    const to = 32 + 16 * i;
    store32(at(to), i32[from]);
    store32(at(to + 4), i32[from + 1]);
    store32(at(to + 8), i32[from + 2] & 0xffff);
    store32(at(to + 12), 0);
  }
  if (i32[CR4] & CR4_OSFXSR) {
    for (let i = 0; i < 32; i++) store32(at(160 + 4 * i), i32[(XMM_BYTES >> 2) + i]);
  }
  return op.next;
};

export const fxrstor: Handler = (op) => {
  readyState();
  const la = imageAddress(op);
  probeRead((la + 511) | 0, 1);
  probeRead(la, 512);
  const at = (offset: number): number => (la + offset) | 0;
  const sse = (i32[CR4] & CR4_OSFXSR) !== 0;
  const mxcsr = load32(at(24));
  if (sse && mxcsr & ~MXCSR_WRITABLE) raiseGP(0);
  i32[FPU_CONTROL] = (load16(la) & 0x1f3f) | 0x40;
  const status = load16(at(2)) & 0x7f7f;
  i32[FPU_STATUS] = status & 0x3f & ~i32[FPU_CONTROL] ? status | 0x8080 : status;
  const tags = load8(at(4));
  i32[FPU_TAG] = 0;
  for (let n = 0; n < 8; n++) if (((tags >> n) & 1) === 0) i32[FPU_TAG] |= 3 << (2 * n);
  i32[FPU_OPCODE] = load16(at(6)) & 0x7ff;
  i32[FPU_INSTRUCTION_OFFSET] = load32(at(8));
  i32[FPU_INSTRUCTION_SELECTOR] = load16(at(12));
  i32[FPU_DATA_OFFSET] = load32(at(16));
  i32[FPU_DATA_SELECTOR] = load16(at(20));
  for (let i = 0; i < 8; i++) {
    const to = stackWord(i);
    const from = 32 + 16 * i;
    i32[to] = load32(at(from));
    i32[to + 1] = load32(at(from + 4));
    u16[(to << 1) + 4] = load16(at(from + 8));
  }
  if (sse) {
    i32[MXCSR] = mxcsr;
    for (let i = 0; i < 32; i++) i32[(XMM_BYTES >> 2) + i] = load32(at(160 + 4 * i));
  }
  return op.next;
};
