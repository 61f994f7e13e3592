// The x87 and SSE state of a thread (i386/isa/npx.c): who has it in the CPU, and its images as signal
// frames have them.
//
// The state stays in the CPU when its thread gives that up; CR0.TS is set while another one runs, and only
// when that one uses the unit (#NM) are states exchanged. FreeBSD 11 saves at the switch already, because a
// state in the unit of another processor is hard to get at; here there is one.

import { CONTEXT_FPU, CONTEXT_WORDS, CONTEXT_XMM } from '../../emulator/index.js';
import type { Kernel } from '../sys/kernel.js';
import { PCB_NPXINITDONE } from '../sys/proc.js';
import type { Thread } from '../sys/proc.js';
import { KASSERT } from '../sys/panic.js';
import {
  FPE_FLTDIV,
  FPE_FLTINV,
  FPE_FLTOVF,
  FPE_FLTRES,
  FPE_FLTSUB,
  FPE_FLTUND,
} from '../sys/signal.js';

// Forty words of a context: eight registers of four words, then control, status, tag, instruction
// offset and selector, data offset and selector, opcode.
const REGISTERS = CONTEXT_FPU;
const CONTROL = CONTEXT_FPU + 32;
const STATUS = CONTROL + 1;
const TAG = CONTROL + 2;
const FIP = CONTROL + 3;
const FCS = CONTROL + 4;
const FDP = CONTROL + 5;
const FDS = CONTROL + 6;
const OPCODE = CONTROL + 7;
// 32 words of XMM registers, then MXCSR.
const XMM = CONTEXT_XMM;
const MXCSR = CONTEXT_XMM + 32;

/** Control word of a new FreeBSD image: double precision, all exceptions masked. */
export const __INITIAL_NPXCW__ = 0x127f;
/** FNINIT's, and Linux's. */
export const FNINIT_CW = 0x37f;
/** struct savexmm: what FXSAVE stores. */
export const SAVEXMM_BYTES = 512;
/** MXCSR of a new image: all exceptions masked. */
const __INITIAL_MXCSR__ = 0x1f80;
/** Bits that MXCSR has (cpu_mxcsr_mask). */
export const MXCSR_MASK = 0xffff;

/** The state after FNINIT, with another control word, and that of SSE after reset. */
function npx_initialstate(context: Int32Array, control: number): void {
  context.fill(0, REGISTERS, OPCODE + 1);
  context[CONTROL] = control;
  context[TAG] = 0xffff;
  context.fill(0, XMM, MXCSR);
  context[MXCSR] = __INITIAL_MXCSR__;
}

/** #NM: the running thread uses the unit. */
export function npxdna(k: Kernel, td: Thread): void {
  KASSERT(k.kern.fpcurthread !== td, () => 'npxdna: fpcurthread == curthread');
  npx_exchange(k, td);
}

/** `td`, which runs, gets its state into the CPU; that of the thread before goes to its context. */
function npx_exchange(k: Kernel, td: Thread): void {
  const { kern, machine } = k;
  if (kern.fpcurthread !== null) machine.saveFpu(kern.fpcurthread.td_frame);
  npx_inited(td);
  machine.loadFpu(td.td_frame);
  machine.cpu.taskSwitched = false;
  kern.fpcurthread = td;
  td.pcb_npx_turns = (td.pcb_npx_turns + 1) & 0xff;
}

function npx_inited(td: Thread): void {
  if (td.pcb_flags & PCB_NPXINITDONE) return;
  npx_initialstate(td.td_frame, td.pcb_initial_npxcw);
  td.pcb_flags |= PCB_NPXINITDONE;
}

/** A thread gives up the CPU. */
export function npxleave(k: Kernel, td: Thread): void {
  if (k.kern.fpcurthread !== td) td.pcb_npx_turns = 0;
}

/** Exchanges for a thread behind which the next ones, up to a multiple of 256, need no #NM. */
const USES_IT_ALWAYS = 5;

/**
 * A thread is put on the CPU. One that has used the unit turn after turn gets its state at once, as
 * Linux had it (fpu_counter).
 */
export function npxswitch(k: Kernel, td: Thread): void {
  if (k.kern.fpcurthread === td) k.machine.cpu.taskSwitched = false;
  else if (td.pcb_npx_turns > USES_IT_ALWAYS) npx_exchange(k, td);
  else k.machine.cpu.taskSwitched = true;
}

