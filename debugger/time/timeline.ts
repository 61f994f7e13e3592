// The time of a machine: it goes forwards by running, and backwards by restoring a checkpoint and
// running again with everything from outside as it was.

import { History, kernel_run } from '../../kernel/index.js';
import type { Checkpoint, Kernel, KernelExit, SameBytes } from '../../kernel/index.js';
import { ReplayError, applyInput } from './recording.js';
import type { Input, Place, Recording } from './recording.js';

/** Instructions between two checkpoints, at first. */
const INTERVAL = 5_000_000;
/** So many checkpoints are kept; then every second of the older ones is given up. */
const KEPT = 64;

export class Timeline {
  readonly kernel: Kernel;
  readonly recording: Recording;
  /** Called before and after the machine is run without anybody to see it. */
  onSilent: (silent: boolean) => void = () => {};
  readonly #history: History;
  readonly #places = new WeakMap<Checkpoint, Place>();
  readonly #waiting: Input[] = [];
  /** Checkpoints behind a change by hand, which running cannot repeat. */
  readonly #edits = new Set<Checkpoint>();
  /** Checkpoints that somebody wants to go back to. */
  readonly #marks = new Set<Checkpoint>();
  readonly #interval = INTERVAL;
  #nextCheckpoint = 0;
  /** Instructions executed in the present, as opposed to the past that is looked at. */
  #present = 0;
  /** Why run() returned the last time lies within the kernel, not between two instructions. */
  #within = false;

  /**
   * => the kernel's host and its directories are recorded by `recording`, and it has not run yet.
   * `same` compares arrays of equal length: the faster the better. What was recorded before leads to
   * instruction `present`.
   */
  constructor(kernel: Kernel, recording: Recording, same: SameBytes, present = 0) {
    this.kernel = kernel;
    this.#present = present;
    this.recording = recording;
    this.#history = new History(kernel, same);
    this.#checkpoint();
  }

  /** Instructions executed. */
  get now(): number {
    return this.kernel.machine.instructions;
  }

