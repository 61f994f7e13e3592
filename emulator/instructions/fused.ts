// Macro-fusion: a comparison and the conditional branch behind it execute as one operation, as they
// do on Intel's processors since Core. It saves a dispatch, which costs more than either of the two.
// The flags are left behind all the same. Only the comparison can fault, and it comes first.

import { add32, and32, and8, dec32, inc32, sub32, sub8 } from '../cpu/alu.js';
import { branch, fallThrough } from '../cpu/block.js';
import { ea } from '../cpu/op.js';
import type { Handler, Op } from '../cpu/op.js';
import { load32, load8 } from '../mmu/access.js';
import { i32, u8 } from '../state/current.js';
import * as alu32 from './alu32.js';
import * as alu8 from './alu8.js';
import { jcc } from './control.js';

function jump(op: Op, taken: boolean): Op {
  const jump = op.next;
  return taken ? branch(jump, jump.imm) : fallThrough(jump);
}

// The conditions of a comparison, from its operands.

function equal(a: number, b: number): boolean {
  return sub32(a, b) === 0;
}
function below(a: number, b: number): boolean {
  sub32(a, b);
  return a >>> 0 < b >>> 0;
}
function belowOrEqual(a: number, b: number): boolean {
  sub32(a, b);
  return a >>> 0 <= b >>> 0;
}
function less(a: number, b: number): boolean {
  sub32(a, b);
  return a < b;
}
function lessOrEqual(a: number, b: number): boolean {
  sub32(a, b);
  return a <= b;
}
function equal8(a: number, b: number): boolean {
  sub8(a, b);
  return ((a ^ b) & 0xff) === 0;
}
function below8(a: number, b: number): boolean {
  sub8(a, b);
  return (a & 0xff) < (b & 0xff);
}
function belowOrEqual8(a: number, b: number): boolean {
  sub8(a, b);
  return (a & 0xff) <= (b & 0xff);
}

// CMP

