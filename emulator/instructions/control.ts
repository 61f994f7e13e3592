// Near control transfers: jmp, jcc, call, ret, loop, jecxz. Direct targets are in op.imm as linear
// addresses; the decoder has truncated those of a 16-bit operand size (SDM 2A, JMP).

import { branch, checkBranch, checkTarget, fallThrough, jumpTo, nextEip } from '../cpu/block.js';
import { getOverflow, getParity, getSign } from '../cpu/flags.js';
import { ea } from '../cpu/op.js';
import type { Handler, Op } from '../cpu/op.js';
import { CS, MODE_FLAT_CODE } from '../cpu/segments.js';
import { addStackPointer, peek16, peek32, probePush, push16, push32 } from '../cpu/stack.js';
import { load16, load32 } from '../mmu/access.js';
import { i32, u16 } from '../state/current.js';
import { ECX, FLAG_AUX, FLAG_RESULT, MODE, SEGMENT_BASE } from '../state/layout.js';

const jo: Handler = (op) => (getOverflow() !== 0 ? branch(op, op.imm) : fallThrough(op));
const jno: Handler = (op) => (getOverflow() === 0 ? branch(op, op.imm) : fallThrough(op));
const jb: Handler = (op) => (i32[FLAG_AUX] < 0 ? branch(op, op.imm) : fallThrough(op));
const jae: Handler = (op) => (i32[FLAG_AUX] >= 0 ? branch(op, op.imm) : fallThrough(op));
const jz: Handler = (op) => (i32[FLAG_RESULT] === 0 ? branch(op, op.imm) : fallThrough(op));
const jnz: Handler = (op) => (i32[FLAG_RESULT] !== 0 ? branch(op, op.imm) : fallThrough(op));
const jbe: Handler = (op) =>
  i32[FLAG_AUX] < 0 || i32[FLAG_RESULT] === 0 ? branch(op, op.imm) : fallThrough(op);
const ja: Handler = (op) =>
  i32[FLAG_AUX] >= 0 && i32[FLAG_RESULT] !== 0 ? branch(op, op.imm) : fallThrough(op);
const js: Handler = (op) => (getSign() !== 0 ? branch(op, op.imm) : fallThrough(op));
const jns: Handler = (op) => (getSign() === 0 ? branch(op, op.imm) : fallThrough(op));
const jp: Handler = (op) => (getParity() !== 0 ? branch(op, op.imm) : fallThrough(op));
const jnp: Handler = (op) => (getParity() === 0 ? branch(op, op.imm) : fallThrough(op));
const jl: Handler = (op) => (getSign() !== getOverflow() ? branch(op, op.imm) : fallThrough(op));
const jge: Handler = (op) => (getSign() === getOverflow() ? branch(op, op.imm) : fallThrough(op));
const jle: Handler = (op) =>
  i32[FLAG_RESULT] === 0 || getSign() !== getOverflow() ? branch(op, op.imm) : fallThrough(op);
const jg: Handler = (op) =>
  i32[FLAG_RESULT] !== 0 && getSign() === getOverflow() ? branch(op, op.imm) : fallThrough(op);

/** By condition code, SDM 2A appendix B.1.4.7. */
// prettier-ignore
export const jcc: readonly Handler[] = [
  jo, jno, jb, jae, jz, jnz, jbe, ja, js, jns, jp, jnp, jl, jge, jle, jg,
];

export const jmp: Handler = (op) => branch(op, op.imm);

function jumpChecked(eip: number): Op {
  checkTarget(eip);
  return jumpTo(eip);
}

export const jmp32_r: Handler = (op) => jumpChecked(i32[op.d]);
export const jmp32_m: Handler = (op) => jumpChecked(load32(ea(op)));
export const jmp16_r: Handler = (op) => jumpChecked(u16[op.d]);
export const jmp16_m: Handler = (op) => jumpChecked(load16(ea(op)));

/** The push of a call comes before the check of its target, which shows when both fault. */
function checkCall(target: number, bytes: 2 | 4): void {
  if (i32[MODE] & MODE_FLAT_CODE) return;
  probePush(bytes, bytes);
  checkTarget(target);
}

export const call32: Handler = (op) => {
  checkCall((op.imm - i32[SEGMENT_BASE + CS]) | 0, 4);
  push32(nextEip(op));
  return branch(op, op.imm);
};
export const call16: Handler = (op) => {
  checkCall((op.imm - i32[SEGMENT_BASE + CS]) | 0, 2);
  push16(nextEip(op));
  return branch(op, op.imm);
};
export const call32_r: Handler = (op) => {
  const target = i32[op.d];
  checkCall(target, 4);
  push32(nextEip(op));
  return jumpTo(target);
};
export const call32_m: Handler = (op) => {
  const target = load32(ea(op));
  checkCall(target, 4);
  push32(nextEip(op));
  return jumpTo(target);
};
export const call16_r: Handler = (op) => {
  const target = u16[op.d];
  checkCall(target, 2);
  push16(nextEip(op));
  return jumpTo(target);
};
export const call16_m: Handler = (op) => {
  const target = load16(ea(op));
  checkCall(target, 2);
  push16(nextEip(op));
  return jumpTo(target);
};

function returnTo(target: number, release: number): Op {
  checkTarget(target);
  addStackPointer(release);
  return jumpTo(target);
}

export const ret32: Handler = () => returnTo(peek32(0), 4);
export const ret16: Handler = () => returnTo(peek16(0), 2);
export const ret32_i: Handler = (op) => returnTo(peek32(0), 4 + op.imm);
export const ret16_i: Handler = (op) => returnTo(peek16(0), 2 + op.imm);

// LOOP and JECXZ count with ECX or, at a 16-bit address size, with CX.

function loop32If(op: Op, condition: boolean): Op {
  const count = (i32[ECX] - 1) | 0;
  const taken = count !== 0 && condition;
  if (taken) checkBranch(op);
  i32[ECX] = count;
  return taken ? branch(op, op.imm) : fallThrough(op);
}
function loop16If(op: Op, condition: boolean): Op {
  const count = (u16[ECX * 2] - 1) & 0xffff;
  const taken = count !== 0 && condition;
  if (taken) checkBranch(op);
  u16[ECX * 2] = count;
  return taken ? branch(op, op.imm) : fallThrough(op);
}

export const loop32: Handler = (op) => loop32If(op, true);
export const loop16: Handler = (op) => loop16If(op, true);
export const loopz32: Handler = (op) => loop32If(op, i32[FLAG_RESULT] === 0);
export const loopz16: Handler = (op) => loop16If(op, i32[FLAG_RESULT] === 0);
export const loopnz32: Handler = (op) => loop32If(op, i32[FLAG_RESULT] !== 0);
export const loopnz16: Handler = (op) => loop16If(op, i32[FLAG_RESULT] !== 0);
export const jecxz: Handler = (op) => (i32[ECX] === 0 ? branch(op, op.imm) : fallThrough(op));
export const jcxz: Handler = (op) => (u16[ECX * 2] === 0 ? branch(op, op.imm) : fallThrough(op));
