// Hardware task switches (SDM 3A chapter 7), with 16-bit and 32-bit TSSs.

import { VECTOR_DB, VECTOR_NP, VECTOR_SS, VECTOR_TS } from '../exit.js';
import {
  loadSystem16,
  loadSystem32,
  probeRead,
  probeWrite,
  storeSystem16,
  storeSystem32,
  withPrivilege,
} from '../mmu/access.js';
import { flush } from '../mmu/tlb.js';
import { CR0_PG, CR0_TS } from '../mmu/walk.js';
import { i32 } from '../state/current.js';
import {
  CPL,
  CR0,
  CR3,
  DR,
  EIP,
  INTERRUPT_SHADOW,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  SELECTOR,
  SHADOW_RESUME,
} from '../state/layout.js';
import { DR6_BT, refreshDebugRegisters } from './debug_registers.js';
import { CpuFault, raiseGP, raiseNP, raiseTrap, raiseWithError } from './fault.js';
import { FLAG_NT, FLAG_RF, FLAG_VM, getEflags, setEflags } from './flags.js';
import { isTss32 } from './frame.js';
import {
  ATTR_CODE,
  ATTR_EXPAND_DOWN,
  ATTR_PRESENT,
  ATTR_S,
  ATTR_WRITABLE,
  CS,
  DS,
  ES,
  FS,
  GS,
  LDTR,
  SS,
  TR,
  cacheRealSegment,
  cacheSegment,
  decodeDescriptor,
  dplOf,
  markAccessed,
  readDescriptor,
  readRawDescriptor,
  updateMode,
} from './segments.js';
import type { RawDescriptor } from './segments.js';

// System descriptor types, SDM 3A table 3-2.
export const TYPE_TSS16 = 1;
export const TYPE_LDT = 2;
export const TYPE_TSS16_BUSY = 3;
export const TYPE_TSS32 = 9;
export const TYPE_TSS32_BUSY = 11;

const BUSY = 0x200; // in the second word of a descriptor
const DESCRIPTOR_PRESENT = 0x8000;

// Offsets in a TSS, SDM 3A figures 7-2 and 7-10.
interface TssLayout {
  eip: number;
  eflags: number;
  registers: number;
  segments: number;
  segmentStep: number;
  segmentCount: number;
  ldt: number;
  /** Bytes that a task switch reads. */
  size: number;
}
const TSS32: TssLayout = {
  eip: 0x20,
  eflags: 0x24,
  registers: 0x28,
  segments: 0x48,
  segmentStep: 4,
  segmentCount: 6,
  ldt: 0x60,
  size: 0x68,
};
const TSS16: TssLayout = {
  eip: 0x0e,
  eflags: 0x10,
  registers: 0x12,
  segments: 0x22,
  segmentStep: 2,
  segmentCount: 4,
  ldt: 0x2a,
  size: 0x2c,
};
const TSS32_CR3 = 0x1c;
const TSS32_TRAP = 0x64;

/** What asks for a task switch: a nested one can return, an IRET does. */
export type TaskSwitch = 'jump' | 'call' | 'interrupt' | 'return';

const typeOf = (raw: RawDescriptor): number => (raw.high >> 8) & 15;
const isSystem = (raw: RawDescriptor): boolean => (raw.high & 0x1000) === 0;

/** Whether a descriptor is that of a TSS, available or, with `busy`, busy. */
export function isTss(raw: RawDescriptor, busy: boolean): boolean {
  const type = typeOf(raw);
  if (!isSystem(raw)) return false;
  return busy
    ? type === TYPE_TSS16_BUSY || type === TYPE_TSS32_BUSY
    : type === TYPE_TSS16 || type === TYPE_TSS32;
}

/**
 * Switches to the task of a task gate's or far pointer's TSS `selector`.
 * @param ext the EXT bit of error codes. Throws #GP and #NP before anything has changed.
 */
