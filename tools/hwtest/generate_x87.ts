// Makes cases of x87 forms: any stack, tags, control and status word, with operands of every class.

import { formOf } from './forms.js';
import type { Form } from './forms.js';
import {
  LITTLE,
  addressBytes,
  controlOf,
  double,
  single,
  target,
  vector,
} from './generate_simd.js';
import { CODE, DATA, READ_ONLY, STACK, USER_CS, USER_DS } from './layout.js';
import type { Case, Vectors } from './layout.js';
import { below, chance, pick, value } from './random.js';
import type { Random } from './random.js';

const TF = 0x100;
const AC = 0x40000;
const MASKED = 0x3f;
/** ES and B of the status word. */
const SUMMARY = 0x8080;

const SIGNIFICANDS: readonly (readonly [low: number, high: number])[] = [
  [0, 0x80000000],
  [1, 0x80000000],
  [0xffffffff, 0xffffffff],
  [0, 0xc0000000],
  [0x800, 0x80000000],
  [0x400, 0x80000000],
  [0xfffffc00, 0xffffffff],
  [0, 0x80000080],
  [0x2168c235, 0xc90fdaa2],
];
const EXPONENTS = [
  0, 1, 2, 0x3fbe, 0x3fbf, 0x3fdf, 0x3ffd, 0x3ffe, 0x3fff, 0x3fff, 0x4000, 0x4001, 0x400e, 0x401d,
  0x401e, 0x403c, 0x403d, 0x403e, 0x403f, 0x4040, 0x7ffd, 0x7ffe, 0x3f80, 0x3f81, 0x407e, 0x407f,
  0x3c00, 0x3c01, 0x43fe, 0x43ff,
];
/** Zero, infinity, NaNs, denormal numbers and the encodings that the 387 no longer knows. */
const SPECIALS: readonly (readonly [low: number, high: number, exponent: number])[] = [
  [0, 0, 0],
  [0, 0, 0],
  [0, 0x80000000, 0x7fff],
  [0, 0x80000000, 0x7fff],
  [0, 0xc0000000, 0x7fff],
  [0x12345, 0xc0000000, 0x7fff],
  [1, 0x80000000, 0x7fff],
  [0, 0xa0000000, 0x7fff],
  [1, 0, 0],
  [0xffffffff, 0x7fffffff, 0],
  [0, 0x80000000, 0],
  [0, 0, 0x7fff],
  [5, 0x40000000, 0x7fff],
  [0, 0x40000000, 0x4000],
  [0, 0, 0x3fff],
];

/** An extended real: three words. */
function extended(random: Random): [number, number, number] {
  const kind = below(random, 20);
  const sign = below(random, 2) << 15;
  if (kind < 5) {
    const [low, high, exponent] = pick(random, SPECIALS);
    return [low, high, exponent | sign];
  }
  const [low, high] = chance(random, 50)
    ? pick(random, SIGNIFICANDS)
    : [random(), (random() | 0x80000000) >>> 0];
  if (kind < 10) return [low, high, pick(random, EXPONENTS) | sign];
  if (kind < 14) {
    // An integer or a half.
    const bits = below(random, 65);
    const mask = bits >= 32 ? [0, (-1 << (bits - 32)) | 0] : [(-1 << bits) | 0, -1];
    return [
      (low & mask[0]) >>> 0,
      ((high & mask[1]) | 0x80000000) >>> 0,
      (0x3fff + below(random, 66)) | sign,
    ];
  }
  if (kind < 18) return [low, high, (0x3ff0 + below(random, 32)) | sign];
  return [low, high, (random() & 0x7fff) | sign];
}

function drawState(random: Random): Vectors {
  const stack: number[] = [];
  for (let i = 0; i < 8; i++) {
    if (i > 0 && chance(random, 10)) {
      const [low, high, exponent] = stack.slice(-3);
      stack.push(low, high, exponent ^ pick(random, [0, 0x8000, 1]));
    } else stack.push(...extended(random));
  }
  const masks = chance(random, 75) ? MASKED : below(random, 64);
  const control = 0x40 | masks | (random() & 0x0c00) | pick(random, [0x300, 0x300, 0x200, 0]);
  const flags = chance(random, 60) ? 0 : chance(random, 80) ? below(random, 128) & masks : 0x7f;
  const pending = (flags & ~control & MASKED) !== 0;
  const status = (below(random, 8) << 11) | (random() & 0x4700) | flags | (pending ? SUMMARY : 0);
  return {
    mxcsr: controlOf(random),
    control,
    status,
    tags: pick(random, [0, 0, 0, 0xffff, random() & 0xffff, 0xfffc, 0x3fff, 0x0ff0]),
    xmm: vector(random, 2).flatMap((word) => new Array<number>(8).fill(word)),
    stack,
  };
}

