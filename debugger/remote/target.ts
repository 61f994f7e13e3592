// What gdb's remote protocol asks of the machine, in the engine's terms: threads of the processes
// that are debugged, their memory and registers, breakpoints, and letting some of them run.

import { SIGKILL, proc_writemem, psignal } from '../../kernel/index.js';
import type { Kernel, Proc, Thread } from '../../kernel/index.js';
import type { BreakpointKind, StopEvent, UserBreakpoint } from '../breakpoints.js';
import type { Control } from '../control.js';
import { mappedFileBytes, readMemory } from '../memory.js';
import { RegisterLayout } from './registers.js';
import { fromGdbSignal } from './signals.js';

/** What a thread is to do: one of the actions of vCont. */
export interface ResumeAction {
  kind: 'continue' | 'step';
  /** gdb's number; 0 for none. */
  signal: number;
  /** Steps on while the instruction lies here. */
  range: { start: number; end: number } | null;
}

/** Types of the Z packet. */
const KINDS: Record<number, BreakpointKind> = {
  0: 'breakpoint',
  1: 'breakpoint',
  2: 'watch',
  3: 'rwatch',
  4: 'awatch',
};
const HARDWARE = 1;
const BREAKPOINTS_MAX = 10_000;
/** Bytes. */
const WATCH_MAX = 1 << 16;
const TDS_INHIBITED = 1;
/** Steps of a range between two looks at the host's events. */
const STEPS_PER_BREATH = 10_000;

export class RemoteTarget {
  readonly control: Control;
  /** Which events gdb wants to be stopped for. */
  readonly reports = { fork: false, vfork: false, exec: false };
  readonly #points = new Map<string, UserBreakpoint>();
  readonly #spaces = new WeakMap<object, number>();
  #nextSpace = 1;
  #nextNumber = 1;
  /** Who waits for a vforked child that is not debugged. */
  readonly #vforks = new Map<number, Thread>();
  readonly #layouts = { linux: new RegisterLayout(true), freebsd: new RegisterLayout(false) };

  constructor(control: Control) {
    this.control = control;
    control.remote = true;
    for (let signo = 1; signo <= 128; signo++)
      control.signals.set(signo, { stop: true, print: false, pass: true });
    control.observer = (event) => {
      if (event.type !== 'proc') return null;
      const child = Number(event.detail.replace('child ', ''));
      if (event.op === 'fork') return this.#forked(event.pid, child);
      if (event.op === 'exec') return this.#executed(event.pid);
      return event.op === 'exit' ? this.#vforkDone(event.pid) : null;
    };
  }

  get kernel(): Kernel {
    return this.control.kernel;
  }

