// Registers of any thread, running or not, by gdb's names.

import {
  CONTEXT_FPU,
  CS,
  DS,
  EAX,
  EBP,
  EBX,
  ECX,
  EDI,
  EDX,
  ES,
  ESI,
  ESP,
  FS,
  GS,
  SS,
} from '../emulator/index.js';
import type { Kernel, Thread } from '../kernel/index.js';
import { readFpu } from './fpu_registers.js';
import type { FpuState } from './fpu_registers.js';

export const GENERAL = {
  eax: EAX,
  ecx: ECX,
  edx: EDX,
  ebx: EBX,
  esp: ESP,
  ebp: EBP,
  esi: ESI,
  edi: EDI,
} as const;
export const SEGMENTS = { cs: CS, ss: SS, ds: DS, es: ES, fs: FS, gs: GS } as const;

export type GeneralName = keyof typeof GENERAL;
export type SegmentName = keyof typeof SEGMENTS;
export type RegisterName = GeneralName | SegmentName | 'eip' | 'eflags';

/** In gdb's order. */
export const REGISTER_NAMES: readonly RegisterName[] = [
  'eax',
  'ecx',
  'edx',
  'ebx',
  'esp',
  'ebp',
  'esi',
  'edi',
  'eip',
  'eflags',
  'cs',
  'ss',
  'ds',
  'es',
  'fs',
  'gs',
];

/** The x87 unit: eight registers as they stand in the stack, ten bytes each, and control words. */
export interface RegisterSet {
  /** uint32; segment registers are selectors. */
  values: Record<RegisterName, number>;
  bases: { fs_base: number; gs_base: number };
  fpu: FpuState;
}

/** Makes a thread's context the CPU's for the time of `look`. */
function withContext<T>(k: Kernel, td: Thread, look: () => T, keep: boolean): T {
  const { machine, kern } = k;
  if (kern.curthread === td) return look();
  const saved = new Int32Array(CONTEXT_FPU);
  machine.saveRegisters(saved);
  machine.loadRegisters(td.td_frame);
  try {
    const result = look();
    if (keep) machine.saveRegisters(td.td_frame);
    return result;
  } finally {
    machine.loadRegisters(saved);
  }
}

/** All registers of a thread of user mode. */
export function readRegisters(k: Kernel, td: Thread): RegisterSet {
  return withContext(
    k,
    td,
    () => {
      const { cpu } = k.machine;
      const values = { eip: cpu.eip >>> 0, eflags: cpu.eflags >>> 0 } as Record<
        RegisterName,
        number
      >;
      for (const [name, n] of Object.entries(GENERAL))
        values[name as GeneralName] = cpu.getReg(n) >>> 0;
      for (const [name, n] of Object.entries(SEGMENTS))
        values[name as SegmentName] = cpu.segment(n).selector;
      const bases = { fs_base: cpu.segment(FS).base >>> 0, gs_base: cpu.segment(GS).base >>> 0 };
      return { values, bases, fpu: readFpu(k, td) };
    },
    false,
  );
}

/**
 * Sets a register of a thread. @returns false for a segment register whose selector names no usable
 * segment; it is unchanged then.
 */
export function writeRegister(k: Kernel, td: Thread, name: RegisterName, value: number): boolean {
  return withContext(
    k,
    td,
    () => {
      const { cpu } = k.machine;
      if (name === 'eip') cpu.eip = value | 0;
      else if (name === 'eflags') cpu.eflags = (value & 0x244dd5) | 0x202;
      else if (name in GENERAL) cpu.setReg(GENERAL[name as GeneralName], value | 0);
      else {
        const n = SEGMENTS[name as SegmentName];
        const before = cpu.segment(n).selector;
        if (value !== 0 && (value & 3) !== 3) return false;
        if (!cpu.setSegment(n, value & 0xffff) && value !== 0) {
          cpu.setSegment(n, before);
          return false;
        }
      }
      return true;
    },
    true,
  );
}

/** A ten-byte x87 number as a JavaScript one; NaN and infinities included. */
export function fromExtended(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 10);
  const significand = view.getBigUint64(0, true);
  const top = view.getUint16(8, true);
  const sign = top & 0x8000 ? -1 : 1;
  const exponent = top & 0x7fff;
  if (exponent === 0x7fff) return BigInt.asUintN(63, significand) === 0n ? sign * Infinity : NaN;
  // Two steps: the product of both powers may lie outside of what a number can be.
  return sign * Number(significand) * 2 ** -63 * 2 ** (exponent - 16383);
}
