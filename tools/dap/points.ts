// Breakpoints of all kinds as a client sets them: each request gives the whole list of one kind.

import { posix } from 'node:path';
import {
  ExpressionError,
  defaultSignals,
  formatValue,
  hex,
  parseExpression,
} from '../../debugger/index.js';
import type { BreakpointKind, SymbolFile, UserBreakpoint } from '../../debugger/index.js';
import { resolve } from '../repl/point_commands.js';
import { CommandError, signalNames } from '../repl/session.js';
import { Arguments, RequestError } from './protocol.js';
import type { BreakpointInfo } from './protocol.js';
import type { Target } from './target.js';

export type PointKind = 'source' | 'function' | 'instruction' | 'data' | 'exception';

/** What a client asked for, and what became of it. */
interface Point {
  kind: PointKind;
  /** What was asked for: the same again is the same breakpoint. */
  key: string;
  b: UserBreakpoint;
  hits: number;
  hitCondition: HitCondition | null;
  logMessage: string | null;
  message: string | null;
}

type HitCondition = (hits: number) => boolean;

/** `N` (from the Nth hit on), `>= N`, `> N`, `== N`, `< N`, `<= N`, `% N`. @throws RequestError */
export function hitCondition(text: string): HitCondition {
  const match = /^\s*(>=|<=|==|=|>|<|%)?\s*(\d{1,15})\s*$/.exec(text);
  if (match === null)
    throw new RequestError(`a hit condition is N, or one of >= > == < <= % and N; not '${text}'`);
  const n = Number(match[2]);
  switch (match[1]) {
    case '>':
      return (hits) => hits > n;
    case '<':
      return (hits) => hits < n;
    case '<=':
      return (hits) => hits <= n;
    case '=':
    case '==':
      return (hits) => hits === n;
    case '%':
      return (hits) => n > 0 && hits % n === 0;
    default:
      return (hits) => hits >= n;
  }
}

/** The program's source files that a path of the client's may mean: the same, or the most alike. */
export function filesFor(target: Target, symbols: SymbolFile | null, path: string): string[] {
  const all = symbols?.sourceFiles() ?? [];
  const wanted = posix.normalize(path);
  const local = (file: string): string => posix.normalize(target.localPath(file));
  const same = all.filter((file) => local(file) === wanted);
  if (same.length > 0) return same;
  const parts = wanted.split('/').reverse();
  const alike = (file: string): number => {
    const other = local(file).split('/').reverse();
    let n = 0;
    while (n < parts.length && n < other.length && parts[n] === other[n]) n++;
    return n;
  };
  const best = Math.max(0, ...all.map(alike));
  return best === 0 ? [] : all.filter((file) => alike(file) === best);
}

/** Where something that can be watched lies: `ADDRESS/BYTES`, of a local with its frame. */
interface DataId {
  address: number;
  length: number;
  scope: { cfa: number; returnAddress: number } | null;
}

export function dataId({ address, length, scope }: DataId): string {
  const frame = scope === null ? '' : `@${hex(scope.cfa)}:${hex(scope.returnAddress)}`;
  return `${hex(address)}/${length}${frame}`;
}

function parseDataId(text: string): DataId {
  const match = /^(0x[0-9a-f]{1,8})\/(\d{1,7})(?:@(0x[0-9a-f]{1,8}):(0x[0-9a-f]{1,8}))?$/i.exec(
    text,
  );
  if (match === null) throw new RequestError(`'${text}' is no data that was asked about`);
  const [, address, length, cfa, returnAddress] = match;
  const scope =
    cfa === undefined ? null : { cfa: Number(cfa), returnAddress: Number(returnAddress) };
  return { address: Number(address), length: Number(length), scope };
}

const ACCESS: Record<string, BreakpointKind> = {
  write: 'watch',
  read: 'rwatch',
  readWrite: 'awatch',
};

/** Filters of exceptions; those with `event` are catchpoints. */
export const EXCEPTION_FILTERS = [
  {
    filter: 'signals',
    label: 'Signals',
    description: 'Stop when a signal is about to be delivered',
    conditionDescription: 'Names of signals, such as SIGSEGV SIGUSR1; none: all but the quiet ones',
    default: true,
  },
  {
    filter: 'fault',
    label: 'Page faults',
    description: 'Stop after the kernel has answered a page fault',
    conditionDescription: 'Accesses (read write execute) or outcomes; none: all',
    default: false,
  },
  {
    filter: 'syscall',
    label: 'System calls',
    description: 'Stop at the beginning and the end of system calls',
    conditionDescription: 'Names or numbers of calls, such as open write; none: all',
    default: false,
  },
  { filter: 'fork', label: 'Fork', description: 'Stop when a process forks', default: false },
  { filter: 'exec', label: 'Exec', description: 'Stop when a program is executed', default: false },
] as const;

