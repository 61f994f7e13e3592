// The program that is debugged: a session of the debugger whose moves and prints go to a client.

import { readFileSync } from 'node:fs';
import { ExpressionError, ReplayError } from '../../debugger/index.js';
import type { Control, StopEvent } from '../../debugger/index.js';
import { stdin_wanted } from '../../kernel/index.js';
import { programReader } from '../cli/debug.js';
import { valueOf } from '../cli/options.js';
import { execute } from '../repl/commands.js';
import { Interpreter } from '../repl/repl.js';
import { CommandError, Session } from '../repl/session.js';
import type { SessionHost } from '../repl/session.js';
import { launcher } from './launch.js';
import type { LaunchConfig } from './launch.js';
import { RequestError } from './protocol.js';

const LONGEST_WAIT = 1 << 30;

/** What a target tells of itself. */
export interface TargetListener {
  output(category: 'console' | 'stdout' | 'stderr' | 'important', text: string): void;
  /** The guest begins to move. */
  moving(): void;
  /** It stands again; `stop` null: a command of the debugger has moved it. */
  stopped(stop: StopEvent | null): void;
  /** What was sent has been taken. */
  drained(): Promise<void>;
}

/** A session that hands on why the guest stopped. */
class StopSession extends Session {
  stop: StopEvent | null = null;
  /** What a stop prints is shown to a person who gave a command alone. */
  verbose = false;
  onTell: () => void = () => {};

  override async tell(stop: StopEvent): Promise<void> {
    this.stop = stop;
    this.onTell();
    await super.tell(stop);
  }
}

export class Target {
  readonly config: LaunchConfig;
  readonly session: StopSession;
  /** It goes back in time: nothing is counted or logged. */
  reversing = false;
  readonly #listener: TargetListener;
  readonly #interpreter: Interpreter;
  #input: Uint8Array[] = [];
  #inputEnded = false;
  #asked = false;
  #interrupted = false;
  #wake: () => void = () => {};
  #quiet = false;
  /** What a command prints. */
  #captured: string[] | null = null;
  #move: Promise<void> | null = null;

  /** @throws RequestError, UsageError or CommandError when it cannot be launched. */
  constructor(config: LaunchConfig, listener: TargetListener) {
    this.config = config;
    this.#listener = listener;
    const output = (fd: number, text: string): void =>
      listener.output(fd === 2 ? 'stderr' : 'stdout', text);
    const log = (line: string): void => listener.output('console', `${line}\n`);
    const host: SessionHost = {
      print: (text) => {
        if (this.#captured !== null) this.#captured.push(text);
        else if (!this.#quiet) listener.output('console', `${text}\n`);
      },
      launch: launcher(config, output, log),
      readProgram: programReader(config.program, valueOf(config.options, 'root')),
      readSource: (path) => this.#readSource(path),
      same: (a, b) => Buffer.compare(a, b) === 0,
      breathe: (control) => this.#breathe(control),
      wait: (control, untilNs) => this.#wait(control, untilNs),
      running: () => {},
    };
    this.session = new StopSession(host, config.program);
    this.session.onTell = () => {
      this.#quiet = !this.session.verbose;
    };
    this.#interpreter = new Interpreter(this.session, (message) =>
      listener.output('stderr', `${message}\n`),
    );
    const { session } = this;
    session.syntax = config.syntax;
    session.followChild = config.followFork === 'child';
    session.detachOnFork = config.followFork !== 'both';
    if (config.noDebug)
      for (let signo = 1; signo < 32; signo++)
        session.signals.set(signo, { stop: false, print: false, pass: true });
  }

  /** A source file here for one of the program's. */
  localPath(path: string): string {
    for (const [from, to] of this.config.sourceMap)
      if (path.startsWith(from)) return `${to}${path.slice(from.length)}`;
    return path;
  }

  readonly #sources = new Map<string, string[] | null>();

  #readSource(path: string): string[] | null {
    const known = this.#sources.get(path);
    if (known !== undefined) return known;
    let lines: string[] | null = null;
    try {
      lines = readFileSync(this.localPath(path), 'utf8').split('\n');
    } catch {
      // Moved or never here.
    }
    this.#sources.set(path, lines);
    return lines;
  }

  /** Whether a source file of the program's can be read here. */
  hasSource(path: string): boolean {
    return path !== '' && this.#readSource(path) !== null;
  }

  /** A line of the program's own, as a log point has it. */
  log(text: string): void {
    this.#listener.output('console', `${text}\n`);
  }

  get running(): boolean {
    return this.#move !== null;
  }

  /** Makes a fresh machine with the program in front of its first instruction. */
  start(): void {
    this.#input = this.config.stdin === null ? [] : [this.config.stdin];
    this.#inputEnded = this.config.stdin !== null;
    this.#asked = false;
    this.#quiet = false;
    this.session.start();
    for (const b of this.session.breakpoints) if (b.kind === 'breakpoint') this.session.relocate(b);
    this.session.control?.refresh();
  }

