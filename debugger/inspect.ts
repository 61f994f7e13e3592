// What is seen from a frame of a thread: its names, registers and memory.

import { proc_writemem } from '../kernel/index.js';
import type { Kernel, Thread } from '../kernel/index.js';
import type { Scope } from './expression/evaluate.js';
import { ExpressionError } from './expression/lexer.js';
import {
  asInteger,
  floatValue,
  hex,
  integerValue,
  memoryValue,
  toFloat,
  unavailable,
  valueOf,
} from './expression/value.js';
import type { Value } from './expression/value.js';
import { FPU_CONTROLS } from './fpu_registers.js';
import type { FpuControl } from './fpu_registers.js';
import { readMemory } from './memory.js';
import { GENERAL, REGISTER_NAMES, readRegisters, writeRegister } from './registers.js';
import type { RegisterName, RegisterSet } from './registers.js';
import * as D from './symbols/dwarf_constants.js';
import type { Die } from './symbols/dwarf_info.js';
import { locationAt } from './symbols/dwarf_ranges.js';
import { evaluateLocation } from './symbols/location.js';
import type { LocationContext } from './symbols/location.js';
import type { SymbolFile } from './symbols/symbol_file.js';
import {
  CODE,
  INT,
  LONG,
  LONG_DOUBLE,
  UNSIGNED_INT,
  VEC128,
  VOID,
  pointerTo,
  sizeOf,
} from './symbols/types.js';
import type { Type } from './symbols/types.js';
import { DWARF_REGISTERS, caller, innermost, lookupPc } from './unwind.js';
import type { Frame, UnwindContext } from './unwind.js';

const DATA_WITHOUT_TYPE = '<data variable, no debug info>';
const TEXT_WITHOUT_TYPE = '<text variable, no debug info>';

/** History and convenience variables, which outlive every frame and run. */
export interface Variables {
  history: Value[];
  convenience: Map<string, Value>;
}

export interface LocalVariable {
  name: string;
  die: Die;
  isArgument: boolean;
  /** How many blocks around the pc are further in. */
  depth: number;
}

/** A thread that stands still, seen from its frames. Made anew at every stop. */
export class Inspection implements Scope {
  readonly kernel: Kernel;
  readonly thread: Thread | null;
  readonly symbols: SymbolFile | null;
  readonly #variables: Variables;
  #registers: RegisterSet | null = null;
  #frames: Frame[] = [];
  #complete = false;
  /** The selected frame. */
  level = 0;
  readonly read = (address: number, length: number): Uint8Array => this.#read(address, length);

  /** Called after registers or memory were changed. */
  readonly #changed: () => void;

  constructor(
    kernel: Kernel,
    thread: Thread | null,
    symbols: SymbolFile | null,
    variables: Variables,
    changed: () => void = () => {},
  ) {
    this.#changed = changed;
    this.kernel = kernel;
    this.thread = thread;
    this.symbols = symbols;
    this.#variables = variables;
  }

