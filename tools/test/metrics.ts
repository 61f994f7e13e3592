// Names for what the kernel counts. Counters are differences between the start of the program and the
// end of the last process; gauges (v_free_count ...) are what they are at the end.

import { EVENT_CLASSES, EV_OBJECT, EV_PAGE, vmmeter_zero } from '../../kernel/index.js';
import type { Kernel, KernelEvent, kernel_usage_counts, vmmeter } from '../../kernel/index.js';
import { FormatError, nearest, parseAmount } from './words.js';
import type { Comparison, KernelExpectation } from './types.js';

type Counter = keyof vmmeter;

/** Sums of counters under names that people look for. */
const SUMS: Readonly<Record<string, readonly Counter[]>> = {
  faults: ['v_vm_faults'],
  'faults.cow': ['v_cow_faults'],
  'faults.cow.optimized': ['v_cow_optim'],
  'faults.zero': ['v_zfod'],
  'faults.io': ['v_io_faults'],
  pageins: ['v_swapin', 'v_vnodein'],
  'pageins.swap': ['v_swapin'],
  'pageins.vnode': ['v_vnodein'],
  'pageins.pages': ['v_swappgsin', 'v_vnodepgsin'],
  pageouts: ['v_swapout', 'v_vnodeout'],
  'pageouts.swap': ['v_swapout'],
  'pageouts.vnode': ['v_vnodeout'],
  'pageouts.pages': ['v_swappgsout', 'v_vnodepgsout'],
  forks: ['v_forks'],
  vforks: ['v_vforks'],
  rforks: ['v_rforks'],
  'forks.pages': ['v_forkpages'],
  syscalls: ['v_syscall'],
  traps: ['v_trap'],
  switches: ['v_swtch'],
};

/** What is not a counter of the kernel's, with its meaning. */
const OTHERS = {
  instructions: 'instructions executed',
  collapses: 'shadow objects collapsed',
  bypasses: 'shadow objects bypassed',
  'shadow.depth': 'longest chain of objects below one, at any time',
  'memory.peak': 'most bytes in use at any time, beyond those at the start',
  'pages.leaked': 'pages in use at the end, beyond those at the start',
  'swap.leaked': 'swap blocks, likewise',
  'objects.leaked': 'vm objects, likewise',
  'vnodes.leaked': 'references to vnodes, likewise',
  'procs.leaked': 'processes, likewise',
  'threads.leaked': 'threads, likewise',
  'files.leaked': 'open files, likewise',
} as const;

/** The operations of each class of events; null where the name is free (system calls, signals). */
const OPERATIONS: Readonly<Record<Exclude<KernelEvent['type'], 'boot'>, readonly string[] | null>> =
  {
    fault: [
      'zero-filled',
      'copied',
      'renamed',
      'paged-in',
      'mapped',
      'grown',
      'sleeping',
      'failed',
    ],
    map: [
      'insert',
      'delete',
      'protect',
      'clip',
      'simplify',
      'inherit',
      'advise',
      'wire',
      'unwire',
      'grow',
      'fork',
    ],
    pmap: [
      'enter',
      'remove',
      'protect',
      'invalidate',
      'table',
      'promote',
      'demote',
      'load',
      'clear',
    ],
    page: [
      'alloc',
      'free',
      'activate',
      'deactivate',
      'wire',
      'unwire',
      'rename',
      'cache',
      'requeue',
      'reclaim',
    ],
    pager: ['pagein', 'pageout', 'zero', 'error'],
    object: ['create', 'shadow', 'collapse', 'bypass', 'split', 'terminate'],
    swap: ['assign', 'forget'],
    charge: ['reserve', 'release'],
    reserv: ['alloc', 'full', 'free', 'break'],
    sched: ['switch', 'sleep', 'wakeup', 'preempt', 'idle'],
    signal: ['post', 'deliver', 'return', 'kill'],
    syscall: null,
    proc: ['fork', 'exec', 'exit', 'reap'],
  };

const isGauge = (name: string): boolean => /_(count|target|min|reserved|severe)$/.test(name);

/** Every name that does not depend on the run, for messages and --help. */
export function metricNames(): string[] {
  return [...Object.keys(OTHERS), ...Object.keys(SUMS), 'event.CLASS', 'event.CLASS.OPERATION'];
}

/** @throws FormatError unless `name` can be taken; `meters` are the kernel's counters. */
function checkMetric(name: string, meters: readonly string[]): void {
  if (Object.hasOwn(OTHERS, name) || Object.hasOwn(SUMS, name)) return;
  if (meters.includes(name) || meters.includes(`v_${name}`)) return;
  const [first, type, op, ...more] = name.split('.');
  if (first === 'event' && type !== undefined && more.length === 0) {
    const known = Object.keys(OPERATIONS);
    if (!known.includes(type))
      throw new FormatError(`no class of events is called '${type}' (${known.join(', ')})`);
    const operations = OPERATIONS[type as keyof typeof OPERATIONS];
    if (op === undefined || operations === null || operations.includes(op)) return;
    throw new FormatError(`'${type}' has no event '${op}' (${operations.join(', ')})`);
  }
  const all = [...metricNames(), ...meters];
  throw new FormatError(`nothing is counted as '${name}'${nearest(name, all)}`);
}

