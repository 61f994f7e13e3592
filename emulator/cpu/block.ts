// Decoded code: straight-line blocks of operations, cached by physical frame, linear page and mode,
// so that processes that share a page at the same address share its decoded code.

import { decodeBlock } from '../decode/decoder.js';
import { i32, u8 } from '../state/current.js';
import {
  BUDGET,
  EFLAGS_SYSTEM,
  EIP,
  EVENTS,
  MODE,
  RAM_BASE,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  TLB_BASE,
} from '../state/layout.js';
import {
  T_READ,
  T_WATCH,
  fill,
  isCodeFrame,
  markCodeFrame,
  unmarkCodeFrame,
  userAccess,
} from '../mmu/tlb.js';
import { ACCESS_FETCH } from '../mmu/walk.js';
import { raiseGP, raisePF } from './fault.js';
import { FLAG_RF, FLAG_TF } from './flags.js';
import { Op } from './op.js';
import type { Handler } from './op.js';
import { MODE_FLAT_CODE } from './segments.js';

const CS = 1;

export class Block {
  /** Linear address of the first instruction. */
  ip: number;
  /** Byte index in memory of the first instruction; -1 once its code has been overwritten. */
  at: number;
  mode: number;
  /** Instructions; charged to the budget on entry. */
  length = 0;
  /** Bytes of code. */
  bytes = 0;
  /**
   * Of a block whose only instruction crosses into the next page, the code: `at` is -1, because no
   * check of one translation vouches for it, and the bytes are compared before each use.
   */
  code: Uint8Array | null = null;
  first: Op;

  constructor(ip: number, at: number, mode: number) {
    this.ip = ip;
    this.at = at;
    this.mode = mode;
    this.first = new Op(unreached, this);
  }
}

function unreached(): Op {
  throw new Error('an operation was executed that was never decoded');
}

const nowhere = new Block(0, -1, -1);

/** The run loop stops when a handler returns this. EIP is set. */
export const STOP: Op = new Op((op) => op, nowhere);

/** Blocks of one frame as seen from one linear page in one mode and code segment. */
interface CodePage {
  page: number;
  mode: number;
  /** Of CS. */
  base: number;
  limit: number;
  blocks: Map<number, Block>;
  /** The block of the last instruction, when that crosses into the next page. */
  crossing: Block | null;
}

const JUMP_CACHE_SIZE = 4096;

/** The decoded code of one machine. */
export interface CodeCache {
  frames: Map<number, CodePage[]>;
  /** Recently used blocks by a hash of their linear address. */
  jumps: Block[];
  /** 1 for each 64 bytes of RAM that a block covers. */
  granules: Uint8Array;
  stepping: boolean;
}

export function createCodeCache(ramBytes: number): CodeCache {
  return {
    frames: new Map(),
    jumps: new Array<Block>(JUMP_CACHE_SIZE).fill(nowhere),
    granules: new Uint8Array(ramBytes >>> 6),
    stepping: false,
  };
}

let cache: CodeCache;
let jumps: Block[];
export function setCodeCache(code: CodeCache): void {
  cache = code;
  jumps = code.jumps;
}

/** While stepping, blocks are entered without being charged: run.ts counts by itself. */
export function setStepping(stepping: boolean): void {
  cache.stepping = stepping;
}

/** Enters a block: charges it, or stops in front of it when the budget does not reach its end. */
export function enter(block: Block): Op {
  const left = i32[BUDGET] - block.length;
  if (left < 0) {
    if (cache.stepping) return block.first;
    i32[EIP] = block.ip - i32[SEGMENT_BASE + CS];
    return STOP;
  }
  i32[BUDGET] = left;
  return block.first;
}

/** Continues at linear address `ip`, with a flat code segment. */
function jumpToLinear(ip: number): Op {
  const block = jumps[(ip ^ (ip >>> 12)) & (JUMP_CACHE_SIZE - 1)];
  if (block.ip === ip) {
    const t = i32[i32[TLB_BASE] + (ip >>> 12)];
    if (t & T_READ && ((t & ~0xfff) ^ ip) === block.at && block.mode === i32[MODE])
      return enter(block);
  }
  return enterSlow(ip);
}

/** Branches to `eip`, an offset in CS that checkTarget() has passed. */
export function jumpTo(eip: number): Op {
  if (i32[MODE] & MODE_FLAT_CODE) return jumpToLinear(eip | 0);
  return enterSlow((eip + i32[SEGMENT_BASE + CS]) | 0);
}

/** #GP(0) for a near branch beyond the limit of CS, for use before the instruction shows. */
export function checkTarget(eip: number): void {
  if ((i32[MODE] & MODE_FLAT_CODE) === 0 && eip >>> 0 > i32[SEGMENT_LIMIT + CS] >>> 0) raiseGP(0);
}

