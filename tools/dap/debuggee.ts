// What there is once a program was launched, and the requests that look at it.

import { posix } from 'node:path';
import { evaluate, hex, integerValue, parseExpression } from '../../debugger/index.js';
import type { Expression } from '../../debugger/index.js';
import { complete } from '../repl/complete.js';
import { disassembly, memory } from './code.js';
import type { FrameScope, Node, NodeStore } from './nodes.js';
import { addressOf, dataId, filesFor } from './points.js';
import type { Points } from './points.js';
import { RequestError } from './protocol.js';
import type { Arguments, BreakpointInfo, Scope, Source } from './protocol.js';
import { frameScope } from './stack.js';
import type { Stack } from './stack.js';
import type { Target } from './target.js';
import { valueNode } from './value_nodes.js';
import type { Viewpoint } from './value_nodes.js';

const MEMORY_MAX = 16 << 20;
const INSTRUCTIONS_MAX = 100_000;
const WATCHED_MAX = 1 << 20;

export interface Debuggee {
  target: Target;
  stack: Stack;
  nodes: NodeStore;
  points: Points;
  /** Between the client's numbers of lines and those from 1 on. */
  lineIn(line: number): number;
  lineOut(line: number): number;
}

export type Request = (d: Debuggee, args: Arguments) => object | void | Promise<object | void>;

function threads({ stack, target }: Debuggee): object {
  const running = target.session.control?.current ?? null;
  return {
    threads: stack.threads().map((td) => ({
      id: td.td_tid,
      name: `process ${td.td_proc.p_pid}, thread ${td.td_tid}: ${td.td_proc.p_comm}${td === running ? '' : td.td_wmesg === '' ? '' : ` (${td.td_wmesg})`}`,
    })),
  };
}

function stackTrace(d: Debuggee, args: Arguments): object {
  const { frames, total } = d.stack.trace(
    args.needInteger('threadId'),
    args.count('startFrame', 0),
    args.count('levels', 0),
  );
  const stackFrames = frames.map((frame) =>
    frame.source === undefined
      ? frame
      : { ...frame, line: d.lineOut(frame.line), column: d.lineOut(1) },
  );
  return { stackFrames, totalFrames: total };
}

function scopes({ stack, nodes }: Debuggee, args: Arguments): object {
  const found: Scope[] = stack.scopes(args.needInteger('frameId')).map((scope) => ({
    name: scope.node.name,
    ...(scope.hint === undefined ? {} : { presentationHint: scope.hint }),
    variablesReference: nodes.reference(scope.node),
    expensive: scope.expensive,
  }));
  return { scopes: found };
}

function variables({ nodes }: Debuggee, args: Arguments): object {
  const filter = args.text('filter');
  const [start, count] = [args.count('start', 0), args.count('count', 0)];
  return { variables: nodes.list(args.needInteger('variablesReference'), filter, start, count) };
}

/** A node as the answer to an evaluation. */
function result({ nodes }: Debuggee, node: Node): object {
  const { value, ...rest } = nodes.variable(node);
  const { type, variablesReference, indexedVariables, memoryReference } = rest;
  return {
    result: value,
    value,
    variablesReference,
    ...(type === undefined ? {} : { type }),
    ...(indexedVariables === undefined ? {} : { indexedVariables }),
    ...(memoryReference === undefined ? {} : { memoryReference }),
  };
}

function setVariable(d: Debuggee, args: Arguments): object {
  void d.target.control;
  const reference = args.needInteger('variablesReference');
  const name = args.needText('name');
  const node = d.nodes.child(reference, name);
  if (node.assign === undefined) throw new RequestError(`${name} cannot be changed`, true);
  node.assign(args.needText('value'));
  return result(d, d.nodes.child(reference, name));
}

function evaluated(d: Debuggee, text: string, view: Viewpoint): object {
  return result(d, valueNode(text, evaluate(text, view.inspection()), text, view));
}

function viewOf(d: Debuggee, args: Arguments): Viewpoint {
  if (d.target.running) throw new RequestError('notStopped');
  return d.stack.view(args.integer('frameId'), args.object('format').flag('hex'));
}

function setExpression(d: Debuggee, args: Arguments): object {
  void d.target.control;
  const view = viewOf(d, args);
  const expression = args.needText('expression');
  evaluate(`${expression} = ${args.needText('value')}`, view.inspection());
  view.changed();
  return evaluated(d, expression, view);
}

/** Whether an expression writes. */
function writes(e: Expression): boolean {
  if (e.kind === 'assign') return true;
  if (e.kind === 'unary' && (e.op === '++' || e.op === '--')) return true;
  return Object.values(e).some(
    (part: unknown) =>
      typeof part === 'object' && part !== null && 'kind' in part && writes(part as Expression),
  );
}

/** The line for the program's standard input that a person typed. */
function giveInput(target: Target, text: string): object {
  if (text.trim() === '^D') target.give(null);
  else target.give(Buffer.from(`${text}\n`));
  return { result: '', variablesReference: 0 };
}

