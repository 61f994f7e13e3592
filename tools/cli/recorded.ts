// --record FILE, and faultline replay FILE.

import { readFileSync, writeFileSync } from 'node:fs';
import { Machine } from '../../emulator/index.js';
import {
  Recording,
  RecordingError,
  ReplayError,
  applyInput,
  decodeRun,
  encodeRun,
  recordedDirectory,
  recordedHost,
  systemHash,
} from '../../debugger/index.js';
import type { Input, Mark, RecordedRun } from '../../debugger/index.js';
import { createKernel, kernel_run, spawn_init, tty_create } from '../../kernel/index.js';
import type {
  EventStream,
  Host,
  HostDirectory,
  Kernel,
  KernelExit,
  init_params,
} from '../../kernel/index.js';
import { createNodeHost, errorCode, systemErrorText, writeAll } from '../host/node_host.js';
import { UsageError, parseOptions } from './options.js';
import { openNameSpace } from './run.js';
import type { NameSpace } from './run.js';
import type { InputRecorder } from './session.js';
import { swapDevices } from './swap_options.js';

declare const FAULTLINE_VERSION: string;

/** Instructions between two hashes, at first; each stretch is twice as long as the one before. */
const FIRST_MARK = 10_000_000;
const STRETCH = 50_000_000;
/** Kernel entries without an instruction of user mode, in thousands, before something is wrong. */
const STUCK_MAX = 10_000;
/** A replay that strayed. */
const EXIT_DIFFERENT = 1;

/** All that makes the machine and its first process what they are. */
export interface Setup {
  ramBytes: number;
  swap: string[] | null;
  checkInvariants: boolean;
  verboseBoot: boolean;
  realtime: boolean;
  space: NameSpace;
  init: Omit<init_params, 'console'>;
  size: Parameters<typeof tty_create>[0] | null;
}

/** Writes down a run as it happens. */
export class Recorder implements InputRecorder {
  readonly #file: string;
  readonly #recording = new Recording();
  readonly #marks: Mark[] = [];
  #nextMark = FIRST_MARK;
  #setup: Setup | null = null;
  #status: number | null = null;

  /** @throws UsageError when the file cannot be written */
  constructor(file: string) {
    this.#file = file;
    this.#write('');
  }

