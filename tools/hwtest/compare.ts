// Compares what the processor did with what our machine did.

import { CODE, REGISTER_COUNT, REGISTER_NAMES, R_EFLAGS, R_EIP, pattern } from './layout.js';
import type { Case, Result } from './layout.js';

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
}

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
  if (real.vector !== ours.vector || real.vector < 10 || faultsDiffer(real, ours)) return false;
  const same = (a: number[], b: number[]): boolean =>
    a.every((register, i) => i === R_EFLAGS || register === b[i]);
  if (!same(ours.registers, c.registers) || real.registers[R_EIP] !== ours.registers[R_EIP])
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
function faultsDiffer(real: Result, ours: Result): boolean {
  const mask = real.vector === VECTOR_PF ? ~PF_FETCH : ~0;
  return (
    ((real.error ^ ours.error) & mask) !== 0 || (real.vector === VECTOR_PF && real.cr2 !== ours.cr2)
  );
}

export function compare(c: Case, real: Result, ours: Result): Difference {
  if (isCleanFault(c, real, ours)) return { wrong: [], undefinedFlags: [] };
  const wrong: string[] = [];
  const undefinedFlags: string[] = [];
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
    if (real.vector === VECTOR_PF && real.cr2 !== ours.cr2)
      wrong.push(`cr2 ${hex(real.cr2)}, not ${hex(ours.cr2)}`);
  }
  if (real.memory.join() !== ours.memory.join()) {
    const show = (r: Result): string =>
      r.memory.map((m) => `${hex(m >>> 8)}=${hex(m & 0xff)}`).join(' ') || 'none';
    wrong.push(`memory ${show(real)}, not ${show(ours)}`);
  }
  return { wrong, undefinedFlags };
}

/** For messages: the code of a case in hex and its registers. */
export function describeCase(c: Case): string {
  const code = c.patches[0].bytes.map((b) => b.toString(16).padStart(2, '0')).join(' ');
  return `${code} | ${c.registers.map((r, i) => `${REGISTER_NAMES[i]}=${hex(r)}`).join(' ')}`;
}
