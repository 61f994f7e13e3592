// Makes cases of integer forms: random prefixes, operands and states. iced-x86 tells where the memory
// operand is and which flags are undefined.

import {
  Code,
  CodeSize,
  CpuidFeature,
  Decoder,
  DecoderOptions,
  Mnemonic,
  OpKind,
  Register,
} from 'iced-x86';
import type { Instruction } from 'iced-x86';
import { formOf } from './forms.js';
import type { Form } from './forms.js';
import {
  CODE,
  DATA,
  READ_ONLY,
  R_EFLAGS,
  R_EIP,
  R_SEGMENTS,
  STACK,
  USER_CS,
  USER_DS,
  localDescriptors,
} from './layout.js';
import type { Case, Patch } from './layout.js';
import { below, chance, createRandom, pick, value } from './random.js';
import type { Random } from './random.js';
import { undefinedFlags } from './undefined_flags.js';

const FEATURES = new Set<number>([
  CpuidFeature.INTEL8086,
  CpuidFeature.INTEL186,
  CpuidFeature.INTEL286,
  CpuidFeature.INTEL386,
  CpuidFeature.INTEL486,
  CpuidFeature.CMOV,
  CpuidFeature.CX8,
  CpuidFeature.MULTIBYTENOP,
  CpuidFeature.PAUSE,
  CpuidFeature.MSR,
  CpuidFeature.INTEL386_ONLY,
  CpuidFeature.INTEL286_ONLY,
  CpuidFeature.INTEL8086_ONLY,
]);

/** What a host kernel, UMIP or another model would answer differently, or what would end the harness. */
const EXCLUDED = new Set<number>([
  Mnemonic.Sgdt,
  Mnemonic.Sidt,
  Mnemonic.Sldt,
  Mnemonic.Smsw,
  Mnemonic.Str,
  Mnemonic.Cpuid,
  Mnemonic.Int1,
  Mnemonic.Rdtsc,
  Mnemonic.Rdpmc,
  Mnemonic.Sysenter,
  Mnemonic.Syscall,
  Mnemonic.Loadall,
]);

const STRINGS = new Set<number>([
  Mnemonic.Movsb,
  Mnemonic.Movsw,
  Mnemonic.Movsd,
  Mnemonic.Cmpsb,
  Mnemonic.Cmpsw,
  Mnemonic.Cmpsd,
  Mnemonic.Stosb,
  Mnemonic.Stosw,
  Mnemonic.Stosd,
  Mnemonic.Lodsb,
  Mnemonic.Lodsw,
  Mnemonic.Lodsd,
  Mnemonic.Scasb,
  Mnemonic.Scasw,
  Mnemonic.Scasd,
]);
const COMPARES = new Set<number>([Mnemonic.Cmpsb, Mnemonic.Cmpsw, Mnemonic.Cmpsd]);
const SELECTOR_QUERIES = new Set<number>([
  Mnemonic.Lar,
  Mnemonic.Lsl,
  Mnemonic.Verr,
  Mnemonic.Verw,
]);
const FAR_POINTERS = new Set<number>([
  Mnemonic.Lds,
  Mnemonic.Les,
  Mnemonic.Lfs,
  Mnemonic.Lgs,
  Mnemonic.Lss,
]);
const DIVIDES = new Set<number>([Mnemonic.Div, Mnemonic.Idiv]);
const BIT_TESTS = new Set<number>([Mnemonic.Bt, Mnemonic.Bts, Mnemonic.Btr, Mnemonic.Btc]);

/** Selectors to load: null, good, wrong privilege, beyond the tables. 33 is 64-bit code: never. */
const SELECTORS = [
  0,
  1,
  3,
  0x23,
  0x2b,
  0x2b,
  0x28,
  0x10,
  0x67,
  0xfff8,
  0xffff,
  0x50,
  ...localDescriptors.map((d) => d.selector),
];
const DATA_SELECTORS = [0x07, 0x1f, 0x27, 0x2f, 0x0f, 0x57, 0x07, 0];

const CF_TO_OF = 0xcd5;
const TF = 0x100;
const AC = 0x40000;

