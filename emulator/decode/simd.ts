// Opcodes of MMX, SSE, SSE2, SSE3 and SSSE3 (0F xx, 0F 38 xx, 0F 3A xx), by mandatory prefix. The
// table is made when the first such instruction is decoded.
//
// Operands, destination first, by where they are encoded:
//   V XMM, P MMX, G general register by ModRM.reg
//   W XMM, Q MMX, E general register, or memory, by ModRM
//   U XMM, N MMX register only, M memory only, D memory at EDI    I immediate byte

import type { Handler } from '../cpu/op.js';
import * as arithmetic from '../simd/arithmetic.js';
import * as compare from '../simd/compare.js';
import * as control from '../simd/control.js';
import * as convert from '../simd/convert.js';
import { ADD, DIV, MAX, MIN, MUL, SQRT, SUB } from '../simd/exact.js';
import * as integer from '../simd/integer.js';
import type { Lanes, Shift } from '../simd/integer.js';
import * as move from '../simd/move.js';
import * as plain from '../simd/plain.js';
import * as shuffle from '../simd/shuffle.js';
import { onMmx, onXmm, onXmmAnywhere } from '../simd/state.js';
import type { Pair, Work } from '../simd/state.js';
import * as swift from '../simd/swift.js';
import * as swiftShift from '../simd/swift_shift.js';

// Mandatory prefixes.
export const NP = 0;
export const P66 = 1;
export const PF3 = 2;
export const PF2 = 3;

// Opcode maps.
export const MAP_0F = 0;
export const MAP_0F38 = 1;
export const MAP_0F3A = 2;

export interface SimdRow {
  name: string;
  operands: string;
  /** Bytes of the memory operand, and whether it is written. */
  width: number;
  writes: boolean;
  r: Handler | null;
  m: Handler | null;
}

/** A row, or eight by ModRM.reg. */
export type SimdEntry = SimdRow | readonly (SimdRow | null)[] | null;

let table: SimdEntry[] | null = null;

/** The row or rows of an opcode; null when there is none. */
export function simdEntry(map: number, prefix: number, opcode: number): SimdEntry {
  return (table ??= build())[(map << 10) | (prefix << 8) | opcode];
}

/** Every row with its map, prefix and opcode, for tools. */
export function simdRows(): { map: number; prefix: number; opcode: number; row: SimdRow }[] {
  const rows: { map: number; prefix: number; opcode: number; row: SimdRow }[] = [];
  for (let index = 0; index < 3 << 10; index++) {
    const map = index >> 10;
    const entry = simdEntry(map, (index >> 8) & 3, index & 0xff);
    for (const row of Array.isArray(entry) ? (entry as readonly (SimdRow | null)[]) : [entry]) {
      if (row === null) continue;
      rows.push({ map, prefix: (index >> 8) & 3, opcode: index & 0xff, row: row as SimdRow });
    }
  }
  return rows;
}

type Forms = { r?: Handler | null; m?: Handler | null };

function row(name: string, operands: string, width: number, forms: Forms): SimdRow {
  const writes = operands.includes('!');
  return {
    name,
    operands: operands.replace('!', ''),
    width,
    writes,
    r: forms.r ?? null,
    m: forms.m ?? null,
  };
}

function build(): SimdEntry[] {
  const rows = new Array<SimdEntry>(3 << 10).fill(null);
  defineMoves(rows);
  defineArithmetic(rows);
  defineConversions(rows);
  defineIntegers(rows);
  defineShuffles(rows);
  defineShifts(rows);
  defineState(rows);
  defineSupplemental(rows);
  return rows;
}

function put(
  rows: SimdEntry[],
  prefix: number,
  opcode: number,
  name: string,
  operands: string,
  width: number,
  forms: Forms,
): void {
  rows[(prefix << 8) | opcode] = row(name, operands, width, forms);
}