export class Points {
  readonly #target: Target;
  readonly #changed: (reason: 'changed' | 'removed', info: BreakpointInfo) => void;
  readonly #points = new Map<UserBreakpoint, Point>();
  readonly #sourcePaths = new Map<string, Point[]>();
  #lists: Record<Exclude<PointKind, 'source'>, Point[]> = {
    function: [],
    instruction: [],
    data: [],
    exception: [],
  };

  constructor(
    target: Target,
    changed: (reason: 'changed' | 'removed', info: BreakpointInfo) => void,
  ) {
    this.#target = target;
    this.#changed = changed;
    const { session } = target;
    const { relocate } = session;
    session.relocate = (b) => {
      const before = JSON.stringify(b.locations);
      relocate(b);
      if (JSON.stringify(b.locations) === before) return;
      const point = this.#points.get(b);
      if (point !== undefined) this.#changed('changed', this.#info(point));
    };
    session.accepts = (b) => this.#accepts(b);
  }

  /** Which kind of breakpoint the first of these is. */
  kindOf(b: UserBreakpoint): PointKind | null {
    return this.#points.get(b)?.kind ?? null;
  }

  /** A breakpoint that the engine has deleted: its data are gone. */
  removed(b: UserBreakpoint): void {
    const point = this.#points.get(b);
    if (point === undefined) return;
    this.#points.delete(b);
    this.#lists.data = this.#lists.data.filter((p) => p !== point);
    this.#changed('removed', { id: b.number, verified: false });
  }

  #accepts(b: UserBreakpoint): boolean {
    const point = this.#points.get(b);
    if (point === undefined) return true;
    if (this.#target.reversing) return point.logMessage === null;
    point.hits++;
    if (point.hitCondition !== null && !point.hitCondition(point.hits)) return false;
    if (point.logMessage === null) return true;
    this.#target.log(this.#logText(point.logMessage));
    return false;
  }

  /** A log message with the values of what is in braces. */
  #logText(message: string): string {
    const { session } = this.#target;
    return message.replace(/\\([{}])|\{([^{}]+)\}/g, (_all, escaped?: string, text?: string) => {
      if (escaped !== undefined) return escaped;
      try {
        return formatValue(session.evaluate(text ?? ''), session.formatting, null, false);
      } catch (error) {
        if (!(error instanceof ExpressionError || error instanceof CommandError)) throw error;
        return `<${error.message}>`;
      }
    });
  }

  #info({ b, kind, message }: Point): BreakpointInfo {
    const [first] = b.locations;
    const info: BreakpointInfo = { id: b.number, verified: b.locations.length > 0 };
    if (kind === 'data' || kind === 'exception') info.verified = message === null;
    if (message !== null) info.message = message;
    if (first === undefined) return info;
    info.instructionReference = hex(first.address);
    const line = this.#target.session.symbols?.lineAt(first.address) ?? null;
    if (line !== null && line.line !== 0) {
      info.line = line.line;
      const path = this.#target.localPath(line.file);
      if (this.#target.hasSource(line.file)) info.source = { name: posix.basename(path), path };
    }
    return info;
  }

  /** Replaces the breakpoints of one kind; what is asked for again stays what it is. */
  #replace(old: readonly Point[], asked: readonly { key: string; make: () => Point }[]): Point[] {
    const { session } = this.#target;
    const left = [...old];
    const kept = asked.map(({ key }) => {
      const i = left.findIndex((p) => p.key === key);
      return i < 0 ? null : left.splice(i, 1)[0];
    });
    for (const { b } of left) {
      this.#points.delete(b);
      const at = session.breakpoints.indexOf(b);
      if (at >= 0) session.breakpoints.splice(at, 1);
    }
    const points = asked.map(({ make }, i) => kept[i] ?? make());
    session.control?.refresh();
    return points;
  }

  #make(
    kind: PointKind,
    key: string,
    args: Arguments,
    more: Partial<UserBreakpoint> & { kind: BreakpointKind },
  ): Point {
    const { session, config } = this.#target;
    const condition = args.text('condition')?.trim() ?? '';
    const hits = args.text('hitCondition')?.trim() ?? '';
    const log = args.text('logMessage') ?? '';
    const conditional = kind !== 'exception' && (condition !== '' || hits !== '' || log !== '');
    const b: UserBreakpoint = {
      number: session.nextBreakpoint++,
      spec: '',
      temporary: false,
      hardware: false,
      enabled: !config.noDebug,
      // The engine asks for those with a condition alone.
      condition: conditional ? condition || '1' : null,
      ignore: 0,
      hits: 0,
      commands: [],
      locations: [],
      watch: null,
      catch: null,
      tid: null,
      ...more,
    };
    const point: Point = {
      kind,
      key,
      b,
      hits: 0,
      hitCondition: null,
      logMessage: log === '' ? null : log,
      message: null,
    };
    try {
      if (hits !== '') point.hitCondition = hitCondition(hits);
      if (kind !== 'exception' && condition !== '') parseExpression(condition, session.inspection);
    } catch (error) {
      if (!(error instanceof ExpressionError || error instanceof RequestError)) throw error;
      point.message = error.message;
      b.enabled = false;
    }
    session.breakpoints.push(b);
    this.#points.set(b, point);
    return point;
  }

  #atPlace(kind: PointKind, key: string, args: Arguments, spec: string): Point {
    const { session } = this.#target;
    const point = this.#make(kind, key, args, { kind: 'breakpoint', spec });
    try {
      point.b.locations = resolve(session, spec);
    } catch (error) {
      if (!(error instanceof CommandError || error instanceof ExpressionError)) throw error;
      point.message = error.message;
    }
    if (point.message !== null && point.b.locations.length > 0) point.b.locations = [];
    return point;
  }

  /** setBreakpoints: `lineOf` makes a line of the engine of one of the client. */
  setSource(
    path: string,
    asked: readonly Arguments[],
    lineOf: (n: number) => number,
  ): BreakpointInfo[] {
    const { symbols } = this.#target.session;
    const [file = path] = filesFor(this.#target, symbols, path);
    const points = this.#replace(
      this.#sourcePaths.get(path) ?? [],
      asked.map((args) => {
        const line = lineOf(args.needInteger('line'));
        const key = JSON.stringify([line, ...details(args)]);
        return {
          key,
          make: () => this.#atPlace('source', key, args, `${file}:${Math.max(0, line)}`),
        };
      }),
    );
    this.#sourcePaths.set(path, points);
    return points.map((p) => this.#info(p));
  }

  setFunctions(asked: readonly Arguments[]): BreakpointInfo[] {
    return this.#setNamed('function', asked, (args) => {
      const name = args.needText('name').trim();
      if (name === '') throw new RequestError('the name of a function is wanted');
      return name;
    });
  }

  setInstructions(asked: readonly Arguments[]): BreakpointInfo[] {
    return this.#setNamed('instruction', asked, (args) => {
      const at = addressOf(args.needText('instructionReference'), args.integer('offset') ?? 0);
      return `*${hex(at)}`;
    });
  }

  #setNamed(
    kind: 'function' | 'instruction',
    asked: readonly Arguments[],
    specOf: (args: Arguments) => string,
  ): BreakpointInfo[] {
    this.#lists[kind] = this.#replace(
      this.#lists[kind],
      asked.map((args) => {
        const spec = specOf(args);
        const key = JSON.stringify([spec, ...details(args)]);
        return { key, make: () => this.#atPlace(kind, key, args, spec) };
      }),
    );
    return this.#lists[kind].map((p) => this.#info(p));
  }

  setData(asked: readonly Arguments[]): BreakpointInfo[] {
    this.#lists.data = this.#replace(
      this.#lists.data,
      asked.map((args) => {
        const id = args.needText('dataId');
        const access = args.text('accessType') ?? 'write';
        if (!Object.hasOwn(ACCESS, access))
          throw new RequestError(`an access is read, write or readWrite, not '${access}'`);
        const key = JSON.stringify([id, access, ...details(args)]);
        const data = parseDataId(id);
        return { key, make: () => this.#watch(key, args, data, ACCESS[access]) };
      }),
    );
    return this.#lists.data.map((p) => this.#info(p));
  }

  #watch(
    key: string,
    args: Arguments,
    { address, length, scope }: DataId,
    kind: BreakpointKind,
  ): Point {
    const { session } = this.#target;
    const expression = `${hex(address)}, ${length} bytes`;
    const old = session.inspection.read(address, length);
    const watch = {
      expression,
      address,
      length,
      old: old.length === length ? old.slice() : null,
      scope,
    };
    return this.#make('data', key, args, { kind, spec: expression, hardware: true, watch });
  }

  /** setExceptionBreakpoints: names of filters, and filters with a condition. */
  setExceptions(names: readonly string[], options: readonly Arguments[]): BreakpointInfo[] {
    const { session, config } = this.#target;
    const chosen: { filter: string; words: string[] }[] = [
      ...names.map((filter) => ({ filter, words: [] })),
      ...options.map((o) => ({
        filter: o.needText('filterId'),
        words: (o.text('condition') ?? '').split(/[\s,]+/).filter((word) => word !== ''),
      })),
    ];
    const infos: BreakpointInfo[] = [];
    const asked: { key: string; make: () => Point }[] = [];
    const signals = chosen.filter(({ filter }) => filter === 'signals');
    const unknown = signals.flatMap(({ words }) => words.filter((w) => signalNumber(w) === null));
    for (const { filter, words } of chosen) {
      const known = EXCEPTION_FILTERS.find((f) => f.filter === filter);
      if (known === undefined) {
        infos.push({ verified: false, message: `there is no filter '${filter}'` });
      } else if (known.filter === 'signals') {
        const wrong = unknown.length > 0;
        infos.push(
          wrong
            ? { verified: false, message: `no such signal: ${unknown.join(' ')}` }
            : { verified: true },
        );
      } else {
        const event = known.filter;
        const key = JSON.stringify([filter, words]);
        const more = { kind: 'catch', spec: event, catch: { event, filter: words } } as const;
        asked.push({ key, make: () => this.#make('exception', key, NO_ARGUMENTS, more) });
        infos.push({ verified: true });
      }
    }
    if (!config.noDebug) this.#setSignals(signals.map(({ words }) => words));
    this.#lists.exception = this.#replace(this.#lists.exception, asked);
    session.control?.refresh();
    return infos;
  }

  /** Which signals stop: the usual ones, the ones named, or none. */
  #setSignals(lists: readonly string[][]): void {
    const usual = defaultSignals();
    const all = lists.some((words) => words.length === 0);
    const named = new Set(lists.flat().map(signalNumber));
    for (let signo = 1; signo < 32; signo++) {
      const stop = named.has(signo) || (all && usual.get(signo).stop);
      const pass = !stop || usual.get(signo).pass;
      this.#target.session.signals.set(signo, { stop, print: stop, pass });
    }
  }

  /** Counts of hits begin anew. */
  restarted(): void {
    for (const point of this.#points.values()) point.hits = 0;
    this.changed();
  }

  /** Memory was changed by hand: that is no hit of what is watched there. */
  changed(): void {
    const { session } = this.#target;
    for (const { watch } of session.breakpoints) {
      if (watch === null) continue;
      const old = session.inspection.read(watch.address, watch.length);
      watch.old = old.length === watch.length ? old.slice() : null;
    }
  }

  /** Lines of a source file at which a breakpoint can stand. */
  linesOf(path: string, first: number, last: number): number[] {
    const { symbols } = this.#target.session;
    const files = filesFor(this.#target, symbols, path);
    const lines = (symbols?.rows() ?? [])
      .filter((r) => !r.endSequence && r.isStatement && files.includes(r.file))
      .map((r) => r.line);
    return [...new Set(lines)].filter((n) => n >= first && n <= last).sort((a, b) => a - b);
  }
}

const NO_ARGUMENTS = new Arguments({});

function details(args: Arguments): (string | null)[] {
  return ['condition', 'hitCondition', 'logMessage'].map((name) => args.text(name) ?? null);
}

function signalNumber(word: string): number | null {
  return signalNames().find(([n, name]) => name === word || String(n) === word)?.[0] ?? null;
}

/** An address as a client gives it back, and a distance. @throws RequestError */
export function addressOf(reference: string, offset: number): number {
  if (!/^(0x[0-9a-f]{1,8}|\d{1,10})$/i.test(reference))
    throw new RequestError(`'${reference}' is no address`);
  const address = Number(reference) + offset;
  if (!(address >= 0 && address <= 0xffffffff))
    throw new RequestError(`${reference} + ${offset} is no address`);
  return address;
}
