// From bytes to operations: prefixes, opcode, ModRM, SIB, displacement, immediates (SDM 2A chapter
// 2), driven by the opcode table.

import { Block, fallThrough } from '../cpu/block.js';
import { raisePF } from '../cpu/fault.js';
import { ADDRESS_16, FLAT, Op } from '../cpu/op.js';
import type { Handler } from '../cpu/op.js';
import { CS, DS, MODE_CODE32, MODE_FLAT_CODE, SS, flatBit } from '../cpu/segments.js';
import { guardBreakpoint } from '../cpu/breakpoint.js';
import { x87Handler, x87OperandBytes, x87Writes } from '../fpu/index.js';
import { fuse } from '../instructions/fused.js';
import * as system from '../instructions/system.js';
import { REPNZ, REPZ, REP_NONE } from '../instructions/string.js';
import { fill, userAccess } from '../mmu/tlb.js';
import { currentMemoryBytes } from '../mmu/physical.js';
import { ACCESS_FETCH, walked } from '../mmu/walk.js';
import { i32, u8 } from '../state/current.js';
import { RAM_BASE, SEGMENT_BASE, SEGMENT_LIMIT, ZERO } from '../state/layout.js';
import { oneByte } from './one_byte.js';
import { MAP_0F, MAP_0F38, MAP_0F3A, NP, P66, PF2, PF3, simdEntry } from './simd.js';
import type { SimdRow } from './simd.js';
import { mmx, xmm } from '../simd/state.js';
import type { Entry, Row } from './opcodes.js';
import {
  BY_ADDRESS,
  BY_OPERAND,
  STEP_ACCUMULATOR,
  STEP_BRANCH,
  STEP_CONTROL,
  STEP_DEBUG,
  STEP_ENTER,
  STEP_GENERAL,
  STEP_IMMEDIATE,
  STEP_OFFSET,
  STEP_OPCODE,
  STEP_POINTER,
  STEP_REG,
  STEP_RM,
  STEP_SEGMENT,
  STEP_STRING,
  STEP_TABLE,
  planOf,
} from './plan.js';
import type { Step } from './plan.js';
import { twoByte } from './two_byte.js';

const MAX_INSTRUCTION = 15;
const MAX_BLOCK = 64;

// Why an instruction could not be decoded.
const TOO_LONG = { why: 'longer than 15 bytes' };
const BEYOND_LIMIT = { why: 'beyond the limit of CS' };
const NO_PAGE = { why: 'the next page cannot be fetched' };

// The instruction being decoded.
let code: Uint8Array;
/** Index in `code` of the next byte, of the first, and of the first that is not there. */
let pos = 0;
let start = 0;
let limit = 0;
let straddles = false;
let nextPage = 0;
let fetchError = 0;

const buffer = new Uint8Array(2 * MAX_INSTRUCTION + 2);

function fetch8(): number {
  if (pos - start >= MAX_INSTRUCTION) throw TOO_LONG;
  if (pos === limit) fetchNextPage();
  return code[pos++];
}

function fetch16(): number {
  const low = fetch8();
  return low | (fetch8() << 8);
}

function fetch32(): number {
  const low = fetch16();
  return low | (fetch16() << 16);
}

const fetchSigned8 = (): number => (fetch8() << 24) >> 24;

/** The instruction goes on in the next page: continues in a buffer that holds both parts. */
function fetchNextPage(): void {
  if (straddles) throw TOO_LONG;
  const offset = (nextPage - i32[SEGMENT_BASE + CS]) >>> 0;
  if (offset > i32[SEGMENT_LIMIT + CS] >>> 0) throw BEYOND_LIMIT;
  const error = fill(nextPage, ACCESS_FETCH | userAccess());
  if (error >= 0) {
    fetchError = error;
    throw NO_PAGE;
  }
  straddles = true;
  const have = pos - start;
  for (let i = 0; i < have; i++) buffer[i] = code[start + i];
  const from = walked.frame >>> 0 < currentMemoryBytes() ? RAM_BASE + walked.frame : -1;
  for (let i = 0; i < MAX_INSTRUCTION; i++) buffer[have + i] = from < 0 ? 0xff : u8[from + i];
  code = buffer;
  start = 0;
  pos = have;
  limit = have + MAX_INSTRUCTION;
}

/**
 * Decodes from linear address `ip` up to a control transfer, the end of the page or 64 instructions.
 * @param at memory byte index of the first instruction; -1: it does not lie in RAM.
 * @returns a block; its `at` is -1 when it must not be cached.
 */
