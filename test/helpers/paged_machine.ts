// A machine with paging on and flat segments, for tests of MMU and CPU.

import { CR0_AM, CR0_PG, CR0_WP, CS, DS, ES, FS, GS, Machine, SS } from '../../emulator/index.js';

export const P = 1;
export const W = 2;
export const U = 4;
export const A = 0x20;
export const D = 0x40;
export const PS = 0x80;
export const G = 0x100;

const GDT = 0x1000;
export const DIRECTORY = 0x2000;
/** A second, empty directory to switch to. */
export const OTHER_DIRECTORY = 0x3000;
/** First page table; more follow. */
const TABLES = 0x4000;
/** Frames from here on are the test's. */
export const FREE = 0x40000;
const GDT_LINEAR = 0xfff00000;

export const CODE_ADDRESS = 0x08048000;

export class PagedMachine {
  readonly machine: Machine;
  #nextTable = TABLES;

  constructor(ramBytes = 16 << 20) {
    this.machine = new Machine({ ramBytes });
    const { machine } = this;
    const { cpu, ram32 } = machine;
    const flat = (slot: number, access: number): void => {
      ram32[(GDT >> 2) + slot * 2] = 0xffff;
      ram32[(GDT >> 2) + slot * 2 + 1] = 0xcf0000 | (access << 8);
    };
    flat(1, 0x9b);
    flat(2, 0x93);
    flat(3, 0xfb);
    flat(4, 0xf3);
    this.map(GDT_LINEAR, GDT, P | W);
    cpu.cr3 = DIRECTORY;
    cpu.setGdtr(GDT_LINEAR, 0xff);
    cpu.cr0 = cpu.cr0 | CR0_PG | CR0_WP | CR0_AM;
    this.user();
  }

  user(): void {
    this.#level(0x1b, 0x23);
  }
  supervisor(): void {
    this.#level(0x08, 0x10);
  }
  /** Changes everything that depends on the level, and back. */
  supervisorAndBack(): void {
    this.supervisor();
    this.user();
  }
  #level(code: number, data: number): void {
    const { cpu } = this.machine;
    cpu.setSegment(CS, code);
    for (const segment of [SS, DS, ES]) cpu.setSegment(segment, data);
    for (const segment of [FS, GS]) cpu.setSegment(segment, 0);
  }

  /** Writes a GDT entry; slots from 5 on are free. @returns its selector at privilege level 3. */
  descriptor(slot: number, base: number, limit: number, attributes: number): number {
    const at = (GDT >> 2) + slot * 2;
    const { ram32 } = this.machine;
    ram32[at] = (limit & 0xffff) | (base << 16);
    ram32[at + 1] =
      ((base >>> 16) & 0xff) | (attributes << 8) | (limit & 0xf0000) | (base & 0xff000000);
    return slot * 8 + 3;
  }

  /** Index in ram32 of the directory entry of `linear`. */
  pdeIndex(linear: number, directory = DIRECTORY): number {
    return (directory >> 2) + (linear >>> 22);
  }

  /** Index in ram32 of the table entry of `linear`, whose table is made if need be. */
  pteIndex(linear: number, directory = DIRECTORY): number {
    const { ram32 } = this.machine;
    const pde = this.pdeIndex(linear, directory);
    if (ram32[pde] === 0) {
      ram32[pde] = this.#nextTable | P | W | U;
      this.#nextTable += 4096;
    }
    return ((ram32[pde] & ~0xfff) >> 2) + ((linear >>> 12) & 0x3ff);
  }

  pte(linear: number): number {
    return this.machine.ram32[this.pteIndex(linear)];
  }
  pde(linear: number): number {
    return this.machine.ram32[this.pdeIndex(linear)];
  }

  /** Sets a page table entry. No translation is dropped: that is the test's affair. */
  map(linear: number, frame: number, bits: number, directory = DIRECTORY): void {
    this.machine.ram32[this.pteIndex(linear, directory)] = frame | bits;
  }

  /** Puts bytes into physical memory, telling the machine. */
  put(physical: number, bytes: readonly number[]): void {
    this.machine.ram8.set(bytes, physical);
    this.machine.physStored(physical, bytes.length);
  }

  /** Maps a page of code at `at` (default CODE_ADDRESS) with these bytes at its start; EIP goes there. */
  code(bytes: readonly number[], frame = FREE, at = CODE_ADDRESS): void {
    this.map(at & ~0xfff, frame, P | W | U);
    this.put(frame + (at & 0xfff), bytes);
    this.machine.cpu.eip = at;
  }
}

/** Bytes of hex digits; spaces are ignored. */
export function hex(digits: string): number[] {
  return (digits.replace(/\s+/g, '').match(/../g) ?? []).map((pair) => parseInt(pair, 16));
}

/** Little-endian bytes of a 32-bit word. */
export function word(value: number): number[] {
  return [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >> 24) & 0xff];
}
