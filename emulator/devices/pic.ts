// Two 8259A interrupt controllers, the second on line 2 of the first, as in a PC.

import type { PortDevice } from './bus.js';

const ICW1 = 0x10;
const ICW1_NEEDS_ICW4 = 1;
const ICW1_SINGLE = 2;
const ICW1_LEVEL = 8;
const ICW4_AUTO_EOI = 2;
const OCW3 = 8;
const CASCADE_LINE = 2;

/** One controller. */
class Pic8259 implements PortDevice {
  /** Called when the request to the processor, or to the first controller, may have changed. */
  changed: () => void = () => {};
  #mask = 0xff;
  #request = 0;
  #service = 0;
  /** Lines that are up, for edges and levels. */
  #lines = 0;
  #base = 0;
  /** The line with the lowest priority. */
  #lowest = 7;
  #level = false;
  #autoEoi = false;
  #rotateOnAutoEoi = false;
  #specialMask = false;
  #readService = false;
  #poll = false;
  /** Initialization word that is expected: 2, 3, 4; 0 when there is none. */
  #expects = 0;
  #needsIcw4 = false;
  #single = false;
  /** The lines with another controller behind them. */
  readonly #cascade: number;

  constructor(cascade: number) {
    this.#cascade = cascade;
  }

  setLine(line: number, up: boolean): void {
    const bit = 1 << line;
    if (up) {
      if (this.#level || (this.#lines & bit) === 0) this.#request |= bit;
      this.#lines |= bit;
    } else {
      this.#lines &= ~bit;
      // A request that goes away before it is acknowledged is lost (8259A data sheet).
      this.#request &= ~bit;
    }
    this.changed();
  }

  /** The line that has the highest priority in `set`; 8 without one. Lower is more urgent. */
  #rank(set: number): number {
    for (let i = 1; i <= 8; i++) if (set & (1 << ((this.#lowest + i) & 7))) return i - 1;
    return 8;
  }

  #lineAt(rank: number): number {
    return (this.#lowest + 1 + rank) & 7;
  }

  /** Whether a request is waiting that nothing of higher priority holds off. */
  get output(): boolean {
    return this.#pending() < 8;
  }

  #pending(): number {
    const open = this.#request & ~this.#mask;
    if (this.#specialMask) return this.#rank(open & ~this.#service);
    const rank = this.#rank(open);
    const serving = this.#rank(this.#service);
    // A cascaded controller may nest its own requests: the first lets the same line through only
    // in special fully nested mode, which PCs do not use.
    return rank < serving ? rank : 8;
  }

  /** INTA: begins to serve the most urgent request. @returns its line, 7 for a spurious one. */
  acknowledge(): number {
    const rank = this.#pending();
    if (rank === 8) return 7;
    const line = this.#lineAt(rank);
    const bit = 1 << line;
    if (!this.#level || (this.#lines & bit) === 0) this.#request &= ~bit;
    if (this.#autoEoi) {
      if (this.#rotateOnAutoEoi) this.#lowest = line;
    } else this.#service |= bit;
    this.changed();
    return line;
  }

  vector(line: number): number {
    return this.#base + line;
  }

  isCascade(line: number): boolean {
    return !this.#single && (this.#cascade & (1 << line)) !== 0;
  }

  read(offset: number): number {
    if (this.#poll) {
      this.#poll = false;
      const waiting = this.output;
      return waiting ? 0x80 | this.acknowledge() : 0;
    }
    if (offset === 1) return this.#mask;
    return this.#readService ? this.#service : this.#request;
  }

  write(offset: number, value: number): void {
    if (offset === 1) this.#writeData(value);
    else if (value & ICW1) this.#initialize(value);
    else if (value & OCW3) this.#control(value);
    else this.#endOfInterrupt(value);
    this.changed();
  }

  #initialize(value: number): void {
    this.#mask = 0;
    this.#service = 0;
    this.#request = 0;
    this.#lowest = 7;
    this.#specialMask = this.#readService = this.#autoEoi = this.#rotateOnAutoEoi = false;
    this.#level = (value & ICW1_LEVEL) !== 0;
    this.#single = (value & ICW1_SINGLE) !== 0;
    this.#needsIcw4 = (value & ICW1_NEEDS_ICW4) !== 0;
    this.#expects = 2;
  }

  #writeData(value: number): void {
    switch (this.#expects) {
      case 2:
        this.#base = value & 0xf8;
        this.#expects = this.#single ? (this.#needsIcw4 ? 4 : 0) : 3;
        break;
      case 3:
        this.#expects = this.#needsIcw4 ? 4 : 0;
        break;
      case 4:
        this.#autoEoi = (value & ICW4_AUTO_EOI) !== 0;
        this.#expects = 0;
        break;
      default:
        this.#mask = value;
    }
  }

  /** OCW3. */
  #control(value: number): void {
    if (value & 4) this.#poll = true;
    if (value & 2) this.#readService = (value & 1) !== 0;
    if (value & 0x40) this.#specialMask = (value & 0x20) !== 0;
  }

  /** OCW2. */
  #endOfInterrupt(value: number): void {
    const command = value >> 5;
    const line = command & 2 ? value & 7 : this.#lineAt(this.#rank(this.#service) & 7);
    const isSpecific = (command & 2) !== 0;
    if (command === 0 || command === 4) {
      this.#rotateOnAutoEoi = command === 4;
      return;
    }
    if (command & 1) {
      if (!isSpecific && this.#service === 0) return;
      this.#service &= ~(1 << line);
    }
    if (command & 4) this.#lowest = line;
  }
}

export class InterruptController {
  readonly first = new Pic8259(1 << CASCADE_LINE);
  readonly second = new Pic8259(0);

  /** @param request told whenever the line to the processor may have changed. */
  constructor(request: (asserted: boolean) => void) {
    this.first.changed = () => request(this.first.output);
    this.second.changed = () => this.first.setLine(CASCADE_LINE, this.second.output);
  }

  /** Interrupt request line 0 to 15. */
  setLine(line: number, up: boolean): void {
    if (line < 8) this.first.setLine(line, up);
    else this.second.setLine(line - 8, up);
  }

  /** @returns the vector for the processor. */
  acknowledge(): number {
    const line = this.first.acknowledge();
    if (!this.first.isCascade(line)) return this.first.vector(line);
    return this.second.vector(this.second.acknowledge());
  }
}
