// Compares what the processor did with what our machine did.

import { isPrefix } from './forms.js';
import {
  emptyOrNot,
  CODE,
  REGISTER_COUNT,
  REGISTER_NAMES,
  R_EFLAGS,
  R_EIP,
  pattern,
} from './layout.js';
import type { Case, Result, Vectors } from './layout.js';

/** CF PF AF ZF SF TF DF OF NT AC ID; IF, IOPL and RF are the host kernel's affair. */
const COMPARED_FLAGS = 0x244dd5 & ~0x10000;

const FLAG_LETTERS: readonly (readonly [number, string])[] = [
  [1, 'CF'],
  [4, 'PF'],
  [0x10, 'AF'],
  [0x40, 'ZF'],
  [0x80, 'SF'],
  [0x100, 'TF'],
  [0x400, 'DF'],
  [0x800, 'OF'],
  [0x4000, 'NT'],
  [0x40000, 'AC'],
  [0x200000, 'ID'],
];

const VECTOR_DB = 1;
const VECTOR_PF = 14;
/** The bit for instruction fetches exists only where NX does. */
const PF_FETCH = 0x10;

export interface Difference {
  /** Differences that the architecture does not allow. */
  wrong: string[];
  /** Differences in flags that it leaves undefined. */
  undefinedFlags: string[];
  /** Which differences that it does allow there were: keys of EXPLAINED. */
  explained: string[];
}

/** Differences between two processors that are both right, and why. */
export const EXPLAINED = {
  partial:
    'a fault in the middle: the processor shows part of what PUSHA, POPA, CALL, FNSAVE ... had done; ours shows nothing',
  address:
    'a page fault of an x87 environment or state: CR2 holds another byte of the same page (the processor asks for the last byte first)',
  order:
    "with alignment checked, one access is misaligned and another faults: which comes first is the model's own (SDM 3A table 7-2)",
  ud: "UD0 and UD1: AMD's raise #UD without fetching ModRM and displacement, Intel's and ours fetch them first, which may fault",
  masked:
    'MASKMOVQ, MASKMOVDQU: whether bytes that the mask leaves out may fault (SDM 2B, MASKMOVQ: implementation-dependent); ours never do',
  reciprocal:
    "RCPPS, RCPSS, RSQRTPS, RSQRTSS: the SDM allows a relative error of 1.5 * 2^-12, whose digits are the model's own",
  transcendental:
    'F2XM1, FYL2X, FYL2XP1, FPTAN, FPATAN, FSIN, FCOS, FSINCOS: one unit in the last place, and C1, which tells the direction of rounding (the SDM allows one unit; ours are correctly rounded)',
} as const;

const hex = (n: number): string => (n >>> 0).toString(16);

function flagNames(bits: number): string {
  return FLAG_LETTERS.filter(([bit]) => bits & bit)
    .map(([, name]) => name)
    .join('+');
}

/**
 * Both raise the same fault and ours shows nothing else: then the processor may show what it had
 * done before (the first words of a PUSHA, registers of a POPA). Ours must show nothing.
 */
function isCleanFault(c: Case, real: Result, ours: Result): boolean {
  if (real.vector !== ours.vector || real.vector < 10 || faultsDiffer(c, real, ours)) return false;
  return isUntouched(c, real, ours);
}

/** Both stopped at the instruction, and ours shows the state before it. */
function isUntouched(c: Case, real: Result, ours: Result): boolean {
  const same = (a: number[], b: number[]): boolean =>
    a.every((register, i) => i === R_EFLAGS || register === b[i]);
  if (!same(ours.registers, c.registers) || real.registers[R_EIP] !== ours.registers[R_EIP])
    return false;
  if (
    ours.vectors !== undefined &&
    c.vectors !== undefined &&
    !sameState(c.vectors, ours.vectors, real.vectors?.mxcsr)
  )
    return false;
  if ((ours.registers[R_EFLAGS] ^ c.registers[R_EFLAGS]) & COMPARED_FLAGS) return false;
  const before = new Map<number, number>();
  for (const { address, bytes } of c.patches)
    bytes.forEach((byte, i) => before.set(address + i, byte));
  const patched = [...before].filter(([address, byte]) => pattern(address) !== byte);
  return (
    ours.memory.length === patched.length &&
    ours.memory.every((m) => before.get((m >>> 8) + CODE) === (m & 0xff))
  );
}

/** Whether error codes or fault addresses differ, of faults with the same vector. */
function faultsDiffer(c: Case, real: Result, ours: Result): boolean {
  const mask = real.vector === VECTOR_PF ? ~PF_FETCH : ~0;
  if (((real.error ^ ours.error) & mask) !== 0) return true;
  return real.vector === VECTOR_PF && real.cr2 !== ours.cr2 && !isOtherByte(c, real, ours);
}

