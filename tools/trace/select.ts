// Which events a run listens to, from the words of --trace.

import { EVENT_CLASSES } from '../../kernel/index.js';
import type { KernelEvent } from '../../kernel/index.js';
import { UsageError } from '../cli/options.js';

/** What the lines of each class tell; promises of swap space are told with 'swap'. */
const HELP: Readonly<Record<Exclude<KernelEvent['type'], 'charge'>, string>> = {
  fault: 'page faults: access, map entry, objects searched, outcome, PTE',
  map: 'map entries: insert, delete, protect, clip, simplify, inherit, advise, wire, grow',
  pmap: 'page tables: enter, remove, protect, clear (A, D), table, promote, demote, load',
  page: 'pages: alloc, free, queues, wire, rename, cache, reclaim',
  pager: 'page-ins and page-outs, and their errors',
  object: 'objects: create, shadow, collapse, bypass, split, terminate',
  swap: 'swap blocks assigned and forgotten; swap space reserved and released',
  reserv: 'reservations of 4 MB: alloc, full, free, break',
  sched: 'switches, sleeps, wakeups, preemptions',
  signal: 'signals: post, deliver, return, kill',
  syscall: 'system calls: entry and return',
  proc: 'processes: fork, exec, exit, reap',
  boot: 'what the kernel does while it boots',
};

const CLASSES: Readonly<Record<string, number>> = EVENT_CLASSES;

export const TRACE_CLASSES = Object.keys(HELP);

/** A line for every class. */
export function describeClasses(): string {
  return Object.entries(HELP)
    .map(([name, help]) => `  ${name.padEnd(9)}${help}`)
    .join('\n');
}

/**
 * The EV_* mask for a list such as 'fault,map' or 'all'.
 * @throws UsageError for a word that names no class.
 */
export function traceMask(words: string): number {
  let mask = 0;
  for (const word of words.split(',')) {
    if (word === 'all') return Object.values(CLASSES).reduce((a, b) => a | b, 0);
    if (!Object.hasOwn(HELP, word)) {
      throw new UsageError(`--trace knows ${TRACE_CLASSES.join(', ')} and all, not '${word}'`);
    }
    mask |= CLASSES[word];
  }
  return mask;
}
