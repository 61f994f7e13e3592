// The table of commands, and how a line finds its command: by its name, an alias, or a prefix that
// only one has.

import { ExpressionError, FormatError } from '../../debugger/index.js';
import { DATA } from './data_commands.js';
import { STORIES } from './fault_story.js';
import { INFO } from './info_commands.js';
import { KERNEL_WORDS } from './kernel_commands.js';
import { POINTS } from './point_commands.js';
import { REVERSING } from './reverse_commands.js';
import { RUNNING } from './running_commands.js';
import { CommandError } from './session.js';
import { MOMENTS } from './time_commands.js';
import type { Session } from './session.js';

export interface Command {
  name: string;
  aliases?: readonly string[];
  /** What it takes, for help. */
  usage: string;
  help: string;
  /** Enter repeats it; with `repeatAs` in place of its arguments. */
  repeat?: boolean;
  repeatAs?: string;
  /** What completes its arguments. */
  completes?: 'location' | 'expression' | 'file' | 'info' | 'command';
  run(session: Session, args: string): Promise<void> | void;
}

const HELP: Command = {
  name: 'help',
  aliases: ['h'],
  usage: '[COMMAND]',
  help: 'What the commands do.',
  completes: 'command',
  run(session, args) {
    if (args === '') {
      const width = Math.max(...COMMANDS.map(({ name }) => name.length));
      for (const { name, help } of COMMANDS)
        session.print(`${name.padEnd(width)}  ${help.split('\n')[0]}`);
      return;
    }
    const { name, aliases, usage, help } = findCommand(args.split(/\s/)[0]);
    session.print([[name, ...(aliases ?? [])].join(', ') + ` ${usage}`.trimEnd(), help].join('\n'));
  },
};

export const COMMANDS: readonly Command[] = [
  ...RUNNING,
  ...REVERSING,
  ...MOMENTS,
  ...STORIES,
  ...POINTS,
  ...DATA,
  ...INFO,
  ...KERNEL_WORDS,
  HELP,
].sort((a, b) => (a.name < b.name ? -1 : 1));

/** @throws CommandError for a word that is no command, or a prefix of several. */
export function findCommand(word: string): Command {
  const exact = COMMANDS.find((c) => c.name === word || c.aliases?.includes(word));
  if (exact !== undefined) return exact;
  const close = COMMANDS.filter((c) => c.name.startsWith(word));
  if (close.length === 1) return close[0];
  if (close.length === 0 || word === '')
    throw new CommandError(`Undefined command: "${word}".  Try "help".`);
  const names = close.map(({ name }) => name).join(', ');
  throw new CommandError(`Ambiguous command "${word}": ${names}.`);
}

/** Splits a line into its command's word and the rest. `p/x e` is `p` with `/x e`. */
export function splitLine(line: string): [string, string] {
  const match = /^\s*([A-Za-z][\w-]*|.)\s*([\s\S]*)$/.exec(line);
  return match === null ? ['', ''] : [match[1], match[2].trim()];
}

/** Whether a line does nothing. */
export function isBlank(line: string): boolean {
  return /^\s*(#.*)?$/.test(line);
}

/**
 * Executes one line. @returns null, or what went wrong in a sentence; everything that a person can
 * get wrong ends here.
 */
export async function execute(session: Session, line: string): Promise<string | null> {
  if (isBlank(line)) return null;
  try {
    const [word, args] = splitLine(line);
    const command = findCommand(word);
    await command.run(session, args);
    // A breakpoint's commands may run the guest to the next one.
    for (let n = 0; session.pendingCommands.length > 0 && n < 1000; n++) {
      const next = session.pendingCommands.shift() ?? '';
      const failed = await execute(session, next);
      if (failed !== null) {
        session.pendingCommands = [];
        return failed;
      }
    }
    return null;
  } catch (error) {
    session.pendingCommands = [];
    if (
      error instanceof CommandError ||
      error instanceof ExpressionError ||
      error instanceof FormatError
    )
      return error.message;
    throw error;
  }
}
