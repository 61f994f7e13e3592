// Interrupts by software, flags, I/O, control registers, descriptor tables, CPUID, time stamps.

import { advance, nextEip } from '../cpu/block.js';
import { cpuid as identify } from '../cpu/cpuid.js';
import { executedBefore } from '../cpu/run.js';
import { leave, raiseFault, raiseGP, raiseGPVector, raiseTrap, raiseUD } from '../cpu/fault.js';
import {
  FLAG_DF,
  FLAG_IF,
  FLAG_IOPL,
  getArithmeticFlags,
  getCarry,
  getOverflow,
  setArithmeticFlags,
  setCarry,
  setZero,
} from '../cpu/flags.js';
import { ea, eaPlus, offsetOf } from '../cpu/op.js';
import type { Handler, Op } from '../cpu/op.js';
import {
  accessRights,
  accessible,
  segmentLimit,
  segmentedAddress,
  updateMode,
  LDTR,
  TR,
} from '../cpu/segments.js';
import { VECTOR_BP, VECTOR_BR, VECTOR_DB, VECTOR_OF } from '../exit.js';
import { flush, invalidatePage } from '../mmu/tlb.js';
import { load16, load32, probeWrite, rmw16, store16, store32 } from '../mmu/access.js';
import { CR0_PE, CR0_PG, CR0_TS, CR0_WP, CR4_PGE, CR4_PSE, CR4_TSD } from '../mmu/walk.js';
import { i16, i32, u16, u8 } from '../state/current.js';
import {
  CPL,
  CR0,
  CR2,
  CR3,
  CR4,
  DR,
  EAX,
  EDX,
  EFLAGS_SYSTEM,
  EIP,
  GDT_BASE,
  GDT_LIMIT,
  IDT_BASE,
  IDT_LIMIT,
  SELECTOR,
} from '../state/layout.js';

/** What the handlers must know of the machine that is running. */
export interface HostedMachine {
  readonly softIntVectors: Set<number>;
  readonly instructions: number;
}

let machine: HostedMachine;
export function setHosted(active: HostedMachine): void {
  machine = active;
}

function privileged(): void {
  if (i32[CPL] !== 0) raiseGP(0);
}

/** CLI, STI, IN, OUT want CPL <= IOPL; there is no I/O permission bitmap in a hosted machine. */
function ioPrivileged(): void {
  if (i32[CPL] > (i32[EFLAGS_SYSTEM] & FLAG_IOPL) >> 12) raiseGP(0);
}

// Software interrupts. Traps: EIP is behind the instruction when they are reported.

