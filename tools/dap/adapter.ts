// A debug adapter: takes requests, answers each of them, and tells what the guest does. What is not
// understood is answered with an error.

import { ExpressionError, FormatError, hex } from '../../debugger/index.js';
import type { StopEvent } from '../../debugger/index.js';
import { DbError, db_explain } from '../../kernel/index.js';
import { UsageError } from '../cli/options.js';
import { resolve } from '../repl/point_commands.js';
import { CommandError, signalText } from '../repl/session.js';
import { formatEvent } from '../trace/format.js';
import { LOOKING, setPc } from './debuggee.js';
import type { Debuggee } from './debuggee.js';
import { MessageReader } from './framing.js';
import { readLaunch } from './launch.js';
import { NodeStore } from './nodes.js';
import { EXCEPTION_FILTERS, Points } from './points.js';
import { Arguments, RequestError, isRecord } from './protocol.js';
import type { BreakpointInfo, Event, Response } from './protocol.js';
import { Stack } from './stack.js';
import { Target } from './target.js';

/** Where an adapter's messages go. */
export interface Connection {
  send(message: Response | Event): void;
  /** What was sent has been taken. */
  drained(): Promise<void>;
  /** The client has said goodbye. */
  end(): void;
}

const CAPABILITIES = {
  supportsConfigurationDoneRequest: true,
  supportsFunctionBreakpoints: true,
  supportsConditionalBreakpoints: true,
  supportsHitConditionalBreakpoints: true,
  supportsEvaluateForHovers: true,
  exceptionBreakpointFilters: EXCEPTION_FILTERS.map((filter) => ({
    ...filter,
    supportsCondition: 'conditionDescription' in filter,
  })),
  supportsStepBack: true,
  supportsSetVariable: true,
  supportsGotoTargetsRequest: true,
  supportsCompletionsRequest: true,
  completionTriggerCharacters: ['`', '.', '$'],
  supportsModulesRequest: true,
  supportsRestartRequest: true,
  supportsValueFormattingOptions: true,
  supportsExceptionInfoRequest: true,
  supportTerminateDebuggee: true,
  supportsDelayedStackTraceLoading: true,
  supportsLoadedSourcesRequest: true,
  supportsLogPoints: true,
  supportsSetExpression: true,
  supportsTerminateRequest: true,
  supportsDataBreakpoints: true,
  supportsDataBreakpointBytes: true,
  supportsReadMemoryRequest: true,
  supportsWriteMemoryRequest: true,
  supportsDisassembleRequest: true,
  supportsBreakpointLocationsRequest: true,
  supportsClipboardContext: true,
  supportsSteppingGranularity: true,
  supportsInstructionBreakpoints: true,
  supportsExceptionFilterOptions: true,
};

/** A line that begins longer ago is not looked for at once: nothing is answered meanwhile. */
const PATIENCE_MS = 3000;

/** What somebody can get wrong, as opposed to us. */
const EXPECTED = [RequestError, CommandError, ExpressionError, FormatError, UsageError, DbError];

type Handler = (args: Arguments) => object | void | Promise<object | void>;
/** What a move that ended as it was meant to is called. */
type Goal = 'step' | 'entry' | 'goto';

export class Adapter {
  readonly #connection: Connection;
  readonly #reader = new MessageReader();
  #seq = 1;
  #queue: Promise<void> = Promise.resolve();
  /** What is done once the answer to the present request has been sent. */
  #after: (() => void)[] = [];
  #initialized = false;
  #ended = false;
  #linesFrom: 0 | 1 = 1;
  #invalidates = false;
  #debuggee: Debuggee | null = null;
  #configured = false;
  #goal: Goal = 'step';
  #lastStop: StopEvent | null = null;
  #threads = new Set<number>();
  #modules = new Set<string>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Takes bytes of the client's. */
  receive(bytes: Uint8Array): void {
    for (const frame of this.#reader.push(bytes)) {
      if ('value' in frame) void this.handle(frame.value);
      else this.#output('important', `faultline: ${frame.error}\n`);
    }
  }