const RELEVANT_PREFIXES: readonly number[][] = [
  [],
  [],
  [],
  [],
  [],
  [],
  [],
  [],
  [0x66],
  [0x66],
  [0x66],
  [0x67],
  [0x66, 0x67],
  [0xf0],
  [0xf2],
  [0xf3],
  [0x26],
  [0x2e],
  [0x36],
  [0x3e],
  [0x64],
  [0x65],
  [0x66, 0xf3],
  [0x64, 0x66],
  [0xf2, 0xf0],
];

/** General register by its number, whatever the width; -1 for none or another kind. */
function registerNumber(register: number): number {
  if (register >= Register.EAX && register <= Register.EDI) return register - Register.EAX;
  if (register >= Register.AX && register <= Register.DI) return register - Register.AX;
  return -1;
}

const SEGMENT_REGISTERS = [
  Register.ES,
  Register.CS,
  Register.SS,
  Register.DS,
  Register.FS,
  Register.GS,
];

interface Draft {
  random: Random;
  bytes: number[];
  instruction: Instruction;
  registers: number[];
  patches: Patch[];
}

function segmentBase(selector: number): number {
  return localDescriptors.find((d) => d.selector === selector)?.base ?? 0;
}

/** An offset for an operand: mostly in the middle of the data, sometimes at an edge. */
function dataTarget(random: Random, selector: number): number {
  if (selector !== USER_DS && selector !== USER_CS && selector !== 0x57) {
    const edge = pick(random, [0, 0xf8, 0xfc, 0xff, 0x100, 0xff8, 0xffc, 0xffe, 0xfff, 0x1000]);
    return chance(random, 40) ? edge : 0x100 + below(random, 0xe00);
  }
  if (chance(random, 80)) return DATA + 0x200 + below(random, 0x1c00);
  const edge = pick(random, [
    DATA,
    DATA + 0x1000,
    READ_ONLY,
    READ_ONLY + 0x800,
    READ_ONLY + 0x1000,
  ]);
  return edge + pick(random, [-8, -4, -3, -2, -1, 0, 1, 2, 4]);
}

function littleEndian(word: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => (word >>> (8 * i)) & 0xff);
}

/** Sets registers (or the displacement) so that the memory operand lies at `target`. */
function aim(draft: Draft, target: number): void {
  const { instruction: i, registers } = draft;
  const base = registerNumber(i.memoryBase);
  const index = registerNumber(i.memoryIndex);
  const scale = i.memoryIndexScale;
  const displacement = Number(BigInt.asIntN(32, i.memoryDisplacement));
  if (base >= 0 && base !== index) {
    registers[base] = (target - (index >= 0 ? registers[index] * scale : 0) - displacement) >>> 0;
  } else if (base >= 0) {
    registers[base] = Math.floor((target - displacement) / (scale + 1)) >>> 0;
  } else if (index >= 0) {
    registers[index] = Math.floor((target - displacement) / scale) >>> 0;
  }
}

function effectiveAddress({ instruction: i, registers }: Draft): number {
  const base = registerNumber(i.memoryBase);
  const index = registerNumber(i.memoryIndex);
  const displacement = Number(BigInt.asIntN(32, i.memoryDisplacement));
  const sum =
    (base >= 0 ? registers[base] : 0) +
    (index >= 0 ? Math.imul(registers[index], i.memoryIndexScale) : 0) +
    displacement;
  const narrow = [i.memoryBase, i.memoryIndex].some((r) => r >= Register.AX && r <= Register.DI);
  return narrow || i.memoryDisplSize === 2 ? sum & 0xffff : sum >>> 0;
}

/** A displacement without registers is in the code: puts the target there. */
function aimDisplacement(draft: Draft, target: number, decoder: Decoder): void {
  const { instruction: i, bytes } = draft;
  if (i.memoryBase !== Register.None || i.memoryIndex !== Register.None) return;
  const { displacementOffset, displacementSize } = decoder.getConstantOffsets(i);
  littleEndian(target, displacementSize).forEach(
    (byte, n) => (bytes[displacementOffset + n] = byte),
  );
}

function usesMemory(i: Instruction): boolean {
  for (let n = 0; n < i.opCount; n++) if (i.opKind(n) === OpKind.Memory) return true;
  return false;
}