/** Two addresses of one page, and the instruction reads or writes an x87 environment or state. */
function isOtherByte(c: Case, real: Result, ours: Result): boolean {
  if ((real.cr2 ^ ours.cr2) >>> 12 !== 0) return false;
  const { bytes } = c.patches[0];
  const at = bytes.findIndex((byte) => !isPrefix(byte));
  const environment = bytes[at] === 0xd9 || bytes[at] === 0xdd;
  return environment && bytes[at + 1] < 0xc0 && [4, 6].includes((bytes[at + 1] >> 3) & 7);
}

const VECTOR_UD = 6;
const VECTOR_AC = 17;
const AC = 0x40000;

/** The processor faulted at a byte of a masked store that the mask leaves out; ours stored the rest. */
function isMaskedFault(c: Case, real: Result, ours: Result): boolean {
  const { bytes } = c.patches[0];
  const at = bytes.indexOf(0x0f);
  const masked = at >= 0 && bytes[at + 1] === 0xf7 && bytes.slice(0, at).every(isPrefix);
  if (!masked || real.vector !== VECTOR_PF || ours.vector !== VECTOR_DB) return false;
  const page = real.cr2 >>> 12;
  return !ours.memory.some((m) => ((m >>> 8) + CODE) >>> 12 === page);
}

/** Why both may raise different faults; null when they may not. */
function explainVectors(c: Case, real: Result, ours: Result): keyof typeof EXPLAINED | null {
  const { bytes } = c.patches[0];
  const at = bytes.indexOf(0x0f);
  if (real.vector === VECTOR_UD && (bytes[at + 1] === 0xb9 || bytes[at + 1] === 0xff))
    return bytes.slice(0, at).every(isPrefix) && at >= 0 && isSegmentFault(ours) ? 'ud' : null;
  const [low, high] = [real.vector, ours.vector].sort((a, b) => a - b);
  const either = high === VECTOR_AC && low >= 12 && low <= VECTOR_PF;
  return either && c.registers[R_EFLAGS] & AC ? 'order' : null;
}

const isSegmentFault = (r: Result): boolean => r.vector === 13 || r.vector === VECTOR_PF;

/** The state after is the one before, but for MXCSR, where #XM has set flags. */
function sameState(before: Vectors, after: Vectors, mxcsr: number | undefined): boolean {
  const { control, status, xmm, stack } = before;
  if (after.mxcsr !== mxcsr || after.control !== control || after.status !== status) return false;
  if (after.tags !== emptyOrNot(before.tags)) return false;
  return after.xmm.join() === xmm.join() && after.stack.join() === stack.join();
}

/** Changed bytes, without those that may differ. */
function comparedMemory(c: Case, r: Result): number[] {
  const { ignored } = c;
  if (ignored === undefined) return r.memory;
  return r.memory.filter((m) => {
    const address = (m >>> 8) + CODE;
    return !ignored.some(([from, to]) => address >= from && address < to);
  });
}

const float = new DataView(new ArrayBuffer(4));
function single(bits: number): number {
  float.setUint32(0, bits);
  return float.getFloat32(0);
}

/** Twice the error that Intel allows RCP and RSQRT: both processors may be that far off. */
const APPROXIMATION = 2 * 1.5 * 2 ** -12;

function isClose(a: number, b: number): boolean {
  const [x, y] = [single(a), single(b)];
  return Math.abs(x - y) <= Math.abs(x) * APPROXIMATION;
}

/** Whether register ST(i) of both differs by one unit in the last place at most. */
function isNeighbour(a: readonly number[], b: readonly number[], i: number): boolean {
  // Without the integer bit, so that the last of one power of two lies next to the first of another.
  const whole = (words: readonly number[]): bigint =>
    (BigInt(words[3 * i + 2]) << 63n) |
    (BigInt(words[3 * i + 1] & 0x7fffffff) << 32n) |
    BigInt(words[3 * i]);
  const distance = whole(a) - whole(b);
  return distance >= -1n && distance <= 1n;
}

const C1 = 0x200;

