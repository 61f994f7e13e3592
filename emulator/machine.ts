// The machine: one CPU, its MMU and its RAM in one WebAssembly.Memory. It knows no kernel: run()
// executes until something needs attention.

import { Cpu } from './cpu.js';
import { setBreakpoints } from './cpu/breakpoint.js';
import { codeWritten, createCodeCache, forgetCode, setCodeCache } from './cpu/block.js';
import type { CodeCache } from './cpu/block.js';
import { runLoop } from './cpu/run.js';
import { setFpuMemory } from './fpu/index.js';
import { updateMode } from './cpu/segments.js';
import type { Exit } from './exit.js';
import {
  createTlbState,
  entriesInUse,
  fill,
  flush,
  invalidatePage,
  setTlbState,
  staleEntries,
} from './mmu/tlb.js';
import type { TlbState } from './mmu/tlb.js';
import { ACCESS_USER, ACCESS_WRITE, inspect, setRamBytes, walked } from './mmu/walk.js';
import type { PageWalk } from './mmu/walk.js';
import { createWatchState, setWatchState } from './mmu/watch.js';
import type { WatchState } from './mmu/watch.js';
import { setHosted } from './instructions/system.js';
import { createViews, setViews } from './state/current.js';
import type { MemoryViews } from './state/current.js';
import { CONTEXT_RANGES, RAM_BASE, SYSTEM_TLB, USER_TLB } from './state/layout.js';

export interface MachineOptions {
  /** Bytes of RAM: a multiple of 64 KB, at most 1 GB. */
  ramBytes: number;
}

const WASM_PAGE = 65536;
const MAX_RAM = 1 << 30;

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
    const pages = Math.ceil((RAM_BASE + ramBytes) / WASM_PAGE);
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const { buffer } = this.memory;
    this.ram8 = new Uint8Array(buffer, RAM_BASE, ramBytes);
    this.ram16 = new Uint16Array(buffer, RAM_BASE, ramBytes >>> 1);
    this.ram32 = new Int32Array(buffer, RAM_BASE, ramBytes >>> 2);
    this.#views = createViews(this.memory);
    this.#tlb = createTlbState(ramBytes);
    this.#code = createCodeCache(ramBytes);
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
    setWatchState(this.watch);
    setRamBytes(this.ramBytes);
    setFpuMemory(this.memory);
    setHosted(this);
  }

  /**
   * Executes at most `maxInstructions` (from 1 to 2^53) and returns why it stopped. The returned
   * object is overwritten by the next run().
   */
  run(maxInstructions: number): Exit {
    this.activate();
    this.instructions += runLoop(maxInstructions, this.#exit);
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
    const { i32 } = this.#views;
    let to = 0;
    for (const [first, words] of CONTEXT_RANGES) {
      for (let i = 0; i < words; i++) into[to++] = i32[first + i];
    }
  }

  /** Makes a saved context the CPU's. */
  loadContext(from: Int32Array): void {
    const { i32 } = this.#views;
    let at = 0;
    for (const [first, words] of CONTEXT_RANGES) {
      for (let i = 0; i < words; i++) i32[first + i] = from[at++];
    }
    this.activate();
    this.cpu.contextLoaded();
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
