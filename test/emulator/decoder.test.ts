// The decoder against iced-x86: for random bytes both must see the same instructions with the same
// lengths, and refuse the same encodings.

import { CpuidFeature, Decoder, DecoderOptions, Mnemonic } from 'iced-x86';
import type { Instruction } from 'iced-x86';
import { beforeAll, expect, test } from 'vitest';
import { decodeBlock } from '../../emulator/decode/decoder.js';
import { x87IsDefined } from '../../emulator/fpu/index.js';
import { oneByte } from '../../emulator/decode/one_byte.js';
import type { Entry, Row } from '../../emulator/decode/opcodes.js';
import { twoByte } from '../../emulator/decode/two_byte.js';
import {
  MODE_CODE32,
  MODE_FLAT_CODE,
  MODE_FLAT_DATA,
  MODE_FLAT_EXTRA,
  MODE_FLAT_STACK,
  MODE_STACK32,
} from '../../emulator/cpu/segments.js';
import { Machine } from '../../emulator/index.js';
import * as system from '../../emulator/instructions/system.js';
import { RAM_BASE } from '../../emulator/state/layout.js';
import { random } from '../helpers/random.js';

const FLAT = MODE_STACK32 | MODE_FLAT_CODE | MODE_FLAT_DATA | MODE_FLAT_EXTRA | MODE_FLAT_STACK;
const AT = 0x8000;

/** What the machine has, by iced's names. */
const FEATURES = new Set<CpuidFeature>([
  CpuidFeature.INTEL8086,
  CpuidFeature.INTEL8086_ONLY,
  CpuidFeature.INTEL186,
  CpuidFeature.INTEL286,
  CpuidFeature.INTEL286_ONLY,
  CpuidFeature.INTEL386,
  CpuidFeature.INTEL386_ONLY,
  CpuidFeature.INTEL486,
  CpuidFeature.CMOV,
  CpuidFeature.CPUID,
  CpuidFeature.CX8,
  CpuidFeature.FPU,
  CpuidFeature.FPU287,
  CpuidFeature.FPU387,
  CpuidFeature.MSR,
  CpuidFeature.MULTIBYTENOP,
  CpuidFeature.RDPMC,
  CpuidFeature.SEP,
  CpuidFeature.TSC,
  CpuidFeature.PAUSE,
  CpuidFeature.MMX,
  CpuidFeature.FXSR,
  CpuidFeature.SSE,
  CpuidFeature.SSE2,
  CpuidFeature.SSE3,
  CpuidFeature.SSSE3,
  CpuidFeature.CLFSH,
]);

/** F3 in front of BSF, BSR and WBINVD is ignored by a processor that knows no other meaning. */
const OPTIONS = DecoderOptions.NoMPFX_0FBC | DecoderOptions.NoMPFX_0FBD | DecoderOptions.NoWbnoinvd;

/** The instruction without its prefixes. */
function withoutPrefixes(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(bytes.findIndex((byte) => !isPrefix(byte)));
}

/** Extensions whose encodings are no-operations on a processor without them: 0F 18-1F. */
function isHint(bytes: Uint8Array): boolean {
  const [escape, opcode] = withoutPrefixes(bytes);
  return escape === 0x0f && (opcode & 0xf8) === 0x18;
}

/** 0F 0D: a prefetch of memory, refused with a register, as AMD's processors do. */
function isPrefetch(bytes: Uint8Array): boolean {
  const [escape, opcode] = withoutPrefixes(bytes);
  return escape === 0x0f && opcode === 0x0d;
}

function isPrefix(byte: number): boolean {
  return (
    (byte >= 0x64 && byte <= 0x67) ||
    byte === 0xf0 ||
    (byte >= 0xf2 && byte <= 0xf3) ||
    (byte & 0xe7) === 0x26
  );
}

let machine: Machine;
beforeAll(() => {
  machine = new Machine({ ramBytes: 1 << 20 });
});

interface Seen {
  valid: boolean;
  length: number;
}

function ours(bytes: Uint8Array, bits: 16 | 32): Seen {
  machine.activate();
  machine.ram8.fill(0x90, AT, AT + 32);
  machine.ram8.set(bytes, AT);
  const op = decodeBlock(AT, RAM_BASE + AT, FLAT | (bits === 32 ? MODE_CODE32 : 0)).first;
  const refused = op.x === system.ud || op.x === system.gp0;
  const [opcode, modrm] = withoutPrefixes(bytes);
  const undefinedX87 = isX87(bytes) && !x87IsDefined(opcode, modrm);
  return { valid: !refused && !undefinedX87, length: op.length };
}

function theirs(bytes: Uint8Array, bits: 16 | 32): Instruction {
  const decoder = new Decoder(bits, bytes, OPTIONS);
  decoder.ip = BigInt(AT);
  const instruction = decoder.decode();
  decoder.free();
  return instruction;
}