/** The command of the debugger in a line of the console, or null. */
function commandIn(text: string): string | null {
  if (text.startsWith('`')) return text.slice(1);
  return /^-exec\s/.test(text) ? text.slice(6) : null;
}

async function evaluateRequest(d: Debuggee, args: Arguments): Promise<object> {
  const text = args.needText('expression');
  const context = args.text('context') ?? 'watch';
  if (context === 'repl') {
    if (text.startsWith('<')) return giveInput(d.target, text.slice(1));
    const command = commandIn(text);
    // What is typed while the program runs is for the program.
    if (d.target.running && command === null) return giveInput(d.target, text);
    if (command !== null) {
      if (d.target.running) throw new RequestError('notStopped');
      d.stack.select(args.integer('frameId'));
      const before = d.target.session.control?.instructions;
      const printed = await d.target.command(command);
      // It may have changed memory, registers or breakpoints.
      if (d.target.session.control?.instructions === before && d.target.session.alive)
        d.stack.view(undefined).changed();
      return { result: printed, variablesReference: 0 };
    }
  }
  const view = viewOf(d, args);
  if (text.trim() === '') throw new RequestError('there is nothing to evaluate');
  const isWrite = writes(parseExpression(text, view.inspection()));
  if (isWrite && context !== 'repl')
    throw new RequestError('an assignment is made in the debug console, or by setting a variable');
  const answer = evaluated(d, text, view);
  if (isWrite) view.changed();
  return answer;
}

function completions(d: Debuggee, args: Arguments): object {
  if (d.target.running) return { targets: [] };
  const text = args.needText('text');
  const column = args.needInteger('column') - d.lineOut(1);
  const line = text.slice(0, Math.max(0, column));
  const command = commandIn(line);
  d.stack.select(args.integer('frameId'));
  const [found, prefix] = complete(d.target.session, command ?? `print ${line}`);
  const start = line.length - prefix.length + d.lineOut(1);
  return { targets: found.map((label) => ({ label, start, length: prefix.length })) };
}

/** What an expression says; it lives in the frame if one of its names does. */
function namedNode(text: string, view: Viewpoint): Node {
  const inspection = view.inspection();
  const frame = inspection.selected;
  const value = evaluate(text, inspection);
  const words: string[] = text.match(/\w+/g) ?? [];
  const isLocal = frame !== null && inspection.locals(frame).some((v) => words.includes(v.name));
  const scope = isLocal ? frameScope(inspection, value) : null;
  return valueNode(text, value, text, view, scope);
}

function dataBreakpointInfo(d: Debuggee, args: Arguments): object {
  const name = args.needText('name');
  const reference = args.integer('variablesReference') ?? 0;
  const bytes = args.count('bytes', 0);
  const none = (description: string): object => ({ dataId: null, description });
  void d.target.control;
  const answer = (address: number, length: number, scope: FrameScope = null): object => {
    if (length === 0 || length > WATCHED_MAX) return none(`${name} is too large to be watched`);
    return {
      dataId: dataId({ address, length, scope }),
      description: `${name} (${length} bytes at ${hex(address)})`,
      accessTypes: ['read', 'write', 'readWrite'],
      canPersist: false,
    };
  };
  if (args.flag('asAddress')) return answer(addressOf(name, 0), bytes || 1);
  const view = d.stack.view(args.integer('frameId'));
  const node = reference > 0 ? d.nodes.child(reference, name) : namedNode(name, view);
  if (node.data === undefined) return none(`${name} does not lie in memory`);
  const { address, length, scope } = node.data;
  return answer(address, bytes || length, scope);
}

function exported(d: Debuggee, info: BreakpointInfo): BreakpointInfo {
  return info.line === undefined ? info : { ...info, line: d.lineOut(info.line) };
}

function pathOf(args: Arguments): string {
  const path = args.object('source').text('path');
  if (path === undefined) throw new RequestError('source.path: a string is wanted');
  return path;
}

function setBreakpoints(d: Debuggee, args: Arguments): object {
  const path = pathOf(args);
  const infos = d.points.setSource(path, args.objects('breakpoints'), (line) => d.lineIn(line));
  return { breakpoints: infos.map((info) => exported(d, info)) };
}

const listed =
  (set: (points: Points, asked: Arguments[]) => BreakpointInfo[]): Request =>
  (d, args) => ({
    breakpoints: set(d.points, args.objects('breakpoints')).map((info) => exported(d, info)),
  });

function breakpointLocations(d: Debuggee, args: Arguments): object {
  const first = d.lineIn(args.needInteger('line'));
  const last = args.has('endLine') ? d.lineIn(args.needInteger('endLine')) : first;
  const lines = d.points.linesOf(pathOf(args), first, last);
  return { breakpoints: lines.map((line) => ({ line: d.lineOut(line) })) };
}

function source(d: Debuggee, args: Arguments): object {
  const path = args.has('source') ? pathOf(args) : '';
  const { session } = d.target;
  const [file] = path === '' ? [] : filesFor(d.target, session.symbols, path);
  const lines = file === undefined ? null : session.host.readSource(file);
  if (lines === null)
    throw new RequestError(`${path} is no source file of the program that can be read`);
  return { content: lines.join('\n') };
}