  /** Takes a message of the client's; resolved when it has been answered. */
  handle(message: unknown): Promise<void> {
    if (!isRecord(message)) {
      this.#output('important', 'faultline: a message is no object\n');
      return Promise.resolve();
    }
    // What stops or feeds a guest that runs does not wait for its turn.
    const target = this.#debuggee?.target;
    const { command } = message;
    if (message['type'] === 'request' && target?.running === true) {
      if (command === 'pause' || (command === 'evaluate' && isConsole(message['arguments'])))
        return this.#answer(message, true);
      if (command === 'disconnect' || command === 'terminate' || command === 'restart')
        target.interrupt();
    }
    this.#queue = this.#queue.then(() => this.#answer(message));
    return this.#queue;
  }

  /** The connection is lost. */
  async close(): Promise<void> {
    this.#ended = true;
    await this.#debuggee?.target.halt();
  }

  #send(message: Omit<Response, 'seq'> | Omit<Event, 'seq'>): void {
    this.#connection.send({ seq: this.#seq++, ...message } as Response | Event);
  }

  #event(event: string, body: object = {}): void {
    if (!this.#ended) this.#send({ type: 'event', event, body });
  }

  #output(category: string, output: string): void {
    this.#event('output', { category, output });
  }

  async #answer(message: Record<string, unknown>, urgent = false): Promise<void> {
    const { type, seq, command } = message;
    // Answers to requests of ours: there are none.
    if (type === 'response') return;
    const response = {
      type: 'response' as const,
      request_seq: typeof seq === 'number' && Number.isSafeInteger(seq) ? seq : 0,
      command: typeof command === 'string' ? command : '',
    };
    try {
      if (type !== 'request' || typeof command !== 'string')
        throw new RequestError('a message that is no request');
      const body = await this.#dispatch(command, message['arguments']);
      this.#send({ ...response, success: true, ...(body === undefined ? {} : { body }) });
    } catch (error) {
      this.#send({ ...response, success: false, ...failure(error, response.command) });
    }
    // Another request's, when this one was let through in front of it.
    if (!urgent) for (const next of this.#after.splice(0)) next();
  }

  async #dispatch(command: string, given: unknown): Promise<object | void> {
    if (this.#ended) throw new RequestError('the session has ended');
    const args = new Arguments(given ?? undefined);
    const early = Object.hasOwn(this.#beginning, command) ? this.#beginning[command] : undefined;
    if (command !== 'initialize' && !this.#initialized)
      throw new RequestError(`'${command}' before 'initialize'`);
    if (early !== undefined) return early(args);
    const looking = Object.hasOwn(LOOKING, command) ? LOOKING[command] : undefined;
    const moving = Object.hasOwn(this.#moves, command) ? this.#moves[command] : undefined;
    if (looking === undefined && moving === undefined)
      throw new RequestError(`the request '${command}' is not known`);
    if (this.#debuggee === null) throw new RequestError('no program has been launched');
    return looking === undefined ? moving?.(this.#debuggee, args) : looking(this.#debuggee, args);
  }

  readonly #beginning: Readonly<Record<string, Handler>> = {
    initialize: (args) => {
      if (this.#initialized) throw new RequestError('initialized before');
      const format = args.text('pathFormat') ?? 'path';
      if (format !== 'path') throw new RequestError(`paths of the format '${format}'`);
      this.#linesFrom = args.flag('linesStartAt1', true) ? 1 : 0;
      this.#invalidates = args.flag('supportsInvalidatedEvent');
      this.#initialized = true;
      return CAPABILITIES;
    },
    launch: (args) => this.#launch(args),
    attach: () => {
      throw new RequestError('a program is launched, not attached to', true);
    },
    disconnect: async () => {
      await this.#debuggee?.target.halt();
      this.#after.push(() => {
        this.#ended = true;
        this.#connection.end();
      });
    },
  };

  #launch(args: Arguments): void {
    if (this.#debuggee !== null) throw new RequestError('a program has been launched before');
    const config = readLaunch(args);
    const target = new Target(config, {
      output: (category, text) => this.#output(category, text),
      moving: () => this.#moving(),
      stopped: (stop) => this.#stopped(stop),
      drained: () => this.#connection.drained(),
    });
    const nodes = new NodeStore();
    const points = new Points(target, (reason, info) => this.#pointChanged(reason, info));
    const stack = new Stack(target, () => this.#changed());
    target.start();
    this.#debuggee = {
      target,
      stack,
      nodes,
      points,
      lineIn: (line) => line + 1 - this.#linesFrom,
      lineOut: (line) => line - 1 + this.#linesFrom,
    };
    this.#after.push(() => {
      const name = config.program;
      this.#event('process', {
        name,
        startMethod: 'launch',
        isLocalProcess: false,
        pointerSize: 32,
      });
      this.#announce();
      this.#event('initialized');
    });
  }

  #pointChanged(reason: string, info: BreakpointInfo): void {
    const line = info.line === undefined ? {} : { line: info.line - 1 + this.#linesFrom };
    this.#event('breakpoint', { reason, breakpoint: { ...info, ...line } });
  }

  /** Registers or memory were changed by hand. */
  #changed(): void {
    this.#debuggee?.points.changed();
    if (this.#invalidates) this.#event('invalidated', { areas: ['all'] });
  }

  /** Tells of threads and programs that are new or gone. */
  #announce(): void {
    const { stack } = this.#debuggee as Debuggee;
    const now = new Set(stack.threads().map((td) => td.td_tid));
    for (const threadId of now)
      if (!this.#threads.has(threadId)) this.#event('thread', { reason: 'started', threadId });
    for (const threadId of this.#threads)
      if (!now.has(threadId)) this.#event('thread', { reason: 'exited', threadId });
    this.#threads = now;
    for (const { p_textpath: id } of stack.processes()) {
      if (this.#modules.has(id)) continue;
      this.#modules.add(id);
      this.#event('module', { reason: 'new', module: { id, name: id, path: id } });
    }
  }

  #moving(): void {
    this.#debuggee?.nodes.clear();
    this.#debuggee?.stack.clear();
  }

  // How the guest is moved.

  readonly #moves: Readonly<
    Record<string, (d: Debuggee, args: Arguments) => object | void | Promise<object | void>>
  > = {
    configurationDone: (d) => {
      if (this.#configured) throw new RequestError('configured before');
      this.#configured = true;
      this.#after.push(() => void this.#begin(d));
    },
    restart: async (d) => {
      await d.target.halt();
      this.#moving();
      d.target.start();
      d.points.restarted();
      if (!this.#configured) return;
      this.#after.push(() => {
        const threadId = d.stack.threads()[0]?.td_tid ?? 0;
        this.#event('continued', { threadId, allThreadsContinued: true });
        void this.#begin(d);
      });
    },
    terminate: async (d) => {
      await d.target.halt();
      d.target.session.control = null;
      d.target.session.moved();
      this.#moving();
      this.#after.push(() => {
        this.#announce();
        this.#event('terminated');
      });
    },
    pause: ({ target }) => target.interrupt(),
    continue: (d) => {
      this.#forwards(d, (control) => control.go());
      return { allThreadsContinued: true };
    },
    next: (d, args) => this.#step(d, args, true),
    stepIn: (d, args) => this.#step(d, args, false),
    stepOut: (d, args) => {
      this.#select(d, args);
      const { session } = d.target;
      const { thread } = session;
      const frame = session.inspection.frame(0);
      if (frame === null || session.inspection.callerOf(frame) === null)
        throw new RequestError('the outermost frame has no caller', true);
      this.#forwards(d, () => session.stepper().finish(thread, frame));
    },
    stepBack: (d, args) => {
      this.#select(d, args);
      const { thread } = d.target.session;
      const byInstruction = args.text('granularity') === 'instruction';
      const deadline = Date.now() + PATIENCE_MS;
      this.#back(d, (reverse) => {
        reverse.interrupted = () => Date.now() > deadline;
        return byInstruction ? reverse.nextInstruction(thread) : reverse.line(thread, true);
      });
    },
    reverseContinue: (d) => {
      this.#back(d, (reverse) => reverse.continue());
    },
    goto: (d, args) => {
      setPc(d, args.needInteger('threadId'), args.needInteger('targetId'));
      this.#after.push(() => {
        this.#moving();
        this.#goal = 'goto';
        this.#stopped({ reason: 'internal' });
      });
    },
    exceptionInfo: (d) => this.#exceptionInfo(d),
  };

  /** Lets a program that was made run, or stand where that is wanted. */
  async #begin(d: Debuggee): Promise<void> {
    const { target } = d;
    const { config, session } = target;
    this.#goal = 'entry';
    for (const line of config.initCommands) {
      try {
        const text = await target.command(line);
        if (text !== '') this.#output('console', `${text}\n`);
      } catch (error) {
        this.#output('important', `${(error as Error).message}\n`);
      }
    }
    const { stopOnEntry, noDebug } = config;
    if (!session.alive) return;
    if (stopOnEntry === true && !noDebug) {
      this.#stopped({ reason: 'internal' });
      return;
    }
    const main = stopOnEntry === 'main' && !noDebug ? mainOf(d) : null;
    const { thread } = session;
    target.forwards((control) =>
      main === null ? control.go() : session.stepper().runTo({ address: main, tid: thread.td_tid }),
    );
  }

  /** Makes the thread of a request the one that is moved. */
  #select(d: Debuggee, args: Arguments): void {
    const { control, session } = d.target;
    const td = d.stack.thread(args.needInteger('threadId'));
    if (control.thread === td && session.inspection.level === 0) return;
    control.thread = td;
    session.moved();
  }

  #forwards(d: Debuggee, move: Parameters<Target['forwards']>[0]): void {
    void d.target.control;
    this.#goal = 'step';
    this.#after.push(() => d.target.forwards(move));
  }

  #back(d: Debuggee, move: Parameters<Target['back']>[0]): void {
    void d.target.control;
    this.#goal = 'step';
    this.#after.push(() => {
      d.target.reversing = true;
      d.target.back(move);
    });
  }

  #step(d: Debuggee, args: Arguments, over: boolean): void {
    this.#select(d, args);
    const { session } = d.target;
    const { thread } = session;
    const byInstruction = args.text('granularity') === 'instruction';
    this.#forwards(d, () => {
      const stepper = session.stepper();
      if (!byInstruction) return stepper.line(thread, over);
      return over ? stepper.nextInstruction(thread) : stepper.instruction(thread);
    });
  }

  // What is told when it stands.

  #stopped(stop: StopEvent | null): void {
    const d = this.#debuggee;
    if (d === null || this.#ended) return;
    this.#lastStop = stop;
    const { control, alive } = d.target.session;
    this.#announce();
    if (control === null || !alive) {
      // A stop at what ended the last process is told as its end.
      const status = control?.kernel.kern.main_status ?? 0;
      const own = stop?.reason === 'exited' ? stop : null;
      const exitCode =
        own === null ? shellStatus(status) : own.signo === 0 ? own.code : 128 + own.signo;
      if (control !== null) this.#event('exited', { exitCode });
      this.#event('terminated');
      return;
    }
    if (stop?.reason === 'scope') d.points.removed(stop.breakpoint);
    const threadId = control.thread?.td_tid;
    this.#event('stopped', {
      ...this.#describe(d, stop),
      ...(threadId === undefined ? {} : { threadId }),
      allThreadsStopped: true,
    });
    this.#goal = 'step';
  }

  #describe(d: Debuggee, stop: StopEvent | null): object {
    switch (stop?.reason) {
      case 'step':
      case 'internal':
        return { reason: this.#goal };
      case 'breakpoint': {
        const kind = d.points.kindOf(stop.breakpoints[0]);
        const named = kind === 'function' || kind === 'instruction';
        const hitBreakpointIds = stop.breakpoints.map(({ number }) => number);
        return { reason: named ? `${kind} breakpoint` : 'breakpoint', hitBreakpointIds };
      }
      case 'watch':
        return {
          reason: 'data breakpoint',
          description: stop.hits.some(({ write }) => write) ? 'Changed data' : 'Read data',
          text: stop.hits.map((h) => `${h.breakpoint.watch?.expression}: ${bytes(h.old)} -> ${bytes(h.value)}`).join('; '), // prettier-ignore
          hitBreakpointIds: stop.hits.map(({ breakpoint }) => breakpoint.number),
        };
      case 'scope':
        return { reason: 'data breakpoint', description: 'What is watched has gone out of scope' };
      case 'catch': {
        const text = formatEvent(stop.event);
        return { reason: 'exception', description: `Stopped at ${stop.event.type}`, text };
      }
      case 'signal':
        return {
          reason: 'exception',
          description: signalText(stop.signo),
          text: signalText(stop.signo),
        };
      case 'history':
        return { reason: 'entry', description: 'There is no earlier moment' };
      case 'asleep':
        return { reason: 'pause', description: 'All threads sleep, and nothing will wake them' };
      case 'exited':
        return { reason: 'pause', description: `Process ${stop.pid} has ended` };
      default:
        return { reason: 'pause' };
    }
  }

  #exceptionInfo({ target }: Debuggee): object {
    const { kernel, events } = target.control;
    const stop = this.#lastStop;
    if (stop?.reason === 'catch')
      return {
        exceptionId: stop.event.type,
        description: formatEvent(stop.event),
        breakMode: 'always',
      };
    if (stop?.reason !== 'signal') throw new RequestError('there is no exception now');
    const [name] = signalText(stop.signo).split(',');
    const fault = [...events.faults].reverse().find(({ event }) => event.pid === stop.pid);
    const isFault = fault !== undefined && fault.event.signal === stop.signo;
    const x = isFault ? db_explain(kernel, fault.event.va, stop.pid) : null;
    const access = x?.accesses.find((a) => a.access === fault?.event.access);
    return {
      exceptionId: name,
      description: signalText(stop.signo),
      breakMode: 'always',
      ...(isFault
        ? {
            details: {
              typeName: name,
              message: `${fault.event.access} of ${hex(fault.event.va)}${access === undefined ? '' : `: ${access.summary}`}`,
              stackTrace: formatEvent(fault.event),
            },
          }
        : {}),
    };
  }
}

/** What a shell makes of a wait status (wait.h). */
function shellStatus(status: number): number {
  const signo = status & 0x7f;
  return signo === 0 ? (status >> 8) & 0xff : 128 + signo;
}

function bytes(value: Uint8Array | null): string {
  if (value === null) return 'unreadable';
  const text = [...value.subarray(0, 16)].map((b) => b.toString(16).padStart(2, '0')).join(' ');
  return value.length > 16 ? `${text} …` : text;
}

function mainOf(d: Debuggee): number | null {
  try {
    return resolve(d.target.session, 'main')[0].address;
  } catch {
    return null;
  }
}

function isConsole(args: unknown): boolean {
  return isRecord(args) && args['context'] === 'repl';
}

/** Why a request failed, as its answer has it. */
function failure(error: unknown, command: string): { message: string; body: object } {
  const expected = EXPECTED.some((kind) => error instanceof kind);
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const text = expected ? message : `internal error: ${message}`;
  // An expression that makes no sense is no reason to open a window.
  const showUser = !expected || command === 'launch' || (error as RequestError).show === true;
  const variables = { text: expected ? text : `${text}\n${stack}` };
  return { message: text, body: { error: { id: 1, format: '{text}', variables, showUser } } };
}