  #forked(parent: number, child: number): StopEvent | null {
    const { control } = this;
    const p = control.process(child);
    if (control.attached(parent) === null || p === null) return null;
    const thread = control.current;
    const what = p.p_flag & P_PPWAIT ? 'vfork' : 'fork';
    const [first] = p.p_threads;
    if (thread === null || first === undefined || !this.reports[what]) return null;
    if (what === 'vfork') this.#vforks.set(child, thread);
    control.attach(child);
    control.thread = thread;
    return { reason: 'process', what, thread, child: first, path: '' };
  }

  #executed(pid: number): StopEvent | null {
    const done = this.#vforkDone(pid);
    const p = this.control.process(pid);
    const thread = p?.p_threads[0];
    // Breakpoints of the program that was there before.
    this.#forgetDead();
    if (this.control.attached(pid) === null || !p || !thread || !this.reports.exec) return done;
    this.control.thread = thread;
    return { reason: 'process', what: 'exec', thread, child: null, path: p.p_textpath };
  }

  #vforkDone(child: number): StopEvent | null {
    const thread = this.#vforks.get(child);
    this.#vforks.delete(child);
    if (thread === undefined || this.control.attached(thread.td_proc.p_pid) === null) return null;
    // A child that is debugged tells by its exec or exit that the parent goes on; gdb knows.
    if (this.control.attached(child) !== null) return null;
    return { reason: 'process', what: 'vforkdone', thread, child: null, path: '' };
  }

  /** The threads of all processes that are debugged. */
  threads(): Thread[] {
    return this.control.inferiors
      .filter(({ exited }) => !exited)
      .flatMap(({ pid }) => this.control.process(pid)?.p_threads ?? [])
      .filter((td) => td.td_proc.p_vmspace !== null);
  }

  /** A thread of a process that is debugged; 0 and -1 stand for any. */
  thread(pid: number, tid: number): Thread | null {
    const fits = this.threads().filter(
      (td) => (pid <= 0 || td.td_proc.p_pid === pid) && (tid <= 0 || td.td_tid === tid),
    );
    const { thread } = this.control;
    return thread !== null && fits.includes(thread) ? thread : (fits[0] ?? null);
  }

  /** The selected thread; null when no process is debugged. */
  get selected(): Thread | null {
    const { thread } = this.control;
    return thread !== null && this.threads().includes(thread) ? thread : this.thread(0, 0);
  }

  isLinux(p: Proc): boolean {
    return p.p_sysent.sv_name !== 'freebsd';
  }

  layout(td: Thread): RegisterLayout {
    return this.isLinux(td.td_proc) ? this.#layouts.linux : this.#layouts.freebsd;
  }

  /** Reads without effect. @returns fewer bytes in front of what is not there. */
  read(p: Proc, address: number, length: number): Uint8Array {
    return readMemory(this.kernel, p, address, length, mappedFileBytes(this.kernel, p));
  }

  /** @returns whether all was written. */
  write(p: Proc, address: number, bytes: Uint8Array): boolean {
    return proc_writemem(this.kernel, p, address, bytes) === bytes.length;
  }

  #key(p: Proc, type: number, address: number, length: number): string {
    const space = p.p_vmspace ?? p;
    let id = this.#spaces.get(space);
    if (id === undefined) {
      id = this.#nextSpace++;
      this.#spaces.set(space, id);
    }
    return [type, address, type > HARDWARE ? length : 0, id].join();
  }

  /** The Z packets. @returns false for what cannot be set; null for an unknown type. */
  insert(p: Proc, type: number, address: number, length: number): boolean | null {
    const kind = KINDS[type];
    if (kind === undefined) return null;
    const key = this.#key(p, type, address, length);
    if (this.#points.has(key)) return true;
    if (this.#points.size >= BREAKPOINTS_MAX) return false;
    const isWatch = type > HARDWARE;
    if (isWatch && (length < 1 || length > WATCH_MAX || address + length > 2 ** 32)) return false;
    const space = p.p_vmspace;
    const old = isWatch ? this.read(p, address, length) : null;
    const point: UserBreakpoint = {
      number: this.#nextNumber++,
      kind,
      spec: '',
      temporary: false,
      hardware: type !== 0,
      enabled: true,
      condition: null,
      ignore: 0,
      hits: 0,
      commands: [],
      locations: isWatch ? [] : [{ address, what: '', file: null, line: 0 }],
      watch:
        old === null
          ? null
          : {
              expression: '',
              address,
              length,
              old: old.length === length ? old : null,
              scope: null,
              space,
            },
      catch: null,
      tid: null,
      space,
    };
    this.#points.set(key, point);
    this.control.breakpoints.push(point);
    this.control.refresh();
    return true;
  }

  /** The z packets; removing what is not there is fine. @returns false for an unknown type. */
  remove(p: Proc, type: number, address: number, length: number): boolean {
    if (KINDS[type] === undefined) return false;
    const key = this.#key(p, type, address, length);
    const point = this.#points.get(key);
    if (point !== undefined) this.#drop(key, point);
    this.control.refresh();
    return true;
  }

  #drop(key: string, point: UserBreakpoint): void {
    this.#points.delete(key);
    const at = this.control.breakpoints.indexOf(point);
    if (at >= 0) this.control.breakpoints.splice(at, 1);
  }

  /** Drops the breakpoints of address spaces in which nobody is debugged. */
  #forgetDead(): void {
    const spaces = new Set(this.threads().map((td) => td.td_proc.p_vmspace));
    for (const [key, point] of this.#points)
      if (!spaces.has((point.space ?? null) as never)) this.#drop(key, point);
    this.control.refresh();
  }

  /**
   * Lets threads run, each as `plan` says (null: it stands still), until something stops them.
   * The thread that is to be told of is the control's then.
   */
  async resume(plan: (td: Thread) => ResumeAction | null): Promise<StopEvent> {
    const { control, kernel } = this;
    const standing = new Set<number>();
    let stepping: { td: Thread; action: ResumeAction } | null = null;
    control.overrideHeld(false);
    for (const td of this.threads()) {
      const action = plan(td);
      if (action === null) {
        standing.add(td.td_tid);
        continue;
      }
      if (action.signal !== 0) this.#pass(td, action.signal);
      if (action.kind === 'step') stepping ??= { td, action };
    }
    try {
      const stop =
        stepping === null
          ? await this.#go(standing)
          : await this.#steps(stepping.td, stepping.action, standing);
      if (stop.reason === 'exited') this.#ended(stop.pid);
      return stop;
    } finally {
      control.events.held.clear();
      kernel.kern.need_resched = true;
    }
  }

  #pass(td: Thread, signal: number): void {
    const signo = fromGdbSignal(signal, this.isLinux(td.td_proc));
    if (signo === 0) return;
    if (this.control.heldSignal(td) === signo) this.control.overrideHeld(true, td);
    else this.control.sendSignal(td, signo);
  }

  #hold(tids: Iterable<number>): void {
    const { held } = this.control.events;
    held.clear();
    for (const tid of tids) held.add(tid);
    const current = this.kernel.kern.curthread;
    if (current !== null && held.has(current.td_tid)) this.kernel.kern.need_resched = true;
  }

  #go(standing: ReadonlySet<number>): Promise<StopEvent> {
    this.#hold(standing);
    return this.control.go();
  }

  /** One instruction of a thread, while nobody else runs; or more, in a range. */
  async #steps(
    td: Thread,
    { range }: ResumeAction,
    standing: ReadonlySet<number>,
  ): Promise<StopEvent> {
    const { control } = this;
    for (let n = 1; ; n++) {
      const stop = await this.#one(td, standing);
      if (stop.reason !== 'step') return stop;
      control.thread = td;
      const pc = control.pcOf(td);
      if (range === null || pc < range.start || pc >= range.end) return stop;
      const here = control.breakpoints.filter(
        (b) =>
          b.space === td.td_proc.p_vmspace && b.locations.some(({ address }) => address === pc),
      );
      if (here.length > 0) return { reason: 'breakpoint', breakpoints: here };
      if (n % STEPS_PER_BREATH === 0 && (await control.host.breathe()))
        return { reason: 'interrupt' };
    }
  }

  async #one(td: Thread, standing: ReadonlySet<number>): Promise<StopEvent> {
    const { control, kernel } = this;
    for (;;) {
      if (td.td_state !== TDS_INHIBITED) {
        const others = [...kernel.kern.threads.values()].filter(
          (other) => other !== td && other.td_kfunc === null,
        );
        this.#hold(others.map(({ td_tid }) => td_tid));
        if (control.current !== td) kernel.kern.need_resched = true;
        control.idleStops = true;
        let stop: StopEvent;
        try {
          stop = await control.go(1);
        } finally {
          control.idleStops = false;
        }
        const asleep = stop.reason === 'asleep' || (stop.reason === 'step' && td.td_sa_code >= 0);
        if (!asleep) return stop;
      }
      // It waits for something: the others go on until it has got that.
      const place = { address: control.pcOf(td), tid: td.td_tid };
      control.internal.add(place);
      control.refresh();
      try {
        const stop = await this.#go(standing);
        if (stop.reason !== 'internal') return stop;
      } finally {
        control.internal.delete(place);
        control.refresh();
      }
    }
  }

  #ended(pid: number): void {
    this.control.detach(pid);
    this.#forgetDead();
    if (this.control.thread?.td_proc.p_pid === pid) this.control.thread = this.thread(0, 0);
  }

  /** Lets go of a process. @returns false when it is not debugged. */
  detach(pid: number): boolean {
    if (this.control.attached(pid) === null) return false;
    this.control.detach(pid);
    this.#forgetDead();
    this.control.thread = this.thread(0, 0);
    return true;
  }

  /** Lets go of everything, with all breakpoints. */
  detachAll(): void {
    for (const { pid, exited } of [...this.control.inferiors]) if (!exited) this.detach(pid);
    this.#vforks.clear();
    this.control.events.held.clear();
    for (const [key, point] of [...this.#points]) this.#drop(key, point);
    this.control.refresh();
  }

  /** Begins to debug a process. @returns false when there is none of that number. */
  attach(pid: number): boolean {
    const p = this.control.process(pid);
    const [td] = p?.p_threads ?? [];
    if (p === null || td === undefined || p.p_vmspace === null) return false;
    this.control.attach(pid);
    this.control.thread = td;
    return true;
  }

  /** Ends a process; it is gone when the guest runs again. @returns false when it is not debugged. */
  kill(pid: number): boolean {
    const p = this.control.process(pid);
    if (p === null || !this.detach(pid)) return false;
    psignal(this.kernel, p, SIGKILL);
    return true;
  }
}

const P_PPWAIT = 0x10;
