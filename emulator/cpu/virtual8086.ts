// What virtual-8086 mode and its extensions do differently (SDM 3B chapter 20, 3A §20.3): the
// IOPL-sensitive instructions, and software interrupts that go to the 8086 program itself.

import { loadSystem16 } from '../mmu/access.js';
import { CR4_PVI, CR4_VME } from '../mmu/walk.js';
import { i32 } from '../state/current.js';
import {
  CPL,
  CR4,
  EFLAGS_SYSTEM,
  EIP,
  ESP,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  SELECTOR,
} from '../state/layout.js';
import { raiseGP, raiseSS } from './fault.js';
import {
  FLAG_IF,
  FLAG_IOPL,
  FLAG_RF,
  FLAG_TF,
  FLAG_VIF,
  FLAG_VIP,
  FLAG_VM,
  getEflags,
  setEflags,
} from './flags.js';
import { currentStack, pushFrame } from './frame.js';
import { ATTR_PRESENT, CS, TR, cacheRealSegment, isVirtual8086, updateMode } from './segments.js';

const iopl = (): number => (i32[EFLAGS_SYSTEM] & FLAG_IOPL) >> 12;
const hasExtensions = (): boolean => (i32[CR4] & CR4_VME) !== 0;

/** Whether IF is not the program's own but stands for VIF: IOPL 0-2 with the extensions on. */
function isVirtualized(): boolean {
  return iopl() < 3 && hasExtensions();
}

/** IRET, PUSHF and POPF in virtual-8086 mode want IOPL 3, or the extensions and 16 bits. Throws #GP(0). */
export function requireVirtualIopl(bytes: 2 | 4): void {
  if (iopl() === 3) return;
  if (!hasExtensions() || bytes === 4) raiseGP(0);
}

/** The flags that PUSHF and a redirected interrupt store in virtual-8086 mode. */
export function virtualFlags(): number {
  const flags = getEflags();
  if (!isVirtualized()) return flags;
  return (flags & ~FLAG_IF) | FLAG_IOPL | (flags & FLAG_VIF ? FLAG_IF : 0);
}

/** IRET and POPF in virtual-8086 mode, behind requireVirtualIopl(). Throws #GP(0). */
export function popVirtualFlags(flags: number, bytes: 2 | 4): void {
  const kept = getEflags();
  if (!isVirtualized()) {
    const mask = ~(FLAG_VM | FLAG_IOPL | FLAG_VIF | FLAG_VIP) & (bytes === 4 ? -1 : 0xffff);
    setEflags((kept & ~mask) | (flags & mask));
    return;
  }
  if (flags & FLAG_TF || (flags & FLAG_IF && kept & FLAG_VIP)) raiseGP(0);
  const mask = 0xffff & ~(FLAG_IF | FLAG_IOPL);
  const vif = flags & FLAG_IF ? FLAG_VIF : 0;
  setEflags((kept & ~mask & ~FLAG_VIF) | (flags & mask) | vif);
}

/**
 * CLI and STI where IOPL forbids them: with the extensions, or with those of protected mode at CPL 3,
 * they change VIF. Throws #GP(0) otherwise.
 */
export function changeVirtualIf(set: boolean): void {
  const virtual = isVirtual8086();
  if (!(virtual ? hasExtensions() : i32[CR4] & CR4_PVI && i32[CPL] === 3)) raiseGP(0);
  if (!set) i32[EFLAGS_SYSTEM] &= ~FLAG_VIF;
  else if (i32[EFLAGS_SYSTEM] & FLAG_VIP) raiseGP(0);
  else i32[EFLAGS_SYSTEM] |= FLAG_VIF;
}

/** Whether the TSS's map redirects `vector` to the 8086 program: its bit is clear. */
function isRedirected(vector: number): boolean {
  if (!hasExtensions()) return false;
  const attributes = i32[SEGMENT_ATTRIBUTES + TR];
  const limit = i32[SEGMENT_LIMIT + TR] >>> 0;
  if ((attributes & ATTR_PRESENT) === 0 || (attributes & 8) === 0 || limit < 0x67) raiseGP(0);
  const base = i32[SEGMENT_BASE + TR];
  // The map lies right below the I/O permission bitmap.
  const at = loadSystem16((base + 0x66) | 0) - 32 + (vector >> 3);
  if (at < 0 || at > limit) raiseGP(0);
  return ((loadSystem16((base + at) | 0) >> (vector & 7)) & 1) === 0;
}

/**
 * INT n in virtual-8086 mode. @returns true when it has entered the 8086 program's own handler,
 * false when it goes through the IDT. Throws #GP(0) when IOPL forbids it.
 */
export function interruptVirtual8086(vector: number, returnEip: number): boolean {
  if (!isRedirected(vector)) {
    if (iopl() < 3) raiseGP(0);
    return false;
  }
  const offset = loadSystem16(vector * 4);
  const selector = loadSystem16(vector * 4 + 2);
  const words = [virtualFlags(), i32[SELECTOR + CS], returnEip];
  i32[ESP] = pushFrame(currentStack(), 3, 2, words, () => raiseSS(0));
  const interrupts = isVirtualized() ? FLAG_VIF : FLAG_IF;
  setEflags(getEflags() & ~(FLAG_TF | FLAG_RF | interrupts));
  cacheRealSegment(CS, selector);
  i32[EIP] = offset;
  updateMode();
  return true;
}
