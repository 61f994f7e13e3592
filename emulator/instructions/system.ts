// Interrupts by software, HLT, flags, CPUID.

import { advance, fallThrough, nextEip, resumeAt } from '../cpu/block.js';
import { cpuid as identify } from '../cpu/cpuid.js';
import { leave, raiseFault, raiseGP, raiseGPVector, raiseTrap, raiseUD } from '../cpu/fault.js';
import {
  FLAG_DF,
  FLAG_IF,
  FLAG_IOPL,
  FLAG_TF,
  getArithmeticFlags,
  getCarry,
  getOverflow,
  setArithmeticFlags,
  setCarry,
} from '../cpu/flags.js';
import { castShadow, interrupt } from '../cpu/interrupt.js';
import type { Source } from '../cpu/interrupt.js';
import { ea, eaPlus } from '../cpu/op.js';
import type { Handler, Op } from '../cpu/op.js';
import { leaveBehind } from '../cpu/run.js';
import { isVirtual8086 } from '../cpu/segments.js';
import { changeVirtualIf, interruptVirtual8086 } from '../cpu/virtual8086.js';
import { VECTOR_BP, VECTOR_BR, VECTOR_DB, VECTOR_OF } from '../exit.js';
import { load16, load32 } from '../mmu/access.js';
import type { Platform } from '../platform.js';
import { i16, i32, u8 } from '../state/current.js';
import { CPL, EAX, EFLAGS_SYSTEM, EIP, SHADOW_INTERRUPTS, SHADOW_TRAPS } from '../state/layout.js';

/** What the handlers must know of the machine that is running. */
export interface HostedMachine {
  readonly softIntVectors: Set<number>;
  readonly instructions: number;
  /** Whether interrupts and exceptions are delivered through the guest's own tables. */
  readonly deliversInside: boolean;
  /** What the time-stamp counter has beyond the instructions: idle time, and what was written to it. */
  timeStampOffset: number;
  readonly platform: Platform;
}

let machine: HostedMachine;
export function hosted(): HostedMachine {
  return machine;
}
export function setHosted(active: HostedMachine): void {
  machine = active;
}

/** Throws #GP(0) unless CPL is 0. */
export function privileged(): void {
  if (i32[CPL] !== 0) raiseGP(0);
}

function belowIopl(): boolean {
  return i32[CPL] > (i32[EFLAGS_SYSTEM] & FLAG_IOPL) >> 12;
}

// Software interrupts. Traps: EIP is behind the instruction when they are reported.

/** Enters the handler of a software interrupt, whose fault is one of this instruction. */
function enterHandler(op: Op, vector: number, source: Source): Op {
  interrupt(vector, source, nextEip(op), null);
  castShadow(SHADOW_TRAPS);
  return resumeAt(i32[EIP]);
}

export const int3: Handler = (op) => {
  if (machine.deliversInside) return enterHandler(op, VECTOR_BP, 'software');
  i32[EIP] = nextEip(op);
  return raiseTrap(VECTOR_BP);
};
export const int1: Handler = (op) => {
  if (machine.deliversInside) return enterHandler(op, VECTOR_DB, 'exception');
  i32[EIP] = nextEip(op);
  return raiseTrap(VECTOR_DB);
};
export const into: Handler = (op) => {
  if (!getOverflow()) return fallThrough(op);
  if (machine.deliversInside) return enterHandler(op, VECTOR_OF, 'software');
  i32[EIP] = nextEip(op);
  return raiseTrap(VECTOR_OF);
};
export const int_n: Handler = (op) => {
  if (machine.deliversInside) {
    if (isVirtual8086() && interruptVirtual8086(op.imm, nextEip(op))) {
      castShadow(SHADOW_TRAPS);
      return resumeAt(i32[EIP]);
    }
    return enterHandler(op, op.imm, 'software');
  }
  if (i32[CPL] === 3 && !machine.softIntVectors.has(op.imm)) raiseGPVector(op.imm);
  i32[EIP] = nextEip(op);
  return leaveBehind(op, 'softint', op.imm);
};

export const bound32: Handler = (op) => {
  const index = i32[op.d];
  const lower = load32(ea(op));
  const upper = load32(eaPlus(op, 4));
  if (index < lower || index > upper) raiseFault(VECTOR_BR);
  return op.next;
};
export const bound16: Handler = (op) => {
  const index = i16[op.d];
  const lower = (load16(ea(op)) << 16) >> 16;
  const upper = (load16(eaPlus(op, 2)) << 16) >> 16;
  if (index < lower || index > upper) raiseFault(VECTOR_BR);
  return op.next;
};

export const ud: Handler = () => raiseUD();
/** An instruction longer than 15 bytes, or a fetch beyond the limit of CS. */
export const gp0: Handler = () => raiseGP(0);

export const hlt: Handler = (op) => {
  privileged();
  // A single-step trap ends the halt at once.
  if (machine.deliversInside && i32[EFLAGS_SYSTEM] & FLAG_TF) return advance(op);
  i32[EIP] = nextEip(op);
  return leave('halt', 0);
};

// Flags.

export const clc: Handler = (op) => {
  setCarry(0);
  return op.next;
};
export const stc: Handler = (op) => {
  setCarry(1);
  return op.next;
};
export const cmc: Handler = (op) => {
  setCarry(getCarry() ^ 1);
  return op.next;
};
export const cld: Handler = (op) => {
  i32[EFLAGS_SYSTEM] &= ~FLAG_DF;
  return op.next;
};
export const std: Handler = (op) => {
  i32[EFLAGS_SYSTEM] |= FLAG_DF;
  return op.next;
};
export const cli: Handler = (op) => {
  if (belowIopl()) changeVirtualIf(false);
  else i32[EFLAGS_SYSTEM] &= ~FLAG_IF;
  return op.next;
};
/** STI holds interrupts off for one more instruction when they were disabled (SDM 2B, STI). */
export const sti: Handler = (op) => {
  if (belowIopl()) changeVirtualIf(true);
  else if ((i32[EFLAGS_SYSTEM] & FLAG_IF) === 0) {
    i32[EFLAGS_SYSTEM] |= FLAG_IF;
    i32[EIP] = nextEip(op);
    castShadow(SHADOW_INTERRUPTS);
  }
  return advance(op);
};
export const lahf: Handler = (op) => {
  u8[EAX * 4 + 1] = (getArithmeticFlags() & 0xd5) | 2;
  return op.next;
};
export const sahf: Handler = (op) => {
  const kept = getArithmeticFlags() & ~0xd5;
  setArithmeticFlags(kept | (u8[EAX * 4 + 1] & 0xd5));
  return op.next;
};
/** SALC, undocumented: AL = CF ? FF : 0. */
export const salc: Handler = (op) => {
  u8[EAX * 4] = -getCarry();
  return op.next;
};

export const cpuid: Handler = (op) => {
  identify();
  return op.next;
};
