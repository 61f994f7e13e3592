// Control of a guest that runs: what it stops for, and how one thread of it is moved on. Prints
// nothing; what happens on the way is told to the host's `notice`.

import { CONTEXT_EIP, FLAG_RF } from '../emulator/index.js';
import { EV_SIGNAL, EV_SYSCALL, kernel_run, tdksignal } from '../kernel/index.js';
import type { Kernel, KernelEvent, KernelExit, Proc, Thread } from '../kernel/index.js';
import { catchClasses, catches, defaultSignals } from './breakpoints.js';
import type { SignalTable } from './breakpoints.js';
import type { Inferior, StopEvent, UserBreakpoint, WatchHit } from './breakpoints.js';
import type { ControlHost, InternalBreakpoint } from './control_host.js';
import type { DebugEvents } from './events.js';
import { readMemory } from './memory.js';
import { applyInput } from './time/recording.js';
import type { Input } from './time/recording.js';
import type { Timeline } from './time/timeline.js';

/** Instructions between two looks at the host's events. */
const SLICE = 2_000_000;

export class Control {
  readonly kernel: Kernel;
  readonly events: DebugEvents;
  readonly host: ControlHost;
  readonly breakpoints: UserBreakpoint[];
  readonly signals: SignalTable;
  /** The way back, when there is one. */
  readonly timeline: Timeline | null;
  readonly inferiors: Inferior[] = [];
  followChild = false;
  detachOnFork = true;
  /** The thread that is looked at and stepped. */
  thread: Thread | null = null;
  readonly internal = new Set<InternalBreakpoint>();
  /** Sees the events of the EV_* classes in `mask` as they happen; refresh() makes it count. */
  witness: { mask: number; see(event: KernelEvent): void } | null = null;
  readonly #armed = new Set<number>();
  #pending: StopEvent[] = [];
  #stepping = false;
  /** Signals that are held: they have been told, and are passed when they come again. */
  #held: { tid: number; signo: number; deliver: boolean }[] = [];
  /** Nobody is to hear of what happens; or a stretch of the past is searched for a stop. */
  #mode: 'open' | 'silent' | 'search' = 'open';
  readonly #oldOf = new Map<number, Map<UserBreakpoint, Uint8Array | null>>();
  /** Signals that were let through since the last instruction of a step began. */
  delivered = false;
  /**
   * For a debugger that steps over its breakpoints by itself: a thread that is in front of one stops
   * there again, and a step ends in front of the first instruction of a signal handler.
   */
  remote = false;
  /** Does not wait when all sleep. */
  idleStops = false;
  /** Sees every event of the kernel, of whatever process. @returns a stop, or null. */
  observer: ((event: KernelEvent) => StopEvent | null) | null = null;

  constructor(
    kernel: Kernel,
    events: DebugEvents,
    host: ControlHost,
    breakpoints: UserBreakpoint[],
    signals: SignalTable | null,
    timeline: Timeline | null = null,
  ) {
    this.timeline = timeline;
    if (timeline !== null) timeline.onSilent = (silent) => this.#silence(silent);
    this.kernel = kernel;
    this.events = events;
    this.host = host;
    this.breakpoints = breakpoints;
    this.signals = signals ?? defaultSignals();
    events.now = () => kernel.machine.instructions;
    events.handler = (event) => this.#event(event);
    events.signalHandler = (pid, tid, signo) => this.#signal(pid, tid, signo);
    const main = kernel.kern.mainproc;
    if (main !== null)
      this.inferiors.push({ number: 1, pid: main.p_pid, exited: false, detachedAt: Infinity });
    this.thread = main?.p_threads[0] ?? null;
    this.refresh();
  }

  /** Instructions executed since the machine was made. */
  get instructions(): number {
    return this.kernel.machine.instructions;
  }

  /** The thread whose registers are in the CPU; null while none of user mode runs. */
  get current(): Thread | null {
    const td = this.kernel.kern.curthread;
    return td === null || td.td_kfunc !== null ? null : td;
  }

