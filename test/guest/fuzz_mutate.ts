// Mutations of executable files: the ways in which files are damaged, and those in which people who
// look for holes write them.

import { pick } from './fuzz_programs.js';

type Random = () => number;

const BOUNDARIES = [
  0, 1, 2, 0xff, 0xffff, 4095, 4096, 4097, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe,
  0xfffff000, 0xbfbff000, 0xbfc00000, 0xc0000000, 0x08048000, 0x1000,
]; // prettier-ignore
const EHDR = 52;
const PHDR = 32;
/** Where fields of the ELF header begin and how long they are. */
const EHDR_FIELDS = [
  [4, 1], [5, 1], [6, 1], [7, 1], [16, 2], [18, 2], [20, 4], [24, 4], [28, 4], [32, 4], [36, 4],
  [40, 2], [42, 2], [44, 2], [46, 2], [48, 2], [50, 2],
] as const; // prettier-ignore
const P_TYPES = [0, 1, 2, 3, 4, 5, 6, 7, 0x6474e550, 0x6474e551, 0x6474e552];

function put(file: Uint8Array, at: number, width: number, value: number): void {
  for (let i = 0; i < width && at + i < file.length; i++) file[at + i] = value >>> (8 * i);
}

function get32(file: Uint8Array, at: number): number {
  return (file[at] | (file[at + 1] << 8) | (file[at + 2] << 16) | (file[at + 3] << 24)) >>> 0;
}

/** A boundary value, or a number near the one that is there. */
function odd(next: Random, old: number): number {
  return next() % 3 ? pick(next, BOUNDARIES) : old + pick(next, [1, -1, 4, -4, 4096, -4096, 0x100]);
}

function headerField(next: Random, file: Uint8Array): void {
  const [at, width] = pick(next, EHDR_FIELDS);
  put(file, at, width, odd(next, get32(file, at)));
}

function programHeaderField(next: Random, file: Uint8Array): void {
  const count = Math.max(1, Math.min(file[44], 16));
  const at = EHDR + PHDR * (next() % count) + 4 * (next() % 8);
  const isType = (at - EHDR) % PHDR === 0;
  put(file, at, 4, isType ? pick(next, P_TYPES) : odd(next, get32(file, at)));
}

function flipBits(next: Random, file: Uint8Array): void {
  const within = next() & 1 ? Math.min(file.length, 512) : file.length;
  for (let n = 1 + (next() % 8); n > 0; n--) file[next() % within] ^= 1 << (next() & 7);
}

function splice(next: Random, file: Uint8Array): void {
  const length = 1 + (next() % 64);
  const from = next() % file.length;
  file.copyWithin(next() % file.length, from, Math.min(file.length, from + length));
}

const CHANGES = [headerField, programHeaderField, programHeaderField, flipBits, splice];

/** One to four changes of a copy of `file`, sometimes cut short or made longer. */
export function mutate(next: Random, file: Uint8Array): Uint8Array {
  const copy = file.slice();
  for (let n = 1 + (next() % 4); n > 0; n--) pick(next, CHANGES)(next, copy);
  switch (next() % 8) {
    case 0:
      return copy.subarray(0, next() % copy.length);
    case 1:
      return copy.subarray(0, Math.min(copy.length, next() % 256));
    case 2: {
      const longer = new Uint8Array(copy.length + (next() % 5000));
      longer.set(copy);
      return longer;
    }
    default:
      return copy;
  }
}

/** A script whose first line is damaged or absurd. */
export function mutateScript(next: Random): Uint8Array {
  const interpreter = pick(next, [
    '/program', '/nowhere', '/dev/null', '/', '/tmp', '', ' ', '\0', 'program', './program',
    '/dev/zero', 'x'.repeat(next() % 5000), '#', '\t/program', '/program\t',
  ]); // prettier-ignore
  const argument = pick(next, ['', ' -x', ' -x -y', ' '.repeat(next() % 300), '\0', ' \xff']);
  const end = pick(next, ['\n', '', '\r\n', '\0', '\n\n']);
  const file = Uint8Array.from(`#!${interpreter}${argument}${end}rest`, (c) => c.charCodeAt(0));
  if (next() % 4 === 0) flipBits(next, file);
  return file;
}