  #read(address: number, length: number): Uint8Array {
    const file = this.symbols;
    if (this.thread === null)
      return file === null ? new Uint8Array(0) : file.fileBytes(address, length);
    return readMemory(
      this.kernel,
      this.thread.td_proc,
      address >>> 0,
      length,
      file === null ? null : (at, count) => file.fileBytes(at, count),
    );
  }

  get registers(): RegisterSet | null {
    if (this.thread === null || this.thread.td_proc.p_vmspace === null) return null;
    this.#registers ??= readRegisters(this.kernel, this.thread);
    return this.#registers;
  }

  #unwindContext(): UnwindContext {
    return {
      symbols: this.symbols,
      read: (address, size) => this.#word(address, size),
      bytes: (address, length) => this.#read(address, length),
    };
  }

  #word(address: number, size: number): number | null {
    const bytes = this.#read(address >>> 0, size);
    if (bytes.length < size) return null;
    let n = 0;
    for (let i = size - 1; i >= 0; i--) n = n * 256 + bytes[i];
    return n;
  }

  /** Frame `level` of the stack; null when there is none. */
  frame(level: number): Frame | null {
    const { registers } = this;
    if (registers === null) return null;
    if (this.#frames.length === 0) {
      const values = DWARF_REGISTERS.map((name) => registers.values[name]);
      this.#frames.push(innermost(this.#unwindContext(), values));
    }
    while (this.#frames.length <= level && !this.#complete) {
      const last = this.#frames[this.#frames.length - 1];
      const next = last.name === 'main' ? null : caller(this.#unwindContext(), last);
      if (next === null) this.#complete = true;
      else this.#frames.push(next);
    }
    return this.#frames[level] ?? null;
  }

  /** The caller of a frame, also that of main. */
  callerOf(frame: Frame): Frame | null {
    return caller(this.#unwindContext(), frame);
  }

  get selected(): Frame | null {
    return this.frame(this.level);
  }

  /** `<name+offset>` with a space in front, or ''. */
  symbolic(address: number): string {
    const found = this.symbols?.symbolAt(address) ?? null;
    if (found === null) return '';
    return ` <${found.name}${found.offset === 0 ? '' : `+${found.offset}`}>`;
  }

  // Names.

  typedef(name: string): Type | null {
    return this.#type(name, [D.TAG_typedef, D.TAG_base_type]);
  }

  tagged(keyword: 'struct' | 'union' | 'enum', name: string): Type | null {
    const tags = {
      struct: D.TAG_structure_type,
      union: D.TAG_union_type,
      enum: D.TAG_enumeration_type,
    };
    return this.#type(name, [tags[keyword]]);
  }

  #type(name: string, tags: readonly number[]): Type | null {
    const file = this.symbols;
    if (file === null) return null;
    let declared: Die | null = null;
    for (const { root } of file.info.units) {
      for (const die of root.children) {
        if (!tags.includes(die.tag) || file.info.string(die, D.AT_name) !== name) continue;
        if (!die.attributes.has(D.AT_declaration)) return file.types.type(die);
        declared ??= die;
      }
    }
    return declared === null ? null : file.types.type(declared);
  }

  /** Arguments and locals of a frame that are in scope at its pc, the innermost block's first. */
  locals(frame: Frame): LocalVariable[] {
    const file = this.symbols;
    const f = frame.function;
    if (file === null || f === null) return [];
    const pc = lookupPc(frame);
    const blocks: LocalVariable[][] = [];
    const collect = (die: Die, depth: number): void => {
      const here = (blocks[depth] ??= []);
      for (const child of die.children) {
        const isArgument = child.tag === D.TAG_formal_parameter;
        if (isArgument || child.tag === D.TAG_variable) {
          const name = file.info.string(child, D.AT_name);
          if (name !== '') here.push({ name, die: child, isArgument, depth });
        } else if (child.tag === D.TAG_lexical_block || child.tag === D.TAG_inlined_subroutine) {
          const inside = file.ranges(child).some(({ low, high }) => pc >= low && pc < high);
          if (inside && child.tag === D.TAG_lexical_block) collect(child, depth + 1);
        }
      }
    };
    collect(f.die, 0);
    return blocks.reverse().flat();
  }

  /** A local, argument or global as a value, seen from a frame. */
  variableValue(die: Die, frame: Frame | null): Value {
    const file = this.symbols;
    if (file === null) throw new ExpressionError('No symbol table is loaded.');
    const owner = file.info.reference(die, D.AT_type) === null ? this.#origin(file, die) : die;
    const type = file.types.of(owner);
    const constant = file.info.attribute(die, D.AT_const_value);
    if (constant !== null) {
      if (constant.value instanceof Uint8Array) return valueOf(type, constant.value);
      if (typeof constant.value !== 'string') return integerValue(BigInt(constant.value), type);
    }
    const pc = frame === null ? 0 : lookupPc(frame);
    const expression = locationAt(file.info, die, D.AT_location, (pc - file.relocation) >>> 0);
    if (expression === null) {
      const external = file.lookup(file.info.string(die, D.AT_name))[0];
      const isDeclaration = file.info.attribute(die, D.AT_declaration) !== null;
      if (external !== undefined && isDeclaration)
        return memoryValue(type, file.addressOf(external), this.read);
      return unavailable(type, '<optimized out>');
    }
    const location = evaluateLocation(expression, this.#locationContext(file, die, frame));
    if (location === null) return unavailable(type, '<optimized out>');
    switch (location.kind) {
      case 'memory':
        return memoryValue(type, location.address, this.read);
      case 'value':
        return integerValue(BigInt(location.value), type);
      case 'bytes':
        return valueOf(type, location.bytes);
      case 'register':
        return this.#registerVariable(type, location.register, frame);
    }
  }

  #origin(file: SymbolFile, die: Die): Die {
    return (
      file.info.reference(die, D.AT_abstract_origin) ??
      file.info.reference(die, D.AT_specification) ??
      die
    );
  }

  #registerVariable(type: Type, register: number, frame: Frame | null): Value {
    const value = frame?.registers[register] ?? null;
    if (value === null) return unavailable(type, '<not saved>');
    const bytes = integerValue(BigInt(value), UNSIGNED_INT).bytes();
    if (sizeOf(type) > 4) return unavailable(type, '<optimized out>');
    const name = DWARF_REGISTERS[register];
    const place =
      frame?.level === 0 && name !== undefined && sizeOf(type) === 4
        ? ({ kind: 'register', name } as const)
        : ({ kind: 'none' } as const);
    return valueOf(type, bytes.subarray(0, sizeOf(type)), place);
  }

  #locationContext(file: SymbolFile, die: Die, frame: Frame | null): LocationContext {
    const context: LocationContext = {
      register: (n) => frame?.registers[n] ?? null,
      read: (address, size) => this.#word(address, size),
      cfa: () => (frame === null || frame.cfa === 0 ? null : frame.cfa),
      frameBase: () => {
        const f = frame?.function;
        if (!f || frame === null) return null;
        const pc = (lookupPc(frame) - file.relocation) >>> 0;
        const base = locationAt(file.info, f.die, D.AT_frame_base, pc);
        if (base === null) return null;
        const location = evaluateLocation(base, { ...context, frameBase: () => null });
        if (location?.kind === 'memory') return location.address;
        if (location?.kind === 'register') return frame.registers[location.register] ?? null;
        return null;
      },
      relocation: file.relocation,
      indexedAddress: (index) => {
        const address = file.info.indexedAddress(die.unit, index);
        return address === null ? null : (address + file.relocation) >>> 0;
      },
    };
    return context;
  }

  variable(name: string, inFile: string | null): Value | null {
    const file = this.symbols;
    if (file === null) return null;
    const frame = this.selected;
    if (inFile === null && frame !== null) {
      const local = this.locals(frame).find((v) => v.name === name);
      if (local !== undefined) return this.variableValue(local.die, frame);
    }
    if (inFile !== null) {
      const f = file.functions().find((fn) => fn.name === inFile);
      const within = f?.die.children.find(
        (die) => die.tag === D.TAG_variable && file.info.string(die, D.AT_name) === name,
      );
      if (within !== undefined) return this.variableValue(within, frame);
    }
    const unit = frame?.function?.die.unit;
    const ofFile = (die: Die): boolean =>
      inFile === null || file.info.string(die.unit.root, D.AT_name).endsWith(inFile);
    const dies = file.globals(name).filter(ofFile);
    const best =
      dies.find((die) => die.unit === unit) ??
      dies.find((die) => !die.attributes.has(D.AT_declaration)) ??
      dies[0];
    if (best !== undefined) return this.variableValue(best, frame);
    const f = file.functions().find((fn) => fn.name === name && ofFile(fn.die));
    if (f !== undefined) return memoryValue(file.types.function(f.die), f.low, this.read);
    return this.#enumerator(file, name) ?? (inFile === null ? this.#elfSymbol(file, name) : null);
  }

  #enumerator(file: SymbolFile, name: string): Value | null {
    for (const { root } of file.info.units) {
      for (const die of root.children) {
        if (die.tag !== D.TAG_enumeration_type) continue;
        const type = file.types.type(die);
        if (type.kind !== 'enum') continue;
        const found = type.enumerators.find((e) => e.name === name);
        if (found !== undefined) return integerValue(BigInt(found.value), type);
      }
    }
    return null;
  }

  #elfSymbol(file: SymbolFile, name: string): Value | null {
    const symbol = file.lookup(name)[0];
    if (symbol === undefined) return null;
    const address = file.addressOf(symbol);
    if (symbol.kind === 'function') {
      const type: Type = { kind: 'typedef', name: TEXT_WITHOUT_TYPE, target: CODE };
      return memoryValue(type, address, this.read);
    }
    const type: Type = { kind: 'typedef', name: DATA_WITHOUT_TYPE, target: INT };
    return memoryValue(type, address, this.read);
  }

  // Registers and variables of the debugger's own.

  dollar(name: string): Value {
    const { history, convenience } = this.#variables;
    if (name === '' || name === '$' || /^\$?\d+$/.test(name)) {
      const back = name === '' ? 0 : name === '$' ? 1 : Number(name.replace('$', ''));
      const index = /^\d+$/.test(name) && name !== '' ? back - 1 : history.length - 1 - back;
      const value = history[index];
      if (value !== undefined) return value;
      if (name === '' || name.startsWith('$') || history.length === 0)
        return valueOf(VOID, new Uint8Array(0));
      throw new ExpressionError(`History has not yet reached $${name}.`);
    }
    const register = this.register(name);
    if (register !== null) return register;
    const known = convenience.get(name);
    const place = { kind: 'convenience', name } as const;
    return known === undefined
      ? valueOf(VOID, new Uint8Array(0), place)
      : { ...known, place: known.place.kind === 'memory' ? known.place : place };
  }

  /** A register of the selected frame; null for a name that is none. */
  register(given: string): Value | null {
    const aliases: Record<string, string> = { pc: 'eip', sp: 'esp', fp: 'ebp', ps: 'eflags' };
    const name = aliases[given] ?? given;
    const partial = partialRegister(name);
    const isFpu = /^(st|xmm)[0-7]$|^mxcsr$/.test(name) || FPU_CONTROLS.some((n) => n === name);
    const isBase = name === 'fs_base' || name === 'gs_base';
    if (!REGISTER_NAMES.includes(name as RegisterName) && !isFpu && !isBase && partial === null)
      return null;
    const { registers } = this;
    if (registers === null) {
      if (given in aliases || partial === null) throw new ExpressionError('No registers.');
      return null;
    }
    if (isFpu) return fpuRegister(registers, name);
    if (isBase) return integerValue(BigInt(registers.bases[name as 'fs_base']), LONG);
    const whole = this.#frameRegister((partial?.of ?? name) as RegisterName, registers);
    if (whole === null) return unavailable(INT, '<not saved>');
    if (partial !== null)
      return integerValue(BigInt(whole >>> partial.shift), {
        kind: 'integer',
        name: partial.size === 1 ? 'int8_t' : 'int16_t',
        size: partial.size,
        signed: true,
        isChar: false,
      });
    const type =
      name === 'eip'
        ? pointerTo(CODE_POINTER)
        : name === 'esp' || name === 'ebp'
          ? pointerTo(VOID)
          : INT;
    return valueOf(type, integerValue(BigInt(whole), UNSIGNED_INT).bytes(), {
      kind: 'register',
      name,
    });
  }

  #frameRegister(name: RegisterName, registers: RegisterSet): number | null {
    const frame = this.selected;
    const index = DWARF_REGISTERS.indexOf(name as (typeof DWARF_REGISTERS)[number]);
    if (frame === null || this.level === 0 || index < 0) return registers.values[name];
    // What no frame in between has saved is taken to be as it was, as gdb does.
    return frame.registers[index];
  }

  setRegister(name: string, value: Value): void {
    if (this.thread === null) throw new ExpressionError('The program is not being run.');
    const frame = this.selected;
    const index = DWARF_REGISTERS.indexOf(name as (typeof DWARF_REGISTERS)[number]);
    const n = Number(BigInt.asUintN(32, asInteger(value)));
    if (frame !== null && this.level > 0 && index >= 0) {
      const saved = this.frame(this.level - 1)?.saved.get(index);
      if (saved === undefined)
        throw new ExpressionError('Left operand of assignment is not a modifiable lvalue.');
      this.write(saved, integerValue(BigInt(n), UNSIGNED_INT).bytes());
      return;
    }
    if (!writeRegister(this.kernel, this.thread, name as RegisterName, n))
      throw new ExpressionError(`The selector ${hex(n)} names no segment that user code may use.`);
    this.forget();
    this.#changed();
  }

  setConvenience(name: string, value: Value): void {
    if (/^\$|^\d*$/.test(name))
      throw new ExpressionError('Left operand of assignment is not a modifiable lvalue.');
    this.#variables.convenience.set(name, valueOf(value.type, value.bytes()));
  }

  write(address: number, bytes: Uint8Array): void {
    if (this.thread === null)
      throw new ExpressionError(`cannot access memory at address ${hex(address)}`);
    const written = proc_writemem(this.kernel, this.thread.td_proc, address >>> 0, bytes);
    this.forget();
    this.#changed();
    if (written < bytes.length)
      throw new ExpressionError(`Cannot access memory at address ${hex(address + written)}`);
  }

  /** After a change: frames and registers are computed anew. */
  forget(): void {
    this.#registers = null;
    this.#frames = [];
    this.#complete = false;
  }
}

const CODE_POINTER: Type = { ...CODE };

function partialRegister(name: string): { of: string; shift: number; size: number } | null {
  const sixteen = /^([abcd]x|[sd]i|[sb]p)$/.exec(name);
  if (sixteen && `e${name}` in GENERAL) return { of: `e${name}`, shift: 0, size: 2 };
  const eight = /^([abcd])([lh])$/.exec(name);
  if (eight) return { of: `e${eight[1]}x`, shift: eight[2] === 'h' ? 8 : 0, size: 1 };
  return null;
}

function fpuRegister({ fpu }: RegisterSet, name: string): Value {
  if (name.startsWith('st')) {
    const bytes = new Uint8Array(12);
    bytes.set(fpu.registers[Number(name[2])]);
    return Number.isNaN(toFloat(bytes))
      ? valueOf(LONG_DOUBLE, bytes)
      : { ...floatValue(0, LONG_DOUBLE), bytes: () => bytes };
  }
  if (name.startsWith('xmm')) return valueOf(VEC128, fpu.xmm[Number(name[3])]);
  const word = name === 'mxcsr' ? fpu.mxcsr : fpu.controls[name as FpuControl];
  return integerValue(BigInt(word), INT);
}