  host(host: Host): Host {
    return recordedHost(host, this.#recording);
  }

  directory(directory: HostDirectory): HostDirectory {
    return recordedDirectory(directory, this.#recording);
  }

  begin(k: Kernel, setup: Setup): void {
    this.#setup = setup;
    this.#marks.push(this.#mark(k));
  }

  #mark(k: Kernel): Mark {
    const { inputs } = this.#recording.place;
    return { at: k.machine.instructions, inputs, hash: systemHash(k) };
  }

  input(k: Kernel, input: Input): void {
    const kept = 'bytes' in input ? { ...input, bytes: input.bytes.slice() } : input;
    this.#recording.append(k.machine.instructions, kept);
  }

  pause(k: Kernel): void {
    if (k.machine.instructions < this.#nextMark) return;
    this.#marks.push(this.#mark(k));
    this.#nextMark = k.machine.instructions * 2;
  }

  exited(status: number): void {
    this.#status = status;
  }

  /** Writes the file. */
  finish(k: Kernel): void {
    this.#write(
      encodeRun({
        version: FAULTLINE_VERSION,
        setup: this.#setup,
        recording: this.#recording,
        marks: this.#marks,
        end: { ...this.#mark(k), status: this.#status },
      }),
    );
  }

  #write(text: string): void {
    try {
      writeFileSync(this.#file, text);
    } catch (error) {
      throw new UsageError(`cannot write ${this.#file}: ${systemErrorText(errorCode(error))}`);
    }
  }
}

/** @throws UsageError with what is wrong with the file */
export function readRun(file: string): RecordedRun & { setup: Setup } {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${systemErrorText(errorCode(error))}`);
  }
  try {
    const run = decodeRun(text, FAULTLINE_VERSION);
    return { ...run, setup: run.setup as Setup };
  } catch (error) {
    if (error instanceof RecordingError) throw new UsageError(`${file}: ${error.message}`);
    throw error;
  }
}

/** Everything is in the recording; who asks for more finds nothing. */
const NOTHING: HostDirectory = {
  lstat: () => null,
  readdir: () => null,
  readlink: () => null,
  read: () => null,
};

/** The machine of a recording, before its first instruction. @throws UsageError */
export function recordedSystem(
  setup: Setup,
  recording: Recording,
  host: Host,
  events: EventStream,
): Kernel {
  const values = new Map(setup.swap === null ? [] : [['swap', setup.swap]]);
  const k = createKernel(new Machine({ ramBytes: setup.ramBytes }), host, events, {
    swapBytes: 0,
    swapDevices: swapDevices({ flags: new Set(), values, rest: [] }),
    checkInvariants: setup.checkInvariants,
    verboseBoot: setup.verboseBoot,
    realtime: setup.realtime,
  });
  openNameSpace(k, setup.space, () => recordedDirectory(NOTHING, recording));
  const console = setup.size === null ? null : tty_create(setup.size);
  const refused = spawn_init(k, { ...setup.init, console });
  if (refused !== null) throw new UsageError(`the recording's program cannot be run: ${refused}`);
  return k;
}

/** Runs a recording to its end. @returns what is not as it was, or null. */
function replay(run: RecordedRun & { setup: Setup }): string | null {
  const { recording, marks, end } = run;
  const node = createNodeHost((line) => writeAll(2, Buffer.from(`faultline: ${line}\n`)), {
    terminal: run.setup.size !== null,
  });
  const host = recordedHost(node, recording, (fd, bytes) => void node.consoleWrite(fd, bytes));
  const k = recordedSystem(run.setup, recording, host, { mask: 0, emit: () => {} });
  const { machine } = k;
  const waiting = [...marks];
  let exit: KernelExit = { kind: 'limit' };
  for (let stuck = 0; exit.kind !== 'exited' && stuck < STUCK_MAX; stuck++) {
    const now = machine.instructions;
    const check = waiting[0] as Mark | undefined;
    const next = recording.nextInput;
    if (check !== undefined && check.at <= now && check.inputs <= recording.place.inputs) {
      waiting.shift();
      if (systemHash(k) !== check.hash)
        return `the machine is another after ${check.at} instructions than when it was recorded`;
    } else if (
      next !== null &&
      next.at <= now &&
      (next.input.kind !== 'idle' || exit.kind === 'idle')
    ) {
      // Where all slept then, all sleep now.
      exit = { kind: 'limit' };
      recording.skipInput();
      applyInput(k, next.input);
      stuck = 0;
    } else {
      if (now >= end.at && end.status === null && next === null) break;
      if (exit.kind === 'idle') return `the machine sleeps after ${now} instructions`;
      const until = Math.min(end.at, check?.at ?? Infinity, next?.at ?? Infinity, now + STRETCH);
      exit = kernel_run(k, { instructions: Math.max(0, until - now) });
      if (machine.instructions > now) stuck = 0;
    }
  }
  if (!recording.atEnd) return 'not everything that was recorded happened again';
  const status = exit.kind === 'exited' ? exit.status : null;
  if (status !== end.status) return `the exit status is ${status}; it was ${end.status}`;
  return systemHash(k) === end.hash ? null : 'the machine ends another than when it was recorded';
}

const HELP = `Usage: faultline replay FILE

Runs again what 'faultline run --record FILE' (or shell, or tour) recorded: the same
input at the same instructions, the same output. Nothing of the host is asked: the
files that the guest read are in the recording. Says so, with status 1, when the
machine is not what it was. 'faultline debug --replay FILE' opens it in the debugger.
`;

/** Runs `faultline replay` with its words. @returns the exit status: the guest's. */
export function replayCommand(words: string[]): number {
  const spec = [{ names: ['-h', '--help'], help: 'this text' }];
  const options = parseOptions(spec, words);
  if (options.flags.has('help')) {
    process.stdout.write(HELP);
    return 0;
  }
  const [file, ...more] = options.rest;
  if (file === undefined || more.length > 0)
    throw new UsageError('replay wants one FILE; see faultline replay --help');
  const run = readRun(file);
  let wrong: string | null;
  try {
    wrong = replay(run);
  } catch (error) {
    if (!(error instanceof ReplayError)) throw error;
    wrong = error.message;
  }
  if (wrong !== null) writeAll(2, Buffer.from(`faultline: replay: ${wrong}\n`));
  return wrong !== null ? EXIT_DIFFERENT : (run.end.status ?? 0);
}
