// A debugging session: the program, what was set for it, and where it stands. Commands work on it;
// what they say goes to `print`.

import {
  Control,
  DebugEvents,
  ExpressionError,
  Inspection,
  Programs,
  Recording,
  Reverse,
  Stepper,
  Timeline,
  defaultSignals,
  evaluate,
  formatValue,
  hex,
  isTrue,
  lookupPc,
  parseExpression,
} from '../../debugger/index.js';
import type {
  ControlHost,
  FormatContext,
  Frame,
  StackView,
  StopEvent,
  SymbolFile,
  UserBreakpoint,
  Value,
  Variables,
} from '../../debugger/index.js';
import type { Checkpoint, Kernel, KernelEvent, Thread } from '../../kernel/index.js';
import { formatEvent } from '../trace/format.js';

/** What was asked cannot be done; the message is shown as it is. */
export class CommandError extends Error {
  override name = 'CommandError';
}

/** What a session needs of the program around it. */
export interface SessionHost {
  /** One or more whole lines, without the last newline. */
  print(text: string): void;
  /**
   * Makes a machine with the program as its first process, whose host `recording` records.
   * @throws Error with a reason.
   */
  launch(events: DebugEvents, args: readonly string[] | null, recording: Recording): Kernel;
  /** Instructions that a recording holds, which launch() lets happen again; 0 without one. */
  recorded?: number;
  /** Compares arrays of the same length. */
  same(a: Uint8Array, b: Uint8Array): boolean;
  /** A program by its path in the guest; the first one by the path it was given by. */
  readProgram(path: string): Uint8Array | null;
  /** Lines of a source file of the host; null when it cannot be read. */
  readSource(path: string): string[] | null;
  breathe(control: Control): Promise<boolean>;
  wait(control: Control, untilNs: number | null): Promise<'go' | 'stop' | 'asleep'>;
  /** The guest begins and ends to run: whose the terminal is. */
  running(kernel: Kernel, runs: boolean): void;
}

export interface Display {
  number: number;
  expression: string;
  format: string;
  enabled: boolean;
}

/** How a place is told: with its function, as a line alone, or not at all. */
type Telling = 'location' | 'line';

export class Session {
  readonly host: SessionHost;
  readonly path: string;
  readonly programs: Programs;
  readonly breakpoints: UserBreakpoint[] = [];
  readonly displays: Display[] = [];
  readonly variables: Variables = { history: [], convenience: new Map() };
  readonly signals = defaultSignals();
  nextBreakpoint = 1;
  nextDisplay = 1;
  followChild = false;
  detachOnFork = true;
  syntax: 'att' | 'intel' = 'att';
  confirm = true;
  control: Control | null = null;
  args: readonly string[] | null = null;
  /** Numbered moments, by the command `checkpoint`. */
  checkpoints: { number: number; checkpoint: Checkpoint; place: string }[] = [];
  nextCheckpoint = 1;
  /** `list` goes on here. */
  listed: { file: string; first: number; last: number } | null = null;
  /** `x` goes on here. */
  examined: { address: number; format: string; unit: string } = {
    address: 0,
    format: 'x',
    unit: 'w',
  };
  #inspection: Inspection | null = null;
  #file: SymbolFile | null;
  #shownFunction: string | null = null;

  constructor(host: SessionHost, path: string) {
    this.host = host;
    this.path = path;
    this.programs = new Programs((name) => host.readProgram(name));
    this.#file = this.programs.load(path);
  }

  print(text: string): void {
    this.host.print(text);
  }

  get symbols(): SymbolFile | null {
    return this.inspection.symbols;
  }

  get alive(): boolean {
    return this.control?.alive ?? false;
  }

  /** @throws CommandError while no program runs. */
  get live(): Control {
    if (this.control === null || !this.control.alive)
      throw new CommandError('The program is not being run.');
    return this.control;
  }

  /** The thread that is looked at. @throws CommandError when there is none. */
  get thread(): Thread {
    const { thread } = this.live;
    if (thread === null) throw new CommandError('No thread selected');
    return thread;
  }