/** The same for a direct branch. */
export function checkBranch(op: Op): void {
  if ((i32[MODE] & MODE_FLAT_CODE) === 0) checkTarget((op.imm - i32[SEGMENT_BASE + CS]) | 0);
}

/** Continues in sequence at `eip`: a violation of the limit belongs to the instruction there. */
export function continueAt(eip: number): Op {
  if (i32[MODE] & MODE_FLAT_CODE) return jumpToLinear(eip | 0);
  if (eip >>> 0 > i32[SEGMENT_LIMIT + CS] >>> 0) return fetchFault(eip, raiseFetchGP);
  return enterSlow((eip + i32[SEGMENT_BASE + CS]) | 0);
}

/**
 * Behind `op`, by looking its successor up: for instructions that may have changed the mode, or TF,
 * which only stepping obeys.
 */
export function advance(op: Op): Op {
  return resumeAt(nextEip(op));
}

/** The same at `eip`. */
export function resumeAt(eip: number): Op {
  if ((i32[EFLAGS_SYSTEM] & (FLAG_TF | FLAG_RF) || i32[EVENTS]) && !cache.stepping) {
    i32[EIP] = eip;
    return STOP;
  }
  return continueAt(eip);
}

/** EIP of the instruction behind `op`. */
export function nextEip(op: Op): number {
  return (op.ip + op.length - i32[SEGMENT_BASE + CS]) | 0;
}

/**
 * Whether a block that `op` has gone to before is still at its address. In the page of `op` it is
 * unless it was overwritten: that page cannot have been remapped while its code executes.
 */
function stillMapped(block: Block, op: Op): boolean {
  const { ip, at } = block;
  if (((ip ^ op.ip) & ~0xfff) === 0) return at >= 0;
  const t = i32[i32[TLB_BASE] + (ip >>> 12)];
  return (t & T_READ) !== 0 && ((t & ~0xfff) ^ ip) === at;
}

/** A direct branch to linear address `ip`, remembered in the operation. */
export function branch(op: Op, ip: number): Op {
  const block = op.target;
  if (block !== null) {
    if (stillMapped(block, op)) return enter(block);
  }
  if ((i32[MODE] & MODE_FLAT_CODE) === 0) {
    checkBranch(op);
    return enterSlow(ip);
  }
  const first = enterSlow(ip);
  if (first !== STOP && first.block.ip === ip && first.block.at >= 0) op.target = first.block;
  return first;
}

/** Behind a conditional branch that was not taken, or at the seam of two blocks. */
export function fallThrough(op: Op): Op {
  const ip = (op.ip + op.length) | 0;
  const block = op.fall;
  if (block !== null) {
    if (stillMapped(block, op)) return enter(block);
  }
  if ((i32[MODE] & MODE_FLAT_CODE) === 0) return continueAt((ip - i32[SEGMENT_BASE + CS]) | 0);
  const first = enterSlow(ip);
  if (first !== STOP && first.block.ip === ip && first.block.at >= 0) op.fall = first.block;
  return first;
}

function enterSlow(ip: number): Op {
  const block = findBlock(ip);
  if (block === null) return fetchFault((ip - i32[SEGMENT_BASE + CS]) | 0, raiseFetchPF);
  return enter(block);
}

/** The block at linear address `ip`, decoded if need be; null when the page cannot be fetched. */
function findBlock(ip: number): Block | null {
  let t = i32[i32[TLB_BASE] + (ip >>> 12)];
  if ((t & T_READ) === 0) {
    if (fill(ip, ACCESS_FETCH | userAccess()) >= 0) return null;
    t = i32[i32[TLB_BASE] + (ip >>> 12)];
  }
  const mode = i32[MODE];
  const at = (t & ~0xfff) ^ ip;
  if ((t & (T_READ | T_WATCH)) === 0) return decodeBlock(ip, -1, mode); // no memory
  const frame = (at & ~0xfff) - RAM_BASE;
  let pages = cache.frames.get(frame);
  if (pages === undefined) cache.frames.set(frame, (pages = []));
  const page = codePage(pages, ip >>> 12, mode);
  let block = page.blocks.get(ip & 0xfff);
  if (block === undefined) {
    const crossing = page.crossing;
    if (crossing !== null && crossing.first.ip === ip && stillThere(crossing, at)) return crossing;
    block = decodeBlock(ip, at, mode);
    if (block.at < 0) {
      page.crossing = block.code === null ? null : block;
      return block;
    }
    page.blocks.set(ip & 0xfff, block);
    markCodeFrame(frame);
    cache.granules.fill(1, (at - RAM_BASE) >>> 6, ((at - RAM_BASE + block.bytes - 1) >>> 6) + 1);
  }
  jumps[(ip ^ (ip >>> 12)) & (JUMP_CACHE_SIZE - 1)] = block;
  return block;
}

