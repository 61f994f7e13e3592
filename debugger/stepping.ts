// Moving one thread on by instructions, source lines and frames, as gdb's infrun.c does it.

import type { Thread } from '../kernel/index.js';
import type { StopEvent } from './breakpoints.js';
import type { Control } from './control.js';
import type { InternalBreakpoint } from './control_host.js';
import type { SymbolFile } from './symbols/symbol_file.js';
import type { Frame } from './unwind.js';

/** What stepping needs to know of the thread's stack; computed anew at every call. */
export interface StackView {
  symbols(td: Thread): SymbolFile | null;
  frame(td: Thread): Frame | null;
  caller(td: Thread, frame: Frame): Frame | null;
}

function gone(td: Thread): boolean {
  return !td.td_proc.p_threads.includes(td) || td.td_proc.p_vmspace === null;
}

export class Stepper {
  readonly #control: Control;
  readonly #stack: StackView;

  constructor(control: Control, stack: StackView) {
    this.#control = control;
    this.#stack = stack;
  }

  /** Runs with breakpoints of the engine's own, until one is reached or something else happens. */
  async runTo(...places: InternalBreakpoint[]): Promise<StopEvent> {
    const control = this.#control;
    for (const place of places) control.internal.add(place);
    control.refresh();
    try {
      return await control.go();
    } finally {
      for (const place of places) control.internal.delete(place);
      control.refresh();
    }
  }