  get inspection(): Inspection {
    if (this.#inspection === null) {
      const { control } = this;
      const thread = control !== null && control.alive ? control.thread : null;
      const usable = thread !== null && thread.td_proc.p_vmspace !== null ? thread : null;
      const symbols = usable === null ? this.#file : this.programs.of(usable.td_proc);
      const kernel = control?.kernel ?? NO_KERNEL;
      this.#inspection = new Inspection(kernel, usable, symbols, this.variables, () =>
        control?.timeline?.changed(),
      );
    }
    return this.#inspection;
  }

  /** After the guest has moved, or another thread was selected. */
  moved(): void {
    this.#inspection = null;
  }

  evaluate(text: string): Value {
    if (text.trim() === '') throw new CommandError('Argument required (expression to compute).');
    return evaluate(text, this.inspection);
  }

  /** The type of an expression, or that a type name stands for. */
  typeOf(text: string): Value['type'] {
    const parsed = parseExpression(text, this.inspection);
    return parsed.kind === 'type' ? parsed.type : this.evaluate(text).type;
  }

  get formatting(): FormatContext {
    const { inspection } = this;
    return { read: inspection.read, symbolic: (address) => inspection.symbolic(address) };
  }

  /** Starts the program anew; `events` are those of a kernel that there is already, without a past. */
  start(events: DebugEvents | null = null): Control {
    const heard = events ?? new DebugEvents(null);
    const recording = new Recording();
    const kernel = this.host.launch(heard, this.args, recording);
    const timeline =
      events !== null
        ? null
        : new Timeline(kernel, recording, (a, b) => this.host.same(a, b), this.host.recorded ?? 0);
    const host: ControlHost = {
      breathe: () => this.host.breathe(control),
      wait: (untilNs) => this.host.wait(control, untilNs),
      condition: (b, event) => this.#holds(b, event),
      notice: (line) => this.print(line),
      executed: () => this.#executed(),
    };
    for (const b of this.breakpoints) b.hits = 0;
    const control = new Control(kernel, heard, host, this.breakpoints, this.signals, timeline);
    this.control = control;
    this.control.followChild = this.followChild;
    this.control.detachOnFork = this.detachOnFork;
    this.checkpoints = [];
    this.nextCheckpoint = 1;
    this.moved();
    this.#shownFunction = null;
    return this.control;
  }

  /** Looks the breakpoints up again; set by the commands for breakpoints. */
  relocate: (b: UserBreakpoint) => void = () => {};

  /** Asked where the condition of a breakpoint holds: whether that counts. */
  accepts: (b: UserBreakpoint) => boolean = () => true;

  #executed(): void {
    this.moved();
    for (const b of this.breakpoints) if (b.kind === 'breakpoint') this.relocate(b);
    this.control?.refresh();
  }

  #holds(b: UserBreakpoint, event?: KernelEvent): boolean {
    this.moved();
    for (const [name, value] of Object.entries(event ?? {}))
      if (typeof value === 'number')
        this.variables.convenience.set(`_${name}`, evaluate(`${value}`, this.inspection));
    try {
      const holds = b.condition === null || isTrue(this.evaluate(b.condition));
      return holds && this.accepts(b);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      this.print(`Error in testing condition for breakpoint ${b.number}:\n${error.message}`);
      return true;
    } finally {
      this.moved();
    }
  }

  #stack(control: Control): StackView {
    const view = (td: Thread): Inspection =>
      new Inspection(control.kernel, td, this.programs.of(td.td_proc), this.variables);
    return {
      symbols: (td) => this.programs.of(td.td_proc),
      frame: (td) => (td.td_proc.p_vmspace === null ? null : view(td).frame(0)),
      caller: (td, frame) => view(td).callerOf(frame),
    };
  }

  stepper(): Stepper {
    const control = this.live;
    return new Stepper(control, this.#stack(control));
  }

  /** The way back in time. @throws CommandError before the program has begun. */
  get reverse(): Reverse {
    const { control } = this;
    if (control === null || control.timeline === null)
      throw new CommandError('The program is not being run.');
    return new Reverse(control, control.timeline, this.#stack(control));
  }

  /** Goes back in time by `move`, and tells where that ended. */
  async goBack(move: (reverse: Reverse) => StopEvent, keepLine = false): Promise<void> {
    const { reverse } = this;
    const before = this.inspection.frame(0);
    this.#shownFunction = keepLine ? functionKey(before) : null;
    let stop: StopEvent;
    try {
      stop = move(reverse);
    } finally {
      this.moved();
    }
    await this.tell(stop);
  }

  /** Lets the guest run by `move`, and tells how that ended. */
  async resume(
    move: (control: Control) => Promise<StopEvent>,
    keepLine = false,
  ): Promise<StopEvent> {
    const control = this.live;
    control.followChild = this.followChild;
    control.detachOnFork = this.detachOnFork;
    control.refresh();
    const before = this.inspection.frame(0);
    this.#shownFunction = keepLine ? functionKey(before) : null;
    this.host.running(control.kernel, true);
    let stop: StopEvent;
    try {
      stop = await move(control);
    } finally {
      this.host.running(control.kernel, false);
      this.moved();
    }
    await this.tell(stop);
    return stop;
  }

  /** Where the following lines go, up to `end`; null: they are executed. */
  collecting: string[] | null = null;
  /** Commands of a breakpoint that was hit, to be executed once the stop has been told. */
  pendingCommands: string[] = [];

  async tell(stop: StopEvent): Promise<void> {
    switch (stop.reason) {
      case 'step':
        this.where(
          functionKey(this.inspection.frame(0)) === this.#shownFunction ? 'line' : 'location',
        );
        break;
      case 'internal':
        this.where('location');
        break;
      case 'breakpoint': {
        const [first] = stop.breakpoints;
        const word = first.temporary ? 'Temporary breakpoint' : 'Breakpoint';
        const others = stop.breakpoints.slice(1).map(({ number }) => `, ${number}`);
        this.print(`\n${word} ${first.number}${others.join('')}, ${this.placeText(0, true)}`);
        this.sourceLine();
        for (const b of stop.breakpoints) this.#afterHit(b);
        break;
      }
      case 'watch':
        for (const { breakpoint: b, old, value, write } of stop.hits) {
          this.print(this.#watchText(b, old, value, write));
          this.#afterHit(b);
        }
        this.where('location');
        break;
      case 'scope':
        this.print(
          `\nWatchpoint ${stop.breakpoint.number} deleted because the program has left the block in\nwhich its expression is valid.`,
        );
        this.deleteBreakpoint(stop.breakpoint);
        this.where('location');
        break;
      case 'catch': {
        const { breakpoint: b, event } = stop;
        const word = b.temporary ? 'Temporary catchpoint' : 'Catchpoint';
        this.print(`\n${word} ${b.number} (${catchText(event)}), ${this.placeText(0, true)}`);
        this.sourceLine();
        this.#afterHit(b);
        break;
      }
      case 'signal':
        this.print(`\nProgram received signal ${signalText(stop.signo)}.`);
        this.where('location');
        break;
      case 'interrupt':
        this.print(`\nProgram received signal SIGINT, Interrupt.`);
        this.where('location');
        break;
      case 'history':
        this.print('\nNo more reverse-execution history.');
        this.where('location');
        break;
      case 'asleep':
        this.print('\nAll threads sleep, and nothing will wake them.');
        this.where('location');
        break;
      case 'exited':
        this.#exited(stop);
        return;
    }
    this.showDisplays();
  }

  #afterHit(b: UserBreakpoint): void {
    this.pendingCommands.push(...b.commands);
    if (b.temporary) this.deleteBreakpoint(b);
  }

  deleteBreakpoint(b: UserBreakpoint): void {
    const at = this.breakpoints.indexOf(b);
    if (at >= 0) this.breakpoints.splice(at, 1);
    this.control?.refresh();
  }

  #watchText(
    b: UserBreakpoint,
    old: Uint8Array | null,
    value: Uint8Array | null,
    write: boolean,
  ): string {
    const kind = { watch: 'Hardware watchpoint', rwatch: 'Hardware read watchpoint', awatch: 'Hardware access (read/write) watchpoint' }[b.kind as 'watch']; // prettier-ignore
    const expression = b.watch?.expression ?? '';
    const [before, after] = [this.bytesText(b, old), this.bytesText(b, value)];
    const head = `\n${kind} ${b.number}: ${expression}\n\n`;
    if (b.kind === 'rwatch' || !write || (b.kind === 'awatch' && before === after))
      return `${head}Value = ${after}`;
    return `${head}Old value = ${before}\nNew value = ${after}`;
  }

  /** Types of what is watched, by the number of the watchpoint. */
  readonly watchTypes = new Map<number, Value['type']>();

  bytesText(b: UserBreakpoint, bytes: Uint8Array | null): string {
    const type = this.watchTypes.get(b.number);
    if (bytes === null || type === undefined) return '<unreadable>';
    return formatValue({ type, place: { kind: 'none' }, bytes: () => bytes }, this.formatting);
  }

  #exited(stop: Extract<StopEvent, { reason: 'exited' }>): void {
    if (stop.signo !== 0) {
      this.print(
        `\nProgram terminated with signal ${signalText(stop.signo)}.\nThe program no longer exists.`,
      );
    } else {
      const inferior = this.control?.inferiors.find((i) => i.pid === stop.pid);
      const how =
        stop.code === 0 ? 'normally' : `with code ${stop.code.toString(8).padStart(2, '0')}`;
      this.print(`[Inferior ${inferior?.number ?? 1} (process ${stop.pid}) exited ${how}]`);
      const code = evaluate(String(stop.code), this.inspection);
      this.variables.convenience.set('_exitcode', code);
    }
    if (this.control !== null) this.control.thread = this.#anotherThread();
    this.moved();
  }

  #anotherThread(): Thread | null {
    for (const { pid, exited } of this.control?.inferiors ?? []) {
      const thread = exited ? null : this.control?.process(pid)?.p_threads[0];
      if (thread) return thread;
    }
    return null;
  }

  /** Tells where the selected thread is. */
  where(telling: Telling): void {
    const frame = this.inspection.frame(0);
    if (frame === null) return;
    const line = this.symbols?.lineAt(frame.pc) ?? null;
    if (telling === 'location' || line === null || line.line === 0)
      this.print(this.placeText(0, true));
    this.sourceLine();
  }

  /** A frame in a line: `main (argc=1) at file.c:3`, with its address when it is inside a line. */
  placeText(level: number, brief: boolean): string {
    const frame = this.inspection.frame(level);
    if (frame === null) return '?? ()';
    return this.frameText(frame, brief);
  }

  frameText(frame: Frame, brief: boolean): string {
    if (frame.isSignal) return '<signal handler called>';
    const line = this.symbols?.lineAt(lookupPc(frame)) ?? null;
    const atStart = line !== null && line.line !== 0 && line.start === frame.pc;
    const hasLine = line !== null && line.line !== 0;
    const address =
      atStart && (brief || frame.level === 0)
        ? ''
        : `0x${frame.pc.toString(16).padStart(8, '0')} in `;
    const args = this.#argumentText(frame);
    const place = hasLine ? ` at ${this.shortName(line.file)}:${line.line}` : '';
    return `${address}${frame.name ?? '??'} (${args})${place}`;
  }

  #argumentText(frame: Frame): string {
    const { inspection } = this;
    return inspection
      .locals(frame)
      .filter(({ isArgument }) => isArgument)
      .map(({ name, die }) => {
        const value = inspection.variableValue(die, frame);
        return `${name}=${this.scalarText(value)}`;
      })
      .join(', ');
  }

  /** `set print frame-arguments scalars`: what is larger is shown as dots. */
  scalarText(value: Value): string {
    try {
      const text = formatValue(value, this.formatting, null, false);
      return text.startsWith('{') ? '...' : text;
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      return `<error: ${error.message}>`;
    }
  }

  /** A source file as the compiler was given it, where that is known. */
  shortName(file: string): string {
    const { symbols } = this;
    for (const unit of symbols?.info.units ?? []) {
      const name = symbols?.info.string(unit.root, 3) ?? '';
      const directory = symbols?.info.string(unit.root, 0x1b) ?? '';
      if (name !== '' && (file === name || file === `${directory}/${name}`)) return name;
    }
    return file;
  }

  /** Prints the line of the source that the innermost frame is in. */
  sourceLine(level = 0): void {
    const frame = this.inspection.frame(level);
    const line = frame && (this.symbols?.lineAt(lookupPc(frame)) ?? null);
    if (!frame || !line || line.line === 0) return;
    this.listed = { file: line.file, first: line.line, last: line.line - 1 };
    const text = this.host.readSource(line.file)?.[line.line - 1];
    this.print(
      text === undefined
        ? `${line.line}\tin ${this.shortName(line.file)}`
        : `${line.line}\t${text}`,
    );
  }

  /** Set by the commands for displays. */
  showDisplays: () => void = () => {};
}

