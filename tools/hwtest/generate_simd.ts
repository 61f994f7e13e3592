// Makes cases of MMX, SSE, SSE2, SSE3 and SSSE3: every opcode with every mandatory prefix, on
// registers and memory, with numbers that have something to them, in all modes of MXCSR.

import { CpuidFeature, Decoder, DecoderOptions, Mnemonic } from 'iced-x86';
import type { Instruction } from 'iced-x86';
import { formOf } from './forms.js';
import type { Form } from './forms.js';
import { CODE, DATA, READ_ONLY, STACK, USER_CS, USER_DS } from './layout.js';
import type { Case, Vectors } from './layout.js';
import { below, chance, pick, value } from './random.js';
import type { Random } from './random.js';

const FEATURES = new Set<number>([
  CpuidFeature.MMX,
  CpuidFeature.FXSR,
  CpuidFeature.SSE,
  CpuidFeature.SSE2,
  CpuidFeature.SSE3,
  CpuidFeature.SSSE3,
  CpuidFeature.CLFSH,
]);

const TF = 0x100;
const AC = 0x40000;

const SINGLES = [
  0, 0x80000000, 1, 0x80000001, 0x7fffff, 0x807fffff, 0x800000, 0x80800000, 0x800001, 0x7f7fffff,
  0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000, 0x7f800001, 0xffa00000, 0x7fc12345,
  0x3f800000, 0xbf800000, 0x3f800001, 0x3f7fffff, 0x3f000000, 0x3effffff, 0x3f000001, 0x3fc00000,
  0x40200000, 0x4f000000, 0xcf000000, 0x4effffff, 0x4f000001, 0xcf000001, 0x4b000001, 0x4b800000,
  0x40400000, 0x40490fdb, 0x1f800000, 0x20000000, 0x5f800000, 0x00ffffff, 0x33800000, 0x34000000,
  0x7f000000, 0x1000000,
];
// Doubles by their high words; the low word is drawn apart.
const DOUBLE_HIGHS = [
  0, 0x80000000, 0xfffff, 0x800fffff, 0x100000, 0x80100000, 0x7fefffff, 0xffefffff, 0x7ff00000,
  0xfff00000, 0x7ff80000, 0xfff80000, 0x7ff40000, 0x3ff00000, 0xbff00000, 0x3fe00000, 0x3fdfffff,
  0x3ff80000, 0x40040000, 0x41e00000, 0xc1e00000, 0x41dfffff, 0x43300000, 0x380fffff, 0x38100000,
  0x36a00000, 0x47efffff, 0x47f00000, 0x1ff00000, 0x5fe00000, 0x3ca00000, 0x3cb00000, 0x369fffff,
  0x36900000,
];
const DOUBLE_LOWS = [
  0, 0, 0, 1, 0xffffffff, 0x80000000, 0xfffffffe, 0xe0000000, 0xf0000000, 0x10000000, 0x20000000,
  0xffc00000,
];

export function single(random: Random): number {
  const kind = below(random, 10);
  if (kind < 5) return pick(random, SINGLES);
  if (kind < 8) return ((random() & 0x807fffff) | ((120 + below(random, 16)) << 23)) >>> 0;
  return random();
}
export function double(random: Random): [low: number, high: number] {
  const kind = below(random, 10);
  if (kind < 5)
    return [chance(random, 70) ? pick(random, DOUBLE_LOWS) : random(), pick(random, DOUBLE_HIGHS)];
  const low = chance(random, 50) ? random() : 0;
  if (kind < 8) return [low, ((random() & 0x800fffff) | ((1015 + below(random, 16)) << 20)) >>> 0];
  return [low, random()];
}

/** Four words: singles, doubles or integers. */
export function vector(random: Random, kind: number): number[] {
  if (kind === 0) return Array.from({ length: 4 }, () => single(random));
  if (kind === 1) return [...double(random), ...double(random)];
  return Array.from({ length: 4 }, () => (chance(random, 30) ? random() : value(random)));
}

export function controlOf(random: Random): number {
  const kind = below(random, 10);
  if (kind < 3) return 0x1f80;
  if (kind < 5) return 0x1fa0;
  if (kind < 8) return 0x1f80 | (random() & 0xe07f);
  return random() & 0xffff;
}

function drawVectors(random: Random, kind: number): Vectors {
  const xmm: number[] = [];
  for (let i = 0; i < 8; i++) {
    // Equal and nearly equal operands.
    const twin = i > 0 && chance(random, 12);
    xmm.push(...(twin ? xmm.slice(-4) : vector(random, kind)));
    if (twin && chance(random, 50)) xmm[4 * i] = (xmm[4 * i] ^ (1 << below(random, 32))) >>> 0;
  }
  const stack: number[] = [];
  for (let i = 0; i < 8; i++) {
    const [low, high] = vector(random, 2);
    stack.push(low, high, chance(random, 50) ? 0xffff : random() & 0xffff);
  }
  const pending = chance(random, 2);
  const status = (below(random, 8) << 11) | (random() & 0x4700);
  return {
    mxcsr: controlOf(random),
    control: pending ? 0x37e : 0x37f,
    status: pending ? status | 0x8081 : status,
    tags: pick(random, [0xffff, 0, 0xfffc, 0x3fff, 0x0ff0]),
    xmm,
    stack,
  };
}

/** What is compared: the instructions of this table, and what is none at all. */
function isAllowed(i: Instruction): boolean {
  if (i.isInvalid) return true;
  return [...i.cpuidFeatures()].every((feature) => FEATURES.has(feature));
}

