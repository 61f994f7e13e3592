// VGA text: 80 x 25 cells at B8000, which are ordinary memory, and the CRT controller's registers that
// text programs use: the cursor and the start address.

import type { PortDevice } from './bus.js';

const COLUMNS = 80;
const ROWS = 25;
const TEXT = 0xb8000;
const TEXT_BYTES = 0x8000;

/** Code page 437 from 0x80 on. */
const HIGH =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■ ';

export class VgaText implements PortDevice {
  readonly #ram8: Uint8Array;
  readonly #registers = new Uint8Array(25);
  #index = 0;

  constructor(ram8: Uint8Array) {
    this.#ram8 = ram8;
  }

  read(offset: number): number {
    return offset === 0 ? this.#index : (this.#registers[this.#index] ?? 0);
  }

  write(offset: number, value: number): void {
    if (offset === 0) this.#index = value & 31;
    else if (this.#index < this.#registers.length) this.#registers[this.#index] = value;
  }

  /** Port 0x3da: the retraces come and go, for programs that wait for them. */
  readonly statusPort: PortDevice = {
    read: () => {
      this.#retrace ^= 9;
      return this.#retrace;
    },
    write: () => {},
  };
  #retrace = 0;

  /** Cell of the cursor, from the top left. */
  get cursor(): number {
    return (this.#registers[14] << 8) | this.#registers[15];
  }

  /** The screen as lines of text, without the blanks at their ends. */
  lines(): string[] {
    const start = 2 * ((this.#registers[12] << 8) | this.#registers[13]);
    const lines: string[] = [];
    for (let row = 0; row < ROWS; row++) {
      let line = '';
      for (let column = 0; column < COLUMNS; column++) {
        const at = (start + 2 * (row * COLUMNS + column)) % TEXT_BYTES;
        const code = this.#ram8[TEXT + at] ?? 0;
        line +=
          code < 32 ? ' ' : code < 127 ? String.fromCharCode(code) : (HIGH[code - 128] ?? ' ');
      }
      lines.push(line.trimEnd());
    }
    return lines;
  }
}
