// The CPU as its owner sees it: registers by name over the machine's memory.

import { SIGNATURE } from './cpu/cpuid.js';
import { DR6_RESET, DR7_RESET, refreshDebugRegisters } from './cpu/debug_registers.js';
import { FLAG_IF, getEflags, setEflags } from './cpu/flags.js';
import {
  cacheSegment,
  forceSegment,
  updateMode,
  CS,
  DS,
  ES,
  FS,
  GS,
  LDTR,
  SS,
  TR,
} from './cpu/segments.js';
import { flush } from './mmu/tlb.js';
import { CR0_PE, CR0_PG, CR0_TS, CR0_WP, CR4_PGE, CR4_PSE } from './mmu/walk.js';
import {
  CPL,
  CR0,
  CR2,
  CR3,
  CR4,
  DR,
  EDX,
  EFLAGS_SYSTEM,
  EIP,
  FLAG_RESULT,
  FPU_CONTROL,
  FPU_TAG,
  GDT_BASE,
  GDT_LIMIT,
  IDT_BASE,
  IDT_LIMIT,
  MXCSR,
  PAT_HIGH,
  PAT_LOW,
  PAGE_BYTES,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  SELECTOR,
  ZERO,
} from './state/layout.js';

/** The hidden part of a segment register, for display. */
export interface SegmentView {
  selector: number;
  /** Linear address, int32. */
  base: number;
  /** Last offset, int32. */
  limit: number;
  attributes: number;
}

const FLAT_CODE = 0xc09b;
const FLAT_DATA = 0xc093;
const REAL_DATA = 0x93;
/** Write-back, write-through, uncached-, uncacheable, twice. */
const PAT_RESET = 0x00070406;

export class Cpu {
  readonly #i32: Int32Array;
  readonly #activate: () => void;

  constructor(i32: Int32Array, activate: () => void) {
    this.#i32 = i32;
    this.#activate = activate;
  }

  /** Protected mode without paging, flat segments at CPL 0: how a boot loader leaves a CPU. */
  reset(): void {
    const i32 = this.#i32;
    i32.fill(0, 0, PAGE_BYTES / 4);
    i32[ZERO] = 0;
    i32[FLAG_RESULT] = 1; // no arithmetic flag is set
    i32[EFLAGS_SYSTEM] = 2;
    i32[CR0] = CR0_PE | 0x10; // ET is fixed at 1
    i32[FPU_CONTROL] = 0x37f;
    i32[FPU_TAG] = 0xffff;
    i32[MXCSR] = 0x1f80;
    for (const seg of [ES, SS, DS])
      cacheSegment(seg, 0, { base: 0, limit: -1, attributes: FLAT_DATA });
    cacheSegment(CS, 0, { base: 0, limit: -1, attributes: FLAT_CODE });
    i32[DR + 6] = DR6_RESET;
    i32[DR + 7] = DR7_RESET;
    i32[PAT_LOW] = i32[PAT_HIGH] = PAT_RESET;
    refreshDebugRegisters();
    updateMode();
  }

  /** Real-address mode at FFFFFFF0, as a processor comes out of reset (SDM 3A table 9-1). */
  powerOn(): void {
    const i32 = this.#i32;
    this.#activate();
    this.reset();
    flush(true);
    i32[CR0] = 0x60000010;
    i32[EDX] = SIGNATURE;
    i32[IDT_LIMIT] = i32[GDT_LIMIT] = 0xffff;
    for (const seg of [ES, SS, DS, FS, GS])
      cacheSegment(seg, 0, { base: 0, limit: 0xffff, attributes: REAL_DATA });
    cacheSegment(CS, 0xf000, { base: 0xffff0000 | 0, limit: 0xffff, attributes: REAL_DATA });
    cacheSegment(LDTR, 0, { base: 0, limit: 0xffff, attributes: 0x82 });
    cacheSegment(TR, 0, { base: 0, limit: 0xffff, attributes: 0x8b });
    i32[EIP] = 0xfff0;
    updateMode();
  }