function defineMoves(rows: SimdEntry[]): void {
  const { moveAligned, moveUnaligned, storeAligned, storeUnaligned } = move;
  put(rows, NP, 0x10, 'movups', 'V,W', 16, moveUnaligned);
  put(rows, P66, 0x10, 'movupd', 'V,W', 16, moveUnaligned);
  put(rows, PF3, 0x10, 'movss', 'V,W', 4, move.loadSingle);
  put(rows, PF2, 0x10, 'movsd', 'V,W', 8, move.loadDouble);
  put(rows, NP, 0x11, 'movups', 'W!,V', 16, storeUnaligned);
  put(rows, P66, 0x11, 'movupd', 'W!,V', 16, storeUnaligned);
  put(rows, PF3, 0x11, 'movss', 'W!,V', 4, move.storeSingle);
  put(rows, PF2, 0x11, 'movsd', 'W!,V', 8, move.storeDouble);
  put(rows, NP, 0x12, 'movlps', 'V,W', 8, move.loadLow);
  put(rows, P66, 0x12, 'movlpd', 'V,M', 8, { m: move.loadLow.m });
  put(rows, NP, 0x16, 'movhps', 'V,W', 8, move.loadHigh);
  put(rows, P66, 0x16, 'movhpd', 'V,M', 8, { m: move.loadHigh.m });
  put(rows, PF3, 0x12, 'movsldup', 'V,W', 16, onXmm(shuffle.movsldup));
  put(rows, PF3, 0x16, 'movshdup', 'V,W', 16, onXmm(shuffle.movshdup));
  put(rows, PF2, 0x12, 'movddup', 'V,W', 8, onXmmAnywhere(shuffle.movddup, 8));
  for (const [prefix, suffix] of [
    [NP, 'ps'],
    [P66, 'pd'],
  ] as const) {
    put(rows, prefix, 0x13, `movl${suffix}`, 'M!,V', 8, { m: move.storeLow_m });
    put(rows, prefix, 0x17, `movh${suffix}`, 'M!,V', 8, { m: move.storeHigh_m });
    put(rows, prefix, 0x28, `mova${suffix}`, 'V,W', 16, moveAligned);
    put(rows, prefix, 0x29, `mova${suffix}`, 'W!,V', 16, storeAligned);
    put(rows, prefix, 0x2b, `movnt${suffix}`, 'M!,V', 16, { m: storeAligned.m });
  }
  put(rows, NP, 0x50, 'movmskps', 'G,U', 0, { r: move.movmskps });
  put(rows, P66, 0x50, 'movmskpd', 'G,U', 0, { r: move.movmskpd });
  put(rows, NP, 0x6e, 'movd', 'P,E', 4, move.loadMmx32);
  put(rows, P66, 0x6e, 'movd', 'V,E', 4, move.loadXmm32);
  put(rows, NP, 0x7e, 'movd', 'E!,P', 4, move.storeMmx32);
  put(rows, P66, 0x7e, 'movd', 'E!,V', 4, move.storeXmm32);
  put(rows, NP, 0x6f, 'movq', 'P,Q', 8, move.loadMmx);
  put(rows, NP, 0x7f, 'movq', 'Q!,P', 8, move.storeMmx);
  put(rows, P66, 0x6f, 'movdqa', 'V,W', 16, moveAligned);
  put(rows, P66, 0x7f, 'movdqa', 'W!,V', 16, storeAligned);
  put(rows, PF3, 0x6f, 'movdqu', 'V,W', 16, moveUnaligned);
  put(rows, PF3, 0x7f, 'movdqu', 'W!,V', 16, storeUnaligned);
  put(rows, PF2, 0xf0, 'lddqu', 'V,M', 16, { m: moveUnaligned.m });
  put(rows, PF3, 0x7e, 'movq', 'V,W', 8, move.loadQuad);
  put(rows, P66, 0xd6, 'movq', 'W!,V', 8, move.storeQuad);
  put(rows, PF3, 0xd6, 'movq2dq', 'V,N', 0, { r: move.movq2dq });
  put(rows, PF2, 0xd6, 'movdq2q', 'P,U', 0, { r: move.movdq2q });
  put(rows, NP, 0xc3, 'movnti', 'M!,G', 4, { m: move.movnti });
  put(rows, NP, 0xe7, 'movntq', 'M!,P', 8, { m: move.storeMmx.m });
  put(rows, P66, 0xe7, 'movntdq', 'M!,V', 16, { m: storeAligned.m });
  put(rows, NP, 0xf7, 'maskmovq', 'P,N,D!', 8, { r: move.maskmovq });
  put(rows, P66, 0xf7, 'maskmovdqu', 'V,U,D!', 16, { r: move.maskmovdqu });
  put(rows, NP, 0xd7, 'pmovmskb', 'G,N', 0, { r: move.pmovmskb_mmx });
  put(rows, P66, 0xd7, 'pmovmskb', 'G,U', 0, { r: swift.pmovmskb });
  put(rows, NP, 0xc4, 'pinsrw', 'P,E,I', 2, move.pinsrw_mmx);
  put(rows, P66, 0xc4, 'pinsrw', 'V,E,I', 2, move.pinsrw_xmm);
  put(rows, NP, 0xc5, 'pextrw', 'G,N,I', 0, { r: move.pextrw_mmx });
  put(rows, P66, 0xc5, 'pextrw', 'G,U,I', 0, { r: move.pextrw_xmm });
}