function compareVectors(c: Case, real: Vectors, ours: Vectors, difference: Difference): void {
  const { wrong, explained } = difference;
  const excuse = (kind: keyof typeof EXPLAINED): void => {
    if (!explained.includes(kind)) explained.push(kind);
  };
  const transcendental = c.approximate === 'transcendental';
  for (const name of ['mxcsr', 'control', 'status', 'tags'] as const) {
    if (real[name] === ours[name]) continue;
    if (transcendental && name === 'status' && (real.status ^ ours.status) === C1)
      excuse('transcendental');
    else wrong.push(`${name} ${hex(real[name])}, not ${hex(ours[name])}`);
  }
  real.xmm.forEach((word, i) => {
    if (word === ours.xmm[i]) return;
    if (c.approximate === 'reciprocal' && isClose(word, ours.xmm[i])) excuse('reciprocal');
    else wrong.push(`xmm${i >> 2}[${i & 3}] ${hex(word)}, not ${hex(ours.xmm[i])}`);
  });
  real.stack.forEach((word, n) => {
    if (word === ours.stack[n]) return;
    const i = Math.floor(n / 3);
    if (transcendental && i < 2 && isNeighbour(real.stack, ours.stack, i)) excuse('transcendental');
    else wrong.push(`st${i}[${n % 3}] ${hex(word)}, not ${hex(ours.stack[n])}`);
  });
}

/** What differs between two results of a case, sorted by whether the architecture allows it. */
export function compare(c: Case, real: Result, ours: Result): Difference {
  const wrong: string[] = [];
  const undefinedFlags: string[] = [];
  const explained: string[] = [];
  const difference: Difference = { wrong, undefinedFlags, explained };
  if (real.vector !== ours.vector) wrong.push(`vector ${real.vector}, not ${ours.vector}`);
  for (let i = 0; i < REGISTER_COUNT; i++) {
    if (i === R_EFLAGS || real.registers[i] === ours.registers[i]) continue;
    wrong.push(`${REGISTER_NAMES[i]} ${hex(real.registers[i])}, not ${hex(ours.registers[i])}`);
  }
  const flags = (real.registers[R_EFLAGS] ^ ours.registers[R_EFLAGS]) & COMPARED_FLAGS;
  // Nothing is undefined when the instruction did not complete.
  const completed = real.vector === VECTOR_DB || real.registers[R_EIP] !== c.registers[R_EIP];
  const excused = completed ? c.undefinedFlags : 0;
  if (flags & ~excused)
    wrong.push(`flags ${flagNames(flags & ~excused)} (real ${hex(real.registers[R_EFLAGS])})`);
  if (flags & excused) undefinedFlags.push(flagNames(flags & excused));
  if (real.vector === ours.vector && real.vector > 9) {
    const mask = real.vector === VECTOR_PF ? ~PF_FETCH : ~0;
    if ((real.error & mask) !== (ours.error & mask))
      wrong.push(`error code ${hex(real.error)}, not ${hex(ours.error)}`);
    if (real.vector === VECTOR_PF && real.cr2 !== ours.cr2) {
      if (isOtherByte(c, real, ours)) explained.push('address');
      else wrong.push(`cr2 ${hex(real.cr2)}, not ${hex(ours.cr2)}`);
    }
  }
  if (real.vectors !== undefined && ours.vectors !== undefined)
    compareVectors(c, real.vectors, ours.vectors, difference);
  const [realMemory, ourMemory] = [comparedMemory(c, real), comparedMemory(c, ours)];
  if (realMemory.join() !== ourMemory.join()) {
    const show = (memory: number[]): string =>
      memory.map((m) => `${hex(m >>> 8)}=${hex(m & 0xff)}`).join(' ') || 'none';
    wrong.push(`memory ${show(realMemory)}, not ${show(ourMemory)}`);
  }
  if (wrong.length > 0 && isCleanFault(c, real, ours))
    return { wrong: [], undefinedFlags: [], explained: ['partial'] };
  if (wrong.length > 0 && isMaskedFault(c, real, ours))
    return { wrong: [], undefinedFlags: [], explained: ['masked'] };
  const other = real.vector === ours.vector ? null : explainVectors(c, real, ours);
  if (other !== null && isUntouched(c, real, ours))
    return { wrong: [], undefinedFlags: [], explained: [other] };
  return difference;
}

/** For messages: the code of a case in hex and its registers. */
export function describeCase(c: Case): string {
  const code = c.patches[0].bytes.map((b) => b.toString(16).padStart(2, '0')).join(' ');
  const registers = c.registers.map((r, i) => `${REGISTER_NAMES[i]}=${hex(r)}`).join(' ');
  if (c.vectors === undefined) return `${code} | ${registers}`;
  const { mxcsr, control, status, tags, xmm } = c.vectors;
  const words = xmm.map(hex);
  const named = Array.from({ length: 8 }, (_, i) => words.slice(4 * i, 4 * i + 4).join(':'));
  const operands = c.patches.slice(1).map((p) => `${hex(p.address)}=${p.bytes.map(hex).join(' ')}`);
  const state = `mxcsr=${hex(mxcsr)} cw=${hex(control)} sw=${hex(status)} tw=${hex(tags)}`;
  return `${code} | ${state} | ${named.join(' ')} | ${registers} | ${operands.join(' ')}`;
}