  /** General register `n` (0 EAX, ECX, EDX, EBX, ESP, EBP, ESI, 7 EDI) as int32. */
  getReg(n: number): number {
    return this.#i32[n & 7];
  }
  setReg(n: number, value: number): void {
    this.#i32[n & 7] = value;
  }

  /** Offset of the next instruction in CS, int32. */
  get eip(): number {
    return this.#i32[EIP];
  }
  set eip(value: number) {
    this.#i32[EIP] = value;
  }

  get eflags(): number {
    this.#activate();
    return getEflags();
  }
  set eflags(value: number) {
    this.#activate();
    setEflags(value);
    updateMode();
  }

  /** EFLAGS.IF. */
  get interruptsEnabled(): boolean {
    return (this.#i32[EFLAGS_SYSTEM] & FLAG_IF) !== 0;
  }

  get cr0(): number {
    return this.#i32[CR0];
  }
  set cr0(value: number) {
    this.#activate();
    const changed = this.#i32[CR0] ^ value;
    this.#i32[CR0] = value;
    if (changed & (CR0_PG | CR0_PE | CR0_WP)) flush(true);
    updateMode();
  }

  /** CR0.TS: the next x87, MMX or SSE instruction is #NM. */
  get taskSwitched(): boolean {
    return (this.#i32[CR0] & CR0_TS) !== 0;
  }
  set taskSwitched(set: boolean) {
    const i32 = this.#i32;
    i32[CR0] = set ? i32[CR0] | CR0_TS : i32[CR0] & ~CR0_TS;
  }

  get cr2(): number {
    return this.#i32[CR2];
  }
  set cr2(value: number) {
    this.#i32[CR2] = value;
  }

  /** Physical address of the page directory. Setting it drops all but global translations. */
  get cr3(): number {
    return this.#i32[CR3];
  }
  set cr3(value: number) {
    this.#activate();
    this.#i32[CR3] = value;
    flush(false);
  }

  get cr4(): number {
    return this.#i32[CR4];
  }
  set cr4(value: number) {
    this.#activate();
    const changed = this.#i32[CR4] ^ value;
    this.#i32[CR4] = value;
    if (changed & (CR4_PGE | CR4_PSE)) flush(true);
  }

  /** Current privilege level, 0 to 3. */
  get cpl(): number {
    return this.#i32[CPL];
  }

  /** Segment register n: 0 ES, CS, SS, DS, FS, 5 GS, 6 LDTR, 7 TR. */
  segment(n: number): SegmentView {
    const i32 = this.#i32;
    return {
      selector: i32[SELECTOR + n],
      base: i32[SEGMENT_BASE + n],
      limit: i32[SEGMENT_LIMIT + n],
      attributes: i32[SEGMENT_ATTRIBUTES + n],
    };
  }

  /**
   * Loads segment register `n` from the descriptor tables without a privilege check; loading CS sets
   * CPL. @returns false when the selector names no usable segment (the register is then null).
   */
  setSegment(n: number, selector: number): boolean {
    this.#activate();
    return forceSegment(n, selector);
  }

  /** Linear address and last byte of the GDT. */
  setGdtr(base: number, limit: number): void {
    this.#i32[GDT_BASE] = base;
    this.#i32[GDT_LIMIT] = limit;
  }
  setIdtr(base: number, limit: number): void {
    this.#i32[IDT_BASE] = base;
    this.#i32[IDT_LIMIT] = limit;
  }

  /** Sets LDTR directly; a limit of -1 makes it unusable. */
  setLdt(selector: number, base: number, limit: number): void {
    this.#activate();
    cacheSegment(LDTR, selector, { base, limit, attributes: limit < 0 ? 0 : 0x82 });
  }
  setTaskRegister(selector: number, base: number, limit: number): void {
    this.#activate();
    cacheSegment(TR, selector, { base, limit, attributes: 0x8b });
  }

  /** CPL follows the code segment of a context that was loaded. */
  contextLoaded(): void {
    this.#i32[CPL] = this.#i32[SELECTOR + CS] & 3;
  }
}
