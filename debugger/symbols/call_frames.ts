// Call-frame information, .eh_frame and .debug_frame (DWARF 5 §6.4; LSB 5.0 core, "Exception Frames").

import { Cursor, FormatError } from './cursor.js';
import type { ElfFile, ElfSection } from './elf.js';

/** How a register of the caller is found. */
export type RegisterRule =
  | { kind: 'undefined' }
  | { kind: 'same' }
  | { kind: 'offset'; offset: number }
  | { kind: 'value_offset'; offset: number }
  | { kind: 'register'; register: number }
  | { kind: 'expression'; expression: Uint8Array; isValue: boolean };

/** The rules that hold at one address. */
export interface FrameRules {
  /** The canonical frame address: a register and an offset, or an expression. */
  cfa: { register: number; offset: number } | { expression: Uint8Array };
  /** By DWARF register number. */
  registers: Map<number, RegisterRule>;
  returnRegister: number;
  /** The caller's pc is where it continues in a signal handler's frame. */
  signalFrame: boolean;
}

interface Cie {
  codeAlign: number;
  dataAlign: number;
  returnRegister: number;
  signalFrame: boolean;
  pointerEncoding: number;
  hasAugmentation: boolean;
  instructions: Uint8Array;
}

interface Fde {
  low: number;
  high: number;
  cie: Cie;
  instructions: Uint8Array;
}

const PE_omit = 0xff;

function readEncoded(c: Cursor, encoding: number, section: ElfSection): number {
  const here = section.address + c.at;
  let value: number;
  switch (encoding & 15) {
    case 0:
    case 3:
      value = c.u32();
      break;
    case 1:
      value = c.uleb();
      break;
    case 2:
      value = c.u16();
      break;
    case 9:
      value = c.sleb();
      break;
    case 10:
      value = (c.u16() << 16) >> 16;
      break;
    case 11:
      value = c.i32();
      break;
    default:
      throw new FormatError(`pointer encoding 0x${encoding.toString(16)}`);
  }
  return ((encoding & 0x70) === 0x10 ? value + here : value) >>> 0;
}

/** The call-frame information of a file, before relocation. */
export class CallFrames {
  readonly #fdes: Fde[] = [];

  constructor(elf: ElfFile) {
    for (const name of ['.debug_frame', '.eh_frame']) {
      const section = elf.sections.find((s) => s.name === name);
      if (section === undefined || section.bytes === null) continue;
      try {
        this.#read(section, section.bytes, name === '.eh_frame');
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
      }
    }
    this.#fdes.sort((a, b) => a.low - b.low);
  }

  #read(section: ElfSection, bytes: Uint8Array, isEh: boolean): void {
    const cies = new Map<number, Cie>();
    const cieAt = (offset: number): Cie => {
      const known = cies.get(offset);
      if (known !== undefined) return known;
      const c = new Cursor(bytes, offset);
      const length = c.u32();
      const cie = readCie(new Cursor(bytes, c.at + 4, c.at + length), section);
      cies.set(offset, cie);
      return cie;
    };
    let at = 0;
    while (at + 4 <= bytes.length) {
      const c = new Cursor(bytes, at);
      const length = c.u32();
      if (length === 0) {
        at += 4;
        continue;
      }
      const start = c.at;
      const id = c.u32();
      at = start + length;
      if (id === (isEh ? 0 : 0xffffffff)) continue;
      const cie = cieAt(isEh ? start - id : id);
      const fde = new Cursor(bytes, start + 4, at);
      const low = readEncoded(fde, cie.pointerEncoding, section);
      const size = readEncoded(fde, cie.pointerEncoding & 15, section);
      if (cie.hasAugmentation) fde.skip(fde.uleb());
      this.#fdes.push({ low, high: low + size, cie, instructions: fde.block(at - fde.at) });
    }
  }

  /** The rules at `pc`; null when there are none. */
  at(pc: number): FrameRules | null {
    let low = 0;
    let high = this.#fdes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#fdes[middle].low <= pc) low = middle + 1;
      else high = middle;
    }
    const fde = this.#fdes[low - 1];
    if (fde === undefined || pc >= fde.high) return null;
    try {
      return execute(fde, pc);
    } catch (error) {
      if (error instanceof FormatError) return null;
      throw error;
    }
  }
}

function readCie(c: Cursor, section: ElfSection): Cie {
  const version = c.u8();
  const augmentation = c.string();
  if (version >= 4) c.skip(2);
  const codeAlign = c.uleb();
  const dataAlign = c.sleb();
  const returnRegister = version === 1 ? c.u8() : c.uleb();
  const cie: Cie = {
    codeAlign,
    dataAlign,
    returnRegister,
    signalFrame: augmentation.includes('S'),
    pointerEncoding: 0,
    hasAugmentation: augmentation.startsWith('z'),
    instructions: new Uint8Array(0),
  };
  if (cie.hasAugmentation) {
    const end = c.uleb() + c.at;
    for (const letter of augmentation.slice(1)) {
      if (letter === 'R') cie.pointerEncoding = c.u8();
      else if (letter === 'L') c.skip(1);
      else if (letter === 'P') {
        const encoding = c.u8();
        if (encoding !== PE_omit) readEncoded(c, encoding, section);
      }
    }
    c.at = end;
  }
  cie.instructions = c.block(c.end - c.at);
  return cie;
}