  /** Executes one instruction of a thread. @returns null, or what stopped the guest before. */
  async #one(td: Thread): Promise<StopEvent | null> {
    const control = this.#control;
    for (;;) {
      if (gone(td)) return control.go();
      const pc = control.pcOf(td);
      if (control.current !== td) {
        const stop = await this.runTo({ address: pc, tid: td.td_tid });
        if (stop.reason !== 'internal') return stop;
      }
      control.delivered = false;
      const stop = await control.go(1);
      if (stop.reason !== 'step') return stop;
      if (gone(td)) continue;
      // Another thread got the CPU first, or the call that was executed sleeps.
      if (td.td_sa_code >= 0) continue;
      if (control.current !== td && control.pcOf(td) === pc) continue;
      if (!control.delivered) return null;
      // The thread is at the beginning of a signal handler: on to where it was interrupted.
      const back = await this.runTo({ address: pc, tid: td.td_tid });
      if (back.reason !== 'internal') return back;
    }
  }

  /** stepi. */
  async instruction(td: Thread): Promise<StopEvent> {
    return (await this.#one(td)) ?? { reason: 'step' };
  }

  /** nexti: the same, but a call is executed as a whole. */
  async nextInstruction(td: Thread): Promise<StopEvent> {
    const before = this.#stack.frame(td);
    const stop = await this.#one(td);
    if (stop !== null) return stop;
    const after = this.#stack.frame(td);
    if (before === null || after === null || !this.#calledFrom(td, before, after))
      return { reason: 'step' };
    return (await this.#return(td, after)) ?? { reason: 'step' };
  }

  /** Whether `after` is a frame that `before` has just called. */
  #calledFrom(td: Thread, before: Frame, after: Frame): boolean {
    if (after.cfa >= before.cfa && before.cfa !== 0) return false;
    const start = after.function?.low;
    const symbol = this.#stack.symbols(td)?.symbolAt(after.pc) ?? null;
    if (start !== undefined ? start !== after.pc : symbol !== null && symbol.offset !== 0)
      return false;
    const up = this.#stack.caller(td, after);
    return up !== null && up.cfa === before.cfa;
  }

  /** Runs to the end of a frame. @returns null when the caller goes on. */
  async #return(td: Thread, frame: Frame): Promise<StopEvent | null> {
    const up = this.#stack.caller(td, frame);
    if (up === null) return this.#control.go();
    const stop = await this.runTo(this.#after(td, frame, up));
    return stop.reason === 'internal' ? null : stop;
  }

  /** Where `frame` returns to; deeper calls from the same place do not count. */
  #after(td: Thread, frame: Frame, up: Frame): InternalBreakpoint {
    const { cpu } = this.#control.kernel.machine;
    return {
      address: up.pc,
      tid: td.td_tid,
      when: () => cpu.getReg(4) >>> 0 >= frame.cfa,
    };
  }

  /** step (`over` false) and next (true): to the beginning of another line. */
  async line(td: Thread, over: boolean): Promise<StopEvent> {
    const stack = this.#stack;
    let frame = stack.frame(td);
    let line = frame === null ? null : (stack.symbols(td)?.lineAt(frame.pc) ?? null);
    if (frame === null) return this.#control.go();
    if (line === null || line.line === 0) {
      // Nothing is known of this code: to the end of the function.
      const stop = await this.#return(td, frame);
      return stop ?? this.#statement(td);
    }
    for (;;) {
      const stop = await this.#one(td);
      if (stop !== null) return stop;
      let here = stack.frame(td);
      if (here === null) return { reason: 'step' };
      if (here.pc >= line.start && here.pc < line.end && here.cfa === frame.cfa) continue;
      if (this.#calledFrom(td, frame, here)) {
        const target = over ? null : this.#lineFunction(td, here);
        if (target !== null) {
          const inside = await this.runTo({ address: target, tid: td.td_tid });
          return inside.reason === 'internal' ? { reason: 'step' } : inside;
        }
        const back = await this.#return(td, here);
        if (back !== null) return back;
        here = stack.frame(td);
        if (here === null) return { reason: 'step' };
        if (here.pc >= line.start && here.pc < line.end) continue;
      }
      const now = stack.symbols(td)?.lineAt(here.pc) ?? null;
      if (now === null || now.line === 0) {
        if (stack.symbols(td)?.functionAt(here.pc) !== null) continue;
        const stopped = await this.#return(td, here);
        if (stopped !== null) return stopped;
        continue;
      }
      const other = now.line !== line.line || now.file !== line.file || here.cfa !== frame.cfa;
      if (other && now.start === here.pc && now.isStatement) return { reason: 'step' };
      // In the middle of a line: to its end.
      if (other && now.start === here.pc) continue;
      line = now;
      frame = here;
    }
  }

  /** On to the beginning of a statement, if the thread is in the middle of one. */
  async #statement(td: Thread): Promise<StopEvent> {
    const frame = this.#stack.frame(td);
    const line = frame && this.#stack.symbols(td)?.lineAt(frame.pc);
    if (!frame || !line || line.start === frame.pc) return { reason: 'step' };
    return this.line(td, true);
  }

  /** Where `step` stops in a function that was just called; null for one without lines. */
  #lineFunction(td: Thread, frame: Frame): number | null {
    const symbols = this.#stack.symbols(td);
    const f = frame.function;
    if (symbols === null || f === null || symbols.lineAt(f.low) === null) return null;
    const target = symbols.afterPrologue(f.low);
    return target === frame.pc ? null : target;
  }

  /** finish: to behind the return of `frame`. */
  async finish(td: Thread, frame: Frame): Promise<StopEvent> {
    return (await this.#return(td, frame)) ?? { reason: 'internal' };
  }

  /** until and advance: to one of these addresses, or to the return of the frame. */
  async until(td: Thread, frame: Frame, addresses: readonly number[]): Promise<StopEvent> {
    const places: InternalBreakpoint[] = addresses.map((address) => ({ address, tid: td.td_tid }));
    const up = this.#stack.caller(td, frame);
    if (up !== null) places.push(this.#after(td, frame, up));
    return this.runTo(...places);
  }

  /** until without a place: like next, but a jump backwards does not end it. */
  async untilNext(td: Thread): Promise<StopEvent> {
    const first = this.#stack.frame(td);
    for (;;) {
      const stop = await this.line(td, true);
      const frame = this.#stack.frame(td);
      if (stop.reason !== 'step' || first === null || frame === null) return stop;
      if (frame.cfa !== first.cfa || frame.pc > first.pc) return stop;
    }
  }
}