async function disassemble(d: Debuggee, args: Arguments): Promise<object> {
  void d.target.control;
  const address = addressOf(args.needText('memoryReference'), args.integer('offset') ?? 0);
  const offset = args.integer('instructionOffset') ?? 0;
  const count = args.count('instructionCount', 0);
  if (count > INSTRUCTIONS_MAX || Math.abs(offset) > INSTRUCTIONS_MAX)
    throw new RequestError(`more than ${INSTRUCTIONS_MAX} instructions at once`);
  const sourceOf = (file: string): Source | null => d.stack.source(file);
  const instructions = await disassembly(d.target.session, address, offset, count, sourceOf);
  return {
    instructions: instructions.map((i) =>
      i.line === undefined ? i : { ...i, line: d.lineOut(i.line) },
    ),
  };
}

function readMemory({ target }: Debuggee, args: Arguments): object {
  void target.control;
  const address = addressOf(args.needText('memoryReference'), args.integer('offset') ?? 0);
  const count = args.count('count', 0);
  if (count > MEMORY_MAX) throw new RequestError(`more than ${MEMORY_MAX} bytes at once`);
  return memory(target.session, address, count);
}

function writeMemory({ target, stack }: Debuggee, args: Arguments): object {
  void target.control;
  const address = addressOf(args.needText('memoryReference'), args.integer('offset') ?? 0);
  const data = args.needText('data');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(data)) throw new RequestError('data: base64 is wanted');
  const bytes = Buffer.from(data, 'base64');
  const { inspection } = target.session;
  const there = inspection.read(address, bytes.length).length;
  const partial = args.flag('allowPartial');
  if (there < bytes.length && !partial)
    throw new RequestError(`Cannot access memory at address ${hex(address + there)}`);
  const part = bytes.subarray(0, there);
  if (part.length > 0) inspection.write(address, part);
  stack.view(undefined).changed();
  return { bytesWritten: part.length };
}

function gotoTargets(d: Debuggee, args: Arguments): object {
  const { symbols } = d.target.session;
  const line = d.lineIn(args.needInteger('line'));
  const files = filesFor(d.target, symbols, pathOf(args));
  const addresses = symbols?.addressesOfLine(files, line) ?? [];
  return {
    targets: addresses.map((address) => ({
      id: address,
      label: `${hex(address)}${d.target.session.inspection.symbolic(address)}`,
      line: d.lineOut(symbols?.lineAt(address)?.line ?? line),
      instructionPointerReference: hex(address),
    })),
  };
}

/** Sets a thread's eip. */
export function setPc(d: Debuggee, tid: number, address: number): void {
  const { control, session } = d.target;
  control.thread = d.stack.thread(tid);
  session.moved();
  session.inspection.setRegister('eip', integerValue(BigInt(address >>> 0)));
  session.moved();
  control.refresh();
}

function modules({ stack, target }: Debuggee, args: Arguments): object {
  const found = stack.processes().map((p) => {
    const symbols = target.session.programs.of(p);
    const has = symbols?.hasDebugInfo === true;
    const status = symbols === null ? 'not read' : has ? 'with lines and types' : 'names alone';
    return {
      id: p.p_textpath,
      name: posix.basename(p.p_textpath),
      path: p.p_textpath,
      symbolStatus: status,
      ...(symbols === null ? {} : { addressRange: hex(symbols.entry) }),
    };
  });
  const all = [...new Map(found.map((m) => [m.id, m])).values()];
  const start = args.count('startModule', 0);
  const count = args.count('moduleCount', 0) || all.length;
  return { modules: all.slice(start, start + count), totalModules: all.length };
}

function loadedSources({ stack, target }: Debuggee): object {
  const { symbols } = target.session;
  const sources = (symbols?.sourceFiles() ?? []).flatMap((file) => stack.source(file) ?? []);
  return { sources: [...new Map(sources.map((s) => [s.path, s])).values()] };
}

/** Requests that only look, or change memory and breakpoints: none lets the guest run. */
export const LOOKING: Readonly<Record<string, Request>> = {
  threads,
  stackTrace,
  scopes,
  variables,
  setVariable,
  setExpression,
  evaluate: evaluateRequest,
  completions,
  dataBreakpointInfo,
  setBreakpoints,
  setFunctionBreakpoints: listed((points, asked) => points.setFunctions(asked)),
  setInstructionBreakpoints: listed((points, asked) => points.setInstructions(asked)),
  setDataBreakpoints: listed((points, asked) => points.setData(asked)),
  setExceptionBreakpoints: (d, args) => ({
    breakpoints: d.points.setExceptions(args.texts('filters'), args.objects('filterOptions')),
  }),
  breakpointLocations,
  source,
  disassemble,
  readMemory,
  writeMemory,
  gotoTargets,
  modules,
  loadedSources,
};
