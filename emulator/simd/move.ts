// Moves between MMX, XMM and general registers and memory, masks of signs, words in and out.

import { ea } from '../cpu/op.js';
import type { Handler } from '../cpu/op.js';
import { load16, load32, probeWrite, store32, store8 } from '../mmu/access.js';
import { T_WRITE } from '../mmu/tlb.js';
import { i32, u8 } from '../state/current.js';
import { TLB_BASE } from '../state/layout.js';
import { byteMask, extractWord, insertWord, signMask } from './shuffle.js';
import {
  alignedAddress,
  alignedOperand,
  anyAddress,
  checkAlignment,
  enterMmx,
  operand,
  readyMmx,
  readySse,
  store,
  wroteMmx,
} from './state.js';
import type { Pair } from './state.js';

function copy4(d: number, s: number): void {
  const to = d >> 2;
  const from = s >> 2;
  i32[to] = i32[from];
  i32[to + 1] = i32[from + 1];
  i32[to + 2] = i32[from + 2];
  i32[to + 3] = i32[from + 3];
}
function copy2(d: number, s: number): void {
  i32[d >> 2] = i32[s >> 2];
  i32[(d >> 2) + 1] = i32[(s >> 2) + 1];
}
function clearFrom(d: number, word: number): void {
  for (let i = word; i < 4; i++) i32[(d >> 2) + i] = 0;
}

/** Writes the 16 bytes from byte index `from` at linear address `la`. Throws #PF. */
function store16Bytes(la: number, from: number): void {
  const t = i32[i32[TLB_BASE] + (la >>> 12)];
  if (t & T_WRITE && (la & 15) === 0) copy4((t & ~0xfff) ^ la, from);
  else store(la, 16, from);
}
/** The same for 8 bytes. */
function store8Bytes(la: number, from: number): void {
  const t = i32[i32[TLB_BASE] + (la >>> 12)];
  if (t & T_WRITE && (la & 7) === 0) copy2((t & ~0xfff) ^ la, from);
  else store(la, 8, from);
}

const move_r: Handler = (op) => {
  readySse();
  copy4(op.d, op.s);
  return op.next;
};
/** MOVAPS MOVAPD MOVDQA. */
export const moveAligned: Pair = {
  r: move_r,
  m: (op) => {
    readySse();
    copy4(op.d, alignedOperand(op));
    return op.next;
  },
};
/** MOVUPS MOVUPD MOVDQU LDDQU. */
export const moveUnaligned: Pair = {
  r: move_r,
  m: (op) => {
    readySse();
    copy4(op.d, operand(op, 16));
    return op.next;
  },
};
/** The same to memory, and MOVNTPS MOVNTPD MOVNTDQ. */
export const storeAligned: Pair = {
  r: move_r,
  m: (op) => {
    readySse();
    store16Bytes(alignedAddress(op), op.s);
    return op.next;
  },
};
export const storeUnaligned: Pair = {
  r: move_r,
  m: (op) => {
    readySse();
    store16Bytes(anyAddress(op), op.s);
    return op.next;
  },
};

/** MOVSS: a register keeps its other lanes, from memory they become zero. */
export const loadSingle: Pair = {
  r: (op) => {
    readySse();
    i32[op.d >> 2] = i32[op.s >> 2];
    return op.next;
  },
  m: (op) => {
    readySse();
    const d = op.d >> 2;
    i32[d] = load32(ea(op));
    i32[d + 1] = 0;
    i32[d + 2] = 0;
    i32[d + 3] = 0;
    return op.next;
  },
};
export const storeSingle: Pair = {
  r: loadSingle.r,
  m: (op) => {
    readySse();
    store32(ea(op), i32[op.s >> 2]);
    return op.next;
  },
};
/** MOVSD, likewise. */
export const loadDouble: Pair = {
  r: (op) => {
    readySse();
    copy2(op.d, op.s);
    return op.next;
  },
  m: (op) => {
    readySse();
    copy2(op.d, operand(op, 8));
    i32[(op.d >> 2) + 2] = 0;
    i32[(op.d >> 2) + 3] = 0;
    return op.next;
  },
};
/** Eight bytes to memory: MOVSD MOVLPS MOVLPD MOVQ. */
const storeLow: Handler = (op) => {
  readySse();
  store8Bytes(ea(op), op.s);
  return op.next;
};
export const storeDouble: Pair = { r: loadDouble.r, m: storeLow };

/** MOVQ of XMM registers clears the high half in every form but the store. */
const moveQuad_r: Handler = (op) => {
  readySse();
  copy2(op.d, op.s);
  clearFrom(op.d, 2);
  return op.next;
};
export const loadQuad: Pair = { r: moveQuad_r, m: loadDouble.m };
export const storeQuad: Pair = { r: moveQuad_r, m: storeLow };

