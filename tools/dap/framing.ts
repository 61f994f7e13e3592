// The base protocol: JSON in UTF-8 behind a header with its length in bytes.

const HEADER_MAX = 4096;
const CONTENT_MAX = 64 << 20;
const SEPARATOR = Buffer.from('\r\n\r\n');

/** What was read: a message, or why there is none. */
export type Frame = { value: unknown } | { error: string };

/** Header and content of a message. */
export function encodeMessage(message: object): Buffer {
  const content = Buffer.from(JSON.stringify(message));
  return Buffer.concat([Buffer.from(`Content-Length: ${content.length}\r\n\r\n`), content]);
}

/** Puts messages together from pieces of a stream. */
export class MessageReader {
  #chunks: Buffer[] = [];
  #length = 0;
  /** Bytes of the content that is awaited; -1: a header is. */
  #content = -1;
  /** Bytes of a message that is too large, to be passed over. */
  #skip = 0;

  /** Takes bytes of the stream. @returns the messages that are complete now. */
  push(bytes: Uint8Array): Frame[] {
    this.#chunks.push(Buffer.from(bytes));
    this.#length += bytes.length;
    const frames: Frame[] = [];
    while (this.#step(frames));
    return frames;
  }

  #take(count: number): Buffer {
    const all = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
    this.#chunks = [all.subarray(count)];
    this.#length -= count;
    return all.subarray(0, count);
  }

  /** @returns whether there may be more. */
  #step(frames: Frame[]): boolean {
    if (this.#skip > 0) {
      const count = Math.min(this.#skip, this.#length);
      this.#take(count);
      this.#skip -= count;
      return this.#skip === 0 && this.#length > 0;
    }
    if (this.#content < 0) return this.#header(frames);
    if (this.#length < this.#content) return false;
    const content = this.#take(this.#content);
    this.#content = -1;
    frames.push(parse(content));
    return this.#length > 0;
  }

  #header(frames: Frame[]): boolean {
    if (this.#length === 0) return false;
    const head = this.#peek();
    const end = head.indexOf(SEPARATOR);
    if (end < 0) {
      if (head.length < HEADER_MAX) return false;
      // No header at all: what may be the beginning of a separator stays.
      this.#take(head.length - SEPARATOR.length + 1);
      frames.push({ error: 'what came has no header' });
      return true;
    }
    const header = this.#take(end + SEPARATOR.length).toString('latin1');
    // In front of it may be the rest of something that was no message.
    const match = [...header.matchAll(/Content-Length: *(\d{1,15}) *\r\n/gi)].at(-1);
    if (match === undefined) {
      frames.push({ error: 'a header has no Content-Length' });
      return true;
    }
    const length = Number(match[1]);
    if (length > CONTENT_MAX) {
      frames.push({ error: `a message of ${length} bytes is too large` });
      this.#skip = length;
    } else this.#content = length;
    return true;
  }

  /** The first bytes, up to a whole header. */
  #peek(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0].subarray(0, HEADER_MAX);
  }
}

function parse(content: Buffer): Frame {
  try {
    return { value: JSON.parse(content.toString()) as unknown };
  } catch (error) {
    return { error: `a message is no JSON: ${(error as Error).message}` };
  }
}
