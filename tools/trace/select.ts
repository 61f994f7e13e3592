// Which events a run listens to, from the words of --trace.

import {
  EV_BOOT,
  EV_FAULT,
  EV_MAP,
  EV_OBJECT,
  EV_PAGE,
  EV_PAGER,
  EV_PMAP,
  EV_PROC,
  EV_SCHED,
  EV_SIGNAL,
  EV_SYSCALL,
} from '../../kernel/index.js';
import { UsageError } from '../cli/options.js';

const CLASSES: Record<string, number> = {
  fault: EV_FAULT,
  map: EV_MAP,
  pmap: EV_PMAP,
  page: EV_PAGE,
  pager: EV_PAGER,
  object: EV_OBJECT,
  sched: EV_SCHED,
  signal: EV_SIGNAL,
  syscall: EV_SYSCALL,
  proc: EV_PROC,
  boot: EV_BOOT,
};

export const TRACE_CLASSES = Object.keys(CLASSES);

/**
 * The EV_* mask for a list such as 'fault,map' or 'all'.
 * @throws UsageError for a word that names no class.
 */
export function traceMask(words: string): number {
  let mask = 0;
  for (const word of words.split(',')) {
    if (word === 'all') return Object.values(CLASSES).reduce((a, b) => a | b, 0);
    if (!Object.hasOwn(CLASSES, word)) {
      throw new UsageError(`--trace knows ${TRACE_CLASSES.join(', ')} and all, not '${word}'`);
    }
    mask |= CLASSES[word];
  }
  return mask;
}
