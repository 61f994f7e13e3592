// A machine that executes one x87 instruction from a given state, in the form of an FSAVE image, and
// gives the image behind it.

import { EAX, EDI, EDX, ESI } from '../../emulator/index.js';
import { CODE_ADDRESS, FREE, P, PagedMachine, U, W } from './paged_machine.js';

/** Bytes of a 32-bit FSAVE image. */
export const IMAGE_BYTES = 108;
const REGISTERS = 28;
const DATA_LINEAR = 0x20000000;
const DATA = FREE + 0x1000;
/** Offsets in the data page: the memory operand, the state before, the state behind. */
const OPERAND = 64;
const BEFORE = 0x400;
const BEHIND = 0x800;
const FNINIT = [0xdb, 0xe3];
const FRSTOR_ESI = [0xdd, 0x26];
const FNSAVE_EDX = [0xdd, 0x32];

export interface X87Result {
  /** Vector of the exception that the instruction raised, or -1. */
  vector: number;
  /** FSAVE image behind the instruction; meaningless after an exception. */
  image: DataView;
  eflags: number;
  eax: number;
}

export class X87Machine {
  readonly paged = new PagedMachine();
  readonly #view: DataView;

  constructor() {
    this.paged.map(DATA_LINEAR, DATA, P | W | U);
    this.paged.code([]);
    const { ram8 } = this.paged.machine;
    this.#view = new DataView(ram8.buffer, ram8.byteOffset + DATA, 0x1000);
  }

  /** The bytes that the instruction finds at [edi]. */
  get operand(): Uint8Array {
    return this.paged.machine.ram8.subarray(DATA + OPERAND, DATA + OPERAND + 128);
  }

  /** Executes `instruction` from the state `image`; EDI points at `operand`. */
  execute(instruction: readonly number[], image: Uint8Array, eflags = 2, eax = 0): X87Result {
    const { machine } = this.paged;
    const { cpu } = machine;
    machine.ram8.set(image, DATA + BEFORE);
    machine.ram8.fill(0, DATA + BEHIND, DATA + BEHIND + IMAGE_BYTES);
    this.paged.put(FREE, [...FNINIT, ...FRSTOR_ESI, ...instruction, ...FNSAVE_EDX]);
    cpu.eip = CODE_ADDRESS;
    cpu.eflags = eflags;
    cpu.setReg(EAX, eax);
    cpu.setReg(ESI, DATA_LINEAR + BEFORE);
    cpu.setReg(EDX, DATA_LINEAR + BEHIND);
    cpu.setReg(EDI, DATA_LINEAR + OPERAND);
    const exit = machine.run(4);
    return {
      vector: exit.kind === 'trap' ? exit.vector : -1,
      image: new DataView(
        this.#view.buffer.slice(
          this.#view.byteOffset + BEHIND,
          this.#view.byteOffset + BEHIND + IMAGE_BYTES,
        ),
      ),
      eflags: cpu.eflags,
      eax: cpu.getReg(EAX),
    };
  }
}

/** An image with this control word and these registers in ST(0), ST(1); TOP is 8 - their number. */
export function imageOf(control: number, values: readonly string[]): Uint8Array {
  const image = new Uint8Array(IMAGE_BYTES);
  const view = new DataView(image.buffer);
  const top = 8 - values.length;
  let tags = 0xffff;
  for (let i = 0; i < values.length; i++) tags &= ~(3 << (2 * (top + i)));
  view.setUint32(0, control, true);
  view.setUint32(4, (top & 7) << 11, true);
  view.setUint32(8, tags, true);
  values.forEach((value, i) => putValue(view, REGISTERS + 10 * i, value));
  return image;
}

/** Writes an 80-bit value given as 4 + 16 hex digits. */
export function putValue(view: DataView, at: number, digits: string): void {
  view.setUint16(at + 8, parseInt(digits.slice(0, 4), 16), true);
  view.setBigUint64(at, BigInt(`0x${digits.slice(4)}`), true);
}

/** ST(i) of an image as 4 + 16 hex digits. */
export function valueOf(image: DataView, i: number): string {
  const at = REGISTERS + 10 * i;
  const se = image
    .getUint16(at + 8, true)
    .toString(16)
    .padStart(4, '0');
  return (se + image.getBigUint64(at, true).toString(16).padStart(16, '0')).toUpperCase();
}

export const statusOf = (image: DataView): number => image.getUint16(4, true);
export const tagsOf = (image: DataView): number => image.getUint16(8, true);