export function enterTask(
  selector: number,
  how: TaskSwitch,
  returnEip: number,
  ext: number,
  restart = false,
): void {
  const bad = (): never => raiseWithError(13, (selector & 0xfffc) | ext);
  if (selector & 4 || (selector & 0xfffc) === 0) bad();
  const raw = readRawDescriptor(selector) ?? bad();
  if (!isTss(raw, false)) bad();
  if ((raw.high & DESCRIPTOR_PRESENT) === 0) raiseWithError(VECTOR_NP, (selector & 0xfffc) | ext);
  switchTask(selector, raw, how, returnEip, ext, restart);
}

/** IRET with NT set: back to the task in the back link. Throws #TS, #NP. */
export function returnFromTask(returnEip: number): void {
  const selector = loadSystem16(i32[SEGMENT_BASE + TR]);
  const bad = (): never => raiseWithError(VECTOR_TS, selector & 0xfffc);
  if (selector & 4 || (selector & 0xfffc) === 0) bad();
  const raw = readRawDescriptor(selector) ?? bad();
  if (!isTss(raw, true)) bad();
  if ((raw.high & DESCRIPTOR_PRESENT) === 0) raiseNP(selector);
  switchTask(selector, raw, 'return', returnEip, 0, false);
}

/** Saves the state of the running task, which will go on at `eip`. */
function saveTask(eip: number, eflags: number): void {
  const wide = isTss32();
  const layout = wide ? TSS32 : TSS16;
  const base = i32[SEGMENT_BASE + TR];
  const put = wide ? storeSystem32 : storeSystem16;
  const step = wide ? 4 : 2;
  put((base + layout.eip) | 0, eip);
  put((base + layout.eflags) | 0, eflags);
  for (let r = 0; r < 8; r++) put((base + layout.registers + r * step) | 0, i32[r]);
  for (let s = 0; s < layout.segmentCount; s++)
    storeSystem16((base + layout.segments + s * layout.segmentStep) | 0, i32[SELECTOR + s]);
}

/** What a TSS holds of a task. */
interface TaskState {
  cr3: number;
  eip: number;
  eflags: number;
  registers: number[];
  /** In the order of the segment registers. */
  segments: number[];
  ldt: number;
  trap: boolean;
}

function readTask(base: number, wide: boolean): TaskState {
  const layout = wide ? TSS32 : TSS16;
  const get = (offset: number): number =>
    wide ? loadSystem32((base + offset) | 0) : loadSystem16((base + offset) | 0);
  const step = wide ? 4 : 2;
  const registers = [0, 1, 2, 3, 4, 5, 6, 7].map((r) => {
    const value = get(layout.registers + r * step);
    return wide ? value : value | 0xffff0000; // undefined; what processors do
  });
  const segments = [0, 1, 2, 3, 4, 5].map((s) =>
    s < layout.segmentCount
      ? loadSystem16((base + layout.segments + s * layout.segmentStep) | 0)
      : 0,
  );
  return {
    cr3: wide ? loadSystem32((base + TSS32_CR3) | 0) : 0,
    eip: get(layout.eip),
    eflags: get(layout.eflags),
    registers,
    segments,
    ldt: loadSystem16((base + layout.ldt) | 0),
    trap: wide && (loadSystem16((base + TSS32_TRAP) | 0) & 1) !== 0,
  };
}

/** Both TSSs are reached without a page fault, before anything changes. */
function probeTasks(oldBase: number, oldWide: boolean, base: number, size: number): void {
  withPrivilege(0, () => {
    const from = oldWide ? TSS32.eip : TSS16.eip;
    const until = oldWide ? TSS32.ldt : TSS16.ldt;
    probeWrite((oldBase + from) | 0, until - from);
    probeRead(base, size);
  });
}