function isFarMemory(i: Instruction): boolean {
  return i.isJmpFarIndirect || i.isCallFarIndirect || FAR_POINTERS.has(i.mnemonic);
}

function prepareMemory(draft: Draft, decoder: Decoder): void {
  const { random, registers, instruction: i } = draft;
  const segment = SEGMENT_REGISTERS.indexOf(i.memorySegment);
  const narrow =
    i.memoryDisplSize === 2 ||
    [i.memoryBase, i.memoryIndex].some((r) => r >= Register.AX && r <= Register.DI);
  if (segment >= 0 && segment !== 1) {
    if (segment >= 4 || narrow || chance(random, 6)) {
      registers[R_SEGMENTS + segment] = chance(random, 50)
        ? 0x07
        : pick(random, segment === 2 ? [0x07, 0x57, 0x47] : DATA_SELECTORS);
    }
  }
  const selector = registers[R_SEGMENTS + Math.max(segment, 0)];
  const target = dataTarget(random, selector);
  aim(draft, target);
  aimDisplacement(draft, target, decoder);
  const linear = effectiveAddress(draft) + segmentBase(selector);
  if (i.memoryBase === Register.None && i.memoryIndex === Register.None)
    patchOperand(draft, target + segmentBase(selector));
  else patchOperand(draft, linear);
}

/** Puts chosen bytes where the memory operand lies, when that is writable memory. */
function patchOperand(draft: Draft, linear: number): void {
  const { random, instruction: i } = draft;
  if (linear < DATA || linear + 8 > DATA + 0x2000) return;
  if (isFarMemory(i)) {
    const offset = littleEndian(CODE + below(random, 0x2000), 4);
    const good = !FAR_POINTERS.has(i.mnemonic) && chance(random, 40);
    const selector = littleEndian(good ? USER_CS : pick(random, SELECTORS), 2);
    const wide = i.memorySize !== undefined && chance(random, 70);
    draft.patches.push({
      address: linear,
      bytes: wide ? [...offset, ...selector] : [...offset.slice(0, 2), ...selector],
    });
  } else if (i.mnemonic === Mnemonic.Mov || SELECTOR_QUERIES.has(i.mnemonic)) {
    draft.patches.push({ address: linear, bytes: littleEndian(pick(random, SELECTORS), 2) });
  } else if (chance(random, 60)) {
    draft.patches.push({
      address: linear,
      bytes: [...littleEndian(value(random), 4), ...littleEndian(value(random), 4)],
    });
  }
}

function prepareStack(draft: Draft): void {
  const { random, registers, instruction: i } = draft;
  const stack16 = registers[R_SEGMENTS + 2] === 0x47;
  const base = stack16 ? 0 : STACK;
  const edge = pick(random, [0, 1, 2, 3, 4, 8, 0x1000, 0x1ffc, 0x1ffe, 0x1fff, 0x2000]);
  if (registerNumber(i.memoryBase) !== 4 || !usesMemory(i)) {
    // At the edges far returns of some processors read beyond what they pop.
    const tame = i.mnemonic === Mnemonic.Retf || i.mnemonic === Mnemonic.Call;
    registers[4] = base + (chance(random, tame ? 0 : 15) ? edge : 0x800 + below(random, 0x1000));
  }
  if (i.mnemonic === Mnemonic.Leave || i.mnemonic === Mnemonic.Enter) {
    registers[5] = base + 0x800 + below(random, 0x1000);
  }
  const at = stack16 ? STACK + (registers[4] & 0xffff) : registers[4];
  if (at < STACK || at + 16 > STACK + 0x2000) return;
  const interrupt = i.mnemonic === Mnemonic.Iret || i.mnemonic === Mnemonic.Iretd;
  const far = interrupt || i.mnemonic === Mnemonic.Retf;
  const sregPop =
    i.mnemonic === Mnemonic.Pop &&
    i.op0Kind === OpKind.Register &&
    registerNumber(i.op0Register) < 0;
  if (far) {
    const wide = i.mnemonic === Mnemonic.Iretd || !draft.bytes.includes(0x66);
    const selector = chance(random, 50) ? USER_CS : pick(random, SELECTORS);
    const flags = value(random);
    const bytes = wide
      ? [
          ...littleEndian(CODE + below(random, 0x2000), 4),
          ...littleEndian(selector, 4),
          ...littleEndian(flags, 4),
        ]
      : [
          ...littleEndian(below(random, 0x10000), 2),
          ...littleEndian(selector, 2),
          ...littleEndian(flags, 2),
        ];
    draft.patches.push({ address: at, bytes });
  } else if (sregPop) {
    draft.patches.push({ address: at, bytes: littleEndian(pick(random, SELECTORS), 4) });
  } else if (chance(random, 60)) {
    draft.patches.push({ address: at, bytes: littleEndian(value(random), 4) });
  }
}

