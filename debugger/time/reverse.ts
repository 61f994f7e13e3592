// Going back: by instructions, lines, calls, and to the last stop.

import type { Checkpoint, Thread } from '../../kernel/index.js';
import type { StopEvent } from '../breakpoints.js';
import type { Control } from '../control.js';
import type { InternalBreakpoint } from '../control_host.js';
import type { StackView } from '../stepping.js';
import type { LineInfo } from '../symbols/symbol_file.js';
import type { Frame } from '../unwind.js';
import type { Timeline } from './timeline.js';

/** A thread in front of an instruction. */
interface Moment {
  /** Instructions executed before. */
  at: number;
  pc: number;
  /** Of the innermost frame; 0 when it is not known. */
  cfa: number;
  line: LineInfo | null;
}

/** Instructions that are looked at one by one, at first and at most. */
const STRETCH = 256;
const STRETCH_MAX = 65_536;

const STEP: StopEvent = { reason: 'step' };
const HISTORY: StopEvent = { reason: 'history' };

/** The instruction that gave memory its present value. */
export interface LastWrite {
  /** Instructions executed before it. */
  at: number;
  old: Uint8Array | null;
  value: Uint8Array | null;
}

export class Reverse {
  readonly #control: Control;
  readonly #timeline: Timeline;
  readonly #stack: StackView;

  /** Asked in a long search for a line: whether to stand where it has come to. */
  interrupted: () => boolean = () => false;

  constructor(control: Control, timeline: Timeline, stack: StackView) {
    this.#control = control;
    this.#timeline = timeline;
    this.#stack = stack;
  }

  /** To the moment after so many instructions. @throws RangeError outside the recorded time. */
  goto(instructions: number): void {
    this.#timeline.seek(instructions);
    this.#control.arrived();
  }

  /** To a checkpoint. => the timeline has it. */
  return(checkpoint: Checkpoint): void {
    this.#timeline.return(checkpoint);
    this.#control.arrived();
  }

  #toBeginning(): StopEvent {
    this.goto(this.#timeline.beginning);
    return HISTORY;
  }

  /** Back to the last place where something would have stopped the guest. */
  continue(): StopEvent {
    const timeline = this.#timeline;
    let stop: StopEvent = HISTORY;
    const at = timeline.lastBefore((end) => {
      const found = this.#control.search(end);
      if (found !== null) stop = found.stop;
      return found === null ? null : found.at;
    });
    if (at === null) return this.#toBeginning();
    this.goto(at);
    // Seen backwards, an old value is the newer one.
    if (stop.reason === 'watch') {
      const hits = stop.hits.map((hit) => ({ ...hit, old: hit.value, value: hit.old }));
      return { reason: 'watch', hits };
    }
    return stop;
  }

