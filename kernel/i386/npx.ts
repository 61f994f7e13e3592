// The x87 state of a thread, as signal frames and new images have it (i386/isa/npx.c). It is read and
// written through a saved context.

import { CONTEXT_WORDS } from '../../emulator/index.js';
import {
  FPE_FLTDIV,
  FPE_FLTINV,
  FPE_FLTOVF,
  FPE_FLTRES,
  FPE_FLTSUB,
  FPE_FLTUND,
} from '../sys/signal.js';

// The last forty words of a context: eight registers of four words, then control, status, tag,
// instruction offset and selector, data offset and selector, opcode.
const REGISTERS = CONTEXT_WORDS - 40;
const CONTROL = CONTEXT_WORDS - 8;
const STATUS = CONTROL + 1;
const TAG = CONTROL + 2;
const FIP = CONTROL + 3;
const FCS = CONTROL + 4;
const FDP = CONTROL + 5;
const FDS = CONTROL + 6;
const OPCODE = CONTROL + 7;

/** Control word of a new FreeBSD image: double precision, all exceptions masked. */
export const __INITIAL_NPXCW__ = 0x127f;
/** FNINIT's, and Linux's. */
export const FNINIT_CW = 0x37f;

/** The state after FNINIT, with another control word. */
export function npx_init_context(context: Int32Array, control: number): void {
  context.fill(0, REGISTERS, CONTEXT_WORDS);
  context[CONTROL] = control;
  context[TAG] = 0xffff;
}

/** Tag of the register at word `at` of a context: 0 valid, 1 zero, 2 special. */
function tag_of(context: Int32Array, at: number): number {
  const exponent = context[at + 2] & 0x7fff;
  if (exponent === 0) return context[at] | context[at + 1] ? 2 : 1;
  return exponent === 0x7fff || context[at + 1] >= 0 ? 2 : 0;
}

/** The tag word that FNSAVE stores: a context only tells which registers are empty (3) or not (0). */
function full_tag_word(context: Int32Array): number {
  let tags = context[TAG] & 0xffff;
  for (let n = 0; n < 8; n++) {
    if (((tags >> (2 * n)) & 3) === 0) tags |= tag_of(context, REGISTERS + 4 * n) << (2 * n);
  }
  return tags;
}

/** The tag word of a context for one that was stored. */
function empty_or_not(tags: number): number {
  const empty = tags & (tags >> 1) & 0x5555;
  return empty | (empty << 1);
}

/** Writes the FNSAVE image (32-bit protected mode format). */
export function npx_save(context: Int32Array, view: DataView, offset: number): void {
  const env = [
    0xffff0000 | context[CONTROL],
    0xffff0000 | context[STATUS],
    0xffff0000 | full_tag_word(context),
    context[FIP],
    (context[FCS] & 0xffff) | ((context[OPCODE] & 0x7ff) << 16),
    context[FDP],
    0xffff0000 | context[FDS],
  ];
  env.forEach((word, i) => view.setInt32(offset + 4 * i, word, true));
  const top = (context[STATUS] >> 11) & 7;
  for (let i = 0; i < 8; i++) {
    const from = REGISTERS + ((top + i) & 7) * 4;
    const to = offset + 28 + 10 * i;
    view.setInt32(to, context[from], true);
    view.setInt32(to + 4, context[from + 1], true);
    view.setUint16(to + 8, context[from + 2] & 0xffff, true);
  }
}

/** Reads an FNSAVE image (FRSTOR). */
export function npx_restore(context: Int32Array, view: DataView, offset: number): void {
  const word = (i: number): number => view.getInt32(offset + 4 * i, true);
  // As FRSTOR has it: reserved control bits are fixed, the summary follows from the exceptions.
  context[CONTROL] = (word(0) & 0x1f3f) | 0x40;
  const status = word(1) & 0x7f7f;
  context[STATUS] = status & 0x3f & ~context[CONTROL] ? status | 0x8080 : status;
  context[TAG] = empty_or_not(word(2));
  context[FIP] = word(3);
  context[FCS] = word(4) & 0xffff;
  context[OPCODE] = (word(4) >>> 16) & 0x7ff;
  context[FDP] = word(5);
  context[FDS] = word(6) & 0xffff;
  const top = (context[STATUS] >> 11) & 7;
  for (let i = 0; i < 8; i++) {
    const to = REGISTERS + ((top + i) & 7) * 4;
    const from = offset + 28 + 10 * i;
    context[to] = view.getInt32(from, true);
    context[to + 1] = view.getInt32(from + 4, true);
    context[to + 2] = view.getUint16(from + 8, true);
  }
}

/**
 * si_code of an unmasked x87 exception: that of the first of IE, ZE, DE, OE, UE, PE (fpetable).
 * Linux puts DE behind OE and has no code of its own for stack faults (fpu__exception_code).
 */
export function npx_trap_code(context: Int32Array, linux: boolean): number {
  const status = context[STATUS];
  const pending = status & ~context[CONTROL] & 0x3f;
  if (pending & 1) return status & 0x40 && !linux ? FPE_FLTSUB : FPE_FLTINV;
  if (pending & 4) return FPE_FLTDIV;
  if (pending & 2 && !(linux && pending & 8)) return FPE_FLTUND;
  if (pending & 8) return FPE_FLTOVF;
  return pending & 0x10 ? FPE_FLTUND : FPE_FLTRES;
}
