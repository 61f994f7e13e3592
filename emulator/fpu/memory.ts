// Memory operands. The arithmetic helpers read and write them where they lie in the machine's
// memory, unless an operand crosses a page, is not in the TLB or lies in decoded code: then it
// goes through STAGING, byte by byte with all the checks.

import { load8, probeRead, probeWrite, store8 } from '../mmu/access.js';
import { T_READ, T_WRITE } from '../mmu/tlb.js';
import { i32, u8 } from '../state/current.js';
import { TLB_BASE } from '../state/layout.js';
import { ABORT } from './constants.js';
import { STAGING } from './state.js';

/** Byte index in memory at which the `bytes` at linear address `la` can be read. Throws #PF. */
export function source(la: number, bytes: number): number {
  const t = i32[i32[TLB_BASE] + (la >>> 12)];
  if (t & T_READ && (la & 0xfff) <= 4096 - bytes) return (t & ~0xfff) ^ la;
  return stage(la, bytes);
}

function stage(la: number, bytes: number): number {
  probeRead(la, bytes);
  for (let i = 0; i < bytes; i++) u8[STAGING + i] = load8((la + i) | 0);
  return STAGING;
}

/**
 * Byte index in memory to which the `bytes` for linear address `la` are to be written; `commit`
 * follows. Throws #PF.
 */
export function target(la: number, bytes: number): number {
  const t = i32[i32[TLB_BASE] + (la >>> 12)];
  if (t & T_WRITE && (la & 0xfff) <= 4096 - bytes) return (t & ~0xfff) ^ la;
  probeWrite(la, bytes);
  return STAGING;
}

/** Completes a store to `at`, which `target` gave, unless an unmasked exception forbids it. */
export function commit(la: number, bytes: number, at: number, flags: number): void {
  if (at !== STAGING || flags & ABORT) return;
  for (let i = 0; i < bytes; i++) store8((la + i) | 0, u8[STAGING + i]);
}
