// Control and debug registers, whose number is in op.imm, with the general register in op.d; CLTS,
// LMSW, INVLPG.

import { STOP, advance, forgetCode, nextEip } from '../cpu/block.js';
import {
  DR6_BD,
  DR6_RESET,
  DR7_GD,
  DR7_RESET,
  executionBreakpoints,
  isWatching,
  refreshDebugRegisters,
} from '../cpu/debug_registers.js';
import { raiseFault, raiseGP, raiseUD } from '../cpu/fault.js';
import { ea } from '../cpu/op.js';
import type { Handler } from '../cpu/op.js';
import { updateMode } from '../cpu/segments.js';
import { VECTOR_DB } from '../exit.js';
import { flush, invalidatePage } from '../mmu/tlb.js';
import { load16 } from '../mmu/access.js';
import {
  CR0_AM,
  CR0_EM,
  CR0_MP,
  CR0_NE,
  CR0_PE,
  CR0_PG,
  CR0_TS,
  CR0_WP,
  CR4_DE,
  CR4_OSFXSR,
  CR4_OSXMMEXCPT,
  CR4_PCE,
  CR4_PGE,
  CR4_PSE,
  CR4_PVI,
  CR4_TSD,
  CR4_VME,
} from '../mmu/walk.js';
import { i32, u16 } from '../state/current.js';
import { CR0, CR2, CR3, CR4, DR, EIP } from '../state/layout.js';
import { privileged } from './system.js';

export const mov_r_cr: Handler = (op) => {
  privileged();
  const index = [CR0, -1, CR2, CR3, CR4][op.imm] ?? -1;
  if (index < 0) raiseUD();
  i32[op.d] = i32[index];
  return op.next;
};
export const mov_cr_r: Handler = (op) => {
  privileged();
  setControlRegister(op.imm, i32[op.d]);
  return advance(op);
};

const CR0_ET = 0x10;
const CR0_NW = 0x20000000;
const CR0_CD = 0x40000000;
const CR0_DEFINED =
  CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG;
const CR4_DEFINED =
  CR4_VME | CR4_PVI | CR4_TSD | CR4_DE | CR4_PSE | CR4_PGE | CR4_PCE | CR4_OSFXSR | CR4_OSXMMEXCPT;

/** Throws #GP(0) for combinations and bits that are not allowed (SDM 2B, MOV to control registers). */
function setControlRegister(n: number, value: number): void {
  switch (n) {
    case 0: {
      if ((value & (CR0_PG | CR0_PE)) === CR0_PG) raiseGP(0);
      if ((value & (CR0_NW | CR0_CD)) === CR0_NW) raiseGP(0);
      const changed = i32[CR0] ^ value;
      i32[CR0] = (value & CR0_DEFINED) | CR0_ET;
      if (changed & (CR0_PG | CR0_PE | CR0_WP)) flush(true);
      updateMode();
      break;
    }
    case 2:
      i32[CR2] = value;
      break;
    case 3:
      i32[CR3] = value;
      flush(false);
      break;
    case 4: {
      if (value & ~CR4_DEFINED) raiseGP(0);
      const changed = i32[CR4] ^ value;
      i32[CR4] = value;
      if (changed & (CR4_PGE | CR4_PSE)) flush(true);
      if (changed & CR4_DE) refreshDebugRegisters();
      break;
    }
    default:
      raiseUD();
  }
}

/** The debug register that `n` names: 4 and 5 are 6 and 7 unless CR4.DE undefines them. */
function debugRegister(n: number): number {
  if (n === 4 || n === 5) {
    if (i32[CR4] & CR4_DE) raiseUD();
    n += 2;
  }
  privileged();
  if (i32[DR + 7] & DR7_GD) {
    // The handler of this fault may use the registers: the processor clears GD (SDM 3B §17.3.1.3).
    i32[DR + 6] |= DR6_BD;
    i32[DR + 7] &= ~DR7_GD;
    raiseFault(VECTOR_DB);
  }
  return n;
}
export const mov_r_dr: Handler = (op) => {
  const n = debugRegister(op.imm);
  i32[op.d] = i32[DR + n];
  return op.next;
};
export const mov_dr_r: Handler = (op) => {
  const n = debugRegister(op.imm);
  const value = i32[op.d];
  const before = executionBreakpoints();
  if (n === 6) i32[DR + 6] = (value & 0xe00f) | DR6_RESET;
  else if (n === 7) i32[DR + 7] = (value & 0xffff2bff) | DR7_RESET;
  else i32[DR + n] = value;
  if (n !== 6) {
    refreshDebugRegisters();
    flush(true);
    if (before !== executionBreakpoints()) forgetCode();
    if (isWatching()) {
      i32[EIP] = nextEip(op); // the run loop has to step from here on
      return STOP;
    }
  }
  return advance(op);
};

export const clts: Handler = (op) => {
  privileged();
  i32[CR0] &= ~CR0_TS;
  return op.next;
};
export const invlpg: Handler = (op) => {
  privileged();
  invalidatePage(ea(op));
  return advance(op);
};
/** INVD, WBINVD: there are no caches. */
export const cache_control: Handler = (op) => {
  privileged();
  return op.next;
};

export const lmsw_r: Handler = (op) => {
  privileged();
  setControlRegister(0, (i32[CR0] & ~14) | (u16[op.d] & 15));
  return advance(op);
};
export const lmsw_m: Handler = (op) => {
  privileged();
  setControlRegister(0, (i32[CR0] & ~14) | (load16(ea(op)) & 15));
  return advance(op);
};
