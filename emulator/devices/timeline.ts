// What the devices have planned, in nanoseconds of the machine's time.

export interface Timer {
  /** When it is due; Infinity while it is not set. */
  due: number;
  fire(now: number): void;
}

export class Timeline {
  readonly #timers: Timer[] = [];
  /** Nanoseconds since the machine was switched on. */
  readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  /** A timer that is not set yet. */
  timer(fire: (now: number) => void): Timer {
    const timer: Timer = { due: Infinity, fire };
    this.#timers.push(timer);
    return timer;
  }

  /** The time of the next timer; Infinity without one. */
  get next(): number {
    let next = Infinity;
    for (const { due } of this.#timers) if (due < next) next = due;
    return next;
  }

  /** Fires what is due at `now`, each timer once, earliest first. */
  advance(now: number): void {
    const due = this.#timers.filter((t) => t.due <= now).sort((a, b) => a.due - b.due);
    for (const timer of due) {
      if (timer.due > now) continue;
      timer.due = Infinity;
      timer.fire(now);
    }
  }
}
