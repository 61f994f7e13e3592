// faultline debug: a guest program under the debugger's REPL.

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Machine } from '../../emulator/index.js';
import { recordedDirectory, recordedHost } from '../../debugger/index.js';
import type { Control, DebugEvents, Recording } from '../../debugger/index.js';
import { createKernel, spawn_init, stdin_wanted } from '../../kernel/index.js';
import type { Kernel } from '../../kernel/index.js';
import { createNodeHost, writeAll } from '../host/node_host.js';
import { StandardInput, streamKind } from '../host/node_stdin.js';
import { GdbServer } from '../remote/server.js';
import { Interpreter, readCommands } from '../repl/repl.js';
import { CommandError, Session } from '../repl/session.js';
import type { SessionHost } from '../repl/session.js';
import { BootError, bootGuest } from '../test/boot.js';
import { isTestRecording, readRecording } from '../test/recording.js';
import type { Recording as TestRecording } from '../test/recording.js';
import { DEBUG_OPTIONS, debugHelp } from './debug_options.js';
import { UsageError, parseOptions, parseSize, valueOf } from './options.js';
import type { ParsedOptions } from './options.js';
import { readRun, recordedSystem } from './recorded.js';
import { binary, checkProgram, environment, populate, runCommand } from './run.js';

const MB = 1 << 20;
const SOURCE_FILES_KEPT = 100;

/** The guest's standard input and the person's Ctrl-C, while the guest runs. */
class Terminal implements Pick<SessionHost, 'breathe' | 'wait' | 'running'> {
  readonly #input = new StandardInput();
  /** Standard input is where the commands come from, unless it is a terminal. */
  readonly #forGuest: boolean;
  #interrupted = false;
  #asked = false;
  #wake: () => void = () => {};
  readonly #onInterrupt = (): void => {
    this.#interrupted = true;
    this.#wake();
  };

  constructor(forGuest: boolean) {
    this.#forGuest = forGuest;
  }

  running(_kernel: Kernel, runs: boolean): void {
    if (runs) {
      this.#interrupted = false;
      process.on('SIGINT', this.#onInterrupt);
    } else {
      process.off('SIGINT', this.#onInterrupt);
      if (process.stdin.isTTY) process.stdin.pause();
    }
  }

  async breathe(control: Control): Promise<boolean> {
    // What was read in the past is in the recording.
    const past = control.timeline?.inPast ?? false;
    if (!past && stdin_wanted(control.kernel)) this.#ask(control);
    await new Promise<void>((done) => setImmediate(done));
    return this.#interrupted;
  }

  async wait(control: Control, untilNs: number | null): Promise<'go' | 'stop' | 'asleep'> {
    const wanted = stdin_wanted(control.kernel);
    if (wanted) this.#ask(control);
    else if (untilNs === null && !process.stdin.isTTY) return 'asleep';
    const ms = untilNs === null ? 1 << 30 : Math.min(1 << 30, Math.ceil(untilNs / 1e6));
    if (wanted && !this.#forGuest) return 'go';
    await new Promise<void>((done) => {
      const timer = setTimeout(done, ms);
      this.#wake = () => {
        clearTimeout(timer);
        done();
      };
      if (this.#interrupted) this.#wake();
    });
    return this.#interrupted ? 'stop' : 'go';
  }

  #ask(control: Control): void {
    if (!this.#forGuest) {
      control.give({ kind: 'stdin-eof' });
      return;
    }
    if (this.#asked) return;
    this.#asked = true;
    void this.#input.read().then((bytes) => {
      this.#asked = false;
      control.give(bytes.length > 0 ? { kind: 'stdin', bytes } : { kind: 'stdin-eof' });
      this.#wake();
    });
  }
}

function launcher(
  options: ParsedOptions,
  program: string,
  args: readonly string[],
): SessionHost['launch'] {
  const ramBytes = parseSize('--mem', valueOf(options, 'mem') ?? '64M', 16 * MB, 1024 * MB);
  const swapBytes = parseSize('--swap', valueOf(options, 'swap') ?? '128M', 0, 4096 * MB);
  const abi = valueOf(options, 'abi') ?? null;
  if (abi !== null && abi !== 'freebsd' && abi !== 'linux')
    throw new UsageError(`--abi wants freebsd or linux, not '${abi}'`);
  const cwd = valueOf(options, 'cwd') ?? '/';
  if (!cwd.startsWith('/'))
    throw new UsageError(`--cwd wants an absolute guest path, not '${cwd}'`);
  const envp = environment(options, '/', false);
  return (events: DebugEvents, given: readonly string[] | null, recording: Recording): Kernel => {
    const machine = new Machine({ ramBytes: ramBytes - (ramBytes % 65536) });
    const host = createNodeHost((line) => writeAll(2, Buffer.from(`faultline: ${line}\n`)), {
      terminal: false,
    });
    const k = createKernel(machine, recordedHost(host, recording), events, {
      swapBytes: swapBytes - (swapBytes % 4096),
      checkInvariants: options.flags.has('check'),
      verboseBoot: false,
      realtime: options.flags.has('realtime'),
    });
    const path = populate(k, options, program, (directory) =>
      recordedDirectory(directory, recording),
    );
    const argv0 = valueOf(options, 'argv0') ?? program;
    const refused = spawn_init(k, {
      path,
      argv: [argv0, ...(given ?? args)].map(binary),
      envp,
      cwd: binary(cwd),
      abi,
      console: null,
      streams: [streamKind(0), streamKind(1), streamKind(2)],
    });
    if (refused !== null) throw new CommandError(Buffer.from(refused, 'latin1').toString());
    return k;
  };
}

