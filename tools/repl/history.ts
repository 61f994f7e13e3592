// The lines of earlier sessions, in the state directory of the XDG base directory specification.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const LINES_KEPT = 1000;

export function historyFile(): string {
  const state = process.env['XDG_STATE_HOME'];
  const base =
    state !== undefined && state.startsWith('/') ? state : join(homedir(), '.local/state');
  return join(base, 'faultline', 'debug_history');
}

/** Newest first, as node:readline has it. */
export function loadHistory(): string[] {
  try {
    return readFileSync(historyFile(), 'utf8').split('\n').filter(Boolean).reverse();
  } catch {
    return [];
  }
}

/** Keeps a history for the next session; that it cannot be written is no reason to fail. */
export function saveHistory(newestFirst: readonly string[]): void {
  try {
    const file = historyFile();
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const lines = newestFirst.slice(0, LINES_KEPT).reverse();
    writeFileSync(file, lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
  } catch {
    // A read-only home: the history is of this session only.
  }
}
