// Completion of commands, symbols, registers and files.

import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { REGISTER_NAMES } from '../../debugger/index.js';
import { COMMANDS, findCommand } from './commands.js';
import { INFO_TOPICS } from './info_commands.js';
import type { Session } from './session.js';

const MOST = 200;

function symbolsOf(session: Session, functionsOnly: boolean): string[] {
  const { symbols, inspection } = session;
  if (symbols === null) return [];
  const frame = inspection.selected;
  const names = symbols.elf.symbols
    .filter(({ kind }) => kind === 'function' || !functionsOnly)
    .map(({ name }) => name);
  if (!functionsOnly) {
    names.push(...symbols.globalNames());
    if (frame !== null) names.push(...inspection.locals(frame).map(({ name }) => name));
  } else names.push(...symbols.sourceFiles().map((file) => `${session.shortName(file)}:`));
  return names;
}

function filesAt(prefix: string): string[] {
  const directory = prefix.endsWith('/') ? prefix : dirname(prefix);
  const shown = prefix.includes('/') ? directory.replace(/\/?$/, '/') : '';
  try {
    return readdirSync(directory, { withFileTypes: true }).map(
      (e) => `${shown}${e.name}${e.isDirectory() ? '/' : ''}`,
    );
  } catch {
    return [];
  }
}

/** What may stand in place of the end of a line. @returns completions, and the part they replace. */
export function complete(session: Session, line: string): [string[], string] {
  const command = /^\s*([\w-]*)$/.exec(line);
  const pick = (names: readonly string[], prefix: string): [string[], string] => [
    [...new Set(names)]
      .filter((name) => name.startsWith(prefix))
      .sort()
      .slice(0, MOST),
    prefix,
  ];
  if (command !== null)
    return pick(
      COMMANDS.map(({ name }) => name),
      command[1],
    );
  const first = /^\s*([\w-]+)/.exec(line)?.[1] ?? '';
  let kind;
  try {
    kind = findCommand(first).completes;
  } catch {
    return [[], ''];
  }
  const register = /\$(\w*)$/.exec(line);
  if (register !== null) return pick(REGISTER_NAMES, register[1]);
  if (kind === 'info') return pick(INFO_TOPICS, /\S*$/.exec(line)?.[0] ?? '');
  if (kind === 'command')
    return pick(
      COMMANDS.map(({ name }) => name),
      /\S*$/.exec(line)?.[0] ?? '',
    );
  if (kind === 'file') {
    const prefix = /\S*$/.exec(line)?.[0] ?? '';
    return pick(filesAt(prefix), prefix);
  }
  if (kind === undefined) return [[], ''];
  return pick(symbolsOf(session, kind === 'location'), /[\w.]*$/.exec(line)?.[0] ?? '');
}