function prepareSpecial(draft: Draft): void {
  const { random, registers, instruction: i, bytes } = draft;
  // Far beyond the released bytes some processors look for the stack of an outer level.
  if (i.mnemonic === Mnemonic.Retf) {
    registers[R_EFLAGS] &= ~AC;
    if (i.opCount > 0) bytes.splice(i.length - 2, 2, below(random, 32), 0);
  }
  if (STRINGS.has(i.mnemonic)) {
    const narrow = bytes.slice(0, i.length).includes(0x67) !== (i.codeSize === CodeSize.Code16);
    if (narrow || chance(random, 8)) {
      registers[R_SEGMENTS] = 0x07;
      registers[R_SEGMENTS + 3] = pick(random, [0x07, 0x07, 0x2f]);
    }
    registers[6] = dataTarget(random, registers[R_SEGMENTS + 3]);
    registers[7] = chance(random, 30)
      ? registers[6] + below(random, 9) - 4
      : dataTarget(random, registers[R_SEGMENTS]);
    registers[1] =
      narrow && chance(random, 50)
        ? (value(random) & 0xffff0000) + below(random, 9)
        : below(random, 40);
    if (COMPARES.has(i.mnemonic)) {
      // Which operand is read first, should both fault, varies even on one processor.
      registers[6] =
        0x200 + below(random, 0xc00) + (registers[R_SEGMENTS + 3] === USER_DS ? DATA : 0);
      registers[R_EFLAGS] &= ~AC;
    }
    if (chance(random, 50)) registers[0] = Math.imul(registers[7] & 0xff, 0x01010101) >>> 0;
    if (i.mnemonic >= Mnemonic.Cmpsb && chance(random, 60)) {
      const run = littleEndian(value(random), 1)[0];
      const block = new Array<number>(20).fill(run);
      if (registers[6] >= DATA && registers[6] + 20 < DATA + 0x2000)
        draft.patches.push({ address: registers[6], bytes: block });
      if (registers[7] >= DATA && registers[7] + 20 < DATA + 0x2000)
        draft.patches.push({ address: registers[7], bytes: block });
    }
  }
  if (i.mnemonic === Mnemonic.Xlatb) registers[3] = dataTarget(random, USER_DS);
  if (i.mnemonic === Mnemonic.Outsb || i.mnemonic === Mnemonic.Insb)
    registers[1] = below(random, 4);
  if (DIVIDES.has(i.mnemonic) && chance(random, 70))
    registers[2] = pick(random, [0, 0, 1, 2, 0xffffffff, 0x7f]);
  if (SELECTOR_QUERIES.has(i.mnemonic) || i.mnemonic === Mnemonic.Mov) {
    const source =
      i.op1Kind === OpKind.Register ? registerNumber(i.op1Register) : registerNumber(i.op0Register);
    const toSegment = i.op0Kind === OpKind.Register && SEGMENT_REGISTERS.includes(i.op0Register);
    if (source >= 0 && (toSegment || i.mnemonic !== Mnemonic.Mov))
      registers[source] = pick(random, SELECTORS);
  }
  if (BIT_TESTS.has(i.mnemonic) && i.op0Kind === OpKind.Memory && i.op1Kind === OpKind.Register) {
    const source = registerNumber(i.op1Register);
    registers[source] = chance(random, 50) ? below(random, 64) : (below(random, 4096) - 2048) >>> 0;
  }
  if (i.opCount > 0 && (i.op0Kind === OpKind.FarBranch16 || i.op0Kind === OpKind.FarBranch32)) {
    const wide = i.op0Kind === OpKind.FarBranch32;
    const selector = littleEndian(chance(random, 40) ? USER_CS : pick(random, SELECTORS), 2);
    selector.forEach((byte, n) => (bytes[i.length - 2 + n] = byte));
    littleEndian(CODE + below(random, 0x2000), wide ? 4 : 2).forEach(
      (byte, n) => (bytes[i.length - (wide ? 6 : 4) + n] = byte),
    );
  }
}

