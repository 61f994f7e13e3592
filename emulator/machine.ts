// The machine: one CPU, its MMU and its RAM in one WebAssembly.Memory. It knows no kernel: run()
// executes until something needs attention.

import { Cpu } from './cpu.js';
import { setBreakpoints } from './cpu/breakpoint.js';
import { codeWritten, createCodeCache, forgetCode, setCodeCache } from './cpu/block.js';
import type { CodeCache } from './cpu/block.js';
import { refreshDebugRegisters } from './cpu/debug_registers.js';
import { runDelivering } from './cpu/event_loop.js';
import { EVENT_INTR, EVENT_NMI, EVENT_STOP } from './cpu/interrupt.js';
import { executedSoFar, runLoop } from './cpu/run.js';
import { setFpuMemory } from './fpu/index.js';
import { updateMode } from './cpu/segments.js';
import type { Exit } from './exit.js';
import {
  createTlbState,
  entriesInUse,
  fill,
  flush,
  invalidatePage,
  restoreTlb,
  saveTlb,
  setTlbState,
  staleEntries,
} from './mmu/tlb.js';
import type { TlbImage, TlbState } from './mmu/tlb.js';
import { setPhysicalMap } from './mmu/physical.js';
import type { PhysicalMap } from './mmu/physical.js';
import { ACCESS_USER, ACCESS_WRITE, inspect, walked } from './mmu/walk.js';
import type { PageWalk } from './mmu/walk.js';
import { setPorts } from './instructions/io.js';
import { createWatchState, setWatchState } from './mmu/watch.js';
import type { WatchState } from './mmu/watch.js';
import { setHosted } from './instructions/system.js';
import { noPorts } from './platform.js';
import type { Platform } from './platform.js';
import { createViews, setViews } from './state/current.js';
import type { MemoryViews } from './state/current.js';
import {
  CONTEXT_FPU,
  EVENTS,
  FPU_RANGES,
  PAGE_BYTES,
  RAM_BASE,
  REGISTER_RANGES,
  SYSTEM_TLB,
  USER_TLB,
} from './state/layout.js';

export interface MachineOptions {
  /** Bytes of RAM: a multiple of 64 KB, at most 1 GB. */
  ramBytes: number;
  /**
   * A ROM, a multiple of 4 KB: it ends at 4 GB, and its last 128 KB at 1 MB as well.
   */
  rom?: Uint8Array;
  /**
   * Who takes interrupts and exceptions: the owner, as exits of run(), or the guest, through its
   * interrupt vector table or IDT. Default: the owner.
   */
  interrupts?: 'owner' | 'guest';
}

/** CPU, TLB and counters of a machine at a moment; RAM is saved by whoever takes the image. */
export interface MachineImage {
  instructions: number;
  state: Int32Array;
  tlb: TlbImage;
}

const WASM_PAGE = 65536;
const MAX_RAM = 1 << 30;
const MAX_ROM = 16 << 20;

/** No devices at all. */
const noPlatform: Platform = {
  ...noPorts,
  nextEvent: Infinity,
  advance: () => {},
  acknowledge: () => 0xff,
};

let active: Machine | null = null;

export class Machine {
  readonly ramBytes: number;
  readonly memory: WebAssembly.Memory;
  /** Guest physical memory: index 0 is physical address 0. */
  readonly ram8: Uint8Array;
  readonly ram16: Uint16Array;
  readonly ram32: Int32Array;
  readonly cpu: Cpu;
  /** Instructions executed since the machine was made. */
  instructions = 0;
  /** `int n` that code at CPL 3 may execute; all others are #GP (SDM 3A §6.12.1.2). */
  readonly softIntVectors = new Set<number>([3, 4]);
  /** CR2 and #PF error code of the last translate() that failed. */
  readonly fault = { cr2: 0, error: 0 };
  /** Whether interrupts and exceptions go through the guest's own tables. */
  readonly deliversInside: boolean;
  timeStampOffset = 0;
  /** HLT has been executed and nothing has ended it; of a machine that delivers interrupts itself. */
  halted = false;
  platform: Platform = noPlatform;
  #idle = 0;
  #running = false;
  readonly #physical: PhysicalMap;
  /** Data watchpoints; `watchPages` says which pages they are on. */
  readonly watch: WatchState = createWatchState();
  readonly #views: MemoryViews;
  readonly #tlb: TlbState;
  readonly #code: CodeCache;
  readonly #breakpoints = new Set<number>();
  readonly #exit: Exit = { kind: 'budget', vector: 0, hasError: false, error: 0, cr2: 0 };

