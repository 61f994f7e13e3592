// gdb's `monitor`: the commands of our own debugger that look at the machine and the kernel.

import { execute, findCommand, isBlank, splitLine } from '../repl/commands.js';
import { CommandError } from '../repl/session.js';
import type { Session } from '../repl/session.js';

/** What gdb does by itself is left to it: only what looks. */
const LOOKING = ['vmmap', 'pagewalk', 'v2p', 'p2v', 'telescope', 'faults', 'info', 'print', 'x', 'output', 'list', 'disassemble', 'backtrace', 'ptype', 'whatis', 'when']; // prettier-ignore

function help(): string {
  const lines = LOOKING.map((name) => {
    const { usage, help: text } = findCommand(name);
    return `${`${name} ${usage}`.padEnd(30)} ${text.split('\n')[0]}`;
  });
  return lines.join('\n');
}

/** Executes a line for the selected thread, whose output goes through `printed`. @returns the text. */
export async function monitor(
  session: Session,
  line: string,
  printed: () => string,
): Promise<string> {
  const [word] = splitLine(line);
  if (isBlank(line) || word === 'help') return `${help()}\n`;
  try {
    const { name } = findCommand(word);
    if (!LOOKING.includes(name)) return `"${name}" is gdb's own here; see "monitor help".\n`;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return `${error.message}  See "monitor help".\n`;
  }
  session.moved();
  const failed = await execute(session, line);
  return `${printed()}${failed === null ? '' : `${failed}\n`}`;
}