function switchTask(
  selector: number,
  raw: RawDescriptor,
  how: TaskSwitch,
  returnEip: number,
  ext: number,
  restart: boolean,
): void {
  const d = decodeDescriptor(raw.low, raw.high);
  const wide = (d.attributes & 8) !== 0;
  const layout = wide ? TSS32 : TSS16;
  if (d.limit >>> 0 < layout.size - 1) raiseWithError(VECTOR_TS, (selector & 0xfffc) | ext);
  const oldSelector = i32[SELECTOR + TR];
  const oldBase = i32[SEGMENT_BASE + TR];
  probeTasks(oldBase, isTss32(), d.base, layout.size);
  const nested = how === 'call' || how === 'interrupt';
  const backlink = (): void => storeSystem16(d.base, oldSelector);
  if (nested) withPrivilege(0, () => probeWrite(d.base, 2));

  let saved = getEflags();
  if (how === 'return') saved &= ~FLAG_NT;
  if (restart) saved |= FLAG_RF;
  if (!nested) {
    const old = readRawDescriptor(oldSelector);
    if (old !== null) storeSystem32(old.address, old.high & ~BUSY);
  }
  const task = readTask(d.base, wide);
  saveTask(returnEip, saved);
  if (nested) {
    backlink();
    task.eflags |= FLAG_NT;
  }
  if (how !== 'return') storeSystem32(raw.address, loadSystem32(raw.address) | BUSY);

  cacheSegment(TR, selector, { ...d, attributes: d.attributes | 2 });
  i32[CR0] |= CR0_TS;
  try {
    loadTask(task, wide);
  } catch (fault) {
    // It belongs to the new task, whose EIP is loaded.
    if (fault instanceof CpuFault) fault.completed = true;
    throw fault;
  }
  if (task.trap) {
    i32[DR + 6] |= DR6_BT;
    raiseTrap(VECTOR_DB);
  }
}

function loadTask(task: TaskState, wide: boolean): void {
  if (wide && i32[CR0] & CR0_PG && i32[CR3] !== task.cr3) {
    i32[CR3] = task.cr3;
    flush(false);
  }
  i32[DR + 7] &= ~0x155; // L0-L3 and LE
  refreshDebugRegisters();
  i32[EIP] = task.eip;
  setEflags(wide ? task.eflags : task.eflags & 0xffff);
  if (task.eflags & FLAG_RF) i32[INTERRUPT_SHADOW] = SHADOW_RESUME;
  for (let r = 0; r < 8; r++) i32[r] = task.registers[r];
  const unusable = { base: 0, limit: 0, attributes: 0 };
  task.segments.forEach((value, seg) => cacheSegment(seg, value, unusable));
  cacheSegment(LDTR, task.ldt, unusable);
  const virtual = (task.eflags & FLAG_VM) !== 0 && wide;
  i32[CPL] = virtual ? 3 : task.segments[CS] & 3;
  updateMode();
  loadTaskLdt(task.ldt);
  if (virtual) {
    for (let seg = ES; seg <= GS; seg++) cacheRealSegment(seg, task.segments[seg]);
  } else {
    loadTaskCode(task.segments[CS]);
    loadTaskStack(task.segments[SS]);
    for (const seg of [DS, ES, FS, GS]) loadTaskData(seg, task.segments[seg]);
  }
  updateMode();
  if (task.eip >>> 0 > i32[SEGMENT_LIMIT + CS] >>> 0) raiseGP(0);
}

function badTss(selector: number): never {
  return raiseWithError(VECTOR_TS, selector & 0xfffc);
}

function loadTaskLdt(selector: number): void {
  if ((selector & 0xfffc) === 0) return;
  if (selector & 4) badTss(selector);
  const d = readDescriptor(selector) ?? badTss(selector);
  if ((d.attributes & (ATTR_S | 15)) !== TYPE_LDT || (d.attributes & ATTR_PRESENT) === 0)
    badTss(selector);
  cacheSegment(LDTR, selector, d);
}