/** Forgets the state of a thread: its next use of the unit begins with a new one. */
export function npxdrop(k: Kernel, td: Thread): void {
  td.pcb_flags &= ~PCB_NPXINITDONE;
  td.pcb_npx_turns = 0;
  if (k.kern.fpcurthread !== td) return;
  k.kern.fpcurthread = null;
  k.machine.cpu.taskSwitched = true;
}

/** A new image of a thread, or its first: it starts with this control word. */
export function npxinit(k: Kernel, td: Thread, control: number): void {
  npxdrop(k, td);
  td.pcb_initial_npxcw = control;
}

/** A new thread gets a copy of the state of its maker (cpu_fork). */
export function npxfork(k: Kernel, td1: Thread, td2: Thread): void {
  td2.pcb_flags = td1.pcb_flags;
  td2.pcb_initial_npxcw = td1.pcb_initial_npxcw;
  if (k.kern.fpcurthread === td1) k.machine.saveFpu(td2.td_frame);
  else td2.td_frame.set(td1.td_frame.subarray(CONTEXT_FPU, CONTEXT_WORDS), CONTEXT_FPU);
}

/**
 * Brings the x87 and SSE part of td_frame up to date, for reading.
 * @returns whether the state is in the CPU as well: what npxsetregs has to hear of a change
 */
export function npxgetregs(k: Kernel, td: Thread): boolean {
  const owned = k.kern.fpcurthread === td;
  if (owned) k.machine.saveFpu(td.td_frame);
  else npx_inited(td);
  return owned;
}

/** A context whose x87 and SSE part is the thread's state, wherever that is now. Changes nothing. */
export function npxpeek(k: Kernel, td: Thread): Int32Array {
  const context = td.td_frame.slice();
  if (k.kern.fpcurthread === td) k.machine.saveFpu(context);
  else if ((td.pcb_flags & PCB_NPXINITDONE) === 0) npx_initialstate(context, td.pcb_initial_npxcw);
  return context;
}

/** The x87 and SSE part of td_frame is the thread's state from now on. */
export function npxsetregs(k: Kernel, td: Thread): void {
  td.pcb_flags |= PCB_NPXINITDONE;
  if (k.kern.fpcurthread === td) k.machine.loadFpu(td.td_frame);
}

/** Tag of the register at word `at` of a context: 0 valid, 1 zero, 2 special. */
function tag_of(context: Int32Array, at: number): number {
  const exponent = context[at + 2] & 0x7fff;
  if (exponent === 0) return context[at] | context[at + 1] ? 2 : 1;
  return exponent === 0x7fff || context[at + 1] >= 0 ? 2 : 0;
}

