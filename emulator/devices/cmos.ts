// The MC146818 real-time clock and its RAM (ports 0x70 and 0x71).

import type { PortDevice } from './bus.js';
import type { Timeline, Timer } from './timeline.js';

const REG_A = 10;
const REG_B = 11;
const REG_C = 12;
const REG_D = 13;

const A_UPDATING = 0x80;
const B_SET = 0x80;
const B_PERIODIC = 0x40;
const B_ALARM = 0x20;
const B_UPDATE = 0x10;
const B_BINARY = 4;
const B_24_HOURS = 2;
const C_REQUEST = 0x80;
const D_VALID = 0x80;

const SECOND = 1e9;
/** How long register A announces an update: 244 us. */
const UPDATE_NS = 244_000;

// Registers of the time in order, and the IBM PC AT's century byte.
const CENTURY = 0x32;

export interface CmosOptions {
  /** Milliseconds since 1970, UTC, at switch-on. */
  wallClock: number;
  ramBytes: number;
}

export class Cmos implements PortDevice {
  readonly #ram = new Uint8Array(128);
  readonly #timeline: Timeline;
  readonly #line: (up: boolean) => void;
  readonly #periodic: Timer;
  readonly #second: Timer;
  #index = 0;
  /** Wall clock in milliseconds at time 0. */
  #origin: number;
  /** Bit 7 of port 0x70. */
  nmiMasked = false;

  /** @param line interrupt request 8. */
  constructor(timeline: Timeline, options: CmosOptions, line: (up: boolean) => void) {
    this.#timeline = timeline;
    this.#line = line;
    this.#origin = options.wallClock;
    this.#periodic = timeline.timer((now) => this.#tick(now));
    this.#second = timeline.timer((now) => this.#update(now));
    const ram = this.#ram;
    ram[REG_A] = 0x26;
    ram[REG_B] = B_24_HOURS;
    ram[REG_D] = D_VALID;
    // Memory sizes where a BIOS leaves them: base, extended up to 64 MB, above 16 MB in 64 KB units.
    const extended = Math.min(0xffff, (options.ramBytes >>> 10) - 1024);
    const above16 = Math.max(0, Math.min(0xffff, (options.ramBytes >>> 16) - 256));
    const words: [number, number][] = [
      [0x15, 640],
      [0x17, Math.max(0, extended)],
      [0x30, Math.max(0, extended)],
      [0x34, above16],
    ];
    for (const [at, value] of words) {
      ram[at] = value & 0xff;
      ram[at + 1] = value >> 8;
    }
    this.#plan(timeline.now());
  }

  read(offset: number): number {
    if (offset === 0) return 0xff;
    const now = this.#timeline.now();
    const index = this.#index;
    if (index === REG_A) {
      const phase = (this.#origin * 1e6 + now) % SECOND;
      const updating = (this.#ram[REG_B] & B_SET) === 0 && phase >= SECOND - UPDATE_NS;
      return (this.#ram[REG_A] & 0x7f) | (updating ? A_UPDATING : 0);
    }
    if (index === REG_C) {
      const flags = this.#ram[REG_C];
      this.#ram[REG_C] = 0;
      this.#line(false);
      return flags;
    }
    if (index < REG_A || index === CENTURY) this.#latch(now);
    return this.#ram[index];
  }

  write(offset: number, value: number): void {
    if (offset === 0) {
      this.#index = value & 0x7f;
      this.nmiMasked = (value & 0x80) !== 0;
      return;
    }
    const now = this.#timeline.now();
    const index = this.#index;
    if (index === REG_C || index === REG_D) return;
    if (index < REG_A || index === CENTURY) this.#latch(now);
    const before = this.#ram[REG_B];
    this.#ram[index] = value;
    if ((index < REG_A && index !== 1 && index !== 3 && index !== 5) || index === CENTURY)
      this.#setTime(now);
    if (index === REG_B && before & B_SET && (value & B_SET) === 0) this.#setTime(now);
    if (index === REG_A || index === REG_B) this.#plan(now);
  }

  #encode(value: number): number {
    return this.#ram[REG_B] & B_BINARY ? value : ((value / 10) << 4) | (value % 10);
  }

  #decode(value: number): number {
    return this.#ram[REG_B] & B_BINARY ? value : (value >> 4) * 10 + (value & 15);
  }

  /** Puts the time into its registers, unless the program is setting them. */
  #latch(now: number): void {
    if (this.#ram[REG_B] & B_SET) return;
    const date = new Date(this.#origin + Math.floor(now / 1e6));
    const hour = date.getUTCHours();
    let hours = this.#encode(hour);
    if ((this.#ram[REG_B] & B_24_HOURS) === 0)
      hours = this.#encode(hour % 12 || 12) | (hour >= 12 ? 0x80 : 0);
    const year = date.getUTCFullYear();
    const ram = this.#ram;
    ram[0] = this.#encode(date.getUTCSeconds());
    ram[2] = this.#encode(date.getUTCMinutes());
    ram[4] = hours;
    ram[6] = date.getUTCDay() + 1;
    ram[7] = this.#encode(date.getUTCDate());
    ram[8] = this.#encode(date.getUTCMonth() + 1);
    ram[9] = this.#encode(year % 100);
    ram[CENTURY] = this.#encode(Math.floor(year / 100));
  }

  #setTime(now: number): void {
    const ram = this.#ram;
    let hours = this.#decode(ram[4] & 0x7f);
    if ((ram[REG_B] & B_24_HOURS) === 0) hours = (hours % 12) + (ram[4] & 0x80 ? 12 : 0);
    const year = this.#decode(ram[CENTURY]) * 100 + this.#decode(ram[9]);
    const date = Date.UTC(
      year,
      this.#decode(ram[8]) - 1,
      this.#decode(ram[7]),
      hours,
      this.#decode(ram[2]),
      this.#decode(ram[0]),
    );
    this.#origin = date - Math.floor(now / 1e6);
  }

  #request(flag: number): void {
    this.#ram[REG_C] |= flag;
    if (this.#ram[REG_B] & flag) {
      this.#ram[REG_C] |= C_REQUEST;
      this.#line(true);
    }
  }

  /** Nanoseconds between periodic interrupts; Infinity without. */
  #period(): number {
    const rate = this.#ram[REG_A] & 15;
    if (rate === 0) return Infinity;
    return SECOND / (rate <= 2 ? 256 >> (rate - 1) : 65536 >> rate);
  }

  #plan(now: number): void {
    const b = this.#ram[REG_B];
    this.#periodic.due = b & B_PERIODIC ? now + this.#period() : Infinity;
    if ((b & (B_ALARM | B_UPDATE)) === 0 || b & B_SET) this.#second.due = Infinity;
    else this.#second.due = now + SECOND - ((this.#origin * 1e6 + now) % SECOND);
  }

  #tick(now: number): void {
    this.#request(B_PERIODIC);
    this.#periodic.due = now + this.#period();
  }

  #update(now: number): void {
    this.#latch(now);
    const ram = this.#ram;
    const matches = (alarm: number, time: number): boolean => alarm >= 0xc0 || alarm === time;
    if (matches(ram[1], ram[0]) && matches(ram[3], ram[2]) && matches(ram[5], ram[4]))
      this.#request(B_ALARM);
    this.#request(B_UPDATE);
    this.#second.due = now + SECOND;
  }
}