/** Makes the machine of a failed test anew: nothing of it depends on the host. */
function replayer({ run }: TestRecording): SessionHost['launch'] {
  return (events, given, recording) => {
    const machine = new Machine({ ramBytes: run.ramBytes });
    const argv = given === null ? run.argv : [run.argv[0], ...given.map(binary)];
    const host = {
      write: (fd: 1 | 2, bytes: Uint8Array): undefined => writeAll(fd, bytes) as undefined,
      log: (line: string): void => writeAll(2, Buffer.from(`faultline: ${line}\n`)),
    };
    try {
      return bootGuest({ ...run, argv }, machine, events, host, () => {}, recording);
    } catch (error) {
      throw error instanceof BootError ? new CommandError(error.message) : error;
    }
  };
}

/** Makes the machine of a recording, whose past is the recording. */
function relauncher(run: ReturnType<typeof readRun>): SessionHost['launch'] {
  return (events, _given, recording) => {
    recording.take(run.recording);
    const host = createNodeHost((line) => writeAll(2, Buffer.from(`faultline: ${line}\n`)), {
      terminal: false,
    });
    const again = (fd: 1 | 2, bytes: Uint8Array): void => void host.consoleWrite(fd, bytes);
    // The first time through, nobody has seen what the guest writes.
    let shown = 0;
    return recordedSystem(
      run.setup,
      recording,
      recordedHost(host, recording, (fd, bytes) => {
        const at = recording.place.answers;
        if (at < shown) return;
        shown = at + 1;
        again(fd, bytes);
      }),
      events,
    );
  };
}

/** Reads programs of the guest from the host: the one that is debugged, and those below --root. */
export function programReader(
  program: string,
  root: string | undefined,
): SessionHost['readProgram'] {
  return (path) => {
    const name = Buffer.from(path, 'latin1').toString();
    const host =
      root === undefined
        ? name === program || name === resolve(program)
          ? program
          : name
        : join(resolve(root), resolve('/', name));
    try {
      return readFileSync(host);
    } catch {
      return null;
    }
  };
}

function sourceReader(): SessionHost['readSource'] {
  const known = new Map<string, string[] | null>();
  return (path) => {
    const found = known.get(path);
    if (found !== undefined) return found;
    let lines: string[] | null = null;
    try {
      lines = readFileSync(path, 'utf8').split('\n');
    } catch {
      // Moved or never here: the line numbers are shown without text.
    }
    if (known.size >= SOURCE_FILES_KEPT) known.clear();
    known.set(path, lines);
    return lines;
  };
}

/** Runs `faultline debug` with its words. @returns the exit status. */
export async function debugCommand(words: string[]): Promise<number> {
  const options = parseOptions(DEBUG_OPTIONS, words);
  if (options.flags.has('help')) {
    process.stdout.write(debugHelp());
    return 0;
  }
  const [named = '', ...args] = options.rest;
  const file = valueOf(options, 'replay');
  if (file !== undefined && named !== '')
    throw new UsageError('debug --replay takes no PROGRAM: the recording has it');
  // A failed test leaves text, --record its own format.
  const failed = file !== undefined && isTestRecording(file) ? readRecording(file) : null;
  const replayed = file === undefined || failed !== null ? null : readRun(file);
  const program =
    failed !== null
      ? Buffer.from(failed.run.path, 'latin1').toString()
      : replayed !== null
        ? (replayed.setup.space.program?.host ?? replayed.setup.init.path)
        : named;
  if (program === '') throw new UsageError('debug wants a PROGRAM; see faultline debug --help');
  const root = valueOf(options, 'root');
  if (root === undefined && file === undefined) checkProgram(program);
  const batch = options.flags.has('batch');
  const interactive = !batch && Boolean(process.stdin.isTTY && process.stdout.isTTY);
  const colour = interactive && !process.env['NO_COLOR'];
  const terminal = new Terminal(batch || interactive);
  const onHost = programReader(program, root);
  const session = new Session(
    {
      print: (text) => writeAll(1, Buffer.from(`${text}\n`)),
      launch:
        failed !== null
          ? replayer(failed)
          : replayed !== null
            ? relauncher(replayed)
            : launcher(options, program, args),
      recorded: replayed?.end.at ?? 0,
      readProgram: (path) =>
        path === program && failed?.run.program ? failed.run.program : onHost(path),
      readSource: sourceReader(),
      same: (a, b) => Buffer.compare(a, b) === 0,
      breathe: (control) => terminal.breathe(control),
      wait: (control, untilNs) => terminal.wait(control, untilNs),
      running: (k, runs) => terminal.running(k, runs),
    },
    program,
  );
  const interpreter = new Interpreter(session, (message) => {
    writeAll(2, Buffer.from(colour ? `\x1b[31m${message}\x1b[0m\n` : `${message}\n`));
  });
  if (session.symbols === null) session.print(`(No debugging symbols can be read from ${program})`);
  if (failed !== null) {
    session.print(`Recording of ${failed.name}, ${failed.instructions} instructions:`);
    session.print(failed.failures.join('\n').replace(/^/gm, '  '));
  }
  for (const path of options.values.get('x') ?? []) {
    const error = await interpreter.source(path);
    if (error === null) continue;
    writeAll(2, Buffer.from(`${error}\n`));
    interpreter.failures++;
  }
  for (const line of options.values.get('ex') ?? []) {
    if (interpreter.ended || (batch && interpreter.failures > 0)) break;
    await interpreter.line(line);
  }
  if (!batch && !interpreter.ended) await readCommands(interpreter, interactive, () => {});
  if (interpreter.status !== 0) return interpreter.status;
  return batch && interpreter.failures > 0 ? 1 : 0;
}

/** Runs one of run, shell, tour with --gdb. @returns the exit status. */
export function runWithGdb(command: string, words: string[]): Promise<number> {
  return runCommand(command, words, new GdbServer());
}
