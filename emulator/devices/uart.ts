// A 16550A serial port. What is sent leaves at once; what is received waits in a queue.

import type { PortDevice } from './bus.js';

const IER_RECEIVED = 1;
const IER_EMPTY = 2;
const IER_LINE = 4;
const IER_MODEM = 8;
const LCR_DIVISOR = 0x80;
const MCR_OUT2 = 8;
const MCR_LOOP = 0x10;
const LSR_READY = 1;
const LSR_OVERRUN = 2;
const LSR_EMPTY = 0x60;
const FCR_ENABLE = 1;

/** Queue of the host side, beyond the chip's own 16 bytes: nothing typed is lost. */
export class Uart16550 implements PortDevice {
  readonly #output: (byte: number) => void;
  readonly #line: (up: boolean) => void;
  readonly #received: number[] = [];
  #ier = 0;
  #lcr = 3;
  #mcr = 0;
  #scratch = 0;
  #divisor = 12;
  #fifo = false;
  #overrun = false;
  #modemChanges = 0;
  /** The transmitter has become empty and IIR has not been read since. */
  #emptied = false;

  constructor(output: (byte: number) => void, line: (up: boolean) => void) {
    this.#output = output;
    this.#line = line;
  }

  /** A byte from the other end. */
  receive(byte: number): void {
    this.#received.push(byte & 0xff);
    this.#update();
  }

  /** Pending interrupt, most urgent first; 1: none. */
  #identification(): number {
    if (this.#ier & IER_LINE && this.#overrun) return 6;
    if (this.#ier & IER_RECEIVED && this.#received.length > 0) return 4;
    if (this.#ier & IER_EMPTY && this.#emptied) return 2;
    if (this.#ier & IER_MODEM && this.#modemChanges !== 0) return 0;
    return 1;
  }

  #update(): void {
    this.#line(this.#identification() !== 1 && (this.#mcr & MCR_OUT2) !== 0);
  }

  /** CTS, DSR and carrier are there; in the loop they are the MCR's own outputs. */
  #modemStatus(): number {
    if ((this.#mcr & MCR_LOOP) === 0) return 0xb0;
    const m = this.#mcr;
    return ((m & 2) << 3) | ((m & 1) << 5) | ((m & 4) << 4) | ((m & 8) << 4);
  }

  read(offset: number): number {
    if (offset < 2 && this.#lcr & LCR_DIVISOR)
      return offset === 0 ? this.#divisor & 0xff : this.#divisor >> 8;
    switch (offset) {
      case 0: {
        const byte = this.#received.shift() ?? 0;
        this.#update();
        return byte;
      }
      case 1:
        return this.#ier;
      case 2: {
        const id = this.#identification();
        if (id === 2) {
          this.#emptied = false;
          this.#update();
        }
        return id | (this.#fifo ? 0xc0 : 0);
      }
      case 3:
        return this.#lcr;
      case 4:
        return this.#mcr;
      case 5: {
        const status =
          LSR_EMPTY |
          (this.#received.length > 0 ? LSR_READY : 0) |
          (this.#overrun ? LSR_OVERRUN : 0);
        this.#overrun = false;
        this.#update();
        return status;
      }
      case 6: {
        const status = this.#modemStatus() | this.#modemChanges;
        this.#modemChanges = 0;
        this.#update();
        return status;
      }
      default:
        return this.#scratch;
    }
  }

  write(offset: number, value: number): void {
    if (offset < 2 && this.#lcr & LCR_DIVISOR) {
      this.#divisor =
        offset === 0 ? (this.#divisor & 0xff00) | value : (this.#divisor & 0xff) | (value << 8);
      return;
    }
    switch (offset) {
      case 0:
        this.#send(value);
        break;
      case 1:
        // Enabling the interrupt of an empty transmitter raises it.
        if (value & IER_EMPTY && (this.#ier & IER_EMPTY) === 0) this.#emptied = true;
        this.#ier = value & 15;
        break;
      case 2:
        this.#fifo = (value & FCR_ENABLE) !== 0;
        if (value & 2) this.#received.length = 0;
        break;
      case 3:
        this.#lcr = value;
        break;
      case 4: {
        const before = this.#modemStatus();
        this.#mcr = value & 0x1f;
        const changed = (before ^ this.#modemStatus()) >> 4;
        // The ring indicator counts only when it goes away.
        this.#modemChanges |= changed & 4 && this.#modemStatus() & 0x40 ? changed & ~4 : changed;
        break;
      }
      case 7:
        this.#scratch = value;
        break;
      default: // line and modem status are read-only
    }
    this.#update();
  }

  #send(byte: number): void {
    if (this.#mcr & MCR_LOOP) {
      const room = this.#fifo ? 16 : 1;
      if (this.#received.length >= room) this.#overrun = true;
      else this.#received.push(byte);
    } else this.#output(byte);
    this.#emptied = true;
  }
}