export function decodeBlock(ip: number, at: number, mode: number): Block {
  const block = new Block(ip, at, mode);
  let last: Op | null = null;
  const append = (op: Op): void => {
    if (last === null) block.first = op;
    else last.next = op;
    last = op;
    op.order = block.length;
  };
  if (at < 0) {
    append(special(block, ip, system.ud));
    block.length = 1;
    return block;
  }
  const pageEnd = (at & ~0xfff) + 4096;
  let here = at;
  while (block.length < MAX_BLOCK && here < pageEnd) {
    const op: Op = new Op(system.ud, block);
    op.ip = (ip + here - at) | 0;
    code = u8;
    start = pos = here;
    limit = pageEnd;
    straddles = false;
    nextPage = ((op.ip & ~0xfff) + 4096) | 0;
    const ends = decodeOrRefuse(op, mode);
    guardBreakpoint(op);
    if (straddles || op.x === missingPage) {
      // Not cached, and only as the first: the page behind may be another one next time.
      if (block.length > 0) break;
      block.at = -1;
      if (straddles) block.code = buffer.slice(0, op.length);
      append(op);
      block.length = 1;
      if (!ends) append(special(block, (op.ip + op.length) | 0, fallThrough));
      return block;
    }
    const before: Op | null = last;
    append(op);
    block.length++;
    here += op.length;
    if (ends) {
      if (before !== null && mode & MODE_FLAT_CODE) fuse(before, op);
      block.bytes = here - at;
      return block;
    }
  }
  block.bytes = here - at;
  append(special(block, (ip + here - at) | 0, fallThrough));
  return block;
}

function special(block: Block, ip: number, x: Handler): Op {
  const op = new Op(x, block);
  op.ip = ip;
  return op;
}

/** The part of the instruction in the next page cannot be fetched. */
const missingPage: Handler = (op) => {
  const page = ((op.ip & ~0xfff) + 4096) | 0;
  const error = fill(page, ACCESS_FETCH | userAccess());
  return raisePF(page, error >= 0 ? error : op.imm);
};

/** Decodes one instruction into `op`. @returns whether it ends the block. */
function decodeOrRefuse(op: Op, mode: number): boolean {
  let ends: boolean;
  try {
    ends = decode(op, mode);
  } catch (why) {
    if (why !== TOO_LONG && why !== NO_PAGE && why !== BEYOND_LIMIT) throw why;
    op.x = why === NO_PAGE ? missingPage : system.gp0;
    op.imm = fetchError;
    ends = true;
  }
  op.length = pos - start;
  const base = i32[SEGMENT_BASE + CS];
  const last = (op.ip - base + op.length - 1) >>> 0;
  if (last > i32[SEGMENT_LIMIT + CS] >>> 0) {
    op.x = system.gp0;
    ends = true;
  }
  return ends;
}

// State of one instruction's decoding.
let size32 = true;
let address32 = true;
let segment = -1;
let modrm = 0;
let modeWord = 0;

function refuse(op: Op): boolean {
  op.x = system.ud;
  return true;
}

function decode(op: Op, mode: number): boolean {
  modeWord = mode;
  size32 = address32 = (mode & MODE_CODE32) !== 0;
  const size32Default = size32;
  segment = -1;
  let lock = false;
  let repeat = REP_NONE;
  let opcode: number;
  for (;;) {
    opcode = fetch8();
    if (opcode === 0x66) size32 = !size32Default;
    else if (opcode === 0x67) address32 = !size32Default;
    else if (opcode === 0xf0) lock = true;
    else if (opcode === 0xf3) repeat = REPZ;
    else if (opcode === 0xf2) repeat = REPNZ;
    else if ((opcode & 0xe7) === 0x26) segment = (opcode >> 3) & 3;
    else if (opcode === 0x64 || opcode === 0x65) segment = opcode - 0x60;
    else break;
  }
  if (opcode >= 0xd8 && opcode <= 0xdf) return lock ? refuse(op) : decodeX87(op, opcode);
  if (opcode === 0x9b) {
    op.x = x87Handler(0x9b, 0);
    return lock ? refuse(op) : false;
  }
  let entry: Entry;
  if (opcode === 0x0f) {
    opcode = fetch8();
    entry = twoByte[opcode];
    // F3 0F B8 would be POPCNT, which this CPU does not have; without F3 it is undefined as well.
    if (entry === null) {
      const prefix =
        repeat === REPZ ? PF3 : repeat === REPNZ ? PF2 : size32 !== size32Default ? P66 : NP;
      return decodeSimd(op, opcode, prefix, lock);
    }
  } else entry = oneByte[opcode];
  if (entry === null) return refuse(op);
  let fetched = false;
  if (Array.isArray(entry)) {
    modrm = fetch8();
    fetched = true;
    entry = (entry as readonly (Row | null)[])[(modrm >> 3) & 7];
    if (entry === null) return refuse(op);
  }
  return bind(op, entry as Row, opcode, fetched, lock, repeat);
}