function execute(fde: Fde, pc: number): FrameRules {
  const rules: FrameRules = {
    cfa: { register: 4, offset: 4 },
    registers: new Map(),
    returnRegister: fde.cie.returnRegister,
    signalFrame: fde.cie.signalFrame,
  };
  const state = { location: fde.low, initial: new Map<number, RegisterRule>() };
  program(fde.cie.instructions, fde.cie, rules, state, Infinity);
  state.initial = new Map(rules.registers);
  program(fde.instructions, fde.cie, rules, state, pc);
  return rules;
}

function program(
  instructions: Uint8Array,
  cie: Cie,
  rules: FrameRules,
  state: { location: number; initial: Map<number, RegisterRule> },
  pc: number,
): void {
  const c = new Cursor(instructions);
  const saved: { cfa: FrameRules['cfa']; registers: Map<number, RegisterRule> }[] = [];
  const set = (register: number, rule: RegisterRule): void => {
    rules.registers.set(register, rule);
  };
  const restore = (register: number): void => {
    const rule = state.initial.get(register);
    if (rule === undefined) rules.registers.delete(register);
    else rules.registers.set(register, rule);
  };
  const cfaRegister = (): number => ('register' in rules.cfa ? rules.cfa.register : 4);
  const cfaOffset = (): number => ('offset' in rules.cfa ? rules.cfa.offset : 0);
  /** @returns whether the row that `pc` is in is complete. */
  const advance = (units: number): boolean => {
    const next = state.location + units * cie.codeAlign;
    if (next > pc) return true;
    state.location = next;
    return false;
  };
  while (!c.done) {
    const byte = c.u8();
    const low = byte & 0x3f;
    if (byte >> 6 === 1) {
      if (advance(low)) return;
      continue;
    }
    if (byte >> 6 === 2) {
      set(low, { kind: 'offset', offset: c.uleb() * cie.dataAlign });
      continue;
    }
    if (byte >> 6 === 3) {
      restore(low);
      continue;
    }
    switch (low) {
      case 0x00:
        break;
      case 0x01:
        if (c.u32() > pc) return;
        break;
      case 0x02:
        if (advance(c.u8())) return;
        break;
      case 0x03:
        if (advance(c.u16())) return;
        break;
      case 0x04:
        if (advance(c.u32())) return;
        break;
      case 0x05:
        set(c.uleb(), { kind: 'offset', offset: c.uleb() * cie.dataAlign });
        break;
      case 0x06:
        restore(c.uleb());
        break;
      case 0x07:
        set(c.uleb(), { kind: 'undefined' });
        break;
      case 0x08:
        set(c.uleb(), { kind: 'same' });
        break;
      case 0x09:
        set(c.uleb(), { kind: 'register', register: c.uleb() });
        break;
      case 0x0a:
        saved.push({ cfa: { ...rules.cfa }, registers: new Map(rules.registers) });
        break;
      case 0x0b: {
        const before = saved.pop();
        if (before !== undefined) {
          rules.cfa = before.cfa;
          rules.registers = before.registers;
        }
        break;
      }
      case 0x0c:
        rules.cfa = { register: c.uleb(), offset: c.uleb() };
        break;
      case 0x0d:
        rules.cfa = { register: c.uleb(), offset: cfaOffset() };
        break;
      case 0x0e:
        rules.cfa = { register: cfaRegister(), offset: c.uleb() };
        break;
      case 0x0f:
        rules.cfa = { expression: c.block(c.uleb()) };
        break;
      case 0x10:
      case 0x16: {
        const register = c.uleb();
        const expression = c.block(c.uleb());
        set(register, { kind: 'expression', expression, isValue: low === 0x16 });
        break;
      }
      case 0x11:
        set(c.uleb(), { kind: 'offset', offset: c.sleb() * cie.dataAlign });
        break;
      case 0x12:
        rules.cfa = { register: c.uleb(), offset: c.sleb() * cie.dataAlign };
        break;
      case 0x13:
        rules.cfa = { register: cfaRegister(), offset: c.sleb() * cie.dataAlign };
        break;
      case 0x14:
        set(c.uleb(), { kind: 'value_offset', offset: c.uleb() * cie.dataAlign });
        break;
      case 0x15:
        set(c.uleb(), { kind: 'value_offset', offset: c.sleb() * cie.dataAlign });
        break;
      case 0x2e: // DW_CFA_GNU_args_size
        c.uleb();
        break;
      default:
        throw new FormatError(`call-frame instruction 0x${byte.toString(16)}`);
    }
  }
}
