// Recordings in files: JSON lines. The first says what was recorded, of which machine; the last is a
// checksum of all before it. Bytes that came more than once are there once.

import { digestSystem } from '../../kernel/index.js';
import type { Kernel } from '../../kernel/index.js';
import { Recording } from './recording.js';
import type { Answer, Input } from './recording.js';

// Base64: in browsers and in Node, but in no library of the language.
declare function btoa(binary: string): string;
declare function atob(text: string): string;

const FORMAT = 1;

/** A file that is no recording, a damaged one, or one of another version; says which. */
export class RecordingError extends Error {
  override name = 'RecordingError';
}

/** A hash of the whole system after so many instructions. */
export interface Mark {
  at: number;
  /** Inputs given before it. */
  inputs: number;
  hash: string;
}

export interface RecordedRun {
  /** Of faultline; another one's kernel may behave in another way. */
  version: string;
  /** How the machine was made; what it holds is the business of who made it. */
  setup: unknown;
  recording: Recording;
  /** Hashes on the way, ascending. */
  marks: Mark[];
  /** Where the recording ends, and the exit status of the first process; null: it still ran. */
  end: Mark & { status: number | null };
}

class Hash {
  #a = 0x811c9dc5;
  #b = 0x9e3779b9;

  word(n: number): void {
    this.#a = Math.imul(this.#a ^ n, 0x01000193);
    this.#b = (Math.imul(this.#b, 31) + (n ^ (this.#a >>> 15))) | 0;
  }

  text(value: string): void {
    this.word(value.length);
    for (let i = 0; i < value.length; i++) this.word(value.charCodeAt(i));
  }

  get value(): string {
    const hex = (n: number): string => (n >>> 0).toString(16).padStart(8, '0');
    return hex(this.#a) + hex(this.#b);
  }
}

/** A hash of all that machine and kernel are, 16 hexadecimal digits. */
export function systemHash(k: Kernel): string {
  const hash = new Hash();
  digestSystem(k, hash);
  return hash.value;
}

function textHash(text: string): string {
  const hash = new Hash();
  hash.text(text);
  return hash.value;
}

type Bytes = { blob: number };

/** The contents of a file for a run. */
export function encodeRun(run: RecordedRun): string {
  const lines: string[] = [];
  const blobs = new Map<string, number>();
  const blob = (bytes: Uint8Array): Bytes => {
    let text = '';
    for (let i = 0; i < bytes.length; i += 8192)
      text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    const encoded = btoa(text);
    let n = blobs.get(encoded);
    if (n === undefined) {
      blobs.set(encoded, (n = blobs.size));
      lines.push(JSON.stringify(['bytes', encoded]));
    }
    return { blob: n };
  };
  const packed = (value: object): unknown =>
    'bytes' in value && value.bytes instanceof Uint8Array
      ? { ...value, bytes: blob(value.bytes) }
      : value;
  lines.push(
    JSON.stringify({
      faultline: 'recording',
      format: FORMAT,
      version: run.version,
      setup: run.setup,
    }),
  );
  for (const answer of run.recording.answers) {
    const line = packed(answer);
    lines.push(JSON.stringify(['answer', line]));
  }
  for (const { at, input } of run.recording.inputs) {
    const line = packed(input);
    lines.push(JSON.stringify(['input', at, line]));
  }
  for (const { at, hash, inputs } of run.marks)
    lines.push(JSON.stringify(['hash', at, hash, inputs]));
  lines.push(JSON.stringify(['end', run.end.at, run.end.hash, run.end.status, run.end.inputs]));
  const text = `${lines.join('\n')}\n`;
  return `${text}${JSON.stringify(['sum', textHash(text)])}\n`;
}

/** @throws RecordingError unless it is a whole recording of this version of faultline. */
export function decodeRun(text: string, version: string): RecordedRun {
  const first = text.slice(0, text.indexOf('\n'));
  let header: Partial<Record<'faultline' | 'format' | 'version' | 'setup', unknown>>;
  try {
    header = JSON.parse(first) as typeof header;
  } catch {
    throw new RecordingError('it is not a recording of faultline');
  }
  if (typeof header !== 'object' || header === null || header.faultline !== 'recording')
    throw new RecordingError('it is not a recording of faultline');
  if (header.format !== FORMAT || header.version !== version)
    throw new RecordingError(
      `it was recorded by faultline ${String(header.version)} (format ${String(header.format)}), and this is ${version} (format ${FORMAT})`,
    );
  const last = text.lastIndexOf('\n', text.length - 2) + 1;
  const body = text.slice(0, last);
  if (text.slice(last) !== `${JSON.stringify(['sum', textHash(body)])}\n`)
    throw new RecordingError('it is damaged, or was not written to its end');
  const run: RecordedRun = {
    version,
    setup: header.setup,
    recording: new Recording(),
    marks: [],
    end: { at: 0, inputs: 0, hash: '', status: null },
  };
  const blobs: Uint8Array[] = [];
  const unpacked = (value: { bytes?: Bytes | null }): unknown =>
    value.bytes === undefined || value.bytes === null
      ? value
      : { ...value, bytes: blobs[value.bytes.blob] };
  for (const line of body.slice(first.length + 1, -1).split('\n')) {
    const [kind, ...values] = JSON.parse(line) as [string, ...unknown[]];
    if (kind === 'bytes')
      blobs.push(Uint8Array.from(atob(values[0] as string), (c) => c.charCodeAt(0)));
    else if (kind === 'answer') run.recording.answers.push(unpacked(values[0] as object) as Answer);
    else if (kind === 'input')
      run.recording.inputs.push({
        at: values[0] as number,
        input: unpacked(values[1] as object) as Input,
      });
    else if (kind === 'hash')
      run.marks.push({
        at: values[0] as number,
        hash: values[1] as string,
        inputs: values[2] as number,
      });
    else if (kind === 'end')
      run.end = {
        at: values[0] as number,
        hash: values[1] as string,
        status: values[2] as number | null,
        inputs: values[3] as number,
      };
  }
  return run;
}