const cmp32_rr_jz: Handler = (op) => jump(op, equal(i32[op.d], i32[op.s]));
const cmp32_rr_jnz: Handler = (op) => jump(op, !equal(i32[op.d], i32[op.s]));
const cmp32_rr_jb: Handler = (op) => jump(op, below(i32[op.d], i32[op.s]));
const cmp32_rr_jae: Handler = (op) => jump(op, !below(i32[op.d], i32[op.s]));
const cmp32_rr_jbe: Handler = (op) => jump(op, belowOrEqual(i32[op.d], i32[op.s]));
const cmp32_rr_ja: Handler = (op) => jump(op, !belowOrEqual(i32[op.d], i32[op.s]));
const cmp32_rr_jl: Handler = (op) => jump(op, less(i32[op.d], i32[op.s]));
const cmp32_rr_jge: Handler = (op) => jump(op, !less(i32[op.d], i32[op.s]));
const cmp32_rr_jle: Handler = (op) => jump(op, lessOrEqual(i32[op.d], i32[op.s]));
const cmp32_rr_jg: Handler = (op) => jump(op, !lessOrEqual(i32[op.d], i32[op.s]));
const cmp32_rm_jz: Handler = (op) => jump(op, equal(i32[op.d], load32(ea(op))));
const cmp32_rm_jnz: Handler = (op) => jump(op, !equal(i32[op.d], load32(ea(op))));
const cmp32_rm_jb: Handler = (op) => jump(op, below(i32[op.d], load32(ea(op))));
const cmp32_rm_jae: Handler = (op) => jump(op, !below(i32[op.d], load32(ea(op))));
const cmp32_rm_jbe: Handler = (op) => jump(op, belowOrEqual(i32[op.d], load32(ea(op))));
const cmp32_rm_ja: Handler = (op) => jump(op, !belowOrEqual(i32[op.d], load32(ea(op))));
const cmp32_rm_jl: Handler = (op) => jump(op, less(i32[op.d], load32(ea(op))));
const cmp32_rm_jge: Handler = (op) => jump(op, !less(i32[op.d], load32(ea(op))));
const cmp32_rm_jle: Handler = (op) => jump(op, lessOrEqual(i32[op.d], load32(ea(op))));
const cmp32_rm_jg: Handler = (op) => jump(op, !lessOrEqual(i32[op.d], load32(ea(op))));
const cmp32_mr_jz: Handler = (op) => jump(op, equal(load32(ea(op)), i32[op.s]));
const cmp32_mr_jnz: Handler = (op) => jump(op, !equal(load32(ea(op)), i32[op.s]));
const cmp32_mr_jb: Handler = (op) => jump(op, below(load32(ea(op)), i32[op.s]));
const cmp32_mr_jae: Handler = (op) => jump(op, !below(load32(ea(op)), i32[op.s]));
const cmp32_mr_jbe: Handler = (op) => jump(op, belowOrEqual(load32(ea(op)), i32[op.s]));
const cmp32_mr_ja: Handler = (op) => jump(op, !belowOrEqual(load32(ea(op)), i32[op.s]));
const cmp32_mr_jl: Handler = (op) => jump(op, less(load32(ea(op)), i32[op.s]));
const cmp32_mr_jge: Handler = (op) => jump(op, !less(load32(ea(op)), i32[op.s]));
const cmp32_mr_jle: Handler = (op) => jump(op, lessOrEqual(load32(ea(op)), i32[op.s]));
const cmp32_mr_jg: Handler = (op) => jump(op, !lessOrEqual(load32(ea(op)), i32[op.s]));
const cmp32_ri_jz: Handler = (op) => jump(op, equal(i32[op.d], op.imm));
const cmp32_ri_jnz: Handler = (op) => jump(op, !equal(i32[op.d], op.imm));
const cmp32_ri_jb: Handler = (op) => jump(op, below(i32[op.d], op.imm));
const cmp32_ri_jae: Handler = (op) => jump(op, !below(i32[op.d], op.imm));
const cmp32_ri_jbe: Handler = (op) => jump(op, belowOrEqual(i32[op.d], op.imm));
const cmp32_ri_ja: Handler = (op) => jump(op, !belowOrEqual(i32[op.d], op.imm));
const cmp32_ri_jl: Handler = (op) => jump(op, less(i32[op.d], op.imm));
const cmp32_ri_jge: Handler = (op) => jump(op, !less(i32[op.d], op.imm));
const cmp32_ri_jle: Handler = (op) => jump(op, lessOrEqual(i32[op.d], op.imm));
const cmp32_ri_jg: Handler = (op) => jump(op, !lessOrEqual(i32[op.d], op.imm));
const cmp32_mi_jz: Handler = (op) => jump(op, equal(load32(ea(op)), op.imm));
const cmp32_mi_jnz: Handler = (op) => jump(op, !equal(load32(ea(op)), op.imm));
const cmp32_mi_jb: Handler = (op) => jump(op, below(load32(ea(op)), op.imm));
const cmp32_mi_jae: Handler = (op) => jump(op, !below(load32(ea(op)), op.imm));
const cmp32_mi_jbe: Handler = (op) => jump(op, belowOrEqual(load32(ea(op)), op.imm));
const cmp32_mi_ja: Handler = (op) => jump(op, !belowOrEqual(load32(ea(op)), op.imm));
const cmp32_mi_jl: Handler = (op) => jump(op, less(load32(ea(op)), op.imm));
const cmp32_mi_jge: Handler = (op) => jump(op, !less(load32(ea(op)), op.imm));
const cmp32_mi_jle: Handler = (op) => jump(op, lessOrEqual(load32(ea(op)), op.imm));
const cmp32_mi_jg: Handler = (op) => jump(op, !lessOrEqual(load32(ea(op)), op.imm));
const cmp8_rr_jz: Handler = (op) => jump(op, equal8(u8[op.d], u8[op.s]));
const cmp8_rr_jnz: Handler = (op) => jump(op, !equal8(u8[op.d], u8[op.s]));
const cmp8_rr_jb: Handler = (op) => jump(op, below8(u8[op.d], u8[op.s]));
const cmp8_rr_jae: Handler = (op) => jump(op, !below8(u8[op.d], u8[op.s]));
const cmp8_rr_jbe: Handler = (op) => jump(op, belowOrEqual8(u8[op.d], u8[op.s]));
const cmp8_rr_ja: Handler = (op) => jump(op, !belowOrEqual8(u8[op.d], u8[op.s]));
const cmp8_rm_jz: Handler = (op) => jump(op, equal8(u8[op.d], load8(ea(op))));
const cmp8_rm_jnz: Handler = (op) => jump(op, !equal8(u8[op.d], load8(ea(op))));
const cmp8_rm_jb: Handler = (op) => jump(op, below8(u8[op.d], load8(ea(op))));
const cmp8_rm_jae: Handler = (op) => jump(op, !below8(u8[op.d], load8(ea(op))));
const cmp8_rm_jbe: Handler = (op) => jump(op, belowOrEqual8(u8[op.d], load8(ea(op))));
const cmp8_rm_ja: Handler = (op) => jump(op, !belowOrEqual8(u8[op.d], load8(ea(op))));
const cmp8_mr_jz: Handler = (op) => jump(op, equal8(load8(ea(op)), u8[op.s]));
const cmp8_mr_jnz: Handler = (op) => jump(op, !equal8(load8(ea(op)), u8[op.s]));
const cmp8_mr_jb: Handler = (op) => jump(op, below8(load8(ea(op)), u8[op.s]));
const cmp8_mr_jae: Handler = (op) => jump(op, !below8(load8(ea(op)), u8[op.s]));
const cmp8_mr_jbe: Handler = (op) => jump(op, belowOrEqual8(load8(ea(op)), u8[op.s]));
const cmp8_mr_ja: Handler = (op) => jump(op, !belowOrEqual8(load8(ea(op)), u8[op.s]));
const cmp8_ri_jz: Handler = (op) => jump(op, equal8(u8[op.d], op.imm));
const cmp8_ri_jnz: Handler = (op) => jump(op, !equal8(u8[op.d], op.imm));
const cmp8_ri_jb: Handler = (op) => jump(op, below8(u8[op.d], op.imm));
const cmp8_ri_jae: Handler = (op) => jump(op, !below8(u8[op.d], op.imm));
const cmp8_ri_jbe: Handler = (op) => jump(op, belowOrEqual8(u8[op.d], op.imm));
const cmp8_ri_ja: Handler = (op) => jump(op, !belowOrEqual8(u8[op.d], op.imm));
const cmp8_mi_jz: Handler = (op) => jump(op, equal8(load8(ea(op)), op.imm));
const cmp8_mi_jnz: Handler = (op) => jump(op, !equal8(load8(ea(op)), op.imm));
const cmp8_mi_jb: Handler = (op) => jump(op, below8(load8(ea(op)), op.imm));
const cmp8_mi_jae: Handler = (op) => jump(op, !below8(load8(ea(op)), op.imm));
const cmp8_mi_jbe: Handler = (op) => jump(op, belowOrEqual8(load8(ea(op)), op.imm));
const cmp8_mi_ja: Handler = (op) => jump(op, !belowOrEqual8(load8(ea(op)), op.imm));