export function target(random: Random): number {
  const kind = below(random, 100);
  if (kind < 70) return DATA + 0x200 + below(random, 0x180) * 16;
  if (kind < 85) return DATA + 0x200 + below(random, 0x1800);
  const edge = pick(random, [
    DATA,
    DATA + 0x1000,
    READ_ONLY,
    READ_ONLY + 0x800,
    READ_ONLY + 0x1000,
  ]);
  const offset = chance(random, 40)
    ? pick(random, [-32, -16, 0, 16])
    : pick(random, [-15, -12, -8, -7, -4, -3, -2, -1, 0, 1, 2, 4, 8]);
  return edge + offset;
}

export const LITTLE = (word: number): number[] =>
  [0, 8, 16, 24].map((shift) => (word >>> shift) & 0xff);

const ESI = 6;
const EDI = 7;
const MASKED_STORE = 0xf7;
const CONTROL_LOADS = new Set<number>([Mnemonic.Ldmxcsr, Mnemonic.Fxrstor]);

/** ModRM and what follows it for an operand in memory; sets the register that points there. */
export function addressBytes(
  random: Random,
  registers: number[],
  reg: number,
  at: number,
): number[] {
  const form = below(random, 3);
  if (form === 0) return [(reg << 3) | 5, ...LITTLE(at)];
  const displacement = below(random, 128) - 64;
  if (form === 1) {
    registers[ESI] = (at - displacement) >>> 0;
    return [0x40 | (reg << 3) | ESI, displacement & 0xff];
  }
  registers[1] = below(random, 64);
  registers[3] = (at - displacement - registers[1] * 4) >>> 0;
  return [0x44 | (reg << 3), 0x8b, displacement & 0xff];
}

/** A case of a form of this table, or of an opcode that is none's. @returns null: try again. */
export function makeSimdCase(random: Random, form: Form): Case | null {
  const opcode = form.opcode[form.opcode.length - 1];
  const kind = below(random, 3);
  const registers = Array.from({ length: 8 }, () => value(random));
  const flags = (value(random) & 0xcd5) | TF | (chance(random, 4) ? AC : 0);
  registers.push(0, flags, USER_DS, USER_CS, USER_DS, USER_DS, 0, 0);
  registers[4] = STACK + 0x1000;
  const at = target(random);
  const reg = form.digit >= 0 ? form.digit : below(random, 8);
  const inMemory = form.place === '' ? chance(random, 50) : form.place === 'm';
  const modrm = inMemory
    ? addressBytes(random, registers, reg, at)
    : [0xc0 | (reg << 3) | below(random, 8)];
  if (opcode === MASKED_STORE) registers[EDI] = at;
  const prefixes = form.prefix === 0 ? [] : [form.prefix];
  if (form.prefix >= 0xf2 && chance(random, 5)) prefixes.push(0x66);
  if (form.prefix >= 0xf2 && chance(random, 3)) prefixes.unshift(form.prefix ^ 1);
  if (chance(random, 3)) prefixes.unshift(pick(random, [0x3e, 0x26, 0x36, 0xf0]));
  const tail = [random() & 0xff, 0x90, 0x90];
  const bytes = [...prefixes, ...form.opcode, ...modrm, ...tail];
  const decoder = new Decoder(32, Uint8Array.from(bytes), DecoderOptions.None);
  const i = decoder.decode();
  const { mnemonic, length, isInvalid } = i;
  const allowed = isAllowed(i);
  i.free();
  decoder.free();
  if (!allowed) return null;
  if (form.kind !== 'undefined' && formOf(bytes.slice(0, length), 32) !== form) return null;
  const vectors = drawVectors(random, kind);
  // A pending x87 exception makes the FXSAVE of some processors tell more than that of others.
  const control = CONTROL_LOADS.has(mnemonic);
  const patches = [{ address: 0, bytes: [...bytes.slice(0, isInvalid ? 15 : length), 0x90] }];
  const writable = at >= DATA && at + 32 <= READ_ONLY;
  if (writable && control) {
    const mxcsr = controlOf(random) | (chance(random, 10) ? 1 << (18 + below(random, 14)) : 0);
    const image = [0x1f3f & random(), random() & 0xffff, random() & 0xff, 0, 0, 0, 0];
    patches.push({
      address: at,
      bytes:
        mnemonic === Mnemonic.Ldmxcsr
          ? LITTLE(mxcsr)
          : [
              ...image.flatMap((word, n) =>
                n < 2 ? [word & 0xff, word >> 8] : n === 2 ? [word, 0] : [],
              ),
              ...new Array<number>(18).fill(0),
              ...LITTLE(mxcsr),
              ...LITTLE(0xffff),
            ],
    });
  } else if (writable && chance(random, 85)) {
    const words = chance(random, 15)
      ? vectors.xmm.slice(4 * reg, 4 * reg + 4)
      : vector(random, kind);
    patches.push({ address: at, bytes: words.flatMap(LITTLE) });
  }
  const code =
    CODE + (chance(random, 95) ? 0x100 + below(random, 0x800) : 0x1000 - below(random, 12));
  patches[0].address = code;
  registers[8] = code;
  const made: Case = {
    registers: registers.map((r) => r >>> 0),
    patches,
    undefinedFlags: 0,
    vectors,
  };
  if (mnemonic === Mnemonic.Fxsave) {
    made.ignored = [
      [at + 5, at + 24],
      [at + 28, at + 32],
    ];
  }
  if (form.opcode.length === 2 && (opcode === 0x52 || opcode === 0x53))
    made.approximate = 'reciprocal';
  return made;
}
