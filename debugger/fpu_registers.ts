// Registers of the x87 and of SSE, by gdb's names.

import { CONTEXT_FPU, CONTEXT_XMM } from '../emulator/index.js';
import { npx_tag_word, npxpeek, npxsetregs } from '../kernel/index.js';
import type { Kernel, Thread } from '../kernel/index.js';

// From CONTEXT_FPU on: eight registers of four words, then the control words.
const CONTROL_WORDS = CONTEXT_FPU + 32;
const MXCSR = CONTEXT_XMM + 32;
const MXCSR_MASK = 0xffff;

/** gdb's names of the control words, with their place behind each other and the bits they have. */
const CONTROLS = {
  fctrl: [0, 0xffff],
  fstat: [1, 0xffff],
  ftag: [2, 0xffff],
  fiseg: [4, 0xffff],
  fioff: [3, 0xffffffff],
  foseg: [6, 0xffff],
  fooff: [5, 0xffffffff],
  fop: [7, 0x7ff],
} as const;

export type FpuControl = keyof typeof CONTROLS;

/** In gdb's order. */
export const FPU_CONTROLS = Object.keys(CONTROLS) as FpuControl[];
export const STACK_REGISTERS = Array.from({ length: 8 }, (_, i) => `st${i}`);
export const VECTOR_REGISTERS = Array.from({ length: 8 }, (_, i) => `xmm${i}`);

export interface FpuState {
  /** Ten bytes each, st0 first. */
  registers: Uint8Array[];
  /** uint32. */
  controls: Record<FpuControl, number>;
  /** Sixteen bytes each. */
  xmm: Uint8Array[];
  mxcsr: number;
}

function stackPlace(context: Int32Array, i: number): number {
  const top = (context[CONTROL_WORDS + 1] >> 11) & 7;
  return (CONTEXT_FPU + ((top + i) & 7) * 4) * 4;
}

/** The state of a thread, wherever it is; nothing is changed. */
export function readFpu(k: Kernel, td: Thread): FpuState {
  const context = npxpeek(k, td);
  const bytes = new Uint8Array(context.buffer);
  const controls = {} as Record<FpuControl, number>;
  for (const name of FPU_CONTROLS) {
    const [index, mask] = CONTROLS[name];
    controls[name] = (context[CONTROL_WORDS + index] & mask) >>> 0;
  }
  controls.ftag = npx_tag_word(context);
  return {
    registers: STACK_REGISTERS.map((_, i) => {
      const at = stackPlace(context, i);
      return bytes.slice(at, at + 10);
    }),
    controls,
    xmm: VECTOR_REGISTERS.map((_, i) =>
      bytes.slice((CONTEXT_XMM + 4 * i) * 4, (CONTEXT_XMM + 4 * i + 4) * 4),
    ),
    mxcsr: context[MXCSR],
  };
}

/**
 * Sets a register of a thread: `st0` to `st7` (ten bytes), `xmm0` to `xmm7` (sixteen), a control word
 * or `mxcsr` (four bytes, lowest first). Bits that a register does not have are left out.
 */
export function writeFpu(k: Kernel, td: Thread, name: string, bytes: Uint8Array): void {
  const context = npxpeek(k, td);
  const all = new Uint8Array(context.buffer);
  const value = (): number => new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true);
  if (name.startsWith('st')) all.set(bytes.subarray(0, 10), stackPlace(context, Number(name[2])));
  else if (name.startsWith('xmm')) all.set(bytes, (CONTEXT_XMM + 4 * Number(name[3])) * 4);
  else if (name === 'mxcsr') context[MXCSR] = value() & MXCSR_MASK;
  else {
    const [index, mask] = CONTROLS[name as FpuControl];
    context[CONTROL_WORDS + index] = value() & mask;
  }
  td.td_frame.set(context.subarray(CONTEXT_FPU), CONTEXT_FPU);
  npxsetregs(k, td);
}