function loadTaskCode(selector: number): void {
  if ((selector & 0xfffc) === 0) badTss(0);
  const d = readDescriptor(selector) ?? badTss(selector);
  if ((d.attributes & (ATTR_S | ATTR_CODE)) !== (ATTR_S | ATTR_CODE)) badTss(selector);
  const rpl = selector & 3;
  const dpl = dplOf(d.attributes);
  if (d.attributes & ATTR_EXPAND_DOWN ? dpl > rpl : dpl !== rpl) badTss(selector);
  if ((d.attributes & ATTR_PRESENT) === 0) raiseNP(selector);
  markAccessed(d);
  cacheSegment(CS, selector, d);
}

function loadTaskStack(selector: number): void {
  if ((selector & 0xfffc) === 0) badTss(0);
  const d = readDescriptor(selector) ?? badTss(selector);
  const cpl = i32[CPL];
  if ((d.attributes & (ATTR_S | ATTR_CODE | ATTR_WRITABLE)) !== (ATTR_S | ATTR_WRITABLE))
    badTss(selector);
  if (dplOf(d.attributes) !== cpl || (selector & 3) !== cpl) badTss(selector);
  if ((d.attributes & ATTR_PRESENT) === 0) raiseWithError(VECTOR_SS, selector & 0xfffc);
  markAccessed(d);
  cacheSegment(SS, selector, d);
}

function loadTaskData(seg: number, selector: number): void {
  if ((selector & 0xfffc) === 0) return;
  const d = readDescriptor(selector) ?? badTss(selector);
  const code = (d.attributes & ATTR_CODE) !== 0;
  if ((d.attributes & ATTR_S) === 0 || (code && (d.attributes & ATTR_WRITABLE) === 0))
    badTss(selector);
  const conforming = code && (d.attributes & ATTR_EXPAND_DOWN) !== 0;
  const dpl = dplOf(d.attributes);
  if (!conforming && ((selector & 3) > dpl || i32[CPL] > dpl)) badTss(selector);
  if ((d.attributes & ATTR_PRESENT) === 0) raiseNP(selector);
  markAccessed(d);
  cacheSegment(seg, selector, d);
}

/** LTR: at most one task at a time has a TSS, which becomes busy. Throws #GP, #NP, #PF. */
export function loadTaskRegister(selector: number): void {
  if ((selector & 0xfffc) === 0) raiseGP(0);
  const raw = selector & 4 ? null : readRawDescriptor(selector);
  if (raw === null || !isTss(raw, false)) return raiseGP(selector);
  if ((raw.high & DESCRIPTOR_PRESENT) === 0) raiseNP(selector);
  storeSystem32(raw.address, raw.high | BUSY);
  cacheSegment(TR, selector, decodeDescriptor(raw.low, raw.high | BUSY));
}

/** LLDT: a null selector makes the LDT unusable. Throws #GP, #NP, #PF. */
export function loadLocalTable(selector: number): void {
  if ((selector & 0xfffc) === 0) {
    cacheSegment(LDTR, selector, { base: 0, limit: 0, attributes: 0 });
    return;
  }
  const d = selector & 4 ? null : readDescriptor(selector);
  if (d === null || (d.attributes & (ATTR_S | 15)) !== TYPE_LDT) return raiseGP(selector);
  if ((d.attributes & ATTR_PRESENT) === 0) raiseNP(selector);
  cacheSegment(LDTR, selector, d);
}

/**
 * Whether the I/O permission bitmap of the TSS lets `bytes` ports from `port` pass (SDM 1 §18.5.2).
 */
export function permitsIo(port: number, bytes: number): boolean {
  const attributes = i32[SEGMENT_ATTRIBUTES + TR];
  const limit = i32[SEGMENT_LIMIT + TR] >>> 0;
  if ((attributes & ATTR_PRESENT) === 0 || (attributes & 8) === 0 || limit < 0x67) return false;
  const base = i32[SEGMENT_BASE + TR];
  const at = loadSystem16((base + 0x66) | 0) + (port >> 3);
  if (at + 1 > limit) return false; // two bytes are always read
  const bits = loadSystem16((base + at) | 0) >> (port & 7);
  return (bits & ((1 << bytes) - 1)) === 0;
}
