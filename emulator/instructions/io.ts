// IN, OUT, INS, OUTS (SDM 1 chapter 18). They end their blocks: a device may ask for attention.

import { advance } from '../cpu/block.js';
import { noteIo } from '../cpu/debug_registers.js';
import { raiseGP } from '../cpu/fault.js';
import { FLAG_DF, FLAG_IOPL, FLAG_TF } from '../cpu/flags.js';
import { ADDRESS_16, FLAT } from '../cpu/op.js';
import type { Handler, Op } from '../cpu/op.js';
import { ES, MODE_FLAT_EXTRA, isVirtual8086, segmentedAddress } from '../cpu/segments.js';
import { permitsIo } from '../cpu/task.js';
import { load16, load32, load8, probeWrite, store16, store32, store8 } from '../mmu/access.js';
import type { Ports } from '../platform.js';
import { i32, u16, u8 } from '../state/current.js';
import { CPL, EAX, ECX, EDI, EDX, EFLAGS_SYSTEM, ESI, MODE } from '../state/layout.js';
import { REP_NONE } from './string.js';

let ports: Ports;
export function setPorts(active: Ports): void {
  ports = active;
}

/** The ports are the guest's if CPL <= IOPL, else those that the TSS permits. Throws #GP(0). */
function checkPort(port: number, bytes: number): void {
  const below = i32[CPL] > (i32[EFLAGS_SYSTEM] & FLAG_IOPL) >> 12;
  if ((below || isVirtual8086()) && !permitsIo(port, bytes)) raiseGP(0);
}

function input(op: Op, port: number): Op {
  const bytes = op.width;
  checkPort(port, bytes);
  const value = ports.readPort(port, bytes);
  noteIo(port, bytes);
  if (bytes === 4) i32[EAX] = value;
  else if (bytes === 2) u16[EAX * 2] = value;
  else u8[EAX * 4] = value;
  return advance(op);
}

function output(op: Op, port: number): Op {
  const bytes = op.width;
  checkPort(port, bytes);
  noteIo(port, bytes);
  const value = bytes === 4 ? i32[EAX] >>> 0 : bytes === 2 ? u16[EAX * 2] : u8[EAX * 4];
  ports.writePort(port, value, bytes);
  return advance(op);
}

export const in_i: Handler = (op) => input(op, op.imm & 0xff);
export const in_dx: Handler = (op) => input(op, u16[EDX * 2]);
export const out_i: Handler = (op) => output(op, op.imm & 0xff);
export const out_dx: Handler = (op) => output(op, u16[EDX * 2]);

const isAddress16 = (op: Op): boolean => op.seg !== FLAT && (op.seg & ADDRESS_16) !== 0;

function addTo(op: Op, register: number, delta: number): void {
  if (isAddress16(op)) u16[register * 2] += delta;
  else i32[register] += delta;
}

const step = (bytes: number): number => (i32[EFLAGS_SYSTEM] & FLAG_DF ? -bytes : bytes);

function inputString(op: Op, bytes: number): void {
  const port = u16[EDX * 2];
  checkPort(port, bytes);
  const offset = isAddress16(op) ? u16[EDI * 2] : i32[EDI];
  const flat = (i32[MODE] & MODE_FLAT_EXTRA) !== 0 && !isAddress16(op);
  const la = flat ? offset : segmentedAddress(ES, offset, bytes, true);
  probeWrite(la, bytes); // a device's register is read once
  const value = ports.readPort(port, bytes);
  noteIo(port, bytes);
  if (bytes === 4) store32(la, value);
  else if (bytes === 2) store16(la, value);
  else store8(la, value);
  addTo(op, EDI, step(bytes));
}

function outputString(op: Op, bytes: number): void {
  const port = u16[EDX * 2];
  checkPort(port, bytes);
  const offset = isAddress16(op) ? u16[ESI * 2] : i32[ESI];
  const la = op.seg === FLAT ? offset : segmentedAddress(op.seg & 7, offset, bytes, false);
  const value = bytes === 4 ? load32(la) >>> 0 : bytes === 2 ? load16(la) : load8(la);
  noteIo(port, bytes);
  ports.writePort(port, value, bytes);
  addTo(op, ESI, step(bytes));
}

function repeating(one: (op: Op, bytes: number) => void, bytes: number): Handler {
  return (op) => {
    if (op.imm === REP_NONE) {
      one(op, bytes);
      return advance(op);
    }
    checkPort(u16[EDX * 2], bytes); // even when there is nothing to repeat
    const narrow = isAddress16(op);
    let left = narrow ? u16[ECX * 2] : i32[ECX] >>> 0;
    while (left > 0) {
      one(op, bytes);
      left--;
      if (narrow) u16[ECX * 2] = left;
      else i32[ECX] = left;
      if (left > 0 && i32[EFLAGS_SYSTEM] & FLAG_TF) return op;
    }
    return advance(op);
  };
}

export const ins8 = repeating(inputString, 1);
export const ins16 = repeating(inputString, 2);
export const ins32 = repeating(inputString, 4);
export const outs8 = repeating(outputString, 1);
export const outs16 = repeating(outputString, 2);
export const outs32 = repeating(outputString, 4);
