// Runs the same cases on our machine: a flat user-mode set-up like that of Linux, with page tables,
// a GDT and the harness's LDT.

import {
  CONTEXT_FPU,
  CONTEXT_WORDS,
  CONTEXT_XMM,
  CR0_AM,
  CR0_NE,
  CR0_PE,
  CR0_PG,
  CR0_WP,
  CR4_OSFXSR,
  CR4_OSXMMEXCPT,
  CS,
  DS,
  ES,
  FS,
  GS,
  Machine,
  SS,
} from '../../emulator/index.js';
import {
  AREAS,
  AREA_BYTES,
  CODE,
  READ_ONLY,
  R_EFLAGS,
  R_EIP,
  R_SEGMENTS,
  USER_CS,
  USER_DS,
  localDescriptors,
  pattern,
} from './layout.js';
import { emptyOrNot } from './layout.js';
import type { Case, Result, Vectors } from './layout.js';

const PAGE = 4096;
/** Bytes of a page that are compared at a time. */
const CHUNK = 256;
const GDT_PAGE = 0x1000;
const LDT_PAGE = 0x2000;
const DIRECTORY = 0x3000;
const TABLES = 0x4000;
/** Frames of the areas follow one another from here, the read-only page last. */
const FRAMES = 0x10000;
/** Where the tables of the system appear in linear memory, for the supervisor only. */
const SYSTEM_LINEAR = 0xc0000000;

const P = 1;
const W = 2;
const U = 4;

const SEGMENTS = [ES, CS, SS, DS, FS, GS];

/** Both words of a descriptor. */
function descriptor(base: number, limit: number, attributes: number): [low: number, high: number] {
  return [
    (limit & 0xffff) | (base << 16),
    ((base >>> 16) & 0xff) | (attributes << 8) | (limit & 0xf0000) | (base & 0xff000000),
  ];
}

export class EmulatedHarness {
  readonly machine = new Machine({ ramBytes: 1 << 20 });
  readonly #pristine: Uint8Array;
  /** All of the machine's memory. */
  readonly #ram: Buffer;
  readonly #frameOf = new Map<number, number>();

  constructor() {
    const { machine } = this;
    const { ram32 } = machine;
    const map = (linear: number, frame: number, bits: number): void => {
      const slot = (DIRECTORY + (linear >>> 22) * 4) >> 2;
      if (ram32[slot] === 0)
        ram32[slot] = (linear < SYSTEM_LINEAR ? TABLES : TABLES + PAGE) | P | W | U;
      ram32[((ram32[slot] & ~0xfff) >> 2) + ((linear >>> 12) & 0x3ff)] = frame | bits;
    };
    let frame = FRAMES;
    for (const area of AREAS) {
      for (let at = area; at < area + AREA_BYTES; at += PAGE, frame += PAGE) {
        map(at, frame, P | W | U);
        this.#frameOf.set(at, frame);
      }
    }
    map(READ_ONLY, frame, P | U);
    this.#frameOf.set(READ_ONLY, frame);
    map(SYSTEM_LINEAR, GDT_PAGE, P | W);
    map(SYSTEM_LINEAR + PAGE, LDT_PAGE, P | W);

    for (const [page, at] of this.#frameOf) {
      for (let i = 0; i < PAGE; i++) machine.ram8[at + i] = pattern(page + i);
    }
    this.#pristine = machine.ram8.slice(FRAMES, frame);
    this.#ram = Buffer.from(machine.ram8.buffer, machine.ram8.byteOffset, machine.ram8.length);

    ram32.set(descriptor(0, 0xfffff, 0xc0fb), (GDT_PAGE + (USER_CS & ~7)) >> 2);
    ram32.set(descriptor(0, 0xfffff, 0xc0f3), (GDT_PAGE + (USER_DS & ~7)) >> 2);
    for (const d of localDescriptors) {
      ram32.set(descriptor(d.base, d.limit, d.attributes), (LDT_PAGE + (d.selector & ~7)) >> 2);
    }
    const { cpu } = machine;
    cpu.cr3 = DIRECTORY;
    cpu.cr0 = cpu.cr0 | CR0_PE | CR0_NE | CR0_WP | CR0_AM | CR0_PG;
    cpu.cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT;
    cpu.setGdtr(SYSTEM_LINEAR, 0x7f);
    cpu.setLdt(0x50, SYSTEM_LINEAR + PAGE, localDescriptors.length * 8 - 1);
  }