/** Bytes of an operand whose size may follow the operand size. */
function bytesOf(size: number): number {
  return size !== BY_OPERAND ? size : size32 ? 4 : 2;
}

/** Index of register `n` in the view of its size. */
function register(n: number, bytes: number): number {
  if (bytes === 4) return n;
  if (bytes === 2) return n * 2;
  return n < 4 ? n * 4 : (n - 4) * 4 + 1;
}

function setRegister(op: Op, step: Step, n: number): void {
  const index = register(n, bytesOf(step.bytes));
  if (step.first) op.d = index;
  else op.s = index;
}

/** Decodes the rest of an instruction behind its opcode, by row `r` of the table. */
function bind(
  op: Op,
  r: Row,
  opcode: number,
  fetched: boolean,
  lock: boolean,
  repeat: number,
): boolean {
  const plan = (r.plan ??= planOf(r));
  if (plan.modrm && !fetched) modrm = fetch8();
  const isMemory = plan.modrm && modrm < 0xc0;
  if (plan.memory && isMemory) {
    op.width = bytesOf(plan.memoryBytes);
    op.writes = plan.memoryWrites;
    decodeAddress(op);
  } else if (plan.memoryOnly) return refuse(op);
  const refused = lock && !(r.lock && isMemory); // known only behind the last byte

  if (r.imm !== undefined) op.imm = r.imm;
  const { steps } = plan;
  for (let i = 0; i < steps.length; i++) {
    if (!take(op, steps[i], opcode, isMemory, repeat)) return refuse(op);
  }
  const bytes = plan.size === BY_ADDRESS ? (address32 ? 4 : 2) : bytesOf(plan.size);
  const handler = plan.handlers[(bytes & 6) + (isMemory ? 1 : 0)];
  if (handler === undefined || refused) return refuse(op);
  op.x = handler;
  return r.ends;
}

/** Decodes one operand. @returns false when the encoding is undefined. */
function take(op: Op, step: Step, opcode: number, isMemory: boolean, repeat: number): boolean {
  const reg = (modrm >> 3) & 7;
  switch (step.kind) {
    case STEP_RM:
      if (!isMemory) setRegister(op, step, modrm & 7);
      break;
    case STEP_REG:
      setRegister(op, step, reg);
      break;
    case STEP_GENERAL:
      op.d = modrm & 7;
      break;
    case STEP_OPCODE:
      setRegister(op, step, opcode & 7);
      break;
    case STEP_ACCUMULATOR:
      if (step.first) op.d = 0;
      else op.s = 0;
      break;
    case STEP_SEGMENT:
      if (reg > 5 || (step.first && reg === CS)) return false;
      op.imm = reg;
      break;
    case STEP_CONTROL:
      // Without such a register the encoding is undefined, which comes before the privilege check.
      if (reg === 1 || reg > 4) return false;
      op.imm = reg;
      break;
    case STEP_DEBUG:
      op.imm = reg;
      break;
    case STEP_IMMEDIATE:
      op.imm = immediate(step);
      break;
    case STEP_ENTER:
      op.imm = fetch16();
      op.imm |= (fetch8() & 31) << 16;
      break;
    case STEP_BRANCH:
      takeTarget(op, step);
      break;
    case STEP_OFFSET:
      op.base = op.index = ZERO;
      op.disp = address32 ? fetch32() : fetch16();
      op.width = bytesOf(step.bytes);
      op.writes = step.writes;
      op.seg = segmentOf(DS);
      break;
    case STEP_POINTER:
      op.disp = size32 ? fetch32() : fetch16();
      op.imm = fetch16();
      break;
    case STEP_TABLE:
      op.seg = segmentOf(DS);
      break;
    case STEP_STRING:
      op.imm = repeat;
      op.seg = segmentOf(DS);
      break;
    default: // STEP_PORT
      op.width = bytesOf(step.bytes);
  }
  return true;
}

/** A relative branch: the linear address of its target. */
function takeTarget(op: Op, step: Step): void {
  const offset = step.bytes === 1 ? fetchSigned8() : size32 ? fetch32() : (fetch16() << 16) >> 16;
  const base = i32[SEGMENT_BASE + CS];
  const eip = (op.ip - base + pos - start + offset) | 0;
  op.imm = ((size32 ? eip : eip & 0xffff) + base) | 0;
}

function immediate(step: Step): number {
  if (step.bytes === 1) return step.signed ? fetchSigned8() : fetch8();
  if (step.bytes === 2) return fetch16();
  return size32 ? fetch32() : fetch16();
}