/** No-operations that later extensions have given other names. */
const HINTS = new Set(['0f 0d', '0f 18', '0f 19', '0f 1a', '0f 1b', '0f 1c', '0f 1d', '0f 1e']);

const LOOPS = new Set<number>([Mnemonic.Loop, Mnemonic.Loope, Mnemonic.Loopne]);
const CONTROL_MOVES = new Set<number>([Code.Mov_r32_cr, Code.Mov_cr_r32]);

function isAllowed(i: Instruction): boolean {
  if (i.isInvalid || EXCLUDED.has(i.mnemonic)) return false;
  if (i.mnemonic === Mnemonic.Int && i.immediate8 === 0x80) return false;
  // AMD's own meanings of prefixes that are reserved.
  if (LOOPS.has(i.mnemonic) && (i.hasRepPrefix || i.hasRepnePrefix)) return false;
  if (i.hasLockPrefix && (CONTROL_MOVES.has(i.code) || SELECTOR_QUERIES.has(i.mnemonic)))
    return false;
  return [...i.cpuidFeatures()].every((feature) => FEATURES.has(feature));
}

/** Where to put the code: mostly anywhere, sometimes across or at the end of a page. */
function place(random: Random, length: number): number {
  if (chance(random, 90)) return CODE + 0x100 + below(random, 0x800);
  return CODE + pick(random, [0x1000, 0x2000]) - 1 - below(random, length + 1);
}

/**
 * One case of an opcode, or null when what was drawn is not an instruction to compare.
 * @param opcode one byte, or 0x0f and one.
 * @param reg the /digit to use should there be a ModRM byte.
 */
export function makeIntegerCase(random: Random, form: Form): Case | null {
  const code16 = chance(random, 4);
  const prefixes = pick(random, RELEVANT_PREFIXES).slice();
  if (form.size !== 0) {
    // The prefix that makes the form's size what it is.
    const prefix = form.byAddress ? 0x67 : 0x66;
    const at = prefixes.indexOf(prefix);
    if ((code16 === at < 0) !== (form.size === 16)) {
      if (at < 0) prefixes.unshift(prefix);
      else prefixes.splice(at, 1);
    }
  }
  const tail = Array.from({ length: 12 }, () => random() & 0xff);
  if (form.digit >= 0) tail[0] = (tail[0] & 0xc7) | (form.digit << 3);
  if (form.place === 'r' || (form.place === '' && chance(random, 35))) tail[0] |= 0xc0;
  else if (form.place === 'm' && tail[0] >= 0xc0) tail[0] &= pick(random, [0x3f, 0x7f, 0xbf]);
  const bytes = [...prefixes, ...form.opcode, ...tail].slice(0, 15);
  const decoder = new Decoder(
    code16 ? 16 : 32,
    Uint8Array.from(bytes),
    DecoderOptions.NoInvalidCheck,
  );
  const instruction = decoder.decode();
  if (!isAllowed(instruction) && !HINTS.has(form.row)) return null;
  const registers = Array.from({ length: 8 }, () => value(random));
  const flags = (value(random) & CF_TO_OF) | TF | (chance(random, 4) ? AC : 0);
  registers.push(0, flags, USER_DS, USER_CS, USER_DS, USER_DS, 0, 0);
  if (chance(random, 3)) registers[R_SEGMENTS + 2] = 0x47;
  const draft: Draft = { random, bytes, instruction, registers, patches: [] };
  prepareSpecial(draft);
  prepareStack(draft);
  if (usesMemory(instruction)) prepareMemory(draft, decoder);
  // A repeated instruction traps after every iteration: without TF it runs up to a hlt instead. The
  // trap behind a load of SS comes one instruction late: let that be a nop.
  const repeated =
    STRINGS.has(instruction.mnemonic) &&
    (bytes.includes(0xf2) || bytes.includes(0xf3)) &&
    chance(random, 90);
  if (repeated) registers[R_EFLAGS] &= ~TF;
  const code = [...bytes.slice(0, instruction.length), repeated ? 0xf4 : 0x90];
  if (form.kind !== 'undefined' && formOf(code, code16 ? 16 : 32) !== form) return null;
  let at = place(random, instruction.length);
  if (code16 || chance(random, 3)) {
    registers[R_SEGMENTS + 1] = code16 ? 0x17 : 0x0f;
    registers[R_EIP] = at - CODE;
  } else registers[R_EIP] = at;
  at = at >>> 0;
  const undefinedBits = undefinedFlags(instruction, registers);
  const room = CODE + 0x2000 - at;
  const patches = [{ address: at, bytes: code.slice(0, room) }, ...draft.patches].slice(0, 3);
  instruction.free();
  decoder.free();
  return { registers: registers.map((r) => r >>> 0), patches, undefinedFlags: undefinedBits };
}

