// Ports for people and test programs: POST codes at 0x80, text at 0xe9 (Bochs, QEMU's debugcon), and
// QEMU's isa-debug-exit at 0xf4.

import type { PortDevice } from './bus.js';

/** Keeps the last byte written: a POST code. */
export class PostPort implements PortDevice {
  code = 0;
  readonly #written: (code: number) => void;

  constructor(written: (code: number) => void) {
    this.#written = written;
  }
  read(): number {
    return this.code;
  }
  write(_offset: number, value: number): void {
    this.code = value;
    this.#written(value);
  }
}

/** Text to whoever watches. Reading gives 0xe9, by which a program finds the port. */
export class DebugConsole implements PortDevice {
  readonly #output: (byte: number) => void;

  constructor(output: (byte: number) => void) {
    this.#output = output;
  }
  read(): number {
    return 0xe9;
  }
  write(_offset: number, value: number): void {
    this.#output(value);
  }
}

/** Ends the machine with status (value << 1) | 1, as QEMU does. */
export class DebugExit implements PortDevice {
  readonly #exit: (status: number) => void;

  constructor(exit: (status: number) => void) {
    this.#exit = exit;
  }
  read(): number {
    return 0;
  }
  write(_offset: number, value: number): void {
    this.#exit(((value << 1) | 1) & 0xff);
  }
}