  #physical(address: number): number {
    const frame = this.#frameOf.get(address & ~0xfff);
    if (frame === undefined)
      throw new RangeError(`0x${address.toString(16)} is not mapped in the harness`);
    return frame + (address & 0xfff);
  }

  /** Puts the machine into the state before a case. */
  load(c: Case): void {
    const { machine } = this;
    const { cpu } = machine;
    for (const { address, bytes } of c.patches) {
      for (let i = 0; i < bytes.length; i++) {
        const pa = this.#physical(address + i);
        machine.ram8[pa] = bytes[i];
        machine.physStored(pa, 1);
      }
    }
    SEGMENTS.forEach((segment, i) => {
      const selector = c.registers[R_SEGMENTS + i];
      const now = cpu.segment(segment);
      if (now.selector !== selector || selector === 0) cpu.setSegment(segment, selector);
    });
    if (c.vectors !== undefined) this.#loadVectors(c.vectors);
    for (let i = 0; i < 8; i++) cpu.setReg(i, c.registers[i]);
    cpu.eip = c.registers[R_EIP];
    cpu.eflags = c.registers[R_EFLAGS] | 0x202;
  }

  /** Runs a case to its end: the first exit. */
  run(c: Case): Result {
    this.load(c);
    const exit = this.machine.run(1000);
    const result: Result = {
      registers: this.#registers(),
      vector: exit.kind === 'trap' || exit.kind === 'softint' ? exit.vector : 1000,
      error: exit.hasError ? exit.error : 0,
      cr2: exit.cr2 >>> 0,
      memory: this.#collectMemory(),
    };
    if (c.vectors !== undefined) result.vectors = this.#vectors();
    return result;
  }

  // A context has control, status, tags and five words more behind the x87 registers.
  readonly #context = new Int32Array(CONTEXT_WORDS);

  #loadVectors(v: Vectors): void {
    const { machine } = this;
    const context = this.#context;
    machine.saveContext(context);
    context.set([v.control | 0x40, v.status, emptyOrNot(v.tags)], CONTEXT_FPU + 32);
    for (let i = 0; i < 8; i++) {
      const at = CONTEXT_FPU + (((v.status >> 11) + i) & 7) * 4;
      context.set(v.stack.slice(3 * i, 3 * i + 3), at);
    }
    context.set([...v.xmm, v.mxcsr], CONTEXT_XMM);
    machine.loadContext(context);
  }

  #vectors(): Vectors {
    const context = this.#context;
    this.machine.saveContext(context);
    const [control, status, tags] = context.subarray(CONTEXT_FPU + 32);
    const stack: number[] = [];
    for (let i = 0; i < 8; i++) {
      const at = CONTEXT_FPU + (((status >> 11) + i) & 7) * 4;
      stack.push(context[at] >>> 0, context[at + 1] >>> 0, context[at + 2] & 0xffff);
    }
    const xmm = Array.from(context.subarray(CONTEXT_XMM, CONTEXT_XMM + 32), (word) => word >>> 0);
    return { mxcsr: context[CONTEXT_XMM + 32], control, status, tags, xmm, stack };
  }

  /**
   * Executes the single instruction of a case without TF, by its count alone.
   * @returns null when it raises anything.
   */
  runCounted(c: Case): Result | null {
    const plain = { ...c, registers: c.registers.slice() };
    plain.registers[R_EFLAGS] &= ~0x100;
    this.load(plain);
    const exit = this.machine.run(1);
    const memory = this.#collectMemory();
    if (exit.kind !== 'budget') return null;
    const result: Result = { registers: this.#registers(), vector: 1, error: 0, cr2: 0, memory };
    if (c.vectors !== undefined) result.vectors = this.#vectors();
    return result;
  }

  #registers(): number[] {
    const { cpu } = this.machine;
    const registers: number[] = [];
    for (let i = 0; i < 8; i++) registers.push(cpu.getReg(i) >>> 0);
    registers.push(cpu.eip >>> 0, cpu.eflags >>> 0);
    for (const segment of SEGMENTS) registers.push(cpu.segment(segment).selector);
    return registers;
  }

  /** Bytes that changed, as in Result.memory; they are put back. */
  #collectMemory(): number[] {
    const changed: number[] = [];
    for (const area of AREAS) {
      for (let page = area; page < area + AREA_BYTES; page += PAGE) {
        const frame = this.#physical(page);
        for (let at = this.#firstChange(frame, 0); at < PAGE; at = this.#firstChange(frame, at)) {
          this.#collectChunk(page, frame, at, changed);
          at += CHUNK;
        }
      }
    }
    return changed;
  }

  /** Offset of the first chunk from `at` on that differs from what the page held; PAGE: none does. */
  #firstChange(frame: number, at: number): number {
    const same = (from: number, bytes: number): boolean =>
      this.#ram.compare(
        this.#pristine,
        frame + from - FRAMES,
        frame + from - FRAMES + bytes,
        frame + from,
        frame + from + bytes,
      ) === 0;
    if (same(at, PAGE - at)) return PAGE;
    while (same(at, CHUNK)) at += CHUNK;
    return at;
  }

  #collectChunk(page: number, frame: number, chunk: number, changed: number[]): void {
    const { machine } = this;
    for (let w = chunk; w < chunk + CHUNK; w += 4) {
      const at = (frame + w) >> 2;
      const was = this.#word(frame - FRAMES + w);
      if (machine.ram32[at] === was) continue;
      for (let i = w; i < w + 4; i++) {
        const byte = machine.ram8[frame + i];
        if (byte !== this.#pristine[frame + i - FRAMES])
          changed.push(((page - CODE + i) << 8) | byte);
      }
      machine.ram32[at] = was;
      machine.physStored(frame + w, 4);
    }
  }

  #word(at: number): number {
    const p = this.#pristine;
    return p[at] | (p[at + 1] << 8) | (p[at + 2] << 16) | (p[at + 3] << 24);
  }
}
