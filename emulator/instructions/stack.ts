// push, pop, pusha, popa, pushf, popf, enter, leave.

import { advance } from '../cpu/block.js';
import {
  FLAG_AC,
  FLAG_ID,
  FLAG_IF,
  FLAG_IOPL,
  FLAG_RF,
  FLAG_VIF,
  FLAG_VIP,
  FLAG_VM,
  getEflags,
  setEflags,
} from '../cpu/flags.js';
import { ea } from '../cpu/op.js';
import type { Handler } from '../cpu/op.js';
import { MODE_STACK32, isVirtual8086, updateMode } from '../cpu/segments.js';
import { popVirtualFlags, requireVirtualIopl, virtualFlags } from '../cpu/virtual8086.js';
import {
  addStackPointer,
  peek16,
  peek32,
  pop16,
  pop32,
  probePush,
  push16,
  push32,
  setStackPointer,
  stackAddress,
} from '../cpu/stack.js';
import { load16, load32, probeRead, probeWrite, store16, store32 } from '../mmu/access.js';
import { i32, u16 } from '../state/current.js';
import { CPL, EBP, EFLAGS_SYSTEM, ESP, MODE } from '../state/layout.js';

export const push32_r: Handler = (op) => {
  push32(i32[op.d]);
  return op.next;
};
export const push32_m: Handler = (op) => {
  push32(load32(ea(op)));
  return op.next;
};
export const push32_i: Handler = (op) => {
  push32(op.imm);
  return op.next;
};
export const push16_r: Handler = (op) => {
  push16(u16[op.d]);
  return op.next;
};
export const push16_m: Handler = (op) => {
  push16(load16(ea(op)));
  return op.next;
};
export const push16_i: Handler = (op) => {
  push16(op.imm);
  return op.next;
};

export const pop32_r: Handler = (op) => {
  const value = pop32();
  i32[op.d] = value;
  return op.next;
};
export const pop16_r: Handler = (op) => {
  const value = pop16();
  u16[op.d] = value;
  return op.next;
};

// POP to memory computes an address that uses ESP after the increment (SDM 2B, POP).

export const pop32_m: Handler = (op) => {
  const esp = i32[ESP];
  const value = pop32();
  try {
    store32(ea(op), value);
  } catch (fault) {
    i32[ESP] = esp;
    throw fault;
  }
  return op.next;
};
export const pop16_m: Handler = (op) => {
  const esp = i32[ESP];
  const value = pop16();
  try {
    store16(ea(op), value);
  } catch (fault) {
    i32[ESP] = esp;
    throw fault;
  }
  return op.next;
};

export const pusha32: Handler = (op) => {
  probePush(32, 4);
  const esp = i32[ESP];
  for (let r = 0; r < 8; r++) push32(r === ESP ? esp : i32[r]);
  return op.next;
};
export const pusha16: Handler = (op) => {
  probePush(16, 2);
  const sp = u16[ESP * 2];
  for (let r = 0; r < 8; r++) push16(r === ESP ? sp : u16[r * 2]);
  return op.next;
};
export const popa32: Handler = (op) => {
  for (let offset = 0; offset < 32; offset += 4) peek32(offset);
  for (let r = 7; r >= 0; r--) {
    const value = pop32();
    if (r !== ESP) i32[r] = value;
  }
  return op.next;
};
export const popa16: Handler = (op) => {
  for (let offset = 0; offset < 16; offset += 2) peek16(offset);
  for (let r = 7; r >= 0; r--) {
    const value = pop16();
    if (r !== ESP) u16[r * 2] = value;
  }
  return op.next;
};

export const pushf32: Handler = (op) => {
  if (isVirtual8086()) requireVirtualIopl(4);
  push32(getEflags() & ~(FLAG_VM | FLAG_RF));
  return op.next;
};
export const pushf16: Handler = (op) => {
  if (isVirtual8086()) {
    requireVirtualIopl(2);
    push16(virtualFlags());
  } else push16(getEflags());
  return op.next;
};

/**
 * Which flags POPF and IRET may change: IOPL only at CPL 0, IF only at CPL <= IOPL (SDM 2B, POPF).
 */
export function changeableFlags(): number {
  const cpl = i32[CPL];
  const iopl = (getEflags() >> 12) & 3;
  let mask = ~(FLAG_VM | FLAG_RF | FLAG_VIF | FLAG_VIP | FLAG_IOPL | FLAG_IF);
  if (cpl === 0) mask |= FLAG_IOPL;
  if (cpl <= iopl) mask |= FLAG_IF;
  return mask;
}

function setFlags(value: number, mask: number): void {
  const kept = getEflags();
  setEflags((kept & ~mask & ~FLAG_RF) | (value & mask));
  if ((kept ^ value) & (FLAG_AC | FLAG_ID)) updateMode();
}

/** POPF in virtual-8086 mode: nothing is popped when the flags cannot be. */
function popVirtual(bytes: 2 | 4): void {
  requireVirtualIopl(bytes);
  popVirtualFlags(bytes === 4 ? peek32(0) : peek16(0), bytes);
  i32[EFLAGS_SYSTEM] &= ~FLAG_RF;
  addStackPointer(bytes);
  updateMode();
}

export const popf32: Handler = (op) => {
  if (isVirtual8086()) {
    popVirtual(4);
    return advance(op);
  }
  setFlags(pop32(), changeableFlags());
  return advance(op);
};
export const popf16: Handler = (op) => {
  if (isVirtual8086()) {
    popVirtual(2);
    return advance(op);
  }
  setFlags(pop16(), changeableFlags() & 0xffff);
  return advance(op);
};

/** ENTER: imm holds the size in bits 15-0 and the nesting level in bits 20-16. */
function enterFrame(level: number, size: number, bytes: 2 | 4): void {
  const esp = i32[ESP];
  const ebp = i32[EBP];
  const push = bytes === 4 ? push32 : push16;
  // All that is written lies in one stretch below ESP; probing it first makes the rest faultless.
  const copied = bytes * (level === 0 ? 1 : level + 1);
  probePush(copied, bytes);
  for (let i = 1; i < level; i++) probeRead(stackAddress(ebp - i * bytes, bytes, false), bytes);
  const last = i32[ESP] - copied - size;
  probeWrite(stackAddress(last, bytes, true), bytes);
  try {
    push(ebp);
    const frame = i32[ESP];
    for (let i = 1; i < level; i++) {
      const at = stackAddress(ebp - i * bytes, bytes, false);
      push(bytes === 4 ? load32(at) : load16(at));
    }
    if (level > 0) push(frame);
    if (i32[MODE] & MODE_STACK32) i32[EBP] = frame;
    else u16[EBP * 2] = frame;
  } catch (fault) {
    i32[ESP] = esp;
    i32[EBP] = ebp;
    throw fault;
  }
  addStackPointer(-size);
}

export const enter32: Handler = (op) => {
  enterFrame((op.imm >> 16) & 31, op.imm & 0xffff, 4);
  return op.next;
};
export const enter16: Handler = (op) => {
  enterFrame((op.imm >> 16) & 31, op.imm & 0xffff, 2);
  return op.next;
};

export const leave32: Handler = (op) => {
  const value = load32(stackAddress(i32[EBP], 4, false));
  setStackPointer(i32[EBP] + 4);
  i32[EBP] = value;
  return op.next;
};
export const leave16: Handler = (op) => {
  const value = load16(stackAddress(i32[EBP], 2, false));
  setStackPointer(i32[EBP] + 2);
  u16[EBP * 2] = value;
  return op.next;
};