/** ps, pd, ss and sd of one opcode. */
function four(
  rows: SimdEntry[],
  opcode: number,
  name: string,
  forms: { ps: Pair; pd: Pair; ss: Pair; sd: Pair },
  operands = 'V,W',
): void {
  put(rows, NP, opcode, `${name}ps`, operands, 16, forms.ps);
  put(rows, P66, opcode, `${name}pd`, operands, 16, forms.pd);
  put(rows, PF3, opcode, `${name}ss`, operands, 4, forms.ss);
  put(rows, PF2, opcode, `${name}sd`, operands, 8, forms.sd);
}

function defineArithmetic(rows: SimdEntry[]): void {
  const make = arithmetic.arithmetic;
  four(rows, 0x51, 'sqrt', make(SQRT));
  four(rows, 0x58, 'add', { ...make(ADD), ...plain.add });
  four(rows, 0x59, 'mul', { ...make(MUL), ...plain.mul });
  four(rows, 0x5c, 'sub', { ...make(SUB), ...plain.sub });
  four(rows, 0x5d, 'min', make(MIN));
  four(rows, 0x5e, 'div', { ...make(DIV), ...plain.div });
  four(rows, 0x5f, 'max', make(MAX));
  put(rows, NP, 0x52, 'rsqrtps', 'V,W', 16, convert.rsqrtps);
  put(rows, PF3, 0x52, 'rsqrtss', 'V,W', 4, convert.rsqrtss);
  put(rows, NP, 0x53, 'rcpps', 'V,W', 16, convert.rcpps);
  put(rows, PF3, 0x53, 'rcpss', 'V,W', 4, convert.rcpss);
  put(rows, P66, 0x7c, 'haddpd', 'V,W', 16, arithmetic.haddpd);
  put(rows, PF2, 0x7c, 'haddps', 'V,W', 16, arithmetic.haddps);
  put(rows, P66, 0x7d, 'hsubpd', 'V,W', 16, arithmetic.hsubpd);
  put(rows, PF2, 0x7d, 'hsubps', 'V,W', 16, arithmetic.hsubps);
  put(rows, P66, 0xd0, 'addsubpd', 'V,W', 16, arithmetic.addsubpd);
  put(rows, PF2, 0xd0, 'addsubps', 'V,W', 16, arithmetic.addsubps);
  put(rows, NP, 0x2e, 'ucomiss', 'V,W', 4, compare.ucomiss);
  put(rows, P66, 0x2e, 'ucomisd', 'V,W', 8, compare.ucomisd);
  put(rows, NP, 0x2f, 'comiss', 'V,W', 4, compare.comiss);
  put(rows, P66, 0x2f, 'comisd', 'V,W', 8, compare.comisd);
  const { cmpps, cmppd, cmpss, cmpsd } = compare;
  four(rows, 0xc2, 'cmp', { ps: cmpps, pd: cmppd, ss: cmpss, sd: cmpsd }, 'V,W,I');
}

