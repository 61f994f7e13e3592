// Memory accesses by linear address. Each either succeeds or throws a page fault with nothing done;
// a store that crosses a page checks both pages first.

import { codeWritten } from '../cpu/block.js';
import { noteDataAccess } from '../cpu/debug_registers.js';
import { raisePF } from '../cpu/fault.js';
import { i32, u16, u8 } from '../state/current.js';
import { CPL, RAM_BASE, SYSTEM_TLB, TLB_BASE, USER_TLB } from '../state/layout.js';
import { currentMemoryBytes } from './physical.js';
import { T_CODE, T_READ, T_WRITE, fill, isCodeFrame, userAccess } from './tlb.js';
import { ACCESS_READ, ACCESS_WRITE, walked } from './walk.js';
import { noteAccess } from './watch.js';

/**
 * Byte index in memory of linear address `la`, filled for reading `bytes` bytes; -1 when it is not
 * RAM. Throws #PF.
 */
function readable(la: number, bytes: number): number {
  const t = i32[i32[TLB_BASE] + (la >>> 12)];
  if (t & T_READ) return (t & ~0xfff) ^ la;
  const error = fill(la, ACCESS_READ | userAccess());
  if (error >= 0) raisePF(la, error);
  noteAccess(la, bytes, false);
  return location(la);
}

/** The same for writing. Does not look for decoded code: see `written`. */
function writable(la: number, bytes: number): number {
  const t = i32[i32[TLB_BASE] + (la >>> 12)];
  if (t & (T_WRITE | T_CODE)) return (t & ~0xfff) ^ la;
  const error = fill(la, ACCESS_WRITE | userAccess());
  if (error >= 0) raisePF(la, error);
  noteAccess(la, bytes, true);
  return walked.writable ? location(la) : -1; // ROM ignores it
}

function location(la: number): number {
  const pa = walked.frame | (la & 0xfff);
  return pa >>> 0 < currentMemoryBytes() ? RAM_BASE + pa : -1;
}

/** After a store of `bytes` at memory byte `at`: drops decoded code that was overwritten. */
function written(la: number, at: number, bytes: number): void {
  noteDataAccess(la, bytes, true);
  if (isCodeFrame((at - RAM_BASE) & ~0xfff)) codeWritten(at - RAM_BASE, bytes);
}

export function load8(la: number): number {
  const t = i32[i32[TLB_BASE] + (la >>> 12)];
  if (t & T_READ) return u8[(t & ~0xfff) ^ la];
  const at = readable(la, 1);
  noteDataAccess(la, 1, false);
  return at < 0 ? 0xff : u8[at];
}

export function load16(la: number): number {
  const t = i32[i32[TLB_BASE] + (la >>> 12)];
  if (t & T_READ && (la & 1) === 0) return u16[((t & ~0xfff) ^ la) >> 1];
  return load16Slow(la);
}

export function load32(la: number): number {
  const t = i32[i32[TLB_BASE] + (la >>> 12)];
  if (t & T_READ && (la & 3) === 0) return i32[((t & ~0xfff) ^ la) >> 2];
  return load32Slow(la);
}

function load16Slow(la: number): number {
  if ((la & 0xfff) === 0xfff) return load8(la) | (load8((la + 1) | 0) << 8);
  const at = readable(la, 2);
  noteDataAccess(la, 2, false);
  return at < 0 ? 0xffff : u8[at] | (u8[at + 1] << 8);
}

function load32Slow(la: number): number {
  if ((la & 0xfff) > 0xffc) {
    return (
      load8(la) |
      (load8((la + 1) | 0) << 8) |
      (load8((la + 2) | 0) << 16) |
      (load8((la + 3) | 0) << 24)
    );
  }
  const at = readable(la, 4);
  noteDataAccess(la, 4, false);
  return at < 0 ? -1 : u8[at] | (u8[at + 1] << 8) | (u8[at + 2] << 16) | (u8[at + 3] << 24);
}

export function store8(la: number, value: number): void {
  const t = i32[i32[TLB_BASE] + (la >>> 12)];
  if (t & T_WRITE) u8[(t & ~0xfff) ^ la] = value;
  else {
    const at = writable(la, 1);
    if (at < 0) return;
    u8[at] = value;
    written(la, at, 1);
  }
}