export const int3: Handler = (op) => {
  i32[EIP] = nextEip(op);
  return raiseTrap(VECTOR_BP);
};
export const int1: Handler = (op) => {
  i32[EIP] = nextEip(op);
  return raiseTrap(VECTOR_DB);
};
export const into: Handler = (op) => {
  if (!getOverflow()) return op.next;
  i32[EIP] = nextEip(op);
  return raiseTrap(VECTOR_OF);
};
export const int_n: Handler = (op) => {
  if (i32[CPL] === 3 && !machine.softIntVectors.has(op.imm)) raiseGPVector(op.imm);
  i32[EIP] = nextEip(op);
  return leave('softint', op.imm);
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
  ioPrivileged();
  i32[EFLAGS_SYSTEM] &= ~FLAG_IF;
  return op.next;
};
export const sti: Handler = (op) => {
  ioPrivileged();
  i32[EFLAGS_SYSTEM] |= FLAG_IF;
  return op.next;
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

// I/O: no device answers; a read gives ones.

export const io_in: Handler = (op) => {
  ioPrivileged();
  if (op.width === 4) i32[EAX] = -1;
  else if (op.width === 2) u16[EAX * 2] = 0xffff;
  else u8[EAX * 4] = 0xff;
  return op.next;
};
export const io_out: Handler = (op) => {
  ioPrivileged();
  return op.next;
};

// Control and debug registers: number in op.imm, general register in op.d.

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

function setControlRegister(n: number, value: number): void {
  switch (n) {
    case 0: {
      if ((value & (CR0_PG | CR0_PE)) === CR0_PG) raiseGP(0);
      const changed = i32[CR0] ^ value;
      i32[CR0] = value | 0x10;
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
      const changed = i32[CR4] ^ value;
      i32[CR4] = value;
      if (changed & (CR4_PGE | CR4_PSE)) flush(true);
      break;
    }
    default:
      raiseUD();
  }
}

export const mov_r_dr: Handler = (op) => {
  privileged();
  i32[op.d] = i32[DR + op.imm];
  return op.next;
};
export const mov_dr_r: Handler = (op) => {
  privileged();
  i32[DR + op.imm] = i32[op.d];
  return op.next;
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

// Descriptor tables.

function storeTable(op: Op, base: number, limit: number): Op {
  const la = ea(op);
  probeWrite(la, 6);
  store16(la, limit);
  store32(eaPlus(op, 2), base);
  return op.next;
}
export const sgdt: Handler = (op) => storeTable(op, i32[GDT_BASE], i32[GDT_LIMIT]);
export const sidt: Handler = (op) => storeTable(op, i32[IDT_BASE], i32[IDT_LIMIT]);
export const lgdt: Handler = (op) => {
  privileged();
  const limit = load16(ea(op));
  i32[GDT_BASE] = load32(eaPlus(op, 2));
  i32[GDT_LIMIT] = limit;
  return op.next;
};
export const lidt: Handler = (op) => {
  privileged();
  const limit = load16(ea(op));
  i32[IDT_BASE] = load32(eaPlus(op, 2));
  i32[IDT_LIMIT] = limit;
  return op.next;
};

/** SLDT, STR, SMSW to a register fill 32 bits (SMSW) or zero-extend. */
function systemWord(kind: number): number {
  return kind === 0 ? i32[SELECTOR + LDTR] : kind === 1 ? i32[SELECTOR + TR] : i32[CR0];
}
export const store_system_r32: Handler = (op) => {
  i32[op.d] = systemWord(op.imm);
  return op.next;
};
export const store_system_r16: Handler = (op) => {
  u16[op.d] = systemWord(op.imm);
  return op.next;
};
export const store_system_m: Handler = (op) => {
  store16(ea(op), systemWord(op.imm));
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
/** LLDT and LTR at CPL 0 wait for system mode. */
export const load_system: Handler = () => {
  privileged();
  return raiseUD();
};

export const verr_r: Handler = (op) => {
  setZero(accessible(u16[op.d], false));
  return op.next;
};
export const verr_m: Handler = (op) => {
  setZero(accessible(load16(ea(op)), false));
  return op.next;
};
export const verw_r: Handler = (op) => {
  setZero(accessible(u16[op.d], true));
  return op.next;
};
export const verw_m: Handler = (op) => {
  setZero(accessible(load16(ea(op)), true));
  return op.next;
};

function query(op: Op, answer: number | null, wide: boolean): Op {
  setZero(answer !== null);
  if (answer !== null) {
    if (wide) i32[op.d] = answer;
    else u16[op.d] = answer;
  }
  return op.next;
}
export const lar32_rr: Handler = (op) => query(op, accessRights(u16[op.s]), true);
export const lar32_rm: Handler = (op) => query(op, accessRights(load16(ea(op))), true);
export const lar16_rr: Handler = (op) => query(op, accessRights(u16[op.s]), false);
export const lar16_rm: Handler = (op) => query(op, accessRights(load16(ea(op))), false);
export const lsl32_rr: Handler = (op) => query(op, segmentLimit(u16[op.s]), true);
export const lsl32_rm: Handler = (op) => query(op, segmentLimit(load16(ea(op))), true);
export const lsl16_rr: Handler = (op) => query(op, segmentLimit(u16[op.s]), false);
export const lsl16_rm: Handler = (op) => query(op, segmentLimit(load16(ea(op))), false);

/** ARPL: raises the RPL of a selector to that of another; ZF says whether it did. */
function adjust(selector: number, other: number): number {
  const lower = (selector & 3) < (other & 3);
  setZero(lower);
  return lower ? (selector & ~3) | (other & 3) : selector;
}
export const arpl_r: Handler = (op) => {
  u16[op.d] = adjust(u16[op.d], u16[op.s]);
  return op.next;
};
export const arpl_m: Handler = (op) => {
  const la = ea(op);
  const selector = load16(la);
  // Written only when it changes, and faulting as a read otherwise.
  if ((selector & 3) < (u16[op.s] & 3)) {
    if (op.seg >= 0) segmentedAddress(op.seg & 7, offsetOf(op), 2, true);
    rmw16(la);
  }
  const adjusted = adjust(selector, u16[op.s]);
  if (adjusted !== selector) store16(la, adjusted);
  return op.next;
};

export const cpuid: Handler = (op) => {
  identify();
  return op.next;
};

/** The time-stamp counter counts instructions. Inside a block it is exact to the instruction. */
export const rdtsc: Handler = (op) => {
  if (i32[CR4] & CR4_TSD && i32[CPL] !== 0) raiseGP(0);
  const count = machine.instructions + executedBefore(op);
  i32[EAX] = count | 0;
  i32[EDX] = Math.floor(count / 0x100000000) | 0;
  return op.next;
};

/** RDMSR, WRMSR, RDPMC: no model-specific register is implemented. */
export const msr: Handler = () => raiseGP(0);

/** INS and OUTS, repeated or not: without devices there is nothing to move. */
export const io_string: Handler = (op) => {
  ioPrivileged();
  return op.next;
};
