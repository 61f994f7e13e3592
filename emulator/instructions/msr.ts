// The time-stamp counter, model-specific registers, SYSENTER and SYSEXIT.

import { advance, resumeAt } from '../cpu/block.js';
import { executedBefore } from '../cpu/run.js';
import { raiseGP } from '../cpu/fault.js';
import { FLAG_IF, FLAG_RF, FLAG_VM } from '../cpu/flags.js';
import type { Handler, Op } from '../cpu/op.js';
import { cacheSegment, updateMode, CS, SS } from '../cpu/segments.js';
import { CR0_PE, CR4_TSD } from '../mmu/walk.js';
import { i32 } from '../state/current.js';
import {
  CPL,
  CR0,
  CR4,
  EAX,
  ECX,
  EDX,
  EFLAGS_SYSTEM,
  ESP,
  PAT_HIGH,
  PAT_LOW,
  SYSENTER_CS,
  SYSENTER_EIP,
  SYSENTER_ESP,
} from '../state/layout.js';
import { privileged, hosted } from './system.js';

/** The time-stamp counter counts instructions. Inside a block it is exact to the instruction. */
export const rdtsc: Handler = (op) => {
  if (i32[CR4] & CR4_TSD && i32[CPL] !== 0) raiseGP(0);
  setTimeStampResult(timeStamp(op));
  return op.next;
};

/** What RDTSC reads: instructions, and the time that passed while halted. */
function timeStamp(op: Op): number {
  return hosted().instructions + executedBefore(op) + hosted().timeStampOffset;
}

/** RDPMC: there is no performance-monitoring counter to read. */
export const rdpmc: Handler = () => raiseGP(0);

const MSR_TSC = 0x10;
const MSR_SYSENTER_CS = 0x174;
const MSR_SYSENTER_ESP = 0x175;
const MSR_SYSENTER_EIP = 0x176;
const MSR_PAT = 0x277;

/** State words of the model-specific register in ECX, low and high; -1: it has none. */
function msrWords(): readonly [low: number, high: number] {
  switch (i32[ECX]) {
    case MSR_SYSENTER_CS:
      return [SYSENTER_CS, -1];
    case MSR_SYSENTER_ESP:
      return [SYSENTER_ESP, -1];
    case MSR_SYSENTER_EIP:
      return [SYSENTER_EIP, -1];
    case MSR_PAT:
      return [PAT_LOW, PAT_HIGH];
    default:
      return raiseGP(0);
  }
}

function setTimeStampResult(count: number): void {
  i32[EAX] = count | 0;
  i32[EDX] = Math.floor(count / 0x100000000) | 0;
}

export const rdmsr: Handler = (op) => {
  privileged();
  if (i32[ECX] === MSR_TSC) setTimeStampResult(timeStamp(op));
  else {
    const [low, high] = msrWords();
    i32[EAX] = i32[low];
    i32[EDX] = high < 0 ? 0 : i32[high];
  }
  return advance(op);
};

/** Each byte of the PAT names a memory type: 0, 1, 4, 5, 6, 7 (SDM 3A table 11-10). */
function isPat(word: number): boolean {
  return [0, 8, 16, 24].every((shift) => [0, 1, 4, 5, 6, 7].includes((word >>> shift) & 0xff));
}

export const wrmsr: Handler = (op) => {
  privileged();
  const value = i32[EAX];
  if (i32[ECX] === MSR_TSC) {
    // Processors of this age write the low half and clear the high one (SDM 3B §17.17.3).
    hosted().timeStampOffset += (value >>> 0) - timeStamp(op);
    return advance(op);
  }
  const [low, high] = msrWords();
  if (i32[ECX] === MSR_PAT && !(isPat(value) && isPat(i32[EDX]))) raiseGP(0);
  i32[low] = value;
  if (high >= 0) i32[high] = i32[EDX];
  return advance(op);
};

const FLAT_CODE_32 = 0xc09b;
const FLAT_DATA_32 = 0xc093;

function flatSegments(selector: number, level: number): void {
  i32[CPL] = level;
  const rights = level << 5;
  cacheSegment(CS, (selector & ~3) | level, {
    base: 0,
    limit: -1,
    attributes: FLAT_CODE_32 | rights,
  });
  const stack = ((selector & ~3) + 8) | level;
  cacheSegment(SS, stack, { base: 0, limit: -1, attributes: FLAT_DATA_32 | rights });
  updateMode();
}

export const sysenter: Handler = () => {
  if ((i32[CR0] & CR0_PE) === 0 || (i32[SYSENTER_CS] & 0xfffc) === 0) raiseGP(0);
  i32[EFLAGS_SYSTEM] &= ~(FLAG_VM | FLAG_IF | FLAG_RF);
  flatSegments(i32[SYSENTER_CS] & 0xffff, 0);
  i32[ESP] = i32[SYSENTER_ESP];
  return resumeAt(i32[SYSENTER_EIP]);
};

export const sysexit: Handler = () => {
  if ((i32[CR0] & CR0_PE) === 0 || (i32[SYSENTER_CS] & 0xfffc) === 0) raiseGP(0);
  privileged();
  flatSegments((i32[SYSENTER_CS] + 16) & 0xffff, 3);
  i32[ESP] = i32[ECX];
  return resumeAt(i32[EDX]);
};
