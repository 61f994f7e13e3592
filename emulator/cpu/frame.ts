// Stack frames of far transfers and interrupts. All checks come first, so that a frame is either
// pushed whole or not at all.

import { VECTOR_SS, VECTOR_TS } from '../exit.js';
import {
  loadSystem16,
  loadSystem32,
  probeWrite,
  store16,
  store32,
  withPrivilege,
} from '../mmu/access.js';
import { i32 } from '../state/current.js';
import { ESP, SEGMENT_ATTRIBUTES, SEGMENT_BASE, SEGMENT_LIMIT, SELECTOR } from '../state/layout.js';
import { raiseWithError } from './fault.js';
import {
  ATTR_BIG,
  ATTR_CODE,
  ATTR_PRESENT,
  ATTR_S,
  ATTR_WRITABLE,
  SS,
  TR,
  dplOf,
  readDescriptor,
  withinLimit,
} from './segments.js';
import type { Descriptor } from './segments.js';

/** A stack to push on. */
export interface Stack {
  base: number;
  limit: number;
  attributes: number;
  /** ESP, all 32 bits of it. */
  esp: number;
}

export function currentStack(): Stack {
  return {
    base: i32[SEGMENT_BASE + SS],
    limit: i32[SEGMENT_LIMIT + SS],
    attributes: i32[SEGMENT_ATTRIBUTES + SS],
    esp: i32[ESP],
  };
}

/**
 * Pushes `words` of `bytes` each, in this order, with the rights of privilege level `level`.
 * @param violation raises what a frame beyond the stack's limit raises.
 * @returns the new ESP, not yet loaded. Throws #PF.
 */
export function pushFrame(
  stack: Stack,
  level: number,
  bytes: 2 | 4,
  words: readonly number[],
  violation: () => never,
): number {
  const big = (stack.attributes & ATTR_BIG) !== 0;
  const addresses = words.map((_, i) => {
    const offset = (stack.esp - (i + 1) * bytes) & (big ? -1 : 0xffff);
    if (!withinLimit(stack.attributes, stack.limit, offset, bytes)) violation();
    return (stack.base + offset) | 0;
  });
  withPrivilege(level, () => {
    for (const la of addresses) probeWrite(la, bytes);
    words.forEach((word, i) => {
      if (bytes === 4) store32(addresses[i], word);
      else store16(addresses[i], word);
    });
  });
  const esp = (stack.esp - words.length * bytes) | 0;
  return big ? esp : (stack.esp & ~0xffff) | (esp & 0xffff);
}

/** A stack of the TSS, checked for code at privilege level `level`. */
export interface InnerStack extends Stack {
  selector: number;
  descriptor: Descriptor;
}

/** Whether the task register holds a 32-bit TSS. */
export function isTss32(): boolean {
  return (i32[SEGMENT_ATTRIBUTES + TR] & 8) !== 0;
}

/**
 * The stack that the TSS has for `level` (SDM 3A §6.12.1, CALL in 2A).
 * @param ext the EXT bit of error codes. Throws #TS, #SS, #PF.
 */
export function innerStack(level: number, ext: number): InnerStack {
  const wide = isTss32();
  const at = wide ? 4 + level * 8 : 2 + level * 4;
  const tss = i32[SEGMENT_BASE + TR];
  const last = at + (wide ? 5 : 3);
  if ((i32[SEGMENT_ATTRIBUTES + TR] & ATTR_PRESENT) === 0 || last > i32[SEGMENT_LIMIT + TR] >>> 0)
    raiseWithError(VECTOR_TS, (i32[SELECTOR + TR] & 0xfffc) | ext);
  const esp = wide ? loadSystem32((tss + at) | 0) : loadSystem16((tss + at) | 0);
  const selector = loadSystem16((tss + at + (wide ? 4 : 2)) | 0);
  const code = (selector & 0xfffc) | ext;
  const bad = (): never => raiseWithError(VECTOR_TS, code);
  if ((selector & 0xfffc) === 0) bad();
  const d = readDescriptor(selector) ?? bad();
  if ((selector & 3) !== level || dplOf(d.attributes) !== level) bad();
  if ((d.attributes & (ATTR_S | ATTR_CODE | ATTR_WRITABLE)) !== (ATTR_S | ATTR_WRITABLE)) bad();
  if ((d.attributes & ATTR_PRESENT) === 0) raiseWithError(VECTOR_SS, code);
  return { base: d.base, limit: d.limit, attributes: d.attributes, esp, selector, descriptor: d };
}
