// A machine that delivers its interrupts itself, in real mode or in protected mode with a GDT, an IDT
// and a TSS at fixed places, for small hand-assembled programs.

import { CS, DS, ES, ESP, Machine, SS } from '../../emulator/index.js';
import type { Exit } from '../../emulator/index.js';
import { hex } from './paged_machine.js';

export const IDT = 0x800;
export const GDT = 0x1000;
export const TSS = 0x2000;
export const OTHER_TSS = 0x2200;
export const CODE = 0x10000;
/** Tops of the stacks of levels 0 to 3. */
export const STACKS = [0x20000, 0x21000, 0x22000, 0x23000] as const;

// Selectors.
export const CODE0 = 0x08;
export const DATA0 = 0x10;
export const CODE3 = 0x1b;
export const DATA3 = 0x23;
export const TSS_SELECTOR = 0x28;
export const OTHER_TSS_SELECTOR = 0x30;
/** The first free slot of the GDT. */
export const FREE_SLOT = 8;

export class BareMachine {
  readonly machine: Machine;

  /** @param rom with one, the machine is in real mode, as after a reset. */
  constructor(rom?: Uint8Array) {
    this.machine = new Machine({
      ramBytes: 2 << 20,
      interrupts: 'guest',
      ...(rom === undefined ? {} : { rom }),
    });
    if (rom !== undefined) {
      this.machine.cpu.powerOn();
      return;
    }
    const { cpu } = this.machine;
    this.descriptor(1, 0, 0xfffff, 0xc09b);
    this.descriptor(2, 0, 0xfffff, 0xc093);
    this.descriptor(3, 0, 0xfffff, 0xc0fb);
    this.descriptor(4, 0, 0xfffff, 0xc0f3);
    this.descriptor(5, TSS, 0x1ff, 0x8b);
    this.descriptor(6, OTHER_TSS, 0x1ff, 0x89);
    cpu.setGdtr(GDT, 0xff);
    cpu.setIdtr(IDT, 0x7ff);
    cpu.setSegment(CS, CODE0);
    for (const segment of [SS, DS, ES]) cpu.setSegment(segment, DATA0);
    cpu.setTaskRegister(TSS_SELECTOR, TSS, 0x1ff);
    for (let level = 0; level < 3; level++) {
      this.put32(TSS + 4 + 8 * level, STACKS[level]);
      this.put32(TSS + 8 + 8 * level, level === 0 ? DATA0 : 0);
    }
    this.put16(TSS + 0x66, 0x200); // no I/O map
    cpu.setReg(ESP, STACKS[0]);
    cpu.eip = CODE;
  }

  /** Goes on at privilege level 3. */
  user(): void {
    const { cpu } = this.machine;
    cpu.setSegment(CS, CODE3);
    for (const segment of [SS, DS, ES]) cpu.setSegment(segment, DATA3);
    cpu.setReg(ESP, STACKS[3]);
  }

  put(at: number, code: string | readonly number[]): void {
    const bytes = typeof code === 'string' ? hex(code) : code;
    this.machine.ram8.set(bytes, at);
    this.machine.physStored(at, bytes.length);
  }
  put16(at: number, value: number): void {
    this.put(at, [value & 0xff, (value >> 8) & 0xff]);
  }
  put32(at: number, value: number): void {
    this.put16(at, value);
    this.put16(at + 2, value >>> 16);
  }
  get32(at: number): number {
    return new DataView(this.machine.ram8.buffer, this.machine.ram8.byteOffset).getUint32(at, true);
  }
  get16(at: number): number {
    return this.get32(at) & 0xffff;
  }
  /** The `count` words of `bytes` on top of the stack. */
  stack(count: number, bytes: 2 | 4 = 4): number[] {
    const top = this.machine.cpu.segment(SS).base + this.machine.cpu.getReg(ESP);
    return Array.from({ length: count }, (_, i) =>
      bytes === 4 ? this.get32(top + 4 * i) : this.get16(top + 2 * i),
    );
  }

  descriptor(slot: number, base: number, limit: number, attributes: number): number {
    this.put32(GDT + slot * 8, (limit & 0xffff) | (base << 16));
    this.put32(
      GDT + slot * 8 + 4,
      ((base >>> 16) & 0xff) | (attributes << 8) | (limit & 0xf0000) | (base & 0xff000000),
    );
    return slot * 8;
  }

  /** A gate at linear address `at`; `access` is its second word's bits 15-8. */
  gate(at: number, access: number, selector: number, offset: number, parameters = 0): void {
    this.put32(at, (selector << 16) | (offset & 0xffff));
    this.put32(at + 4, (offset & 0xffff0000) | (access << 8) | parameters);
  }
  /** An interrupt gate (access 0x8e unless given) to `offset` in CODE0. */
  handler(vector: number, offset: number, access = 0x8e, selector = CODE0): void {
    this.gate(IDT + vector * 8, access, selector, offset);
  }

  reg(n: number): number {
    return this.machine.cpu.getReg(n) >>> 0;
  }
  run(limit = 1000): Exit {
    return this.machine.run(limit);
  }
}
