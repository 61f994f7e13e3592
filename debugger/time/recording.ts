// Everything that comes to a machine from outside, in the order in which it came: what the kernel
// asked of its host and was answered, and what was given to it between two instructions.

import {
  stdin_eof,
  stdin_input,
  tty_hangup,
  tty_input,
  tty_resize,
  kernel_signal,
} from '../../kernel/index.js';
import type { Host, HostDirectory, HostStat, Kernel } from '../../kernel/index.js';

/** An answer of the host; `call` names the question, so that a replay that strays is found out. */
export type Answer =
  | { call: 'console'; errno: number | undefined }
  | { call: 'clock'; ns: number }
  | { call: 'entropy'; bytes: Uint8Array }
  | { call: 'lstat'; path: string; stat: HostStat | null }
  | { call: 'readdir'; path: string; names: string[] | null }
  | { call: 'readlink'; path: string; target: string | null }
  | { call: 'read'; path: string; offset: number; bytes: Uint8Array | null }
  /** Whether a debugger let a signal through to a process. */
  | { call: 'signal'; passed: boolean };

/** What is given to a machine from outside. */
export type Input =
  | { kind: 'stdin'; bytes: Uint8Array }
  | { kind: 'stdin-eof' }
  | { kind: 'tty'; bytes: Uint8Array }
  | { kind: 'hangup' }
  | { kind: 'resize'; rows: number; columns: number }
  | { kind: 'signal'; signo: number }
  /** All slept, and the host waited. */
  | { kind: 'idle' };

export interface TimedInput {
  /** Instructions executed before it. */
  at: number;
  input: Input;
}

/** A replay asked or did something else than what was recorded. */
export class ReplayError extends Error {
  override name = 'ReplayError';
}

/** A place in a recording. */
export interface Place {
  readonly answers: number;
  readonly inputs: number;
}

export class Recording {
  readonly answers: Answer[] = [];
  readonly inputs: TimedInput[] = [];
  #answer = 0;
  #input = 0;

  /** Goes to the beginning, of what `other` recorded. */
  take(other: Recording): void {
    this.answers.length = 0;
    for (const answer of other.answers) this.answers.push(answer);
    this.inputs.length = 0;
    for (const input of other.inputs) this.inputs.push(input);
    this.place = { answers: 0, inputs: 0 };
  }

  get place(): Place {
    return { answers: this.#answer, inputs: this.#input };
  }
  set place({ answers, inputs }: Place) {
    this.#answer = answers;
    this.#input = inputs;
  }

  /** Whether all that was recorded lies behind. */
  get atEnd(): boolean {
    return this.#answer === this.answers.length && this.#input === this.inputs.length;
  }

  /** Forgets what lies ahead: from here on things go another way. */
  truncate(): void {
    this.answers.length = this.#answer;
    this.inputs.length = this.#input;
  }

  /** The answer that was recorded, or that `ask` gets now. @throws ReplayError */
  answer<C extends Answer['call']>(
    call: C,
    ask: () => Extract<Answer, { call: C }>,
  ): Extract<Answer, { call: C }> {
    if (this.#answer === this.answers.length) {
      const answer = ask();
      this.answers.push(answer);
      this.#answer++;
      return answer;
    }
    const answer = this.answers[this.#answer];
    if (answer.call !== call)
      throw new ReplayError(
        `the recording goes on with '${answer.call}', the machine with '${call}'`,
      );
    this.#answer++;
    return answer as Extract<Answer, { call: C }>;
  }

  /** The next input, or null at the end. */
  get nextInput(): TimedInput | null {
    return this.inputs[this.#input] ?? null;
  }

  /** Goes past the next input. */
  skipInput(): void {
    this.#input++;
  }

  /** => atEnd */
  append(at: number, input: Input): void {
    this.inputs.push({ at, input });
    this.#input++;
  }
}

/** Gives an input to the kernel. */
export function applyInput(k: Kernel, input: Input): void {
  switch (input.kind) {
    case 'stdin':
      return stdin_input(k, input.bytes);
    case 'stdin-eof':
      return stdin_eof(k);
    case 'tty':
      return tty_input(k, input.bytes);
    case 'hangup':
      return tty_hangup(k);
    case 'resize':
      return tty_resize(k, {
        ws_row: input.rows,
        ws_col: input.columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
      });
    case 'signal':
      return kernel_signal(k, input.signo);
    case 'idle':
  }
}

/**
 * A host whose answers are recorded, and given again. Output is written once; `again` is given what
 * would be written another time.
 */
export function recordedHost(
  host: Host,
  recording: Recording,
  again: (fd: 1 | 2, bytes: Uint8Array) => void = () => {},
): Host {
  return {
    consoleWrite(fd, bytes) {
      if (!recording.atEnd) again(fd, bytes);
      return recording.answer('console', () => ({
        call: 'console',
        errno: host.consoleWrite(fd, bytes),
      })).errno;
    },
    log(line) {
      if (recording.atEnd) host.log(line);
    },
    wallClockNs() {
      return recording.answer('clock', () => ({ call: 'clock', ns: host.wallClockNs() })).ns;
    },
    entropy(into) {
      const { bytes } = recording.answer('entropy', () => {
        host.entropy(into);
        return { call: 'entropy', bytes: into.slice() };
      });
      into.set(bytes);
    },
  };
}

/** A directory of the host whose answers are recorded, and given again. */
export function recordedDirectory(directory: HostDirectory, recording: Recording): HostDirectory {
  return {
    lstat(path) {
      const { stat } = recording.answer('lstat', () => ({
        call: 'lstat',
        path,
        stat: directory.lstat(path),
      }));
      return stat;
    },
    readdir(path) {
      const { names } = recording.answer('readdir', () => ({
        call: 'readdir',
        path,
        names: directory.readdir(path),
      }));
      return names;
    },
    readlink(path) {
      const { target } = recording.answer('readlink', () => ({
        call: 'readlink',
        path,
        target: directory.readlink(path),
      }));
      return target;
    },
    read(path, offset, into) {
      const { bytes } = recording.answer('read', () => {
        const count = directory.read(path, offset, into);
        return { call: 'read', path, offset, bytes: count === null ? null : into.slice(0, count) };
      });
      if (bytes === null) return null;
      into.set(bytes);
      return bytes.length;
    },
  };
}