function defineConversions(rows: SimdEntry[]): void {
  put(rows, NP, 0x2a, 'cvtpi2ps', 'V,Q', 8, convert.cvtpi2ps);
  put(rows, P66, 0x2a, 'cvtpi2pd', 'V,Q', 8, convert.cvtpi2pd);
  put(rows, PF3, 0x2a, 'cvtsi2ss', 'V,E', 4, convert.cvtsi2ss);
  put(rows, PF2, 0x2a, 'cvtsi2sd', 'V,E', 4, convert.cvtsi2sd);
  put(rows, NP, 0x2c, 'cvttps2pi', 'P,W', 8, convert.cvttps2pi);
  put(rows, P66, 0x2c, 'cvttpd2pi', 'P,W', 16, convert.cvttpd2pi);
  put(rows, PF3, 0x2c, 'cvttss2si', 'G,W', 4, convert.cvttss2si);
  put(rows, PF2, 0x2c, 'cvttsd2si', 'G,W', 8, convert.cvttsd2si);
  put(rows, NP, 0x2d, 'cvtps2pi', 'P,W', 8, convert.cvtps2pi);
  put(rows, P66, 0x2d, 'cvtpd2pi', 'P,W', 16, convert.cvtpd2pi);
  put(rows, PF3, 0x2d, 'cvtss2si', 'G,W', 4, convert.cvtss2si);
  put(rows, PF2, 0x2d, 'cvtsd2si', 'G,W', 8, convert.cvtsd2si);
  put(rows, NP, 0x5a, 'cvtps2pd', 'V,W', 8, convert.cvtps2pd);
  put(rows, P66, 0x5a, 'cvtpd2ps', 'V,W', 16, convert.cvtpd2ps);
  put(rows, PF3, 0x5a, 'cvtss2sd', 'V,W', 4, convert.cvtss2sd);
  put(rows, PF2, 0x5a, 'cvtsd2ss', 'V,W', 8, convert.cvtsd2ss);
  put(rows, NP, 0x5b, 'cvtdq2ps', 'V,W', 16, convert.cvtdq2ps);
  put(rows, P66, 0x5b, 'cvtps2dq', 'V,W', 16, convert.cvtps2dq);
  put(rows, PF3, 0x5b, 'cvttps2dq', 'V,W', 16, convert.cvttps2dq);
  put(rows, P66, 0xe6, 'cvttpd2dq', 'V,W', 16, convert.cvttpd2dq);
  put(rows, PF3, 0xe6, 'cvtdq2pd', 'V,W', 8, convert.cvtdq2pd);
  put(rows, PF2, 0xe6, 'cvtpd2dq', 'V,W', 16, convert.cvtpd2dq);
}

const on16 =
  (lanes: Lanes): Work =>
  (d, s) =>
    lanes(d, s, 16);
const on8 =
  (lanes: Lanes): Work =>
  (d, s) =>
    lanes(d, s, 8);

/** MMX without prefix, XMM with 66. */
function both(rows: SimdEntry[], opcode: number, name: string, lanes: Lanes, mmxBytes = 8): void {
  put(rows, NP, opcode, name, 'P,Q', mmxBytes, onMmx(on8(lanes), mmxBytes));
  put(rows, P66, opcode, name, 'V,W', 16, onXmm(on16(lanes)));
}

