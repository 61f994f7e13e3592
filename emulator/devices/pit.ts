// The 8254 timer: three counters of 1.193182 MHz. Counter 0 interrupts, counter 2 is the speaker's.
// Counters are computed from the time when they are looked at.

import type { PortDevice } from './bus.js';
import type { Timeline, Timer } from './timeline.js';

const PERIOD_NS = 1e9 / 1_193_182;

// The speaker port's bits (0x61).
const GATE_2 = 1;
const SPEAKER = 2;
const REFRESH = 0x10;
const OUTPUT_2 = 0x20;

class Counter {
  mode = 3;
  #bcd = false;
  /** 1 low byte, 2 high byte, 3 low byte, then high byte. */
  #access = 3;
  #reload = 0x10000;
  /** Time of the start of counting; NaN until a count is written. */
  #start = NaN;
  #gate: boolean;
  #gateStopped = 0;
  #writeLow = 0;
  #writesHigh = false;
  #readsHigh = false;
  #latched: number | null = null;
  #status: number | null = null;
  readonly #now: () => number;

  constructor(now: () => number, gate: boolean) {
    this.#now = now;
    this.#gate = gate;
  }

  /** Input clocks since counting began. */
  #elapsed(now: number): number {
    if (Number.isNaN(this.#start)) return 0;
    return Math.floor(((this.#gate ? now : this.#gateStopped) - this.#start) / PERIOD_NS);
  }

  get isPeriodic(): boolean {
    return this.mode === 2 || this.mode === 3;
  }

  get isCounting(): boolean {
    return !Number.isNaN(this.#start) && this.#gate;
  }

  /** When the output rises next after `now`; Infinity: never. */
  nextRise(now: number): number {
    if (!this.isCounting) return Infinity;
    const n = this.#elapsed(now);
    if (this.isPeriodic) {
      const periods = Math.floor(n / this.#reload) + 1;
      return this.#start + periods * this.#reload * PERIOD_NS;
    }
    const last = this.mode >= 4 ? this.#reload + 1 : this.#reload;
    return n < last ? this.#start + last * PERIOD_NS : Infinity;
  }

  output(now: number): boolean {
    const n = this.#elapsed(now);
    if (Number.isNaN(this.#start)) return this.mode !== 0;
    if (this.mode === 2) return n % this.#reload !== this.#reload - 1;
    if (this.mode === 3) return n % this.#reload < (this.#reload + 1) >> 1;
    if (this.mode <= 1) return n >= this.#reload;
    return n !== this.#reload;
  }

  #count(now: number): number {
    const n = this.#elapsed(now);
    let count: number;
    if (this.mode === 3) count = this.#reload - ((2 * n) % this.#reload);
    else if (this.mode === 2) count = this.#reload - (n % this.#reload);
    else count = (this.#reload - n) & 0xffff;
    if (!this.#bcd) return count & 0xffff;
    const digits = ((count % 10000) + 10000) % 10000;
    return parseInt(String(digits), 16);
  }

  command(value: number, now: number): void {
    const access = (value >> 4) & 3;
    if (access === 0) {
      this.#latched ??= this.#count(now);
      return;
    }
    this.#access = access;
    const mode = (value >> 1) & 7;
    this.mode = mode > 5 ? mode - 4 : mode;
    this.#bcd = (value & 1) !== 0;
    this.#start = NaN;
    this.#writesHigh = this.#readsHigh = false;
    this.#latched = this.#status = null;
  }

  latchCount(now: number): void {
    this.#latched ??= this.#count(now);
  }

  latchStatus(now: number): void {
    this.#status ??=
      (this.output(now) ? 0x80 : 0) |
      (Number.isNaN(this.#start) ? 0x40 : 0) |
      (this.#access << 4) |
      (this.mode << 1) |
      (this.#bcd ? 1 : 0);
  }

  write(value: number): void {
    if (this.#access === 3 && !this.#writesHigh) {
      this.#writeLow = value;
      this.#writesHigh = true;
      return;
    }
    let reload = this.#access === 1 ? value : value << 8;
    if (this.#access === 3) reload |= this.#writeLow;
    this.#writesHigh = false;
    if (this.#bcd) reload = Number(reload.toString(16)) || 10000;
    this.#reload = reload || 0x10000;
    const now = this.#now();
    // A new count takes effect at once; on the chip a periodic counter ends its period first.
    this.#start = this.#gateStopped = now;
  }

  read(): number {
    if (this.#status !== null) {
      const status = this.#status;
      this.#status = null;
      return status;
    }
    const count = this.#latched ?? this.#count(this.#now());
    if (this.#access !== 3) {
      this.#latched = null;
      return this.#access === 1 ? count & 0xff : count >> 8;
    }
    this.#readsHigh = !this.#readsHigh;
    if (this.#readsHigh) return count & 0xff;
    this.#latched = null;
    return count >> 8;
  }

  setGate(up: boolean): void {
    if (up === this.#gate) return;
    const now = this.#now();
    if (!up) this.#gateStopped = now;
    else if (this.mode === 0 || this.mode === 4) this.#start += now - this.#gateStopped;
    else if (!Number.isNaN(this.#start)) this.#start = now; // a rising gate starts again
    this.#gate = up;
  }
}

export class Pit8254 implements PortDevice {
  readonly #timeline: Timeline;
  readonly #counters: Counter[];
  readonly #timer: Timer;
  readonly #line: (up: boolean) => void;
  #speaker = 0;

  /** @param line interrupt request 0. */
  constructor(timeline: Timeline, line: (up: boolean) => void) {
    this.#timeline = timeline;
    this.#line = line;
    this.#counters = [true, true, false].map((gate) => new Counter(timeline.now, gate));
    this.#timer = timeline.timer(() => this.#tick());
    line(true); // the output of mode 3, before it counts
  }

  #tick(): void {
    this.#line(false);
    this.#line(true);
    this.#plan();
  }

  #plan(): void {
    this.#timer.due = this.#counters[0].nextRise(this.#timeline.now());
  }

  read(offset: number): number {
    return offset === 3 ? 0xff : this.#counters[offset].read();
  }

  write(offset: number, value: number): void {
    const now = this.#timeline.now();
    if (offset < 3) this.#counters[offset].write(value);
    else if (value >> 6 < 3) this.#counters[value >> 6].command(value, now);
    else {
      this.#counters.forEach((counter, n) => {
        if ((value & (2 << n)) === 0) return;
        if ((value & 0x20) === 0) counter.latchCount(now);
        if ((value & 0x10) === 0) counter.latchStatus(now);
      });
      return;
    }
    if (offset === 0 || (offset === 3 && value >> 6 === 0 && (value & 0x30) !== 0)) {
      if (offset === 3 && (value & 0xe) !== 0) this.#line(true);
      else if (offset === 3) this.#line(false);
      this.#plan();
    }
  }

  /** Port 0x61: the speaker's gate and, to read, its counter's output. */
  readonly speakerPort: PortDevice = {
    read: () => {
      const now = this.#timeline.now();
      const refresh = Math.floor(now / 15085) & 1 ? REFRESH : 0;
      return this.#speaker | refresh | (this.#counters[2].output(now) ? OUTPUT_2 : 0);
    },
    write: (_offset, value) => {
      this.#speaker = value & (GATE_2 | SPEAKER);
      this.#counters[2].setGate((value & GATE_2) !== 0);
    },
  };
}