  attached(pid: number): Inferior | null {
    // In the past that is searched, processes come and go by their time alone.
    const past = this.#mode === 'search';
    const here = (i: Inferior): boolean => (past ? this.instructions < i.detachedAt : !i.exited);
    return this.inferiors.find((i) => i.pid === pid && here(i)) ?? null;
  }

  /** Whether a process that is debugged still lives. */
  get alive(): boolean {
    return this.inferiors.some(({ exited }) => !exited);
  }

  process(pid: number): Proc | null {
    return this.kernel.kern.allproc.get(pid) ?? null;
  }

  /** Address of the instruction that a thread executes next. */
  pcOf(td: Thread): number {
    return (
      (this.kernel.kern.curthread === td
        ? this.kernel.machine.cpu.eip
        : td.td_frame[CONTEXT_EIP]) >>> 0
    );
  }

  #advance(instructions: number): KernelExit {
    if (this.timeline !== null) return this.timeline.run(instructions);
    return kernel_run(this.kernel, { instructions });
  }

  /** Something for the guest from outside. */
  give(input: Input): void {
    if (this.timeline === null) applyInput(this.kernel, input);
    else this.timeline.give(input);
  }

  /** Before and after the machine runs through a piece of its past. */
  #silence(silent: boolean): void {
    this.#mode = silent ? 'silent' : 'open';
    if (silent) this.#disarm();
    else this.refresh();
  }

  #disarm(): void {
    const { machine } = this.kernel;
    for (const address of this.#armed) machine.setBreakpoint(address, false);
    this.#armed.clear();
    machine.watchPages([]);
  }

  /** The machine stands at another moment: what was known of it is looked up again. */
  arrived(): void {
    const { kern } = this.kernel;
    this.#held = [];
    this.#pending = [];
    this.events.rewind();
    this.#findInferiors();
    const { current } = this;
    const known = this.thread !== null && kern.threads.get(this.thread.td_tid) === this.thread;
    if (current !== null && this.attached(current.td_proc.p_pid)) this.thread = current;
    else if (!known) {
      const inferior = this.inferiors.find(({ exited }) => !exited);
      this.thread = (inferior && this.process(inferior.pid)?.p_threads[0]) ?? null;
    }
    this.#takeOldValues();
    this.refresh();
  }

  /**
   * For a look at other moments: what brings the machine back to exactly where it is, which may be
   * in front of a signal that is held. => there is a timeline.
   */
  stay(): () => void {
    const { timeline, thread } = this;
    if (timeline === null) return () => {};
    const held = this.#held;
    const checkpoint = timeline.mark();
    return () => {
      timeline.return(checkpoint);
      timeline.unmark(checkpoint);
      this.arrived();
      this.thread = thread;
      this.#held = held;
    };
  }

  /** Which of the processes that are debugged live at this moment. */
  #findInferiors(): void {
    for (const inferior of this.inferiors) {
      const p = this.process(inferior.pid);
      inferior.exited =
        p === null || p.p_vmspace === null || this.instructions >= inferior.detachedAt;
    }
  }

  #takeOldValues(): void {
    const { thread } = this;
    const known = thread !== null && this.kernel.kern.threads.get(thread.td_tid) === thread;
    const p = known && thread.td_proc.p_vmspace !== null ? thread.td_proc : null;
    for (const { watch } of this.breakpoints)
      if (watch !== null)
        watch.old = p === null ? null : this.#watched(p, watch.address, watch.length);
    this.#oldOf.clear();
    for (const { pid } of this.inferiors) this.#knowValues(pid);
  }

  /**
   * Runs through the past up to `end` instructions with all breakpoints, without stopping.
   * @returns the last stop that there would have been, and the instructions executed before it.
   */
  search(end: number): { at: number; stop: StopEvent } | null {
    const { machine } = this.kernel;
    let last: { at: number; stop: StopEvent } | null = null;
    this.#mode = 'search';
    this.#findInferiors();
    this.refresh();
    this.#takeOldValues();
    try {
      for (;;) {
        const at = machine.instructions;
        if (at >= end) return last;
        this.#pending = [];
        const exit = this.#advance(end - at);
        this.events.stop = false;
        const here = machine.instructions;
        if (this.#pending.length > 0) last = { at: here, stop: this.#pending[0] };
        else if (exit.kind === 'breakpoint') {
          const hit = machine.watch.stopped ? this.#watchStep() : this.#breakpoint();
          if (hit !== null && here < end) last = { at: here, stop: hit };
          if (hit !== null) this.#pass();
        } else if (exit.kind !== 'limit') return last;
      }
    } finally {
      this.#disarm();
      this.#mode = 'silent';
    }
  }

  /** After a change of breakpoints: tells the machine where to stop. */
  refresh(): void {
    const { machine } = this.kernel;
    const wanted = new Set<number>();
    const pages = new Set<number>();
    let listen = EV_SIGNAL;
    for (const b of this.breakpoints) {
      if (!b.enabled) continue;
      for (const { address } of b.locations) wanted.add(address);
      if (b.catch !== null) listen |= catchClasses(b.catch);
      if (b.watch === null) continue;
      // A write of the kernel's on behalf of a call does not come along the machine's accesses.
      listen |= EV_SYSCALL;
      const last = b.watch.address + Math.max(1, b.watch.length) - 1;
      for (let page = b.watch.address >>> 12; page <= last >>> 12; page++) pages.add(page);
      if (b.watch.scope !== null) wanted.add(b.watch.scope.returnAddress);
    }
    for (const { address } of this.internal) wanted.add(address);
    for (const address of this.#armed)
      if (!wanted.has(address)) machine.setBreakpoint(address, false);
    for (const address of wanted)
      if (!this.#armed.has(address)) machine.setBreakpoint(address, true);
    this.#armed.clear();
    for (const address of wanted) this.#armed.add(address);
    const old = machine.watch.pages;
    if (old.size !== pages.size || [...pages].some((page) => !old.has(page)))
      machine.watchPages(pages);
    this.events.listen(listen | (this.witness?.mask ?? 0));
  }

  /** Decides what becomes of a signal at which the selected thread stands: 0 drops it. */
  overrideHeld(deliver: boolean, td: Thread | null = null): void {
    for (const held of this.#held)
      if (td === null || held.tid === td.td_tid) held.deliver = deliver;
  }

  /** The signal at which a thread stands, 0 for none. */
  heldSignal(td: Thread): number {
    return this.#held.find(({ tid }) => tid === td.td_tid)?.signo ?? 0;
  }

  /** Sends a signal to a thread, which takes it without being stopped for it. */
  sendSignal(td: Thread, signo: number): void {
    this.#held.push({ tid: td.td_tid, signo, deliver: true });
    tdksignal(this.kernel, td, signo, null);
  }

  /** Begins to debug a process. */
  attach(pid: number): void {
    if (this.attached(pid) !== null) return;
    const number = Math.max(0, ...this.inferiors.map((i) => i.number)) + 1;
    this.inferiors.push({ number, pid, exited: false, detachedAt: Infinity });
    this.thread ??= this.process(pid)?.p_threads[0] ?? null;
  }

  /** Ends debugging a process, which goes on. */
  detach(pid: number): void {
    const inferior = this.attached(pid);
    if (inferior === null) return;
    inferior.exited = true;
    for (const { td_tid } of this.process(pid)?.p_threads ?? [])
      this.#held = this.#held.filter(({ tid }) => tid !== td_tid);
  }

  /** Moves all on until something stops the guest, at most `count` instructions. */
  async go(count = Infinity): Promise<StopEvent> {
    const stop = await this.#run(count);
    const current = this.current;
    if (stop.reason !== 'step' && current !== null && this.attached(current.td_proc.p_pid))
      this.thread = current;
    return stop;
  }

  async #run(count: number): Promise<StopEvent> {
    const { kernel, events } = this;
    const { machine } = kernel;
    const end = machine.instructions + count;
    this.#stepping = count === 1;
    if (!this.remote || count === 1) this.#pass();
    for (;;) {
      const left = end - machine.instructions;
      if (left <= 0) return { reason: 'step' };
      events.stop = false;
      this.#pending = [];
      const exit = this.#advance(Math.min(SLICE, left));
      events.stop = false;
      // A signal that a step was to end behind may have ended the process.
      const stop = this.#pending.find(({ reason }) => reason === 'exited') ?? this.#pending[0];
      if (stop !== undefined) return stop;
      if (exit.kind === 'exited') {
        const last = this.inferiors[this.inferiors.length - 1];
        return { reason: 'exited', pid: last?.pid ?? 0, code: exit.status, signo: 0 };
      }
      if (exit.kind === 'idle') {
        if (this.idleStops) return { reason: 'asleep' };
        const how = await this.host.wait(exit.untilNs);
        if (how === 'stop') return { reason: 'interrupt' };
        if (how === 'asleep') return { reason: 'asleep' };
      } else if (exit.kind === 'limit') {
        if (left > SLICE && (await this.host.breathe())) return { reason: 'interrupt' };
      } else {
        const hit = machine.watch.stopped ? this.#watchStep() : this.#breakpoint();
        if (hit !== null) return hit;
      }
    }
  }

  /** Lets the instruction at eip execute although it has a breakpoint. */
  #pass(): void {
    const { cpu } = this.kernel.machine;
    if (this.current !== null && this.#armed.has(cpu.eip >>> 0)) cpu.eflags |= FLAG_RF;
  }

  /** The current thread is in front of an instruction with a breakpoint of some kind. */
  #breakpoint(): StopEvent | null {
    const td = this.current;
    if (td === null) return null;
    const eip = this.kernel.machine.cpu.eip >>> 0;
    const hits: UserBreakpoint[] = [];
    // A call that slept is executed again: the same instruction, which has stopped the guest before.
    if (this.attached(td.td_proc.p_pid) && td.td_sa_code < 0) {
      const left = this.#scopeLeft(eip);
      if (left !== null) return left;
      this.thread = td;
      for (const b of this.breakpoints) {
        if (!b.enabled || (b.tid !== null && b.tid !== td.td_tid)) continue;
        if (!b.locations.some(({ address }) => address === eip)) continue;
        if (b.space !== undefined && b.space !== td.td_proc.p_vmspace) continue;
        if (this.#counts(b)) hits.push(b);
      }
      if (hits.length > 0) return { reason: 'breakpoint', breakpoints: hits };
    }
    for (const b of this.internal)
      if (b.address === eip && b.tid === td.td_tid && (b.when?.() ?? true))
        return { reason: 'internal' };
    this.#pass();
    return null;
  }

  /** A local that is watched has gone out of scope. */
  #scopeLeft(eip: number): StopEvent | null {
    const esp = this.kernel.machine.cpu.getReg(4) >>> 0;
    for (const b of this.breakpoints) {
      const scope = b.watch?.scope;
      if (!scope || scope.returnAddress !== eip || esp < scope.cfa) continue;
      return { reason: 'scope', breakpoint: b };
    }
    return null;
  }

  /** Condition and ignore count. @returns whether the hit stops the guest. */
  #counts(b: UserBreakpoint, event?: KernelEvent): boolean {
    if (b.condition !== null && !this.host.condition(b, event)) return false;
    if (this.#mode === 'search') return true;
    b.hits++;
    if (b.ignore > 0) {
      b.ignore--;
      return false;
    }
    return true;
  }

  /** Executes the instruction that is about to access a watched page, and sees what it did. */
  #watchStep(): StopEvent | null {
    const { kernel, events } = this;
    const { machine } = kernel;
    const { watch } = machine;
    const td = this.current;
    if (td !== null && this.#mode !== 'open') this.#knowValues(td.td_proc.p_pid);
    watch.stopped = false;
    watch.stopping = false;
    watch.accesses = [];
    this.#pass();
    this.#advance(1);
    events.stop = false;
    watch.stopping = true;
    const { accesses } = watch;
    watch.accesses = [];
    if (td !== null && this.attached(td.td_proc.p_pid)) {
      const hits = this.#watchHits(td.td_proc, accesses);
      if (hits.length > 0) {
        this.thread = td;
        return { reason: 'watch', hits };
      }
    }
    return this.#pending[0] ?? null;
  }

  #watchHits(
    p: Proc,
    accesses: readonly { la: number; bytes: number; write: boolean }[],
  ): WatchHit[] {
    const hits: WatchHit[] = [];
    for (const b of this.breakpoints) {
      const { watch } = b;
      if (!b.enabled || watch === null) continue;
      if (watch.space !== undefined && watch.space !== p.p_vmspace) continue;
      const touching = accesses.filter(
        ({ la, bytes }) => la < watch.address + watch.length && la + bytes > watch.address,
      );
      const value = this.#watched(p, watch.address, watch.length);
      const open = this.#mode === 'open';
      const olds = open ? null : this.#oldValues(p.p_pid);
      const old = olds === null ? watch.old : (olds.get(b) ?? null);
      // In the past, the first that is seen of a process tells what there was before.
      const changed = (open || olds?.has(b) === true) && !same(old, value);
      watch.old = value;
      olds?.set(b, value);
      const reads = touching.some(({ write }) => !write);
      const hit =
        b.kind === 'watch'
          ? changed
          : b.kind === 'awatch'
            ? touching.length > 0 || changed
            : reads && !touching.some(({ write }) => write);
      if (!hit || !this.#counts(b)) continue;
      const write = changed || touching.some((access) => access.write);
      hits.push({ breakpoint: b, old, value, write });
    }
    return hits;
  }

  /** Sees what is watched in a process of the past, unless that is known already. */
  #knowValues(pid: number, like: Proc | null = null): void {
    const p = like ?? this.process(pid);
    if (p === null || p.p_vmspace === null) return;
    const olds = this.#oldValues(pid);
    for (const b of this.breakpoints)
      if (b.watch !== null && !olds.has(b))
        olds.set(b, this.#watched(p, b.watch.address, b.watch.length));
  }

  /** What is watched, in a process of the past that is searched. */
  #oldValues(pid: number): Map<UserBreakpoint, Uint8Array | null> {
    let olds = this.#oldOf.get(pid);
    if (olds === undefined) this.#oldOf.set(pid, (olds = new Map()));
    return olds;
  }

  #watched(p: Proc, address: number, length: number): Uint8Array | null {
    const bytes = readMemory(this.kernel, p, address, length, null);
    return bytes.length === length ? bytes : null;
  }

  /** Stops the guest before its next instruction, as if at a breakpoint of the engine's own. */
  halt(): void {
    this.#stopFor({ reason: 'internal' });
  }

  #stopFor(stop: StopEvent): void {
    this.#pending.push(stop);
    this.events.stop = true;
  }

  #event(event: KernelEvent): void {
    if (this.#mode === 'silent') return;
    if (this.#mode === 'open') this.witness?.see(event);
    const seen = this.observer?.(event) ?? null;
    if (seen !== null) this.#stopFor(seen);
    // Some of what the kernel does is for no process in particular.
    const pid = 'pid' in event ? event.pid : null;
    if (pid !== null && this.attached(pid) === null) return;
    const p = pid === null ? null : this.process(pid);
    if (event.type === 'syscall' && event.op === 'return' && p !== null) {
      const hits = this.#watchHits(p, []);
      if (hits.length > 0) this.#stopFor({ reason: 'watch', hits });
    }
    if (event.type === 'proc' && this.#mode === 'open') this.#process(event);
    else if (event.type === 'proc' && event.op === 'fork')
      this.#knowValues(Number(event.detail.replace('child ', '')), p);
    for (const b of this.breakpoints) {
      if (!b.enabled || b.catch === null || !catches(b.catch, event)) continue;
      if (this.#counts(b, event)) {
        this.#stopFor({ reason: 'catch', breakpoint: b, event });
        break;
      }
    }
  }

  #process(event: Extract<KernelEvent, { type: 'proc' }>): void {
    const inferior = this.attached(event.pid);
    if (inferior === null) return;
    if (event.op === 'fork') this.#forked(inferior, Number(event.detail.replace('child ', '')));
    else if (event.op === 'exec') {
      const path = event.detail.replace(/ \(\w+\)$/, '');
      this.host.notice(`process ${event.pid} is executing new program: ${path}`);
      for (const b of this.breakpoints) if (b.watch !== null) b.watch.old = null;
      this.host.executed(event.pid);
    } else if (event.op === 'exit') {
      inferior.exited = true;
      const [how, number] = event.detail.split(' ');
      const value = Number(number);
      const isStatus = how === 'status';
      this.#stopFor({
        reason: 'exited',
        pid: event.pid,
        code: isStatus ? value : 0,
        signo: isStatus ? 0 : value,
      });
    }
  }

  #forked(parent: Inferior, child: number): void {
    const { host } = this;
    if (!this.followChild && this.detachOnFork) {
      host.notice(`[Detaching after fork from child process ${child}]`);
      return;
    }
    // It may have been here before, in a time that was gone back over.
    const known = this.inferiors.find(({ pid }) => pid === child);
    const number = known?.number ?? Math.max(...this.inferiors.map((i) => i.number)) + 1;
    if (known === undefined)
      this.inferiors.push({ number, pid: child, exited: false, detachedAt: Infinity });
    else known.exited = false;
    if (!this.followChild) {
      host.notice(`[New inferior ${number} (process ${child})]`);
      return;
    }
    host.notice(`[Attaching after process ${parent.pid} fork to child process ${child}]`);
    host.notice(`[New inferior ${number} (process ${child})]`);
    this.thread = this.process(child)?.p_threads[0] ?? this.thread;
    if (!this.detachOnFork) return;
    host.notice(`[Detaching after fork from parent process ${parent.pid}]`);
    host.notice(`[Inferior ${parent.number} (process ${parent.pid}) detached]`);
    parent.exited = true;
    parent.detachedAt = this.instructions;
  }

  /** What becomes of a signal; in the past, what became of it. */
  #decide(pass: boolean): 'pass' | 'discard' {
    const answer = this.timeline?.recording.answer('signal', () => ({
      call: 'signal',
      passed: pass,
    }));
    const passes = answer?.passed ?? pass;
    if (passes && this.#mode === 'open') this.#passed();
    return passes ? 'pass' : 'discard';
  }

  #signal(pid: number, tid: number, signo: number): 'pass' | 'hold' | 'discard' {
    if (this.#mode !== 'open') return this.#decide(true);
    if (this.attached(pid) === null) return this.#decide(true);
    const held = this.#held.find((h) => h.tid === tid && h.signo === signo);
    if (held !== undefined) {
      this.#held = this.#held.filter((h) => h !== held);
      return this.#decide(held.deliver);
    }
    const action = this.signals.get(signo);
    const caught = this.breakpoints.find(
      (b) =>
        b.enabled &&
        b.catch?.event === 'signal' &&
        (b.catch.filter.length === 0 || b.catch.filter.includes(String(signo))),
    );
    if (action.stop || (caught !== undefined && this.#counts(caught))) {
      this.#held.push({ tid, signo, deliver: action.pass });
      const thread = this.kernel.kern.threads.get(tid);
      if (thread !== undefined) this.thread = thread;
      const event: KernelEvent = { type: 'signal', op: 'post', pid, signo, code: 0, addr: 0 };
      this.#stopFor(
        caught === undefined
          ? { reason: 'signal', signo, pid }
          : { reason: 'catch', breakpoint: caught, event },
      );
      return 'hold';
    }
    if (action.print) this.host.notice(`\nProgram received signal ${signo}.`);
    return this.#decide(action.pass);
  }

  /** A signal is let through. */
  #passed(): void {
    this.delivered = true;
    if (this.remote && this.#stepping) this.#stopFor({ reason: 'step' });
  }
}

function same(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