  /** @throws RangeError for an impossible amount of RAM. */
  constructor(options: MachineOptions) {
    const { ramBytes } = options;
    if (!(ramBytes >= WASM_PAGE && ramBytes <= MAX_RAM && ramBytes % WASM_PAGE === 0)) {
      throw new RangeError(`a machine cannot have ${ramBytes} bytes of RAM`);
    }
    this.ramBytes = ramBytes;
    const rom = options.rom ?? new Uint8Array(0);
    if (rom.length > MAX_ROM || rom.length % 4096 !== 0)
      throw new RangeError(`a machine cannot have ${rom.length} bytes of ROM`);
    const memoryBytes = ramBytes + rom.length;
    const pages = Math.ceil((RAM_BASE + memoryBytes) / WASM_PAGE);
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const { buffer } = this.memory;
    this.ram8 = new Uint8Array(buffer, RAM_BASE, ramBytes);
    this.ram16 = new Uint16Array(buffer, RAM_BASE, ramBytes >>> 1);
    this.ram32 = new Int32Array(buffer, RAM_BASE, ramBytes >>> 2);
    this.#views = createViews(this.memory);
    new Uint8Array(buffer, RAM_BASE + ramBytes, rom.length).set(rom);
    this.#physical = { ramBytes, romBytes: rom.length, a20: true };
    this.deliversInside = options.interrupts === 'guest';
    this.#tlb = createTlbState(memoryBytes);
    this.#code = createCodeCache(memoryBytes);
    this.cpu = new Cpu(this.#views.i32, () => this.activate());
    this.activate();
    this.cpu.reset();
  }

  /** Points the shared views of the instruction handlers at this machine. */
  activate(): void {
    if (active === this) return;
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the one machine whose views are set
    active = this;
    setViews(this.#views);
    setTlbState(this.#tlb);
    setCodeCache(this.#code);
    setBreakpoints(this.#breakpoints);
    setPhysicalMap(this.#physical);
    setWatchState(this.watch);
    refreshDebugRegisters();
    setFpuMemory(this.memory);
    setHosted(this);
    setPorts(this.platform);
  }

  /** Puts devices around the CPU. */
  attach(platform: Platform): void {
    this.platform = platform;
    this.activate();
    setPorts(platform);
  }

  /** Time in instructions: those executed, and as many as would have been executed while halted. */
  get clock(): number {
    return this.instructions + this.#idle + (this.#running ? executedSoFar() : 0);
  }

  /** Lets `time` (as of clock) pass without executing anything. */
  idle(time: number): void {
    this.#idle += time;
    this.timeStampOffset += time;
  }

  /** The interrupt controller's request line. */
  setInterruptLine(asserted: boolean): void {
    this.#event(EVENT_INTR, asserted);
  }

  /** An edge on the NMI pin. */
  raiseNmi(): void {
    this.#event(EVENT_NMI, true);
  }

  /** Makes run() return 'stopped' behind the executing instruction. */
  stop(): void {
    this.#event(EVENT_STOP, true);
  }

  #event(bit: number, set: boolean): void {
    const { i32 } = this.#views;
    i32[EVENTS] = set ? i32[EVENTS] | bit : i32[EVENTS] & ~bit;
  }

  /** Address line 20: while closed, physical addresses have that bit clear. */
  get a20(): boolean {
    return this.#physical.a20;
  }
  set a20(open: boolean) {
    if (this.#physical.a20 === open) return;
    this.activate();
    this.#physical.a20 = open;
    setPhysicalMap(this.#physical);
    flush(true);
  }

  /**
   * Executes at most `maxInstructions` (from 1 to 2^53) and returns why it stopped. The returned
   * object is overwritten by the next run().
   */
  run(maxInstructions: number): Exit {
    this.activate();
    if (this.deliversInside) {
      this.#running = true;
      try {
        runDelivering(maxInstructions, this.#exit, this);
      } finally {
        this.#running = false;
      }
    } else this.instructions += runLoop(maxInstructions, this.#exit);
    return this.#exit;
  }

  /**
   * Sets or clears a breakpoint at linear address `la`, in whatever address space: run() stops in
   * front of the instruction that begins there. @returns whether there was one.
   */
  setBreakpoint(la: number, set: boolean): boolean {
    this.activate();
    const had = this.#breakpoints.has(la | 0);
    if (had === set) return had;
    if (set) this.#breakpoints.add(la | 0);
    else this.#breakpoints.delete(la | 0);
    forgetCode();
    return had;
  }

  /**
   * Watches the data of these linear pages (numbers, la >>> 12), and no others, in every address
   * space: run() stops in front of an instruction that accesses one, or records the access.
   */
  watchPages(pages: Iterable<number>): void {
    this.activate();
    this.watch.pages = new Set(pages);
    for (const page of this.watch.pages) invalidatePage(page << 12);
  }

  /** Copies a thread's part of the CPU state into `into` (CONTEXT_WORDS long). */
  saveContext(into: Int32Array): void {
    this.saveRegisters(into);
    this.saveFpu(into);
  }

  /** The part of saveContext() in front of CONTEXT_FPU: all but x87 and SSE. */
  saveRegisters(into: Int32Array): void {
    const { i32 } = this.#views;
    let to = 0;
    for (const [first, words] of REGISTER_RANGES) {
      for (let i = 0; i < words; i++) into[to++] = i32[first + i];
    }
  }

  /** The other part of saveContext(): x87 and SSE, from CONTEXT_FPU on. */
  saveFpu(into: Int32Array): void {
    const { i32 } = this.#views;
    let to = CONTEXT_FPU;
    for (const [first, words] of FPU_RANGES) {
      for (let i = 0; i < words; i++) into[to++] = i32[first + i];
    }
  }

  /** Makes a saved context the CPU's. */
  loadContext(from: Int32Array): void {
    this.loadRegisters(from);
    this.loadFpu(from);
  }

  /** Loads what saveRegisters() saved. */
  loadRegisters(from: Int32Array): void {
    const { i32 } = this.#views;
    let at = 0;
    for (const [first, words] of REGISTER_RANGES) {
      for (let i = 0; i < words; i++) i32[first + i] = from[at++];
    }
    this.activate();
    this.cpu.contextLoaded();
    updateMode();
  }

  /** Loads what saveFpu() saved. */
  loadFpu(from: Int32Array): void {
    const { i32 } = this.#views;
    let at = CONTEXT_FPU;
    for (const [first, words] of FPU_RANGES) {
      for (let i = 0; i < words; i++) i32[first + i] = from[at++];
    }
  }

  /** Everything but RAM, devices, breakpoints and watchpoints. */
  save(): MachineImage {
    this.activate();
    return {
      instructions: this.instructions,
      state: this.#views.i32.slice(0, PAGE_BYTES / 4),
      tlb: saveTlb(),
    };
  }

  /** Makes an image of this machine its state; => RAM is what it was then. */
  restore(image: MachineImage): void {
    this.activate();
    forgetCode();
    this.instructions = image.instructions;
    this.#views.i32.set(image.state);
    restoreTlb(image.tlb);
    for (const page of this.watch.pages) invalidatePage(page << 12);
    this.cpu.contextLoaded();
    refreshDebugRegisters();
    updateMode();
  }

  /** INVLPG: drops the translations of the page of guest virtual address `va`. */
  invlpg(va: number): void {
    this.activate();
    invalidatePage(va);
  }

  /** Drops every translation, those of global pages only when asked to. */
  flushTlb(includingGlobal: boolean): void {
    this.activate();
    flush(includingGlobal);
  }

  /**
   * Translates as the hardware does for an access (ACCESS_* bits; without ACCESS_USER with the
   * rights of the supervisor): through the TLB, setting A and D.
   * @returns the physical address, or -1 with `fault` filled.
   */
  translate(va: number, access: number): number {
    this.activate();
    const { i32 } = this.#views;
    const table = access & ACCESS_USER ? USER_TLB : SYSTEM_TLB;
    const t = i32[table + (va >>> 12)];
    if (t & (access & ACCESS_WRITE ? 6 : 1)) return (((t & ~0xfff) ^ va) - RAM_BASE) | 0;
    const error = fill(va, access);
    if (error < 0) return (walked.frame | (va & 0xfff)) >>> 0;
    this.fault.cr2 = va | 0;
    this.fault.error = error;
    return -1;
  }

  /** What the page tables say of `va`; nothing is checked, set or cached. */
  walk(va: number): PageWalk {
    const { cr0, cr3, cr4 } = this.cpu;
    return inspect(this.ram32, cr0, cr3, cr4, va);
  }

  /** Copies guest virtual memory from `va` without any effect. @returns bytes read before a hole. */
  peek(va: number, into: Uint8Array): number {
    let done = 0;
    while (done < into.length) {
      const at = (va + done) | 0;
      const { pa } = this.walk(at);
      if (pa < 0 || pa >= this.ramBytes) break;
      const bytes = Math.min(into.length - done, 4096 - (at & 0xfff));
      into.set(this.ram8.subarray(pa, pa + bytes), done);
      done += bytes;
    }
    return done;
  }

  /** Writes guest virtual memory whatever its protection, setting neither A nor D. */
  poke(va: number, bytes: Uint8Array): number {
    let done = 0;
    while (done < bytes.length) {
      const at = (va + done) | 0;
      const { pa } = this.walk(at);
      if (pa < 0 || pa >= this.ramBytes) break;
      const length = Math.min(bytes.length - done, 4096 - (at & 0xfff));
      this.ram8.set(bytes.subarray(done, done + length), pa);
      this.physStored(pa, length);
      done += length;
    }
    return done;
  }

  /** Tells the CPU that `bytes` of RAM at physical `pa` were written behind its back. */
  physStored(pa: number, bytes: number): void {
    this.activate();
    codeWritten(pa, bytes);
  }

  /** What the TLB holds, for display; nothing is changed. */
  tlbEntries(): { la: number; pa: number; write: boolean; user: boolean }[] {
    this.activate();
    return entriesInUse();
  }

  /** One line for every TLB entry that the page tables no longer say. For invariant checks. */
  checkTlb(): string[] {
    this.activate();
    return staleEntries((la) => {
      const w = this.walk(la);
      return w.pa < 0 ? null : { frame: w.pa & ~0xfff, writable: w.writable };
    });
  }
}