  /** Instructions at which the machine has arrived by itself: beyond lies the future. */
  get present(): number {
    return Math.max(this.#present, this.now);
  }

  /** Instructions of the earliest moment that can be gone back to. */
  get beginning(): number {
    return this.#history.checkpoints[0].instructions;
  }

  get inPast(): boolean {
    return this.now < this.#present || !this.recording.atEnd;
  }

  /** Instruction counts of the checkpoints, ascending. */
  get checkpoints(): number[] {
    return this.#history.checkpoints.map(({ instructions }) => instructions);
  }

  /**
   * Gives the machine something from outside, before it executes its next instruction. In the past
   * it is the present that begins here: what came after is forgotten.
   */
  give(input: Input): void {
    this.#waiting.push(input);
  }

  /** The state has been changed by hand: what came after is forgotten. */
  changed(): void {
    if (this.inPast) {
      this.recording.truncate();
      this.#forgetFuture();
    }
    this.#present = this.now;
    // What was changed by hand is in no recording; it is in the checkpoint taken now.
    this.#edits.add(this.#checkpoint());
  }

  /** Whether something was changed by hand in the time that is known. */
  get edited(): boolean {
    return this.#history.checkpoints.some((c) => this.#edits.has(c));
  }

  /** Takes a checkpoint that is kept until unmark(). */
  mark(): Checkpoint {
    const checkpoint = this.#checkpoint();
    this.#marks.add(checkpoint);
    return checkpoint;
  }

  unmark(checkpoint: Checkpoint): void {
    this.#marks.delete(checkpoint);
  }

  /** Whether time still leads there: a change in the past makes another future. */
  has(checkpoint: Checkpoint): boolean {
    return this.#history.checkpoints.includes(checkpoint);
  }

  /** Makes the moment of a checkpoint the one that is looked at. => has() */
  return(checkpoint: Checkpoint): void {
    this.onSilent(true);
    try {
      this.#restore(checkpoint);
    } finally {
      this.onSilent(false);
    }
  }

  #forgetFuture(): void {
    for (let { next } = this.#history; next !== null; { next } = this.#history) {
      if (next.instructions > this.now || this.#edits.has(next)) break;
      this.#history.pass();
    }
    this.#history.truncate();
  }

  /** Running again has come to checkpoints that were taken before. */
  #passReached(): void {
    for (;;) {
      const { next } = this.#history;
      if (next === null || next.instructions > this.now) return;
      if (this.#edits.has(next)) this.#restore(next);
      else this.#history.pass();
    }
  }

  /** Like kernel_run, at most `limits.instructions`; what was recorded happens again. */
  run(instructions: number): KernelExit {
    const { kernel } = this;
    const stop = this.now + instructions;
    this.#give();
    for (;;) {
      this.#passReached();
      if (this.now >= this.#nextCheckpoint && this.#atRest()) this.#checkpoint();
      const known = this.#history.next?.instructions ?? Infinity;
      const until = Math.min(stop, this.#nextCheckpoint, known, this.#inputsUntil());
      const exit = kernel_run(kernel, { instructions: until - this.now });
      this.#within = exit.kind === 'breakpoint' || (exit.kind === 'limit' && this.now < until);
      this.#present = Math.max(this.#present, this.now);
      if (exit.kind === 'idle') {
        if (this.recording.atEnd) {
          this.recording.append(this.now, { kind: 'idle' });
          return exit;
        }
        this.#applyRecorded(true);
        continue;
      }
      if (exit.kind !== 'limit' || kernel.events.stop || this.now >= stop) return exit;
      this.#applyRecorded(false);
      if (this.now < until) return exit;
    }
  }

  /** Makes the moment after `instructions` the one that is looked at. @throws RangeError */
  seek(instructions: number): void {
    if (instructions < this.beginning || instructions > this.present)
      throw new RangeError(`instruction ${instructions} is not in the recorded time`);
    this.onSilent(true);
    try {
      const { next } = this.#history;
      const nearer = next !== null && next.instructions <= instructions;
      if (instructions < this.now || this.#within || nearer) this.#restoreBefore(instructions);
      while (this.now < instructions) {
        const before = this.now;
        const exit = this.run(instructions - this.now);
        if (exit.kind === 'exited' || (exit.kind === 'idle' && this.now === before)) break;
      }
    } finally {
      this.onSilent(false);
    }
  }

  /** Goes to the last checkpoint at or before `instructions`. @returns its instruction count. */
  #restoreBefore(instructions: number): number {
    const checkpoint = this.#history.before(instructions) ?? this.#history.checkpoints[0];
    this.#restore(checkpoint);
    return checkpoint.instructions;
  }

  #restore(checkpoint: Checkpoint): void {
    this.#history.restore(checkpoint);
    this.recording.place = this.#places.get(checkpoint) as Place;
    this.#within = false;
    this.#nextCheckpoint = checkpoint.instructions + this.#interval;
  }

  /**
   * Looks for the last moment before now at which `look` sees something. `look` is called with the
   * machine at the beginning of a stretch of time, runs it to `end` and returns the instruction
   * counts of what it saw; the stretches come latest first. @returns the count, or null.
   */
  lastBefore(look: (end: number) => number | null): number | null {
    let end = this.now;
    for (;;) {
      if (end <= this.beginning) return null;
      this.onSilent(true);
      let begin: number;
      let found: number | null;
      try {
        begin = this.#restoreBefore(end - 1);
        found = look(end);
      } finally {
        this.onSilent(false);
      }
      if (found !== null) return found;
      end = begin;
    }
  }

  /** Instructions until which nothing comes from outside; Infinity in the present. */
  #inputsUntil(): number {
    const next = this.recording.nextInput;
    return next === null ? Infinity : Math.max(next.at, this.now);
  }

  /** What was given since the last run happens now. */
  #give(): void {
    if (this.#waiting.length === 0) return;
    if (this.inPast) {
      this.recording.truncate();
      this.#forgetFuture();
      this.#present = this.now;
    }
    this.#atRest();
    for (const input of this.#waiting.splice(0)) {
      applyInput(this.kernel, input);
      this.recording.append(this.now, input);
    }
  }

  /** Finishes what the kernel was in the middle of. @returns whether it could. */
  #atRest(): boolean {
    if (!this.#within) return true;
    const { kernel } = this;
    if (kernel.events.stop) return false;
    this.#within = kernel_run(kernel, { instructions: 0 }).kind === 'breakpoint';
    return !this.#within;
  }

  /** What came here from outside comes again. */
  #applyRecorded(idle: boolean): void {
    const { recording } = this;
    let woken = !idle;
    for (;;) {
      const next = recording.nextInput;
      if (next === null || next.at > this.now) break;
      if (next.input.kind === 'idle' && woken) break;
      recording.skipInput();
      if (next.input.kind === 'idle') woken = true;
      else applyInput(this.kernel, next.input);
    }
    if (!woken) throw new ReplayError(`the machine sleeps at ${this.now}, where it did not before`);
  }

  #checkpoint(): Checkpoint {
    const checkpoint = this.#history.take();
    this.#places.set(checkpoint, this.recording.place);
    this.#nextCheckpoint = this.now + this.#interval;
    const { checkpoints } = this.#history;
    if (checkpoints.length <= KEPT) return checkpoint;
    // The recent past is looked at most: older checkpoints lie farther apart.
    const older = checkpoints
      .slice(1, checkpoints.length >>> 1)
      .filter((c) => !this.#edits.has(c) && !this.#marks.has(c));
    for (let i = 0; i < older.length; i += 2) this.#history.remove(older[i]);
    return checkpoint;
  }
}