function functionKey(frame: Frame | null): string | null {
  return frame === null ? null : `${frame.function?.low ?? frame.name}:${frame.cfa}`;
}

const SIGNAL_TEXTS: Record<number, string> = {
  1: 'SIGHUP, Hangup',
  2: 'SIGINT, Interrupt',
  3: 'SIGQUIT, Quit',
  4: 'SIGILL, Illegal instruction',
  5: 'SIGTRAP, Trace/breakpoint trap',
  6: 'SIGABRT, Aborted',
  7: 'SIGEMT, Emulation trap',
  8: 'SIGFPE, Arithmetic exception',
  9: 'SIGKILL, Killed',
  10: 'SIGBUS, Bus error',
  11: 'SIGSEGV, Segmentation fault',
  12: 'SIGSYS, Bad system call',
  13: 'SIGPIPE, Broken pipe',
  14: 'SIGALRM, Alarm clock',
  15: 'SIGTERM, Terminated',
  16: 'SIGURG, Urgent I/O condition',
  17: 'SIGSTOP, Stopped (signal)',
  18: 'SIGTSTP, Stopped (user)',
  19: 'SIGCONT, Continued',
  20: 'SIGCHLD, Child status changed',
  21: 'SIGTTIN, Stopped (tty input)',
  22: 'SIGTTOU, Stopped (tty output)',
  23: 'SIGIO, I/O possible',
  24: 'SIGXCPU, CPU time limit exceeded',
  25: 'SIGXFSZ, File size limit exceeded',
  26: 'SIGVTALRM, Virtual timer expired',
  27: 'SIGPROF, Profiling timer expired',
  28: 'SIGWINCH, Window size changed',
  29: 'SIGINFO, Information request',
  30: 'SIGUSR1, User defined signal 1',
  31: 'SIGUSR2, User defined signal 2',
};

/** `SIGSEGV, Segmentation fault`. */
export function signalText(signo: number): string {
  return SIGNAL_TEXTS[signo] ?? `SIG${signo}, Real-time event ${signo}`;
}

export function signalNames(): [number, string][] {
  return Object.entries(SIGNAL_TEXTS).map(([n, text]) => [Number(n), text.split(',')[0]]);
}

function catchText(event: KernelEvent): string {
  switch (event.type) {
    case 'fault':
      return `${event.access} fault at ${hex(event.va)}, ${event.outcome}`;
    case 'syscall':
      return event.op === 'enter'
        ? `call to syscall ${event.name}`
        : `returned from syscall ${event.name}`;
    case 'signal':
      return `signal ${signalText(event.signo).split(',')[0]}`;
    case 'proc':
      if (event.op === 'fork') return `forked process ${event.detail.replace('child ', '')}`;
      if (event.op === 'exec') return `exec'd ${event.detail.replace(/ \(\w+\)$/, '')}`;
      return event.op;
    default:
      return formatEvent(event);
  }
}

/** Before `run` there is no kernel, and nothing asks for one: no thread is selected. */
const NO_KERNEL = {} as Kernel;