function defineIntegers(rows: SimdEntry[]): void {
  const rest: readonly (readonly [number, string, Lanes])[] = [
    [0x64, 'pcmpgtb', integer.pcmpgtb],
    [0x65, 'pcmpgtw', integer.pcmpgtw],
    [0x66, 'pcmpgtd', integer.pcmpgtd],
    [0x74, 'pcmpeqb', integer.pcmpeqb],
    [0x75, 'pcmpeqw', integer.pcmpeqw],
    [0x76, 'pcmpeqd', integer.pcmpeqd],
    [0xd4, 'paddq', integer.paddq],
    [0xd5, 'pmullw', integer.pmullw],
    [0xd8, 'psubusb', integer.psubusb],
    [0xd9, 'psubusw', integer.psubusw],
    [0xda, 'pminub', integer.pminub],
    [0xdb, 'pand', integer.pand],
    [0xdc, 'paddusb', integer.paddusb],
    [0xdd, 'paddusw', integer.paddusw],
    [0xde, 'pmaxub', integer.pmaxub],
    [0xdf, 'pandn', integer.pandn],
    [0xe0, 'pavgb', integer.pavgb],
    [0xe3, 'pavgw', integer.pavgw],
    [0xe4, 'pmulhuw', integer.pmulhuw],
    [0xe5, 'pmulhw', integer.pmulhw],
    [0xe8, 'psubsb', integer.psubsb],
    [0xe9, 'psubsw', integer.psubsw],
    [0xea, 'pminsw', integer.pminsw],
    [0xeb, 'por', integer.por],
    [0xec, 'paddsb', integer.paddsb],
    [0xed, 'paddsw', integer.paddsw],
    [0xee, 'pmaxsw', integer.pmaxsw],
    [0xef, 'pxor', integer.pxor],
    [0xf4, 'pmuludq', integer.pmuludq],
    [0xf5, 'pmaddwd', integer.pmaddwd],
    [0xf6, 'psadbw', integer.psadbw],
    [0xf8, 'psubb', integer.psubb],
    [0xf9, 'psubw', integer.psubw],
    [0xfa, 'psubd', integer.psubd],
    [0xfb, 'psubq', integer.psubq],
    [0xfc, 'paddb', integer.paddb],
    [0xfd, 'paddw', integer.paddw],
    [0xfe, 'paddd', integer.paddd],
  ];
  for (const [opcode, name, lanes] of rest) both(rows, opcode, name, lanes);
  // What compiled code and the string functions of C libraries are made of.
  for (const [opcode, name, forms] of [
    [0x64, 'pcmpgtb', swift.pcmpgtb],
    [0x65, 'pcmpgtw', swift.pcmpgtw],
    [0x66, 'pcmpgtd', swift.pcmpgtd],
    [0x74, 'pcmpeqb', swift.pcmpeqb],
    [0x75, 'pcmpeqw', swift.pcmpeqw],
    [0x76, 'pcmpeqd', swift.pcmpeqd],
    [0xd4, 'paddq', swift.paddq],
    [0xd5, 'pmullw', swift.pmullw],
    [0xda, 'pminub', swift.pminub],
    [0xdb, 'pand', swift.and],
    [0xde, 'pmaxub', swift.pmaxub],
    [0xdf, 'pandn', swift.andNot],
    [0xe5, 'pmulhw', swift.pmulhw],
    [0xeb, 'por', swift.or],
    [0xef, 'pxor', swift.xor],
    [0xf5, 'pmaddwd', swift.pmaddwd],
    [0xf8, 'psubb', swift.psubb],
    [0xf9, 'psubw', swift.psubw],
    [0xfa, 'psubd', swift.psubd],
    [0xfc, 'paddb', swift.paddb],
    [0xfd, 'paddw', swift.paddw],
    [0xfe, 'paddd', swift.paddd],
  ] as const) {
    put(rows, P66, opcode, name, 'V,W', 16, forms);
  }
  for (const [opcode, name, forms] of [
    [0x54, 'and', swift.and],
    [0x55, 'andn', swift.andNot],
    [0x56, 'or', swift.or],
    [0x57, 'xor', swift.xor],
  ] as const) {
    put(rows, NP, opcode, `${name}ps`, 'V,W', 16, forms);
    put(rows, P66, opcode, `${name}pd`, 'V,W', 16, forms);
  }
}

