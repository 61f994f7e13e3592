// The 8042 keyboard controller: a keyboard, the A20 gate and the reset line.

import type { PortDevice } from './bus.js';

const STATUS_OUTPUT_FULL = 1;
const STATUS_SYSTEM = 4;
const STATUS_COMMAND = 8;
const STATUS_UNLOCKED = 0x10;

const CONFIG_INTERRUPT = 1;
const CONFIG_SYSTEM = 4;
const CONFIG_DISABLED = 0x10;
const CONFIG_TRANSLATE = 0x40;

const OUTPUT_RESET = 1;
const OUTPUT_A20 = 2;

const KEYBOARD_ACK = 0xfa;
const KEYBOARD_RESEND = 0xfe;
const KEYBOARD_PASSED = 0xaa;

/** Bytes of scan code set 2 to set 1, as the controller translates them. */
// prettier-ignore
const SET_1 = [
  0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59,
  0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b,
  0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d,
  0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f,
  0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61,
  0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76,
  0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f,
  0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45, 0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54,
];

/** What the controller's output port drives. */
export interface I8042Lines {
  interrupt(up: boolean): void;
  a20(open: boolean): void;
  reset(): void;
}

export class I8042 implements PortDevice {
  readonly #lines: I8042Lines;
  readonly #queue: number[] = [];
  /** A byte of the controller's own, before the keyboard's. */
  #answer: number | null = null;
  #config = CONFIG_INTERRUPT | CONFIG_SYSTEM | CONFIG_TRANSLATE;
  #outputPort = OUTPUT_RESET | OUTPUT_A20;
  /** Command that a data byte is expected for; 0: none. */
  #command = 0;
  #lastWasCommand = false;
  /** Keyboard command that a data byte is expected for. */
  #keyboardCommand = 0;
  #scanning = true;

  constructor(lines: I8042Lines) {
    this.#lines = lines;
  }

  /** A key: bytes of scan code set 2. */
  key(codes: readonly number[]): void {
    if (!this.#scanning) return;
    let released = 0;
    for (const code of codes) {
      if ((this.#config & CONFIG_TRANSLATE) === 0) this.#queue.push(code);
      else if (code === 0xf0) released = 0x80;
      else {
        this.#queue.push(code === 0x83 ? 0x41 | released : (SET_1[code] ?? code) | released);
        released = 0;
      }
    }
    this.#update();
  }

  #isFull(): boolean {
    if (this.#answer !== null) return true;
    return this.#queue.length > 0 && (this.#config & CONFIG_DISABLED) === 0;
  }

  #update(): void {
    this.#lines.interrupt(this.#isFull() && (this.#config & CONFIG_INTERRUPT) !== 0);
  }

  /** Offset 0 is port 0x60, 4 is port 0x64. */
  read(offset: number): number {
    if (offset === 4) {
      return (
        (this.#isFull() ? STATUS_OUTPUT_FULL : 0) |
        (this.#config & CONFIG_SYSTEM ? STATUS_SYSTEM : 0) |
        (this.#lastWasCommand ? STATUS_COMMAND : 0) |
        STATUS_UNLOCKED
      );
    }
    if (!this.#isFull()) return 0;
    const byte = this.#answer ?? this.#queue.shift() ?? 0;
    this.#answer = null;
    // One edge for each byte.
    this.#lines.interrupt(false);
    this.#update();
    return byte;
  }

  write(offset: number, value: number): void {
    this.#lastWasCommand = offset === 4;
    if (offset === 4) this.#control(value);
    else if (this.#command !== 0) this.#controlData(value);
    else this.#keyboard(value);
    this.#update();
  }

  #control(value: number): void {
    this.#command = 0;
    switch (value) {
      case 0x20:
        this.#answer = this.#config;
        break;
      case 0x60:
      case 0xd1:
      case 0xd2:
      case 0xd4:
        this.#command = value;
        break;
      case 0xaa: // self-test
        this.#answer = 0x55;
        break;
      case 0xa9: // there is no second port
        this.#answer = 1;
        break;
      case 0xab:
        this.#answer = 0;
        break;
      case 0xad:
        this.#config |= CONFIG_DISABLED;
        break;
      case 0xae:
        this.#config &= ~CONFIG_DISABLED;
        break;
      case 0xc0:
        this.#answer = 0x80;
        break;
      case 0xd0:
        this.#answer = this.#outputPort;
        break;
      case 0xdd:
        this.#setOutput(this.#outputPort & ~OUTPUT_A20);
        break;
      case 0xdf:
        this.#setOutput(this.#outputPort | OUTPUT_A20);
        break;
      default:
        // F0-FF pulse the low lines of the output port that are 0 in the command.
        if (value >= 0xf0 && (value & OUTPUT_RESET) === 0) this.#lines.reset();
    }
  }

  #controlData(value: number): void {
    const command = this.#command;
    this.#command = 0;
    if (command === 0x60) this.#config = value;
    else if (command === 0xd1) this.#setOutput(value);
    else if (command === 0xd2) this.#queue.push(value);
  }

  #setOutput(value: number): void {
    if ((value & OUTPUT_RESET) === 0) this.#lines.reset();
    this.#outputPort = value;
    this.#lines.a20((value & OUTPUT_A20) !== 0);
  }

  /** The A20 line as port 0x92 has set it. */
  followA20(open: boolean): void {
    this.#outputPort = (this.#outputPort & ~OUTPUT_A20) | (open ? OUTPUT_A20 : 0);
  }

  #keyboard(value: number): void {
    if (this.#keyboardCommand !== 0) {
      const queries = this.#keyboardCommand === 0xf0 && value === 0;
      this.#keyboardCommand = 0;
      this.#queue.push(KEYBOARD_ACK);
      if (queries) this.#queue.push(2);
      return;
    }
    switch (value) {
      case 0xed: // lights
      case 0xf0: // scan code set
      case 0xf3: // repeat rate
        this.#keyboardCommand = value;
        this.#queue.push(KEYBOARD_ACK);
        break;
      case 0xee:
        this.#queue.push(0xee);
        break;
      case 0xf2:
        this.#queue.push(KEYBOARD_ACK, 0xab, this.#config & CONFIG_TRANSLATE ? 0x41 : 0x83);
        break;
      case 0xf4:
        this.#scanning = true;
        this.#queue.push(KEYBOARD_ACK);
        break;
      case 0xf5:
        this.#scanning = false;
        this.#queue.push(KEYBOARD_ACK);
        break;
      case 0xf6:
        this.#queue.push(KEYBOARD_ACK);
        break;
      case 0xff:
        this.#queue.length = 0;
        this.#scanning = true;
        this.#queue.push(KEYBOARD_ACK, KEYBOARD_PASSED);
        break;
      default:
        this.#queue.push(KEYBOARD_RESEND);
    }
  }
}