function codePage(pages: CodePage[], page: number, mode: number): CodePage {
  const base = i32[SEGMENT_BASE + CS];
  const limit = i32[SEGMENT_LIMIT + CS];
  for (const p of pages) {
    if (p.page === page && p.mode === mode && p.base === base && p.limit === limit) return p;
  }
  const made = { page, mode, base, limit, blocks: new Map<number, Block>(), crossing: null };
  pages.push(made);
  return made;
}

/** Whether the bytes of a block that crosses a page are still what was decoded. */
function stillThere(block: Block, at: number): boolean {
  const code = block.code as Uint8Array;
  const here = 4096 - (at & 0xfff);
  for (let i = 0; i < here; i++) if (u8[at + i] !== code[i]) return false;
  const next = (block.ip + here) | 0;
  const t = i32[i32[TLB_BASE] + (next >>> 12)];
  if ((t & (T_READ | T_WATCH)) === 0) return false;
  const second = (t & ~0xfff) ^ next;
  for (let i = here; i < code.length; i++) if (u8[second + i - here] !== code[i]) return false;
  return true;
}

// A fetch that faults: the branch has completed, so the fault belongs to an operation of its own.

const fetchBlock = new Block(0, -1, -1);
const fetchOp = new Op(unreached, fetchBlock);

function fetchFault(eip: number, x: Handler): Op {
  fetchOp.ip = (eip + i32[SEGMENT_BASE + CS]) | 0;
  fetchOp.x = x;
  i32[EIP] = eip;
  // Without budget left the fault is the next run's.
  return i32[BUDGET] <= 0 && !cache.stepping ? STOP : fetchOp;
}

function raiseFetchPF(op: Op): Op {
  const error = fill(op.ip, ACCESS_FETCH | userAccess());
  if (error >= 0) raisePF(op.ip, error);
  return enterSlow(op.ip);
}

function raiseFetchGP(): Op {
  return raiseGP(0);
}

/**
 * Physical bytes `pa` to `pa + bytes` have been written: forgets decoded code that covers them. The
 * operations of a dead block look their address up again, which also serves the block that is
 * executing: the store takes effect before the next instruction.
 */
export function codeWritten(pa: number, bytes: number): void {
  const last = pa + bytes - 1;
  for (let frame = pa & ~0xfff; frame <= last; frame += 4096) {
    if (isCodeFrame(frame)) frameWritten(frame, Math.max(pa, frame), Math.min(last, frame + 4095));
  }
}

function frameWritten(frame: number, first: number, last: number): void {
  let covered = false;
  for (let g = first >>> 6; g <= last >>> 6 && !covered; g++) covered = cache.granules[g] !== 0;
  if (!covered) return;
  const pages = cache.frames.get(frame) ?? [];
  let left = 0;
  for (const page of pages) {
    for (const [offset, block] of page.blocks) {
      const start = block.at - RAM_BASE;
      if (start <= last && start + block.bytes > first) {
        kill(block);
        page.blocks.delete(offset);
      } else left++;
    }
  }
  if (left === 0) forgetFrame(frame);
}

function forgetFrame(frame: number): void {
  cache.frames.delete(frame);
  cache.granules.fill(0, frame >>> 6, (frame >>> 6) + 64);
  unmarkCodeFrame(frame);
}

/** Forgets all decoded code, because it would be decoded differently now. */
export function forgetCode(): void {
  for (const [frame, pages] of [...cache.frames]) {
    for (const page of pages) {
      for (const block of page.blocks.values()) kill(block);
      if (page.crossing !== null) kill(page.crossing);
    }
    forgetFrame(frame);
  }
}

function kill(block: Block): void {
  block.at = -1;
  for (let op = block.first; ; op = op.next) {
    op.x = stale;
    op.alone = null;
    if (op.next === op || op.next.block !== block) break;
  }
}

/** Whether `op` belongs to a block that has been forgotten: it will only look its address up. */
export function isStale(op: Op): boolean {
  return op.x === stale;
}

/** An operation of a dead block: gives back what the block was charged and looks again. */
function stale(op: Op): Op {
  if (!cache.stepping) i32[BUDGET] += op.block.length - op.order;
  const block = findBlock(op.ip);
  if (block === null) return fetchFault((op.ip - i32[SEGMENT_BASE + CS]) | 0, raiseFetchPF);
  return enter(block);
}