const SEQUENCE_LENGTH = 5;
const NO_OBSERVERS = new Set<number>([
  Mnemonic.Pushf,
  Mnemonic.Pushfd,
  Mnemonic.Lahf,
  Mnemonic.Daa,
  Mnemonic.Das,
  Mnemonic.Aaa,
  Mnemonic.Aas,
  Mnemonic.Shld,
  Mnemonic.Shrd,
  Mnemonic.Hlt,
  Mnemonic.Popf,
  Mnemonic.Popfd,
]);

/** A few register instructions in a row: flags as one leaves them for another. */
function makeSequence(random: Random): Case | null {
  const candidates = [
    0x00, 0x01, 0x02, 0x03, 0x10, 0x11, 0x18, 0x19, 0x20, 0x29, 0x30, 0x31, 0x38, 0x39, 0x3b, 0x40,
    0x48,
  ];
  const code: number[] = [];
  let undefinedBits = 0;
  for (let n = 0; n < SEQUENCE_LENGTH; n++) {
    const choice = below(random, 8);
    let bytes: number[];
    const modrm = 0xc0 | (random() & 0x3f);
    if (choice < 3) bytes = [pick(random, candidates), modrm];
    else if (choice === 3) bytes = [0x0f, 0x90 | (random() & 15), modrm];
    else if (choice === 4) bytes = [0x0f, 0x40 | (random() & 15), modrm];
    else if (choice === 5) bytes = [pick(random, [0xd0, 0xd1, 0xc0, 0xc1]), modrm, random() & 0x1f];
    else if (choice === 6) bytes = [pick(random, [0xf6, 0xf7, 0xfe, 0xff]), 0xd0 | (random() & 15)];
    else bytes = [pick(random, [0x40, 0x48, 0xf5, 0xf8, 0xf9, 0x98, 0x99, 0x9e]) + 0];
    if (chance(random, 20)) bytes.unshift(0x66);
    const decoder = new Decoder(32, Uint8Array.from(bytes), DecoderOptions.None);
    const i = decoder.decode();
    const usable =
      isAllowed(i) &&
      !NO_OBSERVERS.has(i.mnemonic) &&
      !i.isJmpNearIndirect &&
      !i.isCallNearIndirect;
    if (!usable || i.isJmpFarIndirect || i.isCallFarIndirect) return null;
    const missing = undefinedFlags(i, null);
    undefinedBits |= missing;
    code.push(...bytes.slice(0, i.length));
    i.free();
    decoder.free();
  }
  if (undefinedBits & 0x801) return null;
  const registers = Array.from({ length: 8 }, () => value(random));
  registers[4] = STACK + 0x1000;
  registers.push(CODE + 0x200, value(random) & CF_TO_OF, USER_DS, USER_CS, USER_DS, USER_DS, 0, 0);
  return {
    registers,
    patches: [{ address: CODE + 0x200, bytes: [...code, 0xf4] }],
    undefinedFlags: undefinedBits,
  };
}

export function generateSequences(seed: number, count: number): Case[] {
  const random = createRandom(seed);
  const cases: Case[] = [];
  while (cases.length < count) {
    const made = makeSequence(random);
    if (made !== null) cases.push(made);
  }
  return cases;
}
