// Pieces of commands' arguments.

import { asInteger } from '../../debugger/index.js';
import { CommandError } from './session.js';
import type { Session } from './session.js';

/** Words, with 'single' and "double" quotes and backslashes as in a shell. */
export function words(text: string): string[] {
  const found: string[] = [];
  const word = /(?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+/g;
  for (const [raw] of text.matchAll(word)) {
    found.push(
      raw.replace(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g, (_all, single, double, escape) =>
        single !== undefined
          ? String(single)
          : double !== undefined
            ? String(double).replace(/\\(["\\])/g, '$1')
            : String(escape),
      ),
    );
  }
  return found;
}

/** A count: the value of an expression, from 0 on. */
export function count(session: Session, text: string): number {
  const n = Number(asInteger(session.evaluate(text)));
  if (n < 0) throw new CommandError('A count must not be negative.');
  return Math.min(n, 1e9);
}

/** `/FORMAT` in front of the arguments: the letters, and the rest. */
export function slashFormat(args: string): [string, string] {
  const match = /^\/(\S*)\s*([\s\S]*)$/.exec(args);
  return match === null ? ['', args] : [match[1], match[2]];
}

/** Numbers and ranges such as `1 3-5`. */
export function numbers(text: string): number[] {
  return words(text).flatMap((word) => {
    const match = /^(\d+)(?:-(\d+))?$/.exec(word);
    if (match === null) throw new CommandError(`Bad breakpoint argument: '${word}'`);
    const first = Number(match[1]);
    const last = Number(match[2] ?? first);
    if (last - first > 10_000) throw new CommandError('The range is too large.');
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
  });
}

/** An address: the value of an expression; of an array or function where it is. */
export function address(session: Session, text: string): number {
  return Number(BigInt.asUintN(32, asInteger(session.evaluate(text))));
}