// TEST, and what leaves its result in a register

const test32_rr_jz: Handler = (op) => jump(op, and32(i32[op.d], i32[op.s]) === 0);
const test32_rr_jnz: Handler = (op) => jump(op, and32(i32[op.d], i32[op.s]) !== 0);
const test32_rr_js: Handler = (op) => jump(op, and32(i32[op.d], i32[op.s]) < 0);
const test32_rr_jns: Handler = (op) => jump(op, and32(i32[op.d], i32[op.s]) >= 0);
const test32_rr_jle: Handler = (op) => jump(op, and32(i32[op.d], i32[op.s]) <= 0);
const test32_rr_jg: Handler = (op) => jump(op, and32(i32[op.d], i32[op.s]) > 0);
const test32_ri_jz: Handler = (op) => jump(op, and32(i32[op.d], op.imm) === 0);
const test32_ri_jnz: Handler = (op) => jump(op, and32(i32[op.d], op.imm) !== 0);
const test32_mi_jz: Handler = (op) => jump(op, and32(load32(ea(op)), op.imm) === 0);
const test32_mi_jnz: Handler = (op) => jump(op, and32(load32(ea(op)), op.imm) !== 0);
const test8_rr_jz: Handler = (op) => jump(op, (and8(u8[op.d], u8[op.s]) & 0xff) === 0);
const test8_rr_jnz: Handler = (op) => jump(op, (and8(u8[op.d], u8[op.s]) & 0xff) !== 0);
const test8_ri_jz: Handler = (op) => jump(op, (and8(u8[op.d], op.imm) & 0xff) === 0);
const test8_ri_jnz: Handler = (op) => jump(op, (and8(u8[op.d], op.imm) & 0xff) !== 0);
const test8_mi_jz: Handler = (op) => jump(op, (and8(load8(ea(op)), op.imm) & 0xff) === 0);
const test8_mi_jnz: Handler = (op) => jump(op, (and8(load8(ea(op)), op.imm) & 0xff) !== 0);
const inc32_r_jz: Handler = (op) => jump(op, (i32[op.d] = inc32(i32[op.d])) === 0);
const inc32_r_jnz: Handler = (op) => jump(op, (i32[op.d] = inc32(i32[op.d])) !== 0);
const inc32_r_js: Handler = (op) => jump(op, (i32[op.d] = inc32(i32[op.d])) < 0);
const inc32_r_jns: Handler = (op) => jump(op, (i32[op.d] = inc32(i32[op.d])) >= 0);
const dec32_r_jz: Handler = (op) => jump(op, (i32[op.d] = dec32(i32[op.d])) === 0);
const dec32_r_jnz: Handler = (op) => jump(op, (i32[op.d] = dec32(i32[op.d])) !== 0);
const dec32_r_js: Handler = (op) => jump(op, (i32[op.d] = dec32(i32[op.d])) < 0);
const dec32_r_jns: Handler = (op) => jump(op, (i32[op.d] = dec32(i32[op.d])) >= 0);
const add32_ri_jz: Handler = (op) => jump(op, (i32[op.d] = add32(i32[op.d], op.imm)) === 0);
const add32_ri_jnz: Handler = (op) => jump(op, (i32[op.d] = add32(i32[op.d], op.imm)) !== 0);
const add32_ri_js: Handler = (op) => jump(op, (i32[op.d] = add32(i32[op.d], op.imm)) < 0);
const add32_ri_jns: Handler = (op) => jump(op, (i32[op.d] = add32(i32[op.d], op.imm)) >= 0);
const sub32_ri_jz: Handler = (op) => jump(op, (i32[op.d] = sub32(i32[op.d], op.imm)) === 0);
const sub32_ri_jnz: Handler = (op) => jump(op, (i32[op.d] = sub32(i32[op.d], op.imm)) !== 0);
const sub32_ri_js: Handler = (op) => jump(op, (i32[op.d] = sub32(i32[op.d], op.imm)) < 0);
const sub32_ri_jns: Handler = (op) => jump(op, (i32[op.d] = sub32(i32[op.d], op.imm)) >= 0);
const sub32_rr_jz: Handler = (op) => jump(op, (i32[op.d] = sub32(i32[op.d], i32[op.s])) === 0);
const sub32_rr_jnz: Handler = (op) => jump(op, (i32[op.d] = sub32(i32[op.d], i32[op.s])) !== 0);
const sub32_rr_js: Handler = (op) => jump(op, (i32[op.d] = sub32(i32[op.d], i32[op.s])) < 0);
const sub32_rr_jns: Handler = (op) => jump(op, (i32[op.d] = sub32(i32[op.d], i32[op.s])) >= 0);
const and32_ri_jz: Handler = (op) => jump(op, (i32[op.d] = and32(i32[op.d], op.imm)) === 0);
const and32_ri_jnz: Handler = (op) => jump(op, (i32[op.d] = and32(i32[op.d], op.imm)) !== 0);
const and32_ri_js: Handler = (op) => jump(op, (i32[op.d] = and32(i32[op.d], op.imm)) < 0);
const and32_ri_jns: Handler = (op) => jump(op, (i32[op.d] = and32(i32[op.d], op.imm)) >= 0);