export function store16(la: number, value: number): void {
  const t = i32[i32[TLB_BASE] + (la >>> 12)];
  if (t & T_WRITE && (la & 1) === 0) u16[((t & ~0xfff) ^ la) >> 1] = value;
  else store16Slow(la, value);
}

export function store32(la: number, value: number): void {
  const t = i32[i32[TLB_BASE] + (la >>> 12)];
  if (t & T_WRITE && (la & 3) === 0) i32[((t & ~0xfff) ^ la) >> 2] = value;
  else store32Slow(la, value);
}

function storeBytes(la: number, value: number, bytes: number): void {
  for (let i = 0; i < bytes; i++) store8((la + i) | 0, value >> (8 * i));
}

function store16Slow(la: number, value: number): void {
  if ((la & 0xfff) === 0xfff) {
    probeWrite(la, 2);
    storeBytes(la, value, 2);
    return;
  }
  const at = writable(la, 2);
  if (at < 0) return;
  u8[at] = value;
  u8[at + 1] = value >> 8;
  written(la, at, 2);
}

function store32Slow(la: number, value: number): void {
  if ((la & 0xfff) > 0xffc) {
    probeWrite(la, 4);
    storeBytes(la, value, 4);
    return;
  }
  const at = writable(la, 4);
  if (at < 0) return;
  u8[at] = value;
  u8[at + 1] = value >> 8;
  u8[at + 2] = value >> 16;
  u8[at + 3] = value >> 24;
  written(la, at, 4);
}

/** Makes sure that `bytes` (at most 4096) from `la` can be written without a fault. */
export function probeWrite(la: number, bytes: number): void {
  writable(la, bytes);
  const last = (la + bytes - 1) | 0;
  if ((last ^ la) & ~0xfff) writable(last & ~0xfff, (last & 0xfff) + 1);
}

/** Makes sure that `bytes` (at most 4096) from `la` can be read without a fault. */
export function probeRead(la: number, bytes: number): void {
  readable(la, bytes);
  const last = (la + bytes - 1) | 0;
  if ((last ^ la) & ~0xfff) readable(last & ~0xfff, (last & 0xfff) + 1);
}

// Read-modify-write: the loads below fault as a write would, so that the store cannot.

export function rmw8(la: number): number {
  const t = i32[i32[TLB_BASE] + (la >>> 12)];
  if (t & T_WRITE) return u8[(t & ~0xfff) ^ la];
  writable(la, 1);
  return load8(la);
}

export function rmw16(la: number): number {
  const t = i32[i32[TLB_BASE] + (la >>> 12)];
  if (t & T_WRITE && (la & 1) === 0) return u16[((t & ~0xfff) ^ la) >> 1];
  probeWrite(la, 2);
  return load16(la);
}

export function rmw32(la: number): number {
  const t = i32[i32[TLB_BASE] + (la >>> 12)];
  if (t & T_WRITE && (la & 3) === 0) return i32[((t & ~0xfff) ^ la) >> 2];
  probeWrite(la, 4);
  return load32(la);
}

/** A system access (descriptor tables): with the rights of CPL 0 whatever CPL is. */
export function loadSystem32(la: number): number {
  return withPrivilege(0, () => load32(la));
}

export function loadSystem16(la: number): number {
  return withPrivilege(0, () => load16(la));
}

export function storeSystem32(la: number, value: number): void {
  withPrivilege(0, () => store32(la, value));
}

export function storeSystem16(la: number, value: number): void {
  withPrivilege(0, () => store16(la, value));
}

/** Does `access` with the rights of privilege level `level`. */
export function withPrivilege<T>(level: number, access: () => T): T {
  const cpl = i32[CPL];
  const table = i32[TLB_BASE];
  i32[CPL] = level;
  i32[TLB_BASE] = level === 3 ? USER_TLB : SYSTEM_TLB;
  try {
    return access();
  } finally {
    i32[CPL] = cpl;
    i32[TLB_BASE] = table;
  }
}