/** MMX without prefix, XMM with 66 by handlers of its own. */
function split(
  rows: SimdEntry[],
  opcode: number,
  name: string,
  lanes: Lanes,
  forms: Pair,
  mmxBytes = 8,
): void {
  put(rows, NP, opcode, name, 'P,Q', mmxBytes, onMmx(on8(lanes), mmxBytes));
  put(rows, P66, opcode, name, 'V,W', 16, forms);
}

function defineShuffles(rows: SimdEntry[]): void {
  split(rows, 0x60, 'punpcklbw', shuffle.punpcklbw, swiftShift.punpcklbw, 4);
  split(rows, 0x61, 'punpcklwd', shuffle.punpcklwd, swiftShift.punpcklwd, 4);
  split(rows, 0x62, 'punpckldq', shuffle.punpckldq, swiftShift.punpckldq, 4);
  both(rows, 0x63, 'packsswb', shuffle.packsswb);
  split(rows, 0x67, 'packuswb', shuffle.packuswb, swiftShift.packuswb);
  split(rows, 0x68, 'punpckhbw', shuffle.punpckhbw, swiftShift.punpckhbw);
  split(rows, 0x69, 'punpckhwd', shuffle.punpckhwd, swiftShift.punpckhwd);
  split(rows, 0x6a, 'punpckhdq', shuffle.punpckhdq, swiftShift.punpckhdq);
  both(rows, 0x6b, 'packssdw', shuffle.packssdw);
  put(rows, P66, 0x6c, 'punpcklqdq', 'V,W', 16, swiftShift.punpcklqdq);
  put(rows, P66, 0x6d, 'punpckhqdq', 'V,W', 16, swiftShift.punpckhqdq);
  put(rows, NP, 0x14, 'unpcklps', 'V,W', 16, swiftShift.punpckldq);
  put(rows, P66, 0x14, 'unpcklpd', 'V,W', 16, swiftShift.punpcklqdq);
  put(rows, NP, 0x15, 'unpckhps', 'V,W', 16, swiftShift.punpckhdq);
  put(rows, P66, 0x15, 'unpckhpd', 'V,W', 16, swiftShift.punpckhqdq);
  put(rows, NP, 0x70, 'pshufw', 'P,Q,I', 8, onMmx(shuffle.pshufw));
  put(rows, P66, 0x70, 'pshufd', 'V,W,I', 16, swiftShift.pshufd);
  put(rows, PF3, 0x70, 'pshufhw', 'V,W,I', 16, onXmm(shuffle.pshufhw));
  put(rows, PF2, 0x70, 'pshuflw', 'V,W,I', 16, onXmm(shuffle.pshuflw));
  put(rows, NP, 0xc6, 'shufps', 'V,W,I', 16, swiftShift.shufps);
  put(rows, P66, 0xc6, 'shufpd', 'V,W,I', 16, onXmm(shuffle.shufpd));
}

/** Shifts of XMM registers by an immediate that have handlers of their own. */
const SWIFT_SHIFTS: Record<string, Handler | undefined> = {
  psllw: swiftShift.psllw,
  psrlw: swiftShift.psrlw,
  psraw: swiftShift.psraw,
  pslld: swiftShift.pslld,
  psrld: swiftShift.psrld,
  psrad: swiftShift.psrad,
  psllq: swiftShift.psllq,
  psrlq: swiftShift.psrlq,
};

