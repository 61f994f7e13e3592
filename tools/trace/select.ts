// Which events a run listens to, from the words of --trace.

import { EVENT_CLASSES } from '../../kernel/index.js';
import { UsageError } from '../cli/options.js';

const CLASSES: Readonly<Record<string, number>> = EVENT_CLASSES;

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