  /** @throws RequestError while the guest runs, and when there is none. */
  get control(): Control {
    if (this.running) throw new RequestError('notStopped');
    const { control } = this.session;
    if (control === null || !control.alive) throw new RequestError('The program is not being run.');
    return control;
  }

  /**
   * Begins a move of the guest, and tells the listener when it has ended. `forwards` and `back` are
   * the two ways in which Session moves it.
   * @throws RequestError while it runs.
   */
  forwards(move: (control: Control) => Promise<StopEvent>, keepLine = false): void {
    void this.control;
    this.#begin(async () => {
      await this.session.resume(move, keepLine);
    });
  }

  back(move: Parameters<Session['goBack']>[0]): void {
    void this.control;
    this.#begin(() => this.session.goBack(move));
  }

  #begin(move: () => Promise<void>): void {
    this.session.stop = null;
    this.#interrupted = false;
    this.#listener.moving();
    this.#move = this.#run(move);
  }

  async #run(move: () => Promise<void>): Promise<void> {
    try {
      // The answer to the request comes first.
      await new Promise<void>((done) => setImmediate(done));
      await this.#attempt(move);
      for (const line of this.session.pendingCommands.splice(0)) {
        this.#quiet = false;
        await this.#interpreter.line(line);
      }
    } finally {
      this.#quiet = false;
      this.#move = null;
    }
    this.#listener.stopped(this.session.stop);
  }

  async #attempt(move: () => Promise<void>): Promise<void> {
    try {
      await move();
    } catch (error) {
      const { message } = error as Error;
      const expected = [CommandError, ExpressionError, ReplayError, RangeError, RequestError];
      const known = expected.some((kind) => error instanceof kind);
      const text = known ? message : `internal error: ${(error as Error).stack ?? message}`;
      this.#listener.output('important', `${text}\n`);
    } finally {
      this.reversing = false;
    }
  }

  /** Stops the guest as soon as it can be. */
  interrupt(): void {
    this.#interrupted = true;
    this.#wake();
  }

  /** Stops the guest and waits until it stands. */
  async halt(): Promise<void> {
    while (this.#move !== null) {
      this.interrupt();
      await this.#move;
    }
  }

  /**
   * Executes a command of the debugger; it may move the guest. @returns what it printed.
   * @throws RequestError when it fails.
   */
  async command(line: string): Promise<string> {
    if (this.running) throw new RequestError('notStopped');
    const { session } = this;
    const before = session.control;
    const at = before?.instructions;
    session.stop = null;
    session.verbose = true;
    let done: () => void = () => {};
    this.#interrupted = false;
    this.#move = new Promise((resolve) => (done = resolve));
    const printed = (this.#captured = [] as string[]);
    let failed: string | null;
    try {
      failed = await execute(session, line);
    } finally {
      this.#captured = null;
      session.verbose = false;
      this.#quiet = false;
      this.#move = null;
      done();
      const moved = session.control !== before || session.control?.instructions !== at;
      if (moved || session.stop !== null) {
        this.#listener.moving();
        this.#listener.stopped(session.stop);
      }
    }
    if (failed !== null) throw new RequestError([...printed, failed].join('\n'));
    return printed.join('\n');
  }

  /** Something for the guest's standard input; null: its end. */
  give(bytes: Uint8Array | null): void {
    if (this.#inputEnded) throw new RequestError('The standard input of the program has ended.');
    if (bytes === null) this.#inputEnded = true;
    else this.#input.push(bytes);
    this.#wake();
  }

  #feed(control: Control): boolean {
    if (!stdin_wanted(control.kernel)) return false;
    const bytes = this.#input.shift();
    if (bytes !== undefined && bytes.length > 0) control.give({ kind: 'stdin', bytes });
    else if (this.#input.length === 0 && this.#inputEnded) control.give({ kind: 'stdin-eof' });
    else return false;
    this.#asked = false;
    return true;
  }

  async #breathe(control: Control): Promise<boolean> {
    // In the past the guest is given what it was given then.
    if (control.timeline?.inPast !== true) this.#feed(control);
    if (!this.#interrupted)
      await Promise.race([
        this.#listener.drained(),
        new Promise<void>((done) => (this.#wake = () => this.#interrupted && done())),
      ]);
    await new Promise<void>((done) => setImmediate(done));
    return this.#interrupted;
  }

  async #wait(control: Control, untilNs: number | null): Promise<'go' | 'stop' | 'asleep'> {
    if (this.#interrupted) return 'stop';
    const wanted = stdin_wanted(control.kernel);
    if (this.#feed(control)) return 'go';
    if (!wanted && untilNs === null) return 'asleep';
    if (wanted && !this.#asked) {
      this.#asked = true;
      const how = 'type it in the debug console, <^D for its end';
      this.#listener.output('console', `The program waits for input: ${how}.\n`);
    }
    const ms = untilNs === null ? LONGEST_WAIT : Math.min(LONGEST_WAIT, Math.ceil(untilNs / 1e6));
    await new Promise<void>((done) => {
      const timer = setTimeout(done, ms);
      this.#wake = () => {
        clearTimeout(timer);
        done();
      };
    });
    return this.#interrupted ? 'stop' : 'go';
  }
}