function defineShifts(rows: SimdEntry[]): void {
  const { psllw, pslld, psllq, psrlw, psrld, psrlq, psraw, psrad, pslldq, psrldq } = integer;
  const { shiftCount } = integer;
  for (const [opcode, name, shift] of [
    [0xd1, 'psrlw', psrlw],
    [0xd2, 'psrld', psrld],
    [0xd3, 'psrlq', psrlq],
    [0xe1, 'psraw', psraw],
    [0xe2, 'psrad', psrad],
    [0xf1, 'psllw', psllw],
    [0xf2, 'pslld', pslld],
    [0xf3, 'psllq', psllq],
  ] as const) {
    both(rows, opcode, name, (d, s, n) => shift(d, shiftCount(s), n));
  }
  const byImmediate = (opcode: number, shifts: Record<number, readonly [string, Shift]>): void => {
    for (const prefix of [NP, P66]) {
      const group = new Array<SimdRow | null>(8).fill(null);
      for (const [digit, [name, shift]] of Object.entries(shifts)) {
        if (prefix === NP && name.endsWith('dq')) continue;
        const n = prefix === NP ? 8 : 16;
        const work: Work = (d, _, op) => shift(d, op.imm, n);
        const r = prefix === NP ? onMmx(work).r : (SWIFT_SHIFTS[name] ?? onXmm(work).r);
        group[Number(digit)] = row(name, prefix === NP ? 'N,I' : 'U,I', 0, { r });
      }
      rows[(prefix << 8) | opcode] = group;
    }
  };
  byImmediate(0x71, { 2: ['psrlw', psrlw], 4: ['psraw', psraw], 6: ['psllw', psllw] });
  byImmediate(0x72, { 2: ['psrld', psrld], 4: ['psrad', psrad], 6: ['pslld', pslld] });
  byImmediate(0x73, {
    2: ['psrlq', psrlq],
    3: ['psrldq', psrldq],
    6: ['psllq', psllq],
    7: ['pslldq', pslldq],
  });
}

function defineState(rows: SimdEntry[]): void {
  put(rows, NP, 0x77, 'emms', '', 0, { r: control.emms });
  rows[(NP << 8) | 0xae] = [
    row('fxsave', 'M!', 512, { m: control.fxsave }),
    row('fxrstor', 'M', 512, { m: control.fxrstor }),
    row('ldmxcsr', 'M', 4, { m: control.ldmxcsr }),
    row('stmxcsr', 'M!', 4, { m: control.stmxcsr }),
    null,
    row('lfence', 'N', 0, { r: control.fence }),
    row('mfence', 'N', 0, { r: control.fence }),
    row('clflush sfence', 'Q', 1, { r: control.fence, m: control.clflush }),
  ];
}

/** SSSE3. */
function defineSupplemental(rows: SimdEntry[]): void {
  for (const [opcode, name, lanes] of [
    [0x00, 'pshufb', shuffle.pshufb],
    [0x01, 'phaddw', integer.phaddw],
    [0x02, 'phaddd', integer.phaddd],
    [0x03, 'phaddsw', integer.phaddsw],
    [0x04, 'pmaddubsw', integer.pmaddubsw],
    [0x05, 'phsubw', integer.phsubw],
    [0x06, 'phsubd', integer.phsubd],
    [0x07, 'phsubsw', integer.phsubsw],
    [0x08, 'psignb', integer.psignb],
    [0x09, 'psignw', integer.psignw],
    [0x0a, 'psignd', integer.psignd],
    [0x0b, 'pmulhrsw', integer.pmulhrsw],
    [0x1c, 'pabsb', integer.pabsb],
    [0x1d, 'pabsw', integer.pabsw],
    [0x1e, 'pabsd', integer.pabsd],
  ] as const) {
    const at = MAP_0F38 << 10;
    rows[at | (NP << 8) | opcode] = row(name, 'P,Q', 8, onMmx(on8(lanes)));
    rows[at | (P66 << 8) | opcode] = row(name, 'V,W', 16, onXmm(on16(lanes)));
  }
  const align = MAP_0F3A << 10;
  rows[align | (NP << 8) | 0x0f] = row(
    'palignr',
    'P,Q,I',
    8,
    onMmx((d, s, op) => shuffle.palignr(d, s, 8, op.imm)),
  );
  rows[align | (P66 << 8) | 0x0f] = row(
    'palignr',
    'V,W,I',
    16,
    onXmm((d, s, op) => shuffle.palignr(d, s, 16, op.imm)),
  );
}
