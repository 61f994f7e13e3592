// FCOM FUCOM FICOM FTST and their popping forms, FCOMI FUCOMI, FXAM, FCMOVcc.

import { conditionHolds, setArithmeticFlags } from '../cpu/flags.js';
import { ea } from '../cpu/op.js';
import type { Handler, Op } from '../cpu/op.js';
import { i32, u16 } from '../state/current.js';
import { FPU_CONTROL, FPU_STATUS } from '../state/layout.js';
import {
  ABORT,
  C0,
  C1,
  C2,
  C3,
  CLASS_DENORMAL,
  CLASS_QNAN,
  CONDITIONS,
  DE,
  SF,
  SUMMARY,
} from './constants.js';
import { core } from './core.js';
import { source } from './memory.js';
import {
  OPERAND,
  isEmpty,
  putValue,
  ready,
  register,
  settle,
  settleAndPop,
  stackFault,
  topOf,
  track,
  trackMemory,
} from './state.js';

const UNORDERED = C3 | C2 | C0;

function compareRegisters(op: Op, i: number, quiet: number, pops: number): Op {
  const status = ready();
  const a = topOf(status);
  const b = (a + i) & 7;
  track(op);
  let flags: number;
  if (isEmpty(a) || isEmpty(b)) flags = stackFault(-1, 0) | UNORDERED;
  else flags = core.compare(register(a), register(b), quiet);
  settleAndPop(status & ~CONDITIONS, flags, pops);
  return op.next;
}

export const fcom: Handler = (op) => compareRegisters(op, op.imm, 0, 0);
export const fcomp: Handler = (op) => compareRegisters(op, op.imm, 0, 1);
export const fcompp: Handler = (op) => compareRegisters(op, 1, 0, 2);
export const fucom: Handler = (op) => compareRegisters(op, op.imm, 1, 0);
export const fucomp: Handler = (op) => compareRegisters(op, op.imm, 1, 1);
export const fucompp: Handler = (op) => compareRegisters(op, 1, 1, 2);

function compareMemory(op: Op, la: number, status: number, kind: number): Op {
  const a = topOf(status);
  const pops = (op.s >> 3) & 1;
  trackMemory(op, la);
  let flags: number;
  if (isEmpty(a)) flags = stackFault(-1, 0) | UNORDERED;
  else {
    flags = core.compare(register(a), OPERAND, 0);
    if (kind === CLASS_DENORMAL && core.classify(register(a)) < CLASS_QNAN) {
      flags |= i32[FPU_CONTROL] & DE ? DE : DE | SUMMARY | ABORT;
    }
  }
  settleAndPop(status & ~CONDITIONS, flags, pops);
  return op.next;
}

export const fcom_m32: Handler = (op) => {
  const status = ready();
  const la = ea(op);
  return compareMemory(op, la, status, core.fromFloat(source(la, 4), 0, OPERAND));
};
export const fcom_m64: Handler = (op) => {
  const status = ready();
  const la = ea(op);
  return compareMemory(op, la, status, core.fromFloat(source(la, 8), 1, OPERAND));
};
export const ficom_i32: Handler = (op) => {
  const status = ready();
  const la = ea(op);
  return compareMemory(op, la, status, core.fromInteger(source(la, 4), 32, OPERAND));
};
export const ficom_i16: Handler = (op) => {
  const status = ready();
  const la = ea(op);
  return compareMemory(op, la, status, core.fromInteger(source(la, 2), 16, OPERAND));
};

export const ftst: Handler = (op) => {
  const status = ready();
  const a = topOf(status);
  track(op);
  putValue(OPERAND, 0, 0, 0);
  const flags = isEmpty(a) ? stackFault(-1, 0) | UNORDERED : core.compare(register(a), OPERAND, 0);
  settle(status & ~CONDITIONS, flags);
  return op.next;
};

/** C1, which these instructions only clear for a stack fault. */
function keptC1(status: number, flags: number): number {
  return flags & SF ? 0 : status & C1;
}

/** To EFLAGS: C3 is ZF, C2 PF, C0 CF; OF, SF and AF are cleared. */
function compareToEflags(op: Op, quiet: number, pops: number): Op {
  const status = ready();
  const a = topOf(status);
  const b = (a + op.imm) & 7;
  track(op);
  let flags: number;
  if (isEmpty(a) || isEmpty(b)) flags = stackFault(-1, 0) | UNORDERED;
  else flags = core.compare(register(a), register(b), quiet);
  setArithmeticFlags(((flags & C3) >> 8) | ((flags & C2) >> 8) | ((flags & C0) >> 8));
  settleAndPop(status, (flags & ~UNORDERED) | keptC1(status, flags), pops);
  return op.next;
}
export const fcomi: Handler = (op) => compareToEflags(op, 0, 0);
export const fcomip: Handler = (op) => compareToEflags(op, 0, 1);
export const fucomi: Handler = (op) => compareToEflags(op, 1, 0);
export const fucomip: Handler = (op) => compareToEflags(op, 1, 1);

/** C3 C2 C0 by class: normal, zero, denormal, infinity, NaN, NaN, unsupported. */
const EXAMINED = [C2, C3, C3 | C2, C2 | C0, C0, C0, 0];

export const fxam: Handler = (op) => {
  const status = ready();
  const a = topOf(status);
  const rd = register(a);
  track(op);
  const kind = isEmpty(a) ? C3 | C0 : EXAMINED[core.classify(rd)];
  i32[FPU_STATUS] = (status & ~CONDITIONS) | kind | (u16[(rd + 8) >> 1] & 0x8000 ? C1 : 0);
  return op.next;
};

/** FCMOVcc: DA has B E BE U, DB their negations, as the conditions of jcc. */
export const fcmov: Handler = (op) => {
  const status = ready();
  const a = topOf(status);
  const b = (a + op.imm) & 7;
  track(op);
  const condition = [2, 4, 6, 10][(op.s >> 3) & 3] | (op.d & 1);
  let flags = 0;
  if (isEmpty(a) || isEmpty(b)) flags = stackFault(register(a), 0);
  else if (conditionHolds(condition)) core.copy(register(b), register(a));
  settle(status, flags | keptC1(status, flags));
  return op.next;
};
