// The cells of a test's matrix: every combination of the values that @matrix lines give.

import { isKey } from './directives.js';
import type { Directive } from './directives.js';
import { FormatError } from './words.js';

export type Cell = Record<string, string>;

/** What a matrix may vary besides variables ({name}) and env.NAME. */
const VARIED = ['args', 'stdin', 'cflags', 'ldflags', 'cc', 'libc', 'ram', 'swap', 'engine', 'abi', 'seed', 'clock', 'program', 'cwd']; // prettier-ignore

const MOST_CELLS = 1000;

/** `a | b | c`, where a | in quotes is none. */
function alternatives(text: string): string[] {
  const parts = [''];
  let quote = '';
  for (const c of text) {
    if (quote !== '') quote = c === quote ? '' : quote;
    else if (c === '"' || c === "'") quote = c;
    if (c === '|' && quote === '') parts.push('');
    else parts[parts.length - 1] += c;
  }
  return parts.map((part) => part.trim());
}

/**
 * The axes of the matrix by name. A later line for a name replaces an earlier one.
 * @throws FormatError
 */
function axes(directives: readonly Directive[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { value, conditions } of directives) {
    const match = /^([\w.]+)\s*=\s*(.*)$/.exec(value);
    if (match === null)
      throw new FormatError(`@matrix wants KEY = VALUE | VALUE..., not '${value}'`);
    if (conditions.length > 0) throw new FormatError('@matrix knows no conditions');
    const [, key, list] = match;
    if (isKey(key) && !VARIED.includes(key))
      throw new FormatError(
        `@matrix cannot vary ${key} (${VARIED.join(', ')}, env.NAME, or a {variable})`,
      );
    const values = alternatives(list);
    if (new Set(values).size !== values.length)
      throw new FormatError(`@matrix ${key} has a value twice`);
    found.set(key, values);
  }
  return found;
}

/** @throws FormatError */
export function cellsOf(directives: readonly Directive[]): Cell[] {
  let cells: Cell[] = [{}];
  for (const [key, values] of axes(directives)) {
    cells = cells.flatMap((cell) => values.map((value) => ({ ...cell, [key]: value })));
    if (cells.length > MOST_CELLS)
      throw new FormatError(`the matrix has more than ${MOST_CELLS} cells`);
  }
  return cells;
}

/** Whether a directive holds in a cell. @throws FormatError for a key that the matrix has not. */
export function holds(directive: Directive, cell: Cell): boolean {
  return directive.conditions.every(({ key, values, negated }) => {
    const value = cell[key];
    if (value === undefined) throw new FormatError(`the test has no @matrix ${key} to ask for`);
    return values.includes(value) !== negated;
  });
}

/** The cell as the directives that it stands for; variables stand for none. */
export function cellDirectives(cell: Cell, where: { file: string; line: number }): Directive[] {
  return Object.entries(cell).flatMap(([name, value]) => {
    const rest = { conditions: [], block: null, ...where };
    if (name.startsWith('env.'))
      return [{ key: 'env', value: `${name.slice(4)}=${value}`, ...rest }];
    return isKey(name) ? [{ key: name, value, ...rest }] : [];
  });
}

/** system=linux,ram=16M; '' for a test without a matrix. */
export function cellName(cell: Cell): string {
  return Object.entries(cell)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

/** Puts the values of variables into `{name}`; other braces stay. @returns the text. */
export function substitute(text: string, variables: Cell, used: Set<string>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    if (!Object.hasOwn(variables, name)) return whole;
    used.add(name);
    return variables[name];
  });
}
