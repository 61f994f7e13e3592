// The registers as gdb sees them: one table, from which the target description and the layout of
// the `g` packet follow. Another feature is another entry of FEATURES.

import type { Kernel, Thread } from '../../kernel/index.js';
import { FPU_CONTROLS, STACK_REGISTERS, VECTOR_REGISTERS, writeFpu } from '../fpu_registers.js';
import { REGISTER_NAMES, readRegisters, writeRegister } from '../registers.js';
import type { RegisterSet } from '../registers.js';

interface RemoteRegister {
  name: string;
  bits: number;
  /** gdb's type name. */
  type: string;
  group?: string;
  read(set: RegisterSet, td: Thread): number | Uint8Array;
  /** @returns false when the register cannot take the value. Absent: it cannot be written. */
  write?(k: Kernel, td: Thread, bytes: Uint8Array): boolean;
}

interface Feature {
  name: string;
  /** gdb's number of the first register; later ones follow. */
  first: number;
  /** Types of its own. */
  types: string;
  /** Only for programs of this ABI. */
  abi?: 'linux';
  registers: readonly RemoteRegister[];
}

const word = (bytes: Uint8Array): number =>
  (bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24)) >>> 0;

// 32bit-core.xml of gdb.
const EFLAGS_TYPE = `<flags id="i386_eflags" size="4">
${[
  ['CF', 0],
  ['', 1],
  ['PF', 2],
  ['AF', 4],
  ['ZF', 6],
  ['SF', 7],
  ['TF', 8],
  ['IF', 9],
  ['DF', 10],
  ['OF', 11],
  ['NT', 14],
  ['RF', 16],
  ['VM', 17],
  ['AC', 18],
  ['VIF', 19],
  ['VIP', 20],
  ['ID', 21],
]
  .map(([name, bit]) => `<field name="${name}" start="${bit}" end="${bit}"/>`)
  .join('\n')}
</flags>`;

const GENERAL_TYPES: Record<string, string> = {
  esp: 'data_ptr',
  ebp: 'data_ptr',
  eip: 'code_ptr',
  eflags: 'i386_eflags',
};

const general: RemoteRegister[] = REGISTER_NAMES.map((name) => ({
  name,
  bits: 32,
  type: GENERAL_TYPES[name] ?? 'int32',
  read: ({ values }) => values[name],
  write: (k, td, bytes) => writeRegister(k, td, name, word(bytes)),
}));

function setFpu(name: string): RemoteRegister['write'] {
  return (k, td, bytes) => {
    writeFpu(k, td, name, bytes);
    return true;
  };
}

const stack: RemoteRegister[] = STACK_REGISTERS.map((name, i) => ({
  name,
  bits: 80,
  type: 'i387_ext',
  read: ({ fpu }) => fpu.registers[i],
  write: setFpu(name),
}));

const controls: RemoteRegister[] = FPU_CONTROLS.map((name) => ({
  name,
  bits: 32,
  type: 'int',
  group: 'float',
  read: ({ fpu }) => fpu.controls[name],
  write: setFpu(name),
}));

const vectors: RemoteRegister[] = VECTOR_REGISTERS.map((name, i) => ({
  name,
  bits: 128,
  type: 'vec128',
  read: ({ fpu }) => fpu.xmm[i],
  write: setFpu(name),
}));

// 32bit-sse.xml of gdb.
const VECTOR_TYPES = `${[
  ['v4f', 'ieee_single', 4],
  ['v2d', 'ieee_double', 2],
  ['v16i8', 'int8', 16],
  ['v8i16', 'int16', 8],
  ['v4i32', 'int32', 4],
  ['v2i64', 'int64', 2],
]
  .map(([id, type, count]) => `<vector id="${id}" type="${type}" count="${count}"/>`)
  .join('\n')}
<union id="vec128">
<field name="v4_float" type="v4f"/>
<field name="v2_double" type="v2d"/>
<field name="v16_int8" type="v16i8"/>
<field name="v8_int16" type="v8i16"/>
<field name="v4_int32" type="v4i32"/>
<field name="v2_int64" type="v2i64"/>
<field name="uint128" type="uint128"/>
</union>
<flags id="i386_mxcsr" size="4">
${['IE', 'DE', 'ZE', 'OE', 'UE', 'PE', 'DAZ', 'IM', 'DM', 'ZM', 'OM', 'UM', 'PM', '', '', 'FZ']
  .map((name, bit) => (name === '' ? '' : `<field name="${name}" start="${bit}" end="${bit}"/>`))
  .filter((line) => line !== '')
  .join('\n')}
</flags>`;