  /**
   * Who changed `length` bytes at a virtual address of the selected thread's process last: leaves the
   * machine in front of that instruction. @returns null, and leaves it where it is, when nobody did.
   */
  lastWrite(address: number, length: number): LastWrite | null {
    const control = this.#control;
    const { breakpoints } = control;
    const others = [...breakpoints];
    const watch = { expression: '', address, length, old: null, scope: null };
    const place = { spec: '', locations: [], commands: [], catch: null, tid: null };
    const count = { condition: null, ignore: 0, hits: 0 };
    const how = { temporary: false, hardware: true, enabled: true };
    const now = this.#timeline.now;
    let found: LastWrite | null = null;
    breakpoints.splice(0, breakpoints.length, {
      number: 0,
      kind: 'watch',
      ...place,
      ...count,
      ...how,
      watch,
    });
    try {
      this.#timeline.lastBefore((end) => {
        const last = control.search(end);
        if (last?.stop.reason !== 'watch') return null;
        const [{ old, value }] = last.stop.hits;
        found = { at: last.at, old, value };
        return last.at;
      });
    } finally {
      breakpoints.splice(0, breakpoints.length, ...others);
      this.#timeline.seek((found as LastWrite | null)?.at ?? now);
      control.arrived();
    }
    return found;
  }

  /** Back to where `place` was reached last. @returns whether it was. */
  #backTo(place: InternalBreakpoint): boolean {
    const control = this.#control;
    const enabled = control.breakpoints.filter((b) => b.enabled);
    for (const b of enabled) b.enabled = false;
    control.internal.add(place);
    try {
      const at = this.#timeline.lastBefore((end) => control.search(end)?.at ?? null);
      if (at === null) return false;
      this.#timeline.seek(at);
    } finally {
      control.internal.delete(place);
      for (const b of enabled) b.enabled = true;
    }
    control.arrived();
    return true;
  }

  /** Back by one instruction of a thread (reverse-stepi). */
  instruction(td: Thread): StopEvent {
    const timeline = this.#timeline;
    const control = this.#control;
    for (;;) {
      if (timeline.now <= timeline.beginning) return this.#toBeginning();
      this.goto(timeline.now - 1);
      if (!this.#exists(td)) return STEP;
      if (control.current === td) {
        // A call that slept begins again at the same instruction: to where it began first.
        if (td.td_sa_code >= 0) continue;
        return STEP;
      }
      // Others ran in between: to where the CPU was given to them.
      const since = control.kernel.kern.switch_instructions;
      if (since < timeline.now) this.goto(Math.max(since, timeline.beginning));
    }
  }

  #exists(td: Thread): boolean {
    return this.#control.kernel.kern.threads.get(td.td_tid) === td;
  }

  /** The same, but over a whole call (reverse-nexti). */
  nextInstruction(td: Thread): StopEvent {
    const frame = this.#stack.frame(td);
    const stop = this.instruction(td);
    if (stop.reason !== 'step' || frame === null) return stop;
    const now = this.#stack.frame(td);
    if (now === null || now.cfa >= frame.cfa || now.function === frame.function) return stop;
    return this.finish(td, now);
  }

  /** Back to the call of a frame (reverse-finish). */
  finish(td: Thread, frame: Frame): StopEvent {
    const low = frame.function?.low ?? this.#symbolStart(td, frame.pc);
    if (low === null) return this.instruction(td);
    return this.#toCall(td, low, frame.cfa - 4);
  }

  #symbolStart(td: Thread, pc: number): number | null {
    const symbol = this.#stack.symbols(td)?.symbolAt(pc) ?? null;
    return symbol === null ? null : pc - symbol.offset;
  }

  /** To the call instruction that entered the code at `low` with `esp` pointing to its return address. */
  #toCall(td: Thread, low: number, esp: number): StopEvent {
    const { cpu } = this.#control.kernel.machine;
    const entered =
      (this.#control.current === td && cpu.eip >>> 0 === low && cpu.getReg(4) >>> 0 === esp) ||
      this.#backTo({ address: low, tid: td.td_tid, when: () => cpu.getReg(4) >>> 0 === esp });
    return entered ? this.instruction(td) : this.#toBeginning();
  }

  /** Back to the beginning of a line: of this one, or of the one before (reverse-step, -next). */
  line(td: Thread, over: boolean): StopEvent {
    const frame = this.#stack.frame(td);
    if (frame === null) return this.instruction(td);
    const here = this.#stack.symbols(td)?.lineAt(frame.pc) ?? null;
    if (here === null) return this.finish(td, frame);
    const base = frame.cfa;
    let goal: { line: LineInfo; cfa: number } | null =
      here.start === frame.pc ? null : { line: here, cfa: base };
    /** The earliest moment known to be in the goal. */
    let reached: number | null = goal === null ? null : this.#timeline.now;
    for (let stretch = STRETCH; ; stretch = Math.min(stretch * 4, STRETCH_MAX)) {
      const end = this.#timeline.now;
      const from = Math.max(this.#timeline.beginning, end - stretch);
      if (from === end) return reached === null ? this.#toBeginning() : this.#stopAt(reached);
      const moments = this.#moments(td, from, end);
      let deeper: Moment | null = null;
      for (const m of moments.reverse()) {
        const limit = goal?.cfa ?? base;
        if (m.cfa !== 0 && m.cfa < limit && (over || m.line === null)) {
          deeper = m;
          continue;
        }
        deeper = null;
        if (m.line === null) continue;
        if (goal !== null && m.cfa === goal.cfa && sameLine(m.line, goal.line)) {
          reached = m.at;
          continue;
        }
        // A call that the line made: into it, from its end.
        const enters = goal !== null && m.cfa < goal.cfa && !over;
        if (goal !== null && reached !== null && !enters) return this.#stopAt(reached);
        goal = { line: m.line, cfa: m.cfa };
        reached = m.at;
      }
      this.goto(from);
      if (this.interrupted()) return { reason: 'interrupt' };
      if (deeper !== null && !this.#outOf(td, goal?.cfa ?? base)) return this.#toBeginning();
    }
  }

  #stopAt(instructions: number): StopEvent {
    this.goto(instructions);
    return STEP;
  }

  /** In the middle of calls made by the frame at `cfa`: back to the outermost of them. */
  #outOf(td: Thread, cfa: number): boolean {
    let frame = this.#stack.frame(td);
    while (frame !== null) {
      const up = this.#stack.caller(td, frame);
      if (up === null || up.cfa >= cfa) break;
      frame = up;
    }
    if (frame === null || frame.cfa >= cfa) return true;
    return this.finish(td, frame).reason === 'step';
  }

  /** What a thread executed in a stretch of time, earliest first. The machine ends at `end`. */
  #moments(td: Thread, from: number, end: number): Moment[] {
    const control = this.#control;
    const timeline = this.#timeline;
    const { cpu } = control.kernel.machine;
    const moments: Moment[] = [];
    timeline.seek(from);
    timeline.onSilent(true);
    try {
      while (timeline.now < end) {
        const before = timeline.now;
        if (control.current === td) {
          const frame = this.#stack.frame(td);
          const pc = cpu.eip >>> 0;
          moments.push({
            at: before,
            pc,
            cfa: frame?.cfa ?? 0,
            line: this.#stack.symbols(td)?.lineAt(pc) ?? null,
          });
        }
        const exit = timeline.run(1);
        if (timeline.now === before && exit.kind !== 'limit') break;
      }
    } finally {
      timeline.onSilent(false);
    }
    return moments;
  }
}

function sameLine(a: LineInfo, b: LineInfo): boolean {
  return a.line === b.line && a.file === b.file;
}
