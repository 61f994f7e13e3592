// Framing of gdb's remote serial protocol: `$body#checksum`, acknowledgements, and a bare byte 3 as
// an interrupt. Bytes are the characters of strings, 0 to 255.

/** Bytes of a packet's body that are accepted; announced to gdb as PacketSize. */
export const PACKET_SIZE = 0x4000;

export type Received =
  | { kind: 'packet'; body: string }
  | { kind: 'interrupt' }
  | { kind: 'ack' }
  | { kind: 'nak' }
  /** A packet whose checksum is wrong, or that is too long. */
  | { kind: 'damaged' };

export function checksum(body: string): string {
  let sum = 0;
  for (let i = 0; i < body.length; i++) sum += body.charCodeAt(i);
  return (sum & 0xff).toString(16).padStart(2, '0');
}

/** A body as it goes over the line; what must not stand in one is already escaped. */
export function frame(body: string): string {
  return `$${body}#${checksum(body)}`;
}

/** Puts packets together from whatever pieces arrive. */
export class PacketReader {
  #body: string[] | null = null;
  #length = 0;
  #sum: string | null = null;

  /** @returns what was completed by these bytes, in order. */
  feed(bytes: string): Received[] {
    const found: Received[] = [];
    for (const c of bytes) {
      if (this.#sum !== null) this.#checksum(c, found);
      else if (c === '$') {
        // A packet that was cut off is followed by a whole one.
        this.#body = [];
        this.#length = 0;
      } else if (this.#body !== null) {
        if (c === '#') this.#sum = '';
        else if (++this.#length <= PACKET_SIZE) this.#body.push(c);
      } else if (c === '\x03') found.push({ kind: 'interrupt' });
      else if (c === '+') found.push({ kind: 'ack' });
      else if (c === '-') found.push({ kind: 'nak' });
    }
    return found;
  }

  #checksum(c: string, found: Received[]): void {
    this.#sum += c;
    if (this.#sum?.length !== 2) return;
    const body = this.#body?.join('') ?? '';
    const whole = this.#length <= PACKET_SIZE && this.#sum.toLowerCase() === checksum(body);
    found.push(whole ? { kind: 'packet', body } : { kind: 'damaged' });
    this.#body = null;
    this.#sum = null;
  }
}

/** Escapes binary data: `}` in front of a byte means that it is XORed with 0x20. */
export function escapeBinary(data: string): string {
  return data.replace(/[#$}*]/g, (c) => `}${String.fromCharCode(c.charCodeAt(0) ^ 0x20)}`);
}

export function unescapeBinary(data: string): string {
  return data.replace(/\}([\s\S])/g, (_all, c: string) =>
    String.fromCharCode(c.charCodeAt(0) ^ 0x20),
  );
}

export function toHex(bytes: ArrayLike<number>): string {
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += bytes[i].toString(16).padStart(2, '0');
  return text;
}

/** @returns null for what is not pairs of hexadecimal digits. */
export function fromHex(text: string): Uint8Array | null {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return null;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** A hexadecimal number of up to `digits` digits; null for anything else. */
export function hexNumber(text: string | undefined, digits = 8): number | null {
  return text !== undefined && text.length <= digits && /^[0-9a-f]+$/i.test(text)
    ? parseInt(text, 16)
    : null;
}

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0) & 0xff);
}

export function textOf(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 4096)
    text += String.fromCharCode(...bytes.subarray(i, i + 4096));
  return text;
}
