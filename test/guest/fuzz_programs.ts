// Seeded hostile programs: random instructions, and random system calls.

import { makeElf } from '../helpers/elf.js';
import type { ElfSegment } from '../helpers/elf.js';

type Random = () => number;

const TEXT = 0x08048000;
const DATA = 0x08060000;
const PAGE = 4096;
export const ELFOSABI_FREEBSD = 9;
export const ELFOSABI_LINUX = 3;

export function pick<T>(next: Random, items: readonly T[]): T {
  return items[next() % items.length];
}

function randomBytes(next: Random, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = next() >>> 7;
  return bytes;
}

function word(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
}

/** mov reg, imm32 for every register but ESP. */
function loadRegisters(next: Random): number[] {
  const code: number[] = [];
  for (const reg of [0, 1, 2, 3, 5, 6, 7]) {
    const value = pick(next, [TEXT, DATA, DATA + 64, DATA + PAGE - 2, next() & 0xff, next()]);
    code.push(0xb8 + reg, ...word(value));
  }
  return code;
}

/** A program that only calls exit(0). */
export function returningProgram(osabi: number): Uint8Array {
  const bytes = Uint8Array.from([0x31, 0xdb, 0x53, 0x53, 0x31, 0xc0, 0x40, 0xcd, 0x80]);
  return makeElf({ entry: TEXT, osabi, segments: [{ vaddr: TEXT, bytes, flags: 5 }] });
}

/** Random bytes as code; half of the programs begin with registers that point at memory. */
export function randomProgram(next: Random): Uint8Array {
  const prologue = next() & 1 ? loadRegisters(next) : [];
  const code = randomBytes(next, 16 + (next() % 1024));
  const segments: ElfSegment[] = [
    { vaddr: TEXT, bytes: Uint8Array.from([...prologue, ...code]), flags: next() % 4 ? 5 : 7 },
  ];
  if (next() & 1) {
    const bytes = randomBytes(next, next() % 8192);
    segments.push({ vaddr: DATA, bytes, memsz: bytes.length + (next() % 16384), flags: 6 });
  }
  const osabi = pick(next, [ELFOSABI_FREEBSD, ELFOSABI_LINUX, 0]);
  return makeElf({ entry: TEXT, osabi, segments });
}

// The data segment of a program of system calls: strings, vectors, numbers, results.
const STRINGS = DATA;
const RECORDS = DATA + PAGE;
const RESULTS = DATA + 2 * PAGE;
const DATA_END = DATA + 4 * PAGE;
const NAMES = [
  '/program', '/tmp/a', '/tmp/b', 'a', 'b/c', '.', '..', '/', '', '/dev/null', '/dev/zero',
  '/dev/random', '/dev/tty', '/dev/fd/1', '/proc/curproc/map', '/proc/self/maps', '/proc/1/status',
  'x'.repeat(255), 'y'.repeat(300), '/tmp/../tmp/./a', '/tmp/a/', 'kern.ostype', 'vm.overcommit',
]; // prettier-ignore

const NUMBERS = [
  0, 1, 2, 3, 4, 5, 7, 8, 16, 63, 64, 255, 256, 1023, 1024, 0x7fff, 0xffff, 0x10000, PAGE - 1, PAGE,
  PAGE + 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, 0xfffff000, 0xffffff9c, 0x7ffffffe,
  0xbfffffff, 0xc0000000, 0x200, 0x601, 0x80000, 0x1000002,
]; // prettier-ignore

const ADDRESSES = [
  0, 1, TEXT, TEXT + PAGE, DATA_END - 1, DATA_END - 4, DATA_END, DATA_END - PAGE, 0xbfbfe000,
  0xbfbffffc, 0xbfc00000, 0xbffffff0, 0xc0000000, 0xfffffff0, 0xffffffff, 0x7ffff000, 0x28000000,
]; // prettier-ignore

interface Offsets {
  strings: number[];
}

function dataSegment(next: Random): { bytes: Uint8Array; at: Offsets } {
  const bytes = new Uint8Array(DATA_END - DATA);
  const strings: number[] = [];
  let at = 0;
  for (const name of NAMES) {
    strings.push(STRINGS + at);
    for (let i = 0; i < name.length; i++) bytes[at + i] = name.charCodeAt(i);
    at += name.length + 1;
  }
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < PAGE; i += 4) {
    const kind = next() % 4;
    const value =
      kind === 0
        ? RECORDS + (next() % PAGE)
        : kind === 1
          ? pick(next, strings)
          : kind === 2
            ? pick(next, NUMBERS)
            : next() % 64;
    view.setUint32(RECORDS - DATA + i, value, true);
  }
  return { bytes, at: { strings } };
}

/** Pushes one random argument. */
function pushArgument(next: Random, at: Offsets): number[] {
  switch (next() % 8) {
    case 0:
      return [0x68, ...word(pick(next, at.strings))];
    case 1:
      return [0x68, ...word(RECORDS + 4 * (next() % (PAGE / 4)))];
    case 2:
      return [0x68, ...word(pick(next, ADDRESSES))];
    case 3:
      // The result of an earlier call: a descriptor, an address, a process.
      return [0xff, 0x35, ...word(RESULTS + 4 * (next() % 16))];
    case 4:
      return [0x68, ...word(next() % 12)];
    case 5:
      return [0x68, ...word(next() % 4 ? 1 << (next() % 32) : next())];
    default:
      return [0x68, ...word(pick(next, NUMBERS))];
  }
}

/** What ends a program at once would hide the calls behind it. */
const FREEBSD_ENDS = [1, 417, 422, 423, 431, 463];
const LINUX_ENDS = [1, 88, 119, 173, 252];

/** `count` random system calls with random arguments, of the ABI's numbers in `calls`. */
export function syscallProgram(
  next: Random,
  linux: boolean,
  calls: readonly number[],
  count: number,
): Uint8Array {
  const { bytes, at } = dataSegment(next);
  const ends = linux ? LINUX_ENDS : FREEBSD_ENDS;
  const usable = calls.filter((n) => !ends.includes(n));
  const code: number[] = [];
  for (let i = 0; i < count; i++) {
    const number = next() % 32 ? pick(next, usable) : next() % 600;
    if (ends.includes(number)) continue;
    for (let n = 0; n < 8; n++) code.push(...pushArgument(next, at));
    if (linux) {
      // pop ebx, ecx, edx, esi, edi, ebp: the arguments; two words stay for old calls.
      code.push(0x5b, 0x59, 0x5a, 0x5e, 0x5f, 0x5d, 0xb8, ...word(number), 0xcd, 0x80);
      code.push(0x83, 0xc4, 8);
    } else {
      code.push(0x6a, 0, 0xb8, ...word(number), 0xcd, 0x80, 0x83, 0xc4, 36);
    }
    code.push(0xa3, ...word(RESULTS + 4 * (i % 16)));
  }
  // exit(0)
  if (linux) code.push(0x31, 0xdb, 0xb8, ...word(1), 0xcd, 0x80);
  else code.push(0x6a, 0, 0x6a, 0, 0xb8, ...word(1), 0xcd, 0x80);
  return makeElf({
    entry: TEXT,
    osabi: linux ? ELFOSABI_LINUX : ELFOSABI_FREEBSD,
    segments: [
      { vaddr: TEXT, bytes: Uint8Array.from(code), flags: 5 },
      { vaddr: DATA, bytes, flags: 6 },
    ],
  });
}
