// The debugger engine: drives a kernel and its machine instruction by instruction. It prints nothing
// and asks nothing; the faces (REPL, gdb stub, debug adapter) are built on it.

import { FLAG_RF } from '../emulator/index.js';
import type { PageWalk } from '../emulator/index.js';
import { db_explain, db_show, kernel_run } from '../kernel/index.js';
import type { Kernel, KernelExit, Thread, db_output, explanation } from '../kernel/index.js';
import { GENERAL, SEGMENTS } from './registers.js';
import type { GeneralName, RegisterName } from './registers.js';

/** Stops in front of an instruction. */
export interface Breakpoint {
  readonly number: number;
  /** Guest virtual address, uint32. */
  readonly address: number;
  /** The process that stops here; null: any. */
  readonly pid: number | null;
  /** Goes away when it is hit. */
  readonly temporary: boolean;
  /** Times that it has stopped a process. */
  hits: number;
  enabled: boolean;
}

export interface BreakpointOptions {
  pid?: number | null;
  temporary?: boolean;
}

/**
 * Why the guest is no longer running.
 *
 * step: the instructions asked for were executed. breakpoint: in front of its instruction.
 * exited: all processes have ended. idle: all sleep, until nanoseconds `untilNs` from now (null: no
 * timer runs). limit: the instruction limit of continue() was reached.
 */
export type Stop =
  | { reason: 'step' }
  | { reason: 'limit' }
  | { reason: 'breakpoint'; breakpoint: Breakpoint }
  | { reason: 'exited'; status: number }
  | { reason: 'idle'; untilNs: number | null };

/** Registers by gdb's names; values are uint32, segment registers are selectors. */
export type Registers = Record<RegisterName, number>;

export class Debugger {
  readonly kernel: Kernel;
  readonly #breakpoints = new Map<number, Breakpoint>();
  #next = 1;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** The thread whose registers the CPU holds; null while none of user mode runs. */
  get thread(): Thread | null {
    const td = this.kernel.kern.curthread;
    return td === null || td.td_kfunc !== null ? null : td;
  }

  /** Instructions executed since the machine was made. */
  get instructions(): number {
    return this.kernel.machine.instructions;
  }

  /** Sets a breakpoint at guest virtual `address`. */
  break(address: number, options: BreakpointOptions = {}): Breakpoint {
    const breakpoint: Breakpoint = {
      number: this.#next++,
      address: address >>> 0,
      pid: options.pid ?? null,
      temporary: options.temporary ?? false,
      hits: 0,
      enabled: true,
    };
    this.#breakpoints.set(breakpoint.number, breakpoint);
    this.kernel.machine.setBreakpoint(address, true);
    return breakpoint;
  }

  /** Removes a breakpoint. @returns false when there is none of that number. */
  delete(number: number): boolean {
    const breakpoint = this.#breakpoints.get(number);
    if (breakpoint === undefined) return false;
    this.#breakpoints.delete(number);
    const { address } = breakpoint;
    const shared = this.breakpoints().some((b) => b.address === address);
    if (!shared) this.kernel.machine.setBreakpoint(address, false);
    return true;
  }

  /** All breakpoints in the order in which they were set. */
  breakpoints(): Breakpoint[] {
    return [...this.#breakpoints.values()];
  }

  /** Executes `count` instructions, of whichever processes run, stopping at breakpoints. */
  stepi(count = 1): Stop {
    return this.#run(count, 'step');
  }

  /** Runs until something stops the guest, or `limit` instructions have been executed. */
  continue(limit = Infinity): Stop {
    return this.#run(limit, 'limit');
  }

  /** Registers of the current thread; null while there is none. */
  registers(): Registers | null {
    if (this.thread === null) return null;
    const { cpu } = this.kernel.machine;
    const registers: Partial<Registers> = { eip: cpu.eip >>> 0, eflags: cpu.eflags >>> 0 };
    for (const name of names(GENERAL)) registers[name] = cpu.getReg(GENERAL[name]) >>> 0;
    for (const name of names(SEGMENTS)) registers[name] = cpu.segment(SEGMENTS[name]).selector;
    return registers as Registers;
  }

  /** Sets a general register, eip or eflags. @returns false when there is no current thread. */
  setRegister(name: GeneralName | 'eip' | 'eflags', value: number): boolean {
    if (this.thread === null) return false;
    const { cpu } = this.kernel.machine;
    if (name === 'eip' || name === 'eflags') cpu[name] = value | 0;
    else cpu.setReg(GENERAL[name], value | 0);
    return true;
  }

  /**
   * Reads guest virtual memory of the current address space as its page tables map it now, without
   * any effect on the guest. @returns fewer bytes than `length` when a page is not mapped.
   */
  readMemory(address: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, this.kernel.machine.peek(address | 0, bytes));
  }

  /** Writes mapped guest memory whatever its protection. @returns bytes written before a hole. */
  writeMemory(address: number, bytes: Uint8Array): number {
    return this.kernel.machine.poke(address | 0, bytes);
  }

  /** What CR3's tables say of guest virtual `address`. */
  pageWalk(address: number): PageWalk {
    return this.kernel.machine.walk(address | 0);
  }

  /**
   * A command of the kernel debugger, such as `show map` or `pte 0x8048000`, as structure and text.
   * @throws DbError when it is not understood or what it asks for does not exist.
   */
  show(line: string): db_output {
    return db_show(this.kernel, line);
  }

  /**
   * Everything about guest virtual `address` in process `pid` (null: the current one), and what
   * accesses to it would do; null when there is no such process.
   */
  explain(address: number, pid: number | null = null): explanation | null {
    return db_explain(this.kernel, address >>> 0, pid);
  }

  /** The first enabled breakpoint that stops the current thread where it is. */
  #hit(): Breakpoint | null {
    const td = this.thread;
    // A call that slept is executed again: the same instruction, which has stopped the guest before.
    if (td === null || td.td_sa_code >= 0) return null;
    const eip = this.kernel.machine.cpu.eip >>> 0;
    for (const breakpoint of this.#breakpoints.values()) {
      const { address, pid, enabled } = breakpoint;
      if (enabled && address === eip && (pid === null || pid === td.td_proc.p_pid))
        return breakpoint;
    }
    return null;
  }

  /** Lets the instruction at EIP execute although it has a breakpoint. */
  #pass(): void {
    const { cpu } = this.kernel.machine;
    if (this.thread !== null) cpu.eflags |= FLAG_RF;
  }

  #run(count: number, whenDone: 'step' | 'limit'): Stop {
    const stop = this.instructions + count;
    // Nothing stops where it already is.
    if (this.#hit() !== null) this.#pass();
    for (;;) {
      const left = stop - this.instructions;
      if (left <= 0) return { reason: whenDone };
      const exit: KernelExit = kernel_run(this.kernel, { instructions: left });
      switch (exit.kind) {
        case 'exited':
          return { reason: 'exited', status: exit.status };
        case 'idle':
          return { reason: 'idle', untilNs: exit.untilNs };
        case 'limit':
          break;
        case 'breakpoint': {
          const breakpoint = this.#hit();
          if (breakpoint === null) {
            // Another process's, or disabled.
            this.#pass();
            break;
          }
          breakpoint.hits++;
          if (breakpoint.temporary) this.delete(breakpoint.number);
          return { reason: 'breakpoint', breakpoint };
        }
      }
    }
  }
}

function names<T extends object>(table: T): (keyof T)[] {
  return Object.keys(table) as (keyof T)[];
}
