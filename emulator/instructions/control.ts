// Near control transfers: jmp, jcc, call, ret, loop, jecxz. Direct targets are in op.imm as linear
// addresses; the decoder has truncated those of a 16-bit operand size (SDM 2A, JMP).

import { branch, fallThrough, jumpTo, nextEip } from '../cpu/block.js';
import { getOverflow, getParity, getSign } from '../cpu/flags.js';
import { ea } from '../cpu/op.js';
import type { Handler } from '../cpu/op.js';
import { addStackPointer, pop16, pop32, push16, push32 } from '../cpu/stack.js';
import { load16, load32 } from '../mmu/access.js';
import { i32, u16 } from '../state/current.js';
import { ECX, FLAG_AUX, FLAG_RESULT } from '../state/layout.js';

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

export const jmp32_r: Handler = (op) => jumpTo(i32[op.d]);
export const jmp32_m: Handler = (op) => jumpTo(load32(ea(op)));
export const jmp16_r: Handler = (op) => jumpTo(u16[op.d]);
export const jmp16_m: Handler = (op) => jumpTo(load16(ea(op)));

export const call32: Handler = (op) => {
  push32(nextEip(op));
  return branch(op, op.imm);
};
export const call16: Handler = (op) => {
  push16(nextEip(op));
  return branch(op, op.imm);
};
export const call32_r: Handler = (op) => {
  const target = i32[op.d];
  push32(nextEip(op));
  return jumpTo(target);
};
export const call32_m: Handler = (op) => {
  const target = load32(ea(op));
  push32(nextEip(op));
  return jumpTo(target);
};
export const call16_r: Handler = (op) => {
  const target = u16[op.d];
  push16(nextEip(op));
  return jumpTo(target);
};
export const call16_m: Handler = (op) => {
  const target = load16(ea(op));
  push16(nextEip(op));
  return jumpTo(target);
};

export const ret32: Handler = () => jumpTo(pop32());
export const ret16: Handler = () => jumpTo(pop16());
export const ret32_i: Handler = (op) => {
  const target = pop32();
  addStackPointer(op.imm);
  return jumpTo(target);
};
export const ret16_i: Handler = (op) => {
  const target = pop16();
  addStackPointer(op.imm);
  return jumpTo(target);
};

// LOOP and JECXZ count with ECX or, at a 16-bit address size, with CX.

export const loop32: Handler = (op) => {
  i32[ECX] -= 1;
  return i32[ECX] !== 0 ? branch(op, op.imm) : fallThrough(op);
};
export const loop16: Handler = (op) => {
  u16[ECX * 2] -= 1;
  return u16[ECX * 2] !== 0 ? branch(op, op.imm) : fallThrough(op);
};
export const loopz32: Handler = (op) => {
  i32[ECX] -= 1;
  return i32[ECX] !== 0 && i32[FLAG_RESULT] === 0 ? branch(op, op.imm) : fallThrough(op);
};
export const loopz16: Handler = (op) => {
  u16[ECX * 2] -= 1;
  return u16[ECX * 2] !== 0 && i32[FLAG_RESULT] === 0 ? branch(op, op.imm) : fallThrough(op);
};
export const loopnz32: Handler = (op) => {
  i32[ECX] -= 1;
  return i32[ECX] !== 0 && i32[FLAG_RESULT] !== 0 ? branch(op, op.imm) : fallThrough(op);
};
export const loopnz16: Handler = (op) => {
  u16[ECX * 2] -= 1;
  return u16[ECX * 2] !== 0 && i32[FLAG_RESULT] !== 0 ? branch(op, op.imm) : fallThrough(op);
};
export const jecxz: Handler = (op) => (i32[ECX] === 0 ? branch(op, op.imm) : fallThrough(op));
export const jcxz: Handler = (op) => (u16[ECX * 2] === 0 ? branch(op, op.imm) : fallThrough(op));
