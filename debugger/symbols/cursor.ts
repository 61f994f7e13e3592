// Reads little-endian binary data in order: ELF, DWARF and call-frame sections.

/** Thrown when data ends too early or contradicts itself; the reader of a file reports it. */
export class FormatError extends Error {
  override name = 'FormatError';
}

export class Cursor {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  /** Next byte to be read. */
  at: number;
  /** One past the last byte. */
  readonly end: number;

  /** @throws FormatError when the range does not lie inside `bytes`. */
  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    if (at < 0 || at > end || end > bytes.length) throw new FormatError('a section is cut short');
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
    this.end = end;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  #take(count: number): number {
    const from = this.at;
    if (count < 0 || from + count > this.end) throw new FormatError('data ends too early');
    this.at = from + count;
    return from;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }
  i8(): number {
    return this.#view.getInt8(this.#take(1));
  }
  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }
  u24(): number {
    return this.u16() | (this.u8() << 16);
  }
  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }
  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }
  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  /** Unsigned LEB128 (DWARF 5 §7.6), exact up to 2^53. */
  uleb(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if ((byte & 0x80) === 0) return value;
      scale *= 128;
    }
  }

  /** Signed LEB128. */
  sleb(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if ((byte & 0x80) === 0) return byte & 0x40 ? value - scale : value;
    }
  }

  /** The next `count` bytes, not copied. */
  block(count: number): Uint8Array {
    const from = this.#take(count);
    return this.bytes.subarray(from, from + count);
  }

  /** A string up to its NUL, one character a byte. */
  string(): string {
    const from = this.at;
    let to = from;
    while (to < this.end && this.bytes[to] !== 0) to++;
    if (to >= this.end) throw new FormatError('a string does not end');
    this.at = to + 1;
    return latin1(this.bytes.subarray(from, to));
  }

  skip(count: number): void {
    this.#take(count);
  }
}

/** Bytes as a string of one character each. */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 4096) {
    text += String.fromCharCode(...bytes.subarray(i, i + 4096));
  }
  return text;
}

/** The NUL-terminated string at `offset` of a string section; '' when the offset is outside. */
export function stringAt(section: Uint8Array | null, offset: number): string {
  if (section === null || offset < 0 || offset >= section.length) return '';
  const end = section.indexOf(0, offset);
  return latin1(section.subarray(offset, end < 0 ? section.length : end));
}
