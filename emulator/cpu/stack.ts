// The stack as instructions use it: SS:ESP, or SS:SP when SS.B is clear.

import { load16, load32, probeWrite, store16, store32 } from '../mmu/access.js';
import { i32, u16 } from '../state/current.js';
import { ESP, MODE } from '../state/layout.js';
import { MODE_PLAIN_STACK, MODE_STACK32, SS, segmentedAddress } from './segments.js';

function plain(): boolean {
  return (i32[MODE] & MODE_PLAIN_STACK) === MODE_PLAIN_STACK;
}

/** Linear address of `bytes` at stack offset `offset`. */
export function stackAddress(offset: number, bytes: number, writes: boolean): number {
  if (plain()) return offset | 0;
  return segmentedAddress(
    SS,
    i32[MODE] & MODE_STACK32 ? offset | 0 : offset & 0xffff,
    bytes,
    writes,
  );
}

/** Adds to ESP or, with a 16-bit stack, to SP. */
export function addStackPointer(bytes: number): void {
  if (i32[MODE] & MODE_STACK32) i32[ESP] += bytes;
  else u16[ESP * 2] += bytes;
}

/** Sets ESP, or SP with a 16-bit stack. */
export function setStackPointer(value: number): void {
  if (i32[MODE] & MODE_STACK32) i32[ESP] = value;
  else u16[ESP * 2] = value;
}

export function push32(value: number): void {
  if (plain()) {
    const esp = (i32[ESP] - 4) | 0;
    store32(esp, value);
    i32[ESP] = esp;
    return;
  }
  store32(stackAddress(i32[ESP] - 4, 4, true), value);
  addStackPointer(-4);
}

export function push16(value: number): void {
  store16(stackAddress(i32[ESP] - 2, 2, true), value);
  addStackPointer(-2);
}

/** The value `offset` bytes above the stack pointer, which stays. */
export function peek32(offset: number): number {
  return load32(stackAddress(i32[ESP] + offset, 4, false));
}

export function peek16(offset: number): number {
  return load16(stackAddress(i32[ESP] + offset, 2, false));
}

export function pop32(): number {
  if (plain()) {
    const esp = i32[ESP];
    const value = load32(esp);
    i32[ESP] = esp + 4;
    return value;
  }
  const value = peek32(0);
  addStackPointer(4);
  return value;
}

export function pop16(): number {
  const value = peek16(0);
  addStackPointer(2);
  return value;
}

/**
 * Makes sure that `bytes` below the stack pointer can be written by pushes of `size` bytes, so that
 * none of them faults after another has been done. The first that would fault is the one reported.
 */
export function probePush(bytes: number, size: number): void {
  const top = i32[ESP];
  if (plain() && ((top - 1) ^ (top - bytes)) >>> 12 === 0) {
    probeWrite((top - size) | 0, size);
    return;
  }
  for (let below = size; below <= bytes; below += size) {
    probeWrite(stackAddress(top - below, size, true), size);
  }
}