const FEATURES: readonly Feature[] = [
  {
    name: 'org.gnu.gdb.i386.core',
    first: 0,
    types: EFLAGS_TYPE,
    registers: [...general, ...stack, ...controls],
  },
  {
    name: 'org.gnu.gdb.i386.sse',
    first: 32,
    types: VECTOR_TYPES,
    registers: [
      ...vectors,
      {
        name: 'mxcsr',
        bits: 32,
        type: 'i386_mxcsr',
        group: 'vector',
        read: ({ fpu }) => fpu.mxcsr,
        write: setFpu('mxcsr'),
      },
    ],
  },
  {
    name: 'org.gnu.gdb.i386.linux',
    first: 41,
    types: '',
    abi: 'linux',
    registers: [
      {
        name: 'orig_eax',
        bits: 32,
        type: 'int',
        read: (_set, td) => td.td_sa_code,
        // gdb sets it to -1 so that no call is restarted; here only the kernel restarts calls.
        write: () => true,
      },
    ],
  },
  {
    // org.gnu.gdb.i386.segments is for 64-bit gdbarchs only: gdb 13 ends with an assertion here.
    name: 'org.faultline.i386.segments',
    first: 42,
    types: '',
    registers: (['fs_base', 'gs_base'] as const).map((name) => ({
      name,
      bits: 32,
      type: 'int',
      read: ({ bases }) => bases[name],
    })),
  },
];

/** The registers of a process of an ABI. */
export class RegisterLayout {
  readonly #features: readonly Feature[];
  readonly #linux: boolean;

  constructor(linux: boolean) {
    this.#linux = linux;
    this.#features = FEATURES.filter(({ abi }) => abi === undefined || linux);
  }

  /** target.xml. */
  get description(): string {
    const features = this.#features.map(({ name, first, types, registers }) => {
      const lines = registers.map(({ name: register, bits, type, group }, i) => {
        const where = group === undefined ? '' : ` group="${group}"`;
        return `<reg name="${register}" bitsize="${bits}" type="${type}" regnum="${first + i}"${where}/>`;
      });
      return `<feature name="${name}">\n${types}${types === '' ? '' : '\n'}${lines.join('\n')}\n</feature>`;
    });
    const osabi = this.#linux ? '<osabi>GNU/Linux</osabi>\n' : '';
    return `<?xml version="1.0"?>\n<!DOCTYPE target SYSTEM "gdb-target.dtd">\n<target version="1.0">\n<architecture>i386</architecture>\n${osabi}${features.join('\n')}\n</target>\n`;
  }

  #register(number: number): RemoteRegister | null {
    for (const { first, registers } of this.#features)
      if (number >= first && number < first + registers.length) return registers[number - first];
    return null;
  }

  /** One register's bytes, lowest first; null for a number that is none. */
  read(k: Kernel, td: Thread, number: number): Uint8Array | null {
    const register = this.#register(number);
    return register === null ? null : bytesOfRegister(register, readRegisters(k, td), td);
  }

  /** @returns false for a register that is not there, or cannot take this value. */
  write(k: Kernel, td: Thread, number: number, bytes: Uint8Array): boolean {
    const register = this.#register(number);
    if (register === null || bytes.length !== register.bits / 8) return false;
    return register.write?.(k, td, bytes) ?? false;
  }

  /** All registers in the order of their numbers, as the `g` packet has them. */
  readAll(k: Kernel, td: Thread): Uint8Array {
    const set = readRegisters(k, td);
    const parts = this.#all().map((register) => bytesOfRegister(register, set, td));
    const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  /** The `G` packet: registers that cannot be written are passed over. @returns false for a wrong length. */
  writeAll(k: Kernel, td: Thread, bytes: Uint8Array): boolean {
    const registers = this.#all();
    if (bytes.length !== registers.reduce((sum, { bits }) => sum + bits / 8, 0)) return false;
    let at = 0;
    for (const register of registers) {
      const part = bytes.subarray(at, at + register.bits / 8);
      at += part.length;
      const now = bytesOfRegister(register, readRegisters(k, td), td);
      if (part.some((byte, i) => byte !== now[i])) register.write?.(k, td, part);
    }
    return true;
  }

  #all(): RemoteRegister[] {
    return this.#features.flatMap(({ registers }) => registers);
  }
}

function bytesOfRegister(register: RemoteRegister, set: RegisterSet, td: Thread): Uint8Array {
  const value = register.read(set, td);
  if (typeof value !== 'number') return value;
  const bytes = new Uint8Array(register.bits / 8);
  for (let i = 0; i < Math.min(4, bytes.length); i++) bytes[i] = (value >>> (8 * i)) & 0xff;
  return bytes;
}