/** The tag word that FNSAVE stores: a context only tells which registers are empty (3) or not (0). */
export function npx_tag_word(context: Int32Array): number {
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

/** A control word as FRSTOR and FXRSTOR take it: reserved bits are fixed. */
function put_control(context: Int32Array, control: number): void {
  context[CONTROL] = (control & 0x1f3f) | 0x40;
}

/** A status word likewise, behind the control word: the summary follows from the exceptions. */
function put_status(context: Int32Array, word: number): void {
  const status = word & 0x7f7f;
  context[STATUS] = status & 0x3f & ~context[CONTROL] ? status | 0x8080 : status;
}

/** Writes the FNSAVE image (32-bit protected mode format). */
export function npx_save(context: Int32Array, view: DataView, offset: number): void {
  const env = [
    0xffff0000 | context[CONTROL],
    0xffff0000 | context[STATUS],
    0xffff0000 | npx_tag_word(context),
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
  put_control(context, word(0));
  put_status(context, word(1));
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

/** Writes the FXSAVE image (SDM 1 §10.5.1): 512 bytes, those that are reserved left alone. */
export function npx_save_xmm(context: Int32Array, view: DataView, offset: number): void {
  let used = 0;
  for (let n = 0; n < 8; n++) if (((context[TAG] >> (2 * n)) & 3) !== 3) used |= 1 << n;
  view.setUint16(offset, context[CONTROL], true);
  view.setUint16(offset + 2, context[STATUS], true);
  view.setUint16(offset + 4, used, true);
  view.setUint16(offset + 6, context[OPCODE] & 0x7ff, true);
  view.setInt32(offset + 8, context[FIP], true);
  view.setInt32(offset + 12, context[FCS] & 0xffff, true);
  view.setInt32(offset + 16, context[FDP], true);
  view.setInt32(offset + 20, context[FDS] & 0xffff, true);
  view.setInt32(offset + 24, context[MXCSR], true);
  view.setInt32(offset + 28, MXCSR_MASK, true);
  const top = (context[STATUS] >> 11) & 7;
  for (let i = 0; i < 8; i++) {
    const from = REGISTERS + ((top + i) & 7) * 4;
    const to = offset + 32 + 16 * i;
    view.setInt32(to, context[from], true);
    view.setInt32(to + 4, context[from + 1], true);
    view.setInt32(to + 8, context[from + 2] & 0xffff, true);
    view.setInt32(to + 12, 0, true);
  }
  for (let i = 0; i < 32; i++) view.setInt32(offset + 160 + 4 * i, context[XMM + i], true);
}

/** MXCSR of an FXSAVE image. */
export function npx_image_mxcsr(view: DataView, offset: number): number {
  return view.getInt32(offset + 24, true);
}

/** Reads the SSE part of an FXSAVE image; what MXCSR has no bits for is left out. */
export function npx_restore_sse(context: Int32Array, view: DataView, offset: number): void {
  context[MXCSR] = npx_image_mxcsr(view, offset) & MXCSR_MASK;
  for (let i = 0; i < 32; i++) context[XMM + i] = view.getInt32(offset + 160 + 4 * i, true);
}

/** Reads an FXSAVE image (FXRSTOR). */
export function npx_restore_xmm(context: Int32Array, view: DataView, offset: number): void {
  put_control(context, view.getUint16(offset, true));
  put_status(context, view.getUint16(offset + 2, true));
  const used = view.getUint8(offset + 4);
  context[TAG] = 0;
  for (let n = 0; n < 8; n++) if (((used >> n) & 1) === 0) context[TAG] |= 3 << (2 * n);
  context[OPCODE] = view.getUint16(offset + 6, true) & 0x7ff;
  context[FIP] = view.getInt32(offset + 8, true);
  context[FCS] = view.getUint16(offset + 12, true);
  context[FDP] = view.getInt32(offset + 16, true);
  context[FDS] = view.getUint16(offset + 20, true);
  const top = (context[STATUS] >> 11) & 7;
  for (let i = 0; i < 8; i++) {
    const to = REGISTERS + ((top + i) & 7) * 4;
    const from = offset + 32 + 16 * i;
    context[to] = view.getInt32(from, true);
    context[to + 1] = view.getInt32(from + 4, true);
    context[to + 2] = view.getUint16(from + 8, true);
  }
  npx_restore_sse(context, view, offset);
}

/** si_code of pending exceptions, the first of IE, ZE, DE, OE, UE, PE; Linux has DE behind OE. */
function fpe_code(pending: number, linux: boolean): number {
  if (pending & 1) return FPE_FLTINV;
  if (pending & 4) return FPE_FLTDIV;
  if (pending & 2 && !(linux && pending & 8)) return FPE_FLTUND;
  if (pending & 8) return FPE_FLTOVF;
  return pending & 0x10 ? FPE_FLTUND : FPE_FLTRES;
}

/**
 * si_code of an unmasked x87 exception (fputrap_x87). Linux has no code of its own for stack faults
 * (fpu__exception_code).
 */
export function npxtrap_x87(k: Kernel, td: Thread, linux: boolean): number {
  npxgetregs(k, td);
  const context = td.td_frame;
  const status = context[STATUS];
  const pending = status & ~context[CONTROL] & 0x3f;
  if (pending & 1 && status & 0x40 && !linux) return FPE_FLTSUB;
  return fpe_code(pending, linux);
}

/** si_code of an unmasked SSE exception (fputrap_sse). */
export function npxtrap_sse(k: Kernel, td: Thread, linux: boolean): number {
  npxgetregs(k, td);
  const mxcsr = td.td_frame[MXCSR];
  return fpe_code(mxcsr & ~(mxcsr >> 7) & 0x3f, linux);
}