const isEnvironment = (opcode: number, digit: number): boolean =>
  (opcode === 0xd9 || opcode === 0xdd) && (digit === 4 || digit === 6);
const isTranscendental = (opcode: number, modrm: number): boolean =>
  opcode === 0xd9 && ((modrm >= 0xf0 && modrm <= 0xf3) || [0xf9, 0xfb, 0xfe, 0xff].includes(modrm));

/** Bytes of a memory operand by what the instruction takes. */
function operandBytes(random: Random, opcode: number, digit: number, size: number): number[] {
  if (isEnvironment(opcode, digit)) {
    const words = [drawState(random).control, random() & 0x3f7f, random() & 0xffff, 0, 0, 0, 0];
    return size === 16
      ? words.flatMap((word) => [word & 0xff, word >> 8])
      : words.flatMap((word) => LITTLE(word));
  }
  if (opcode === 0xd9 && digit === 5) return LITTLE(drawState(random).control);
  if (opcode === 0xdf && digit === 4) {
    const digits = Array.from({ length: 9 }, () => below(random, 10) * 16 + below(random, 10));
    return [...digits, chance(random, 90) ? pick(random, [0, 0x80]) : random() & 0xff];
  }
  if (opcode === 0xdb && digit === 5) {
    const [low, high, exponent] = extended(random);
    return [...LITTLE(low), ...LITTLE(high), exponent & 0xff, exponent >> 8];
  }
  if (opcode === 0xd8 || opcode === 0xd9) return LITTLE(single(random));
  if (opcode === 0xdc || opcode === 0xdd) return double(random).flatMap(LITTLE);
  return [...LITTLE(value(random)), ...LITTLE(value(random))];
}

/** A case of an x87 form, or of an undefined opcode among them. @returns null: try again. */
export function makeX87Case(random: Random, form: Form): Case | null {
  const registers = Array.from({ length: 8 }, () => value(random));
  const flags = (value(random) & 0xcd5) | TF | (chance(random, 4) ? AC : 0);
  registers.push(0, flags, USER_DS, USER_CS, USER_DS, USER_DS, 0, 0);
  registers[4] = STACK + 0x1000;
  const at = target(random);
  const [opcode] = form.opcode;
  const bytes: number[] = form.size === 16 ? [0x66] : [];
  if (form.size === 0 && chance(random, 6)) bytes.push(pick(random, [0x66, 0xf2, 0xf3, 0x3e]));
  if (chance(random, 1)) bytes.push(0xf0);
  bytes.push(opcode);
  const modrm = 0xc0 | (form.digit << 3) | form.low;
  if (form.place === 'r') bytes.push(modrm);
  else if (form.place === 'm') bytes.push(...addressBytes(random, registers, form.digit, at));
  if (form.kind !== 'undefined' && formOf(bytes, 32) !== form) return null;
  const code =
    CODE + (chance(random, 95) ? 0x100 + below(random, 0x800) : 0x1000 - below(random, 12));
  registers[8] = code;
  const patches = [{ address: code, bytes: [...bytes, 0x90] }];
  const memory = form.place === 'm';
  if (memory && at >= DATA && at + 32 <= READ_ONLY && chance(random, 90))
    patches.push({ address: at, bytes: operandBytes(random, opcode, form.digit, form.size) });
  const made: Case = {
    registers: registers.map((r) => r >>> 0),
    patches,
    undefinedFlags: 0,
    vectors: drawState(random),
  };
  // The pointers to instruction and operand are those of before the case.
  if (memory && isEnvironment(opcode, form.digit) && form.digit === 6)
    made.ignored = [form.size === 16 ? [at + 6, at + 14] : [at + 12, at + 28]];
  if (form.place === 'r' && isTranscendental(opcode, modrm)) made.approximate = 'transcendental';
  return made;
}