/** MOVLPS and MOVLPD from memory; MOVHLPS between registers. */
export const loadLow: Pair = {
  r: (op) => {
    readySse();
    copy2(op.d, op.s + 8);
    return op.next;
  },
  m: (op) => {
    readySse();
    copy2(op.d, operand(op, 8));
    return op.next;
  },
};
/** MOVHPS and MOVHPD from memory; MOVLHPS between registers. */
export const loadHigh: Pair = {
  r: (op) => {
    readySse();
    copy2(op.d + 8, op.s);
    return op.next;
  },
  m: (op) => {
    readySse();
    copy2(op.d + 8, operand(op, 8));
    return op.next;
  },
};
export const storeLow_m: Handler = storeLow;
export const storeHigh_m: Handler = (op) => {
  readySse();
  store8Bytes(ea(op), op.s + 8);
  return op.next;
};

// MMX.

/** MOVQ to an MMX register. */
export const loadMmx: Pair = {
  r: (op) => {
    readyMmx();
    enterMmx();
    copy2(op.d, op.s);
    wroteMmx(op.d);
    return op.next;
  },
  m: (op) => {
    readyMmx();
    const s = operand(op, 8);
    enterMmx();
    copy2(op.d, s);
    wroteMmx(op.d);
    return op.next;
  },
};
/** MOVQ from one, MOVNTQ. */
export const storeMmx: Pair = {
  r: loadMmx.r,
  m: (op) => {
    readyMmx();
    store8Bytes(ea(op), op.s);
    enterMmx();
    return op.next;
  },
};
/** MOVD from a general register or memory. */
export const loadMmx32: Pair = {
  r: (op) => {
    readyMmx();
    enterMmx();
    i32[op.d >> 2] = i32[op.s];
    i32[(op.d >> 2) + 1] = 0;
    wroteMmx(op.d);
    return op.next;
  },
  m: (op) => {
    readyMmx();
    const word = load32(ea(op));
    enterMmx();
    i32[op.d >> 2] = word;
    i32[(op.d >> 2) + 1] = 0;
    wroteMmx(op.d);
    return op.next;
  },
};
export const storeMmx32: Pair = {
  r: (op) => {
    readyMmx();
    enterMmx();
    i32[op.d] = i32[op.s >> 2];
    return op.next;
  },
  m: (op) => {
    readyMmx();
    store32(ea(op), i32[op.s >> 2]);
    enterMmx();
    return op.next;
  },
};
export const loadXmm32: Pair = {
  r: (op) => {
    readySse();
    i32[op.d >> 2] = i32[op.s];
    clearFrom(op.d, 1);
    return op.next;
  },
  m: loadSingle.m,
};
export const storeXmm32: Pair = {
  r: (op) => {
    readySse();
    i32[op.d] = i32[op.s >> 2];
    return op.next;
  },
  m: storeSingle.m,
};
export const movq2dq: Handler = (op) => {
  readySse();
  readyMmx();
  enterMmx();
  copy2(op.d, op.s);
  clearFrom(op.d, 2);
  return op.next;
};
export const movdq2q: Handler = (op) => {
  readySse();
  readyMmx();
  enterMmx();
  copy2(op.d, op.s);
  wroteMmx(op.d);
  return op.next;
};

/** MOVNTI. */
export const movnti: Handler = (op) => {
  store32(ea(op), i32[op.s]);
  return op.next;
};

// Bytes chosen by a mask, to where EDI points.

function masked(la: number, data: number, mask: number, n: number): void {
  if (byteMask(mask, n) === 0) return;
  probeWrite(la, n);
  for (let i = 0; i < n; i++) if (u8[mask + i] & 0x80) store8((la + i) | 0, u8[data + i]);
}
export const maskmovq: Handler = (op) => {
  readyMmx();
  masked(ea(op), op.d, op.s, 8);
  enterMmx();
  return op.next;
};
export const maskmovdqu: Handler = (op) => {
  readySse();
  const la = ea(op);
  checkAlignment(la, 7);
  masked(la, op.d, op.s, 16);
  return op.next;
};

// Into general registers.

export const movmskps: Handler = (op) => {
  readySse();
  i32[op.d] = signMask(op.s, 1);
  return op.next;
};
export const movmskpd: Handler = (op) => {
  readySse();
  i32[op.d] = signMask(op.s, 2);
  return op.next;
};
export const pmovmskb_mmx: Handler = (op) => {
  readyMmx();
  enterMmx();
  i32[op.d] = byteMask(op.s, 8);
  return op.next;
};
export const pextrw_xmm: Handler = (op) => {
  readySse();
  i32[op.d] = extractWord(op.s, op.imm & 7);
  return op.next;
};
export const pextrw_mmx: Handler = (op) => {
  readyMmx();
  enterMmx();
  i32[op.d] = extractWord(op.s, op.imm & 3);
  return op.next;
};
export const pinsrw_xmm: Pair = {
  r: (op) => {
    readySse();
    insertWord(op.d, op.imm & 7, i32[op.s]);
    return op.next;
  },
  m: (op) => {
    readySse();
    insertWord(op.d, op.imm & 7, load16(ea(op)));
    return op.next;
  },
};
export const pinsrw_mmx: Pair = {
  r: (op) => {
    readyMmx();
    enterMmx();
    insertWord(op.d, op.imm & 3, i32[op.s]);
    wroteMmx(op.d);
    return op.next;
  },
  m: (op) => {
    readyMmx();
    const word = load16(ea(op));
    enterMmx();
    insertWord(op.d, op.imm & 3, word);
    wroteMmx(op.d);
    return op.next;
  },
};