/** Compares one instruction. @returns null, or what is wrong. */
function check(bytes: Uint8Array, bits: 16 | 32): string | null {
  const instruction = theirs(bytes, bits);
  const { mnemonic } = instruction;
  const features = instruction.cpuidFeatures();
  const known = mnemonic !== Mnemonic.INVALID && features.every((f) => FEATURES.has(f));
  const name = Mnemonic[mnemonic];
  const { length } = instruction;
  instruction.free();
  const seen = ours(bytes, bits);
  if (isHint(bytes)) {
    const locked = bytes.subarray(0, bytes.indexOf(0x0f)).includes(0xf0);
    return seen.valid !== locked ? null : `hint ${locked ? 'accepted' : 'refused'}`;
  }
  if (isPrefetch(bytes)) {
    const allowed =
      withoutPrefixes(bytes)[2] < 0xc0 && !bytes.subarray(0, bytes.indexOf(0x0f)).includes(0xf0);
    return seen.valid === allowed ? null : `prefetch ${allowed ? 'refused' : 'accepted'}`;
  }
  if (mnemonic === Mnemonic.Ud0 || mnemonic === Mnemonic.Ud1 || mnemonic === Mnemonic.Ud2)
    return seen.valid ? `${name} accepted` : null;
  if (known !== seen.valid) return known ? `${name} refused` : `${name} accepted`;
  return !known || seen.length === length ? null : `${name}: ${seen.length} bytes, not ${length}`;
}

function isX87(bytes: Uint8Array): boolean {
  return (withoutPrefixes(bytes)[0] & 0xf8) === 0xd8;
}

const hex = (bytes: Uint8Array): string =>
  [...bytes].map((b) => b.toString(16).padStart(2, '0')).join(' ');

const PREFIXES = [0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65];

function fuzz(count: number, bits: 16 | 32, seed: number): string[] {
  const next = random(seed);
  const wrong: string[] = [];
  for (let n = 0; n < count && wrong.length < 20; n++) {
    const bytes = new Uint8Array(16);
    let at = 0;
    const prefixes = next() % 4 === 0 ? next() % 4 : 0;
    while (at < prefixes) bytes[at++] = PREFIXES[next() % PREFIXES.length];
    if (next() % 3 === 0) bytes[at++] = 0x0f;
    while (at < bytes.length) bytes[at++] = next() & 0xff;
    const what = check(bytes, bits);
    if (what !== null) wrong.push(`${bits}: ${hex(bytes)}: ${what}`);
  }
  return wrong;
}

test('random 32-bit code', () => {
  expect(fuzz(60_000, 32, 1)).toEqual([]);
});

test('random 16-bit code', () => {
  expect(fuzz(30_000, 16, 2)).toEqual([]);
});

test('every opcode with every ModRM byte', () => {
  const wrong: string[] = [];
  const maps = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]];
  const prefixed = [0x66, 0xf3, 0xf2].flatMap((prefix) => maps.map((map) => [prefix, ...map]));
  for (const map of [...maps, ...prefixed]) {
    // Every ModRM byte in the maps of the integer instructions, every digit in the others.
    const step = map.length < 2 && !isPrefix(map[0]) ? 1 : 7;
    for (let opcode = 0; opcode < 256; opcode++) {
      for (let modrm = 0; modrm < 256; modrm += step) {
        const bytes = Uint8Array.from([
          ...map,
          opcode,
          modrm,
          0x25,
          1,
          2,
          3,
          4,
          5,
          6,
          7,
          8,
          9,
          10,
          11,
        ]);
        const first = withoutPrefixes(Uint8Array.from([...map, opcode]))[0] === opcode;
        if (first && (opcode === 0x0f || isPrefix(opcode))) continue;
        const what = check(bytes, 32);
        if (what !== null && wrong.length < 40) wrong.push(`${hex(bytes)}: ${what}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test('the fifteen-byte limit', () => {
  const prefixed = (prefixes: number, ...rest: number[]): Uint8Array =>
    Uint8Array.from([...new Array<number>(prefixes).fill(0x66), ...rest]);
  const refused = (bytes: Uint8Array): boolean => {
    machine.activate();
    machine.ram8.set(bytes, AT);
    return decodeBlock(AT, RAM_BASE + AT, FLAT | MODE_CODE32).first.x === system.gp0;
  };
  expect(refused(prefixed(14, 0x90))).toBe(false);
  expect(refused(prefixed(15, 0x90))).toBe(true);
  expect(refused(prefixed(13, 0x89, 0xc0))).toBe(false);
  expect(refused(prefixed(14, 0x89, 0xc0))).toBe(true);
});

test('every row of the table has the handlers that its operands ask for', () => {
  const missing: string[] = [];
  const visit = (entry: Entry, opcode: string): void => {
    if (entry === null) return;
    if (Array.isArray(entry)) {
      (entry as readonly (Row | null)[]).forEach((r, n) => visit(r, `${opcode}/${n}`));
      return;
    }
    const { name, operands, forms } = entry as Row;
    const present = Object.entries(forms).filter(([, x]) => typeof x === 'function');
    if (present.length === 0) missing.push(`${opcode} ${name} ${operands}`);
  };
  oneByte.forEach((entry, n) => visit(entry, n.toString(16)));
  twoByte.forEach((entry, n) => visit(entry, `0f ${n.toString(16)}`));
  expect(missing).toEqual([]);
});