/** `METRIC OP NUMBER`, or another metric on the right. @throws FormatError */
export function parseExpectation(text: string): KernelExpectation {
  const match = /^\s*([\w.-]+)\s*(<=|>=|==|!=|<|>|=)\s*(\S+)\s*$/.exec(text);
  if (match === null) throw new FormatError(`'${text}' is not of the form METRIC OP NUMBER`);
  const [, metric, sign, right] = match;
  if (sign === '=') throw new FormatError(`a comparison is wanted: ${metric} == ${right}`);
  const meters = Object.keys(vmmeter_zero());
  checkMetric(metric, meters);
  let value: number | string = right;
  if (/^[\d.]/.test(right)) value = parseAmount(right);
  else checkMetric(right, meters);
  return { metric, op: sign as Comparison, value, text: `${metric} ${sign} ${right}` };
}

export function compare(left: number, op: Comparison, right: number): boolean {
  switch (op) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '>=':
      return left >= right;
    case '>':
      return left > right;
  }
}

/** Listens to one run and answers for the metrics that were asked for. */
export class RunMeter {
  readonly mask: number;
  /** Set when more than `memoryBytes` are in use: the run is to stop. */
  exceeded = false;
  readonly #wanted: readonly string[];
  readonly #events = new Map<string, number>();
  readonly #backing = new Map<number, number>();
  readonly #memoryBytes: number;
  #depth = 0;
  #peak = 0;
  #used = 0;
  #base = 0;
  #cnt: vmmeter | null = null;
  #start: Record<string, number> = {};
  #before = { instructions: 0, collapses: 0, bypasses: 0 };

  constructor(wanted: readonly string[], memoryBytes: number) {
    this.#wanted = wanted;
    this.#memoryBytes = memoryBytes;
    let mask = 0;
    for (const name of wanted) {
      const [first, type] = name.split('.');
      if (first === 'event') mask |= EVENT_CLASSES[type as KernelEvent['type']];
      if (name === 'shadow.depth') mask |= EV_OBJECT;
    }
    if (memoryBytes !== Infinity || wanted.includes('memory.peak')) mask |= EV_PAGE;
    this.mask = mask;
  }

  /** The program is about to start: what was counted until now is not its. */
  begin(k: Kernel): void {
    const { cnt } = k.vm;
    this.#cnt = cnt;
    this.#start = { ...cnt };
    const { collapses, bypasses } = k.vm;
    this.#before = { instructions: k.machine.instructions, collapses, bypasses };
    this.#events.clear();
    this.#backing.clear();
    for (const object of k.vm.object_list)
      if (object.backing_object !== null) this.#backing.set(object.id, object.backing_object.id);
    this.#depth = 0;
    this.#base = cnt.v_page_count - cnt.v_free_count - cnt.v_cache_count;
    this.#peak = 0;
  }

  /** @returns whether the run is to stop. */
  event(e: KernelEvent): boolean {
    if (this.#cnt === null) return false;
    if (e.type === 'object') this.#objectEvent(e);
    else if (e.type === 'page' && e.op === 'alloc') this.#pageAllocated(this.#cnt);
    if (e.type === 'boot' || (e.type === 'syscall' && e.op === 'return')) return this.exceeded;
    const op = e.type === 'fault' ? e.outcome : e.type === 'syscall' ? e.name : e.op;
    this.#count(`event.${e.type}`);
    this.#count(`event.${e.type}.${op}`);
    return this.exceeded;
  }

  #count(name: string): void {
    this.#events.set(name, (this.#events.get(name) ?? 0) + 1);
  }

  #objectEvent(e: Extract<KernelEvent, { type: 'object' }>): void {
    if (e.op === 'terminate') {
      this.#backing.delete(e.object);
      return;
    }
    this.#backing.set(e.object, e.backing);
    let depth = 0;
    for (let id = e.backing; id !== 0; id = this.#backing.get(id) ?? 0) depth++;
    if (depth > this.#depth) this.#depth = depth;
  }

  #pageAllocated(cnt: vmmeter): void {
    this.#used = cnt.v_page_count - cnt.v_free_count - cnt.v_cache_count - this.#base;
    if (this.#used > this.#peak) this.#peak = this.#used;
    if (this.#used * 4096 > this.#memoryBytes) this.exceeded = true;
  }

  /** Every counter, and what was asked for beyond. `leaked` is null while processes live. */
  values(k: Kernel, leaked: kernel_usage_counts | null): Record<string, number> {
    const values: Record<string, number> = {
      instructions: k.machine.instructions - this.#before.instructions,
      collapses: k.vm.collapses - this.#before.collapses,
      bypasses: k.vm.bypasses - this.#before.bypasses,
    };
    for (const [name, now] of Object.entries(k.vm.cnt) as [Counter, number][])
      values[name] = isGauge(name) ? now : now - this.#start[name];
    for (const [name, parts] of Object.entries(SUMS))
      values[name] = parts.reduce((sum, part) => sum + values[part], 0);
    if (leaked !== null)
      for (const [what, count] of Object.entries(leaked)) values[`${what}.leaked`] = count;
    if (this.mask & EV_OBJECT) values['shadow.depth'] = this.#depth;
    if (this.mask & EV_PAGE) values['memory.peak'] = this.#peak * 4096;
    for (const name of this.#wanted) {
      if (name.startsWith('event.')) values[name] = this.#events.get(name) ?? 0;
      else if (!Object.hasOwn(values, name) && Object.hasOwn(values, `v_${name}`))
        values[name] = values[`v_${name}`];
    }
    return values;
  }
}