// By the first instruction, and the condition code of the branch.

// prettier-ignore
const FUSED = new Map<Handler, readonly (Handler | null)[]>([
  [alu32.cmp32_rr, [
    null, null, cmp32_rr_jb, cmp32_rr_jae, cmp32_rr_jz, cmp32_rr_jnz, cmp32_rr_jbe, cmp32_rr_ja,
    null, null, null, null, cmp32_rr_jl, cmp32_rr_jge, cmp32_rr_jle, cmp32_rr_jg,
  ]],
  [alu32.cmp32_rm, [
    null, null, cmp32_rm_jb, cmp32_rm_jae, cmp32_rm_jz, cmp32_rm_jnz, cmp32_rm_jbe, cmp32_rm_ja,
    null, null, null, null, cmp32_rm_jl, cmp32_rm_jge, cmp32_rm_jle, cmp32_rm_jg,
  ]],
  [alu32.cmp32_mr, [
    null, null, cmp32_mr_jb, cmp32_mr_jae, cmp32_mr_jz, cmp32_mr_jnz, cmp32_mr_jbe, cmp32_mr_ja,
    null, null, null, null, cmp32_mr_jl, cmp32_mr_jge, cmp32_mr_jle, cmp32_mr_jg,
  ]],
  [alu32.cmp32_ri, [
    null, null, cmp32_ri_jb, cmp32_ri_jae, cmp32_ri_jz, cmp32_ri_jnz, cmp32_ri_jbe, cmp32_ri_ja,
    null, null, null, null, cmp32_ri_jl, cmp32_ri_jge, cmp32_ri_jle, cmp32_ri_jg,
  ]],
  [alu32.cmp32_mi, [
    null, null, cmp32_mi_jb, cmp32_mi_jae, cmp32_mi_jz, cmp32_mi_jnz, cmp32_mi_jbe, cmp32_mi_ja,
    null, null, null, null, cmp32_mi_jl, cmp32_mi_jge, cmp32_mi_jle, cmp32_mi_jg,
  ]],
  [alu8.cmp8_rr, [
    null, null, cmp8_rr_jb, cmp8_rr_jae, cmp8_rr_jz, cmp8_rr_jnz, cmp8_rr_jbe, cmp8_rr_ja,
    null, null, null, null, null, null, null, null,
  ]],
  [alu8.cmp8_rm, [
    null, null, cmp8_rm_jb, cmp8_rm_jae, cmp8_rm_jz, cmp8_rm_jnz, cmp8_rm_jbe, cmp8_rm_ja,
    null, null, null, null, null, null, null, null,
  ]],
  [alu8.cmp8_mr, [
    null, null, cmp8_mr_jb, cmp8_mr_jae, cmp8_mr_jz, cmp8_mr_jnz, cmp8_mr_jbe, cmp8_mr_ja,
    null, null, null, null, null, null, null, null,
  ]],
  [alu8.cmp8_ri, [
    null, null, cmp8_ri_jb, cmp8_ri_jae, cmp8_ri_jz, cmp8_ri_jnz, cmp8_ri_jbe, cmp8_ri_ja,
    null, null, null, null, null, null, null, null,
  ]],
  [alu8.cmp8_mi, [
    null, null, cmp8_mi_jb, cmp8_mi_jae, cmp8_mi_jz, cmp8_mi_jnz, cmp8_mi_jbe, cmp8_mi_ja,
    null, null, null, null, null, null, null, null,
  ]],
  [alu32.test32_rr, [
    null, null, null, null, test32_rr_jz, test32_rr_jnz, null, null,
    test32_rr_js, test32_rr_jns, null, null, null, null, test32_rr_jle, test32_rr_jg,
  ]],
  [alu32.test32_ri, [
    null, null, null, null, test32_ri_jz, test32_ri_jnz, null, null,
    null, null, null, null, null, null, null, null,
  ]],
  [alu32.test32_mi, [
    null, null, null, null, test32_mi_jz, test32_mi_jnz, null, null,
    null, null, null, null, null, null, null, null,
  ]],
  [alu8.test8_rr, [
    null, null, null, null, test8_rr_jz, test8_rr_jnz, null, null,
    null, null, null, null, null, null, null, null,
  ]],
  [alu8.test8_ri, [
    null, null, null, null, test8_ri_jz, test8_ri_jnz, null, null,
    null, null, null, null, null, null, null, null,
  ]],
  [alu8.test8_mi, [
    null, null, null, null, test8_mi_jz, test8_mi_jnz, null, null,
    null, null, null, null, null, null, null, null,
  ]],
  [alu32.inc32_r, [
    null, null, null, null, inc32_r_jz, inc32_r_jnz, null, null,
    inc32_r_js, inc32_r_jns, null, null, null, null, null, null,
  ]],
  [alu32.dec32_r, [
    null, null, null, null, dec32_r_jz, dec32_r_jnz, null, null,
    dec32_r_js, dec32_r_jns, null, null, null, null, null, null,
  ]],
  [alu32.add32_ri, [
    null, null, null, null, add32_ri_jz, add32_ri_jnz, null, null,
    add32_ri_js, add32_ri_jns, null, null, null, null, null, null,
  ]],
  [alu32.sub32_ri, [
    null, null, null, null, sub32_ri_jz, sub32_ri_jnz, null, null,
    sub32_ri_js, sub32_ri_jns, null, null, null, null, null, null,
  ]],
  [alu32.sub32_rr, [
    null, null, null, null, sub32_rr_jz, sub32_rr_jnz, null, null,
    sub32_rr_js, sub32_rr_jns, null, null, null, null, null, null,
  ]],
  [alu32.and32_ri, [
    null, null, null, null, and32_ri_jz, and32_ri_jnz, null, null,
    and32_ri_js, and32_ri_jns, null, null, null, null, null, null,
  ]],
]);

/**
 * Makes `first` execute the branch `second` behind it as well, if the two fuse. In a flat code
 * segment only: elsewhere the branch can fault.
 */
export function fuse(first: Op, second: Op): void {
  const fused = FUSED.get(first.x)?.[jcc.indexOf(second.x)] ?? null;
  if (fused === null) return;
  first.alone = first.x;
  first.x = fused;
}