function segmentOf(byDefault: number): number {
  const seg = segment >= 0 ? segment : byDefault;
  // A code segment is readable, not writable: never taken for a flat data segment.
  const flat = seg !== CS && (modeWord & flatBit(seg)) !== 0;
  if (!address32) return seg | ADDRESS_16;
  return flat ? FLAT : seg;
}

// Base and index registers of 16-bit addressing, SDM 2A table 2-1.
const EBX = 3;
const ESP = 4;
const EBP = 5;
const ESI = 6;
const EDI = 7;
const BASE_16 = [EBX, EBX, EBP, EBP, ESI, EDI, EBP, EBX];
const INDEX_16 = [ESI, EDI, ESI, EDI, ZERO, ZERO, ZERO, ZERO];

/** Fills the memory operand of `op` from ModRM, SIB and displacement. */
function decodeAddress(op: Op): void {
  const mod = modrm >> 6;
  const rm = modrm & 7;
  let stack = false;
  op.index = ZERO;
  op.scale = 0;
  op.disp = 0;
  if (!address32) {
    op.base = BASE_16[rm];
    op.index = INDEX_16[rm];
    stack = rm === 2 || rm === 3 || rm === 6;
    if (mod === 0 && rm === 6) {
      op.base = ZERO;
      stack = false;
      op.disp = fetch16();
    } else if (mod === 1) op.disp = fetchSigned8();
    else if (mod === 2) op.disp = fetch16();
  } else {
    op.base = rm;
    stack = rm === EBP;
    let disp32 = mod === 2;
    if (rm === ESP) {
      const sib = fetch8();
      const index = (sib >> 3) & 7;
      op.base = sib & 7;
      stack = op.base === ESP || op.base === EBP;
      if (index !== ESP) {
        op.index = index;
        op.scale = sib >> 6;
      }
    }
    if (mod === 0 && op.base === EBP) {
      op.base = ZERO;
      stack = false;
      disp32 = true;
    }
    if (disp32) op.disp = fetch32();
    else if (mod === 1) op.disp = fetchSigned8();
  }
  op.seg = segmentOf(stack ? SS : DS);
}

function decodeX87(op: Op, opcode: number): boolean {
  modrm = fetch8();
  op.imm = modrm & 7;
  op.d = opcode;
  op.s = modrm;
  op.size16 = !size32;
  if (modrm < 0xc0) {
    op.width = x87OperandBytes(opcode, modrm, op.size16);
    op.writes = x87Writes(opcode, modrm);
    decodeAddress(op);
  }
  op.x = x87Handler(opcode, modrm);
  return false;
}

/** An opcode behind 0F that is none of the integer instructions'. */
function decodeSimd(op: Op, opcode: number, prefix: number, lock: boolean): boolean {
  let map = MAP_0F;
  if (opcode === 0x38 || opcode === 0x3a) {
    map = opcode === 0x38 ? MAP_0F38 : MAP_0F3A;
    opcode = fetch8();
  }
  let entry = simdEntry(map, prefix, opcode);
  if (entry === null || lock) return refuse(op);
  if (!('name' in entry)) {
    modrm = fetch8();
    entry = entry[(modrm >> 3) & 7];
    if (entry === null) return refuse(op);
  } else if (entry.operands !== '') modrm = fetch8();
  else modrm = 0xc0;
  return bindSimd(op, entry);
}

function bindSimd(op: Op, row: SimdRow): boolean {
  const isMemory = modrm < 0xc0;
  const handler = isMemory ? row.m : row.r;
  if (isMemory) decodeAddress(op);
  if (handler === null) return refuse(op);
  op.width = row.width;
  op.writes = row.writes;
  const reg = (modrm >> 3) & 7;
  const rm = modrm & 7;
  let first = true;
  for (let i = 0; i < row.operands.length; i += 2) {
    let index = 0;
    switch (row.operands[i]) {
      case 'V':
        index = xmm(reg);
        break;
      case 'P':
        index = mmx(reg);
        break;
      case 'G':
        index = reg;
        break;
      case 'W':
      case 'U':
        index = xmm(rm);
        break;
      case 'Q':
      case 'N':
        index = mmx(rm);
        break;
      case 'E':
        index = rm;
        break;
      case 'I':
        op.imm = fetch8();
        continue;
      case 'D':
        op.base = EDI;
        op.index = ZERO;
        op.disp = 0;
        op.seg = segmentOf(DS);
        continue;
    }
    if (first) op.d = index;
    else op.s = index;
    first = false;
  }
  op.x = handler;
  return false;
}
