// Reads commands from a person, a file or the command line, and executes them.

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import { COMMANDS, execute, findCommand, isBlank, splitLine } from './commands.js';
import { complete } from './complete.js';
import { displays } from './data_commands.js';
import { loadHistory, saveHistory } from './history.js';
import { relocateIn } from './point_commands.js';
import type { Session } from './session.js';

const PROMPT = '(faultline) ';
const QUIT = ['quit', 'q', 'exit'];
const SOURCES_NESTED = 16;

/** Executes lines for a session: `quit`, `source` and the lines of `commands` besides the table. */
export class Interpreter {
  readonly session: Session;
  /** Somebody said quit. */
  ended = false;
  /** How many commands have failed. */
  failures = 0;
  /** Status to end with: the argument of quit. */
  status = 0;
  readonly #report: (message: string) => void;
  #last = '';
  #depth = 0;

  constructor(session: Session, report: (message: string) => void) {
    this.session = session;
    this.#report = report;
    session.relocate = relocateIn(session);
  }

  /** Executes a line. @returns whether it went well. */
  async line(text: string): Promise<boolean> {
    const { session } = this;
    if (session.collecting !== null) {
      const line = text.trim();
      if (line === 'end') session.collecting = null;
      else if (line !== 'silent' && line !== '') session.collecting.push(line);
      return true;
    }
    const [word, args] = splitLine(text);
    if (QUIT.includes(word)) {
      this.ended = true;
      this.status = Number(args) || 0;
      return true;
    }
    const failed = word === 'source' ? await this.source(args) : await this.#execute(text);
    if (failed === null) return true;
    this.failures++;
    this.#report(failed);
    return false;
  }

  async #execute(text: string): Promise<string | null> {
    const { session } = this;
    const shown = session.control?.instructions ?? -1;
    const failed = await execute(session, text);
    if (session.alive && session.control?.instructions !== shown) await displays(session);
    return failed;
  }

  /** Enter alone repeats the last command, if that makes sense for it. */
  repeated(text: string): string {
    if (!isBlank(text) || text.includes('#')) {
      this.#last = text;
      return text;
    }
    const [word, args] = splitLine(this.#last);
    try {
      const command = word === '' ? null : findCommand(word);
      if (command?.repeat !== true) return '';
      return command.repeatAs === undefined
        ? `${command.name} ${args}`
        : `${command.name} ${command.repeatAs}`;
    } catch {
      return '';
    }
  }

  /** Executes the commands of a file, up to the first that fails. @returns what went wrong, or null. */
  async source(path: string): Promise<string | null> {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch {
      return `${path}: No such file or directory.`;
    }
    if (this.#depth >= SOURCES_NESTED) return `${path}: files are nested too deeply.`;
    this.#depth++;
    try {
      let number = 0;
      for (const line of text.split('\n')) {
        number++;
        if (!(await this.line(line))) return `${path}:${number}: Error in sourced command file.`;
        if (this.ended) break;
      }
    } finally {
      this.#depth--;
    }
    return null;
  }
}

/** Reads lines from standard input until its end. `interactive`: with editing and history. */
export async function readCommands(
  interpreter: Interpreter,
  interactive: boolean,
  interrupted: () => void,
): Promise<void> {
  let reader: Interface | null = null;
  let history = interactive ? loadHistory() : [];
  const queue: string[] = [];
  let wake: (() => void) | null = null;
  let closed = false;
  const open = (): Interface => {
    const rl = createInterface({
      input: process.stdin,
      output: interactive ? process.stdout : undefined,
      terminal: interactive,
      history: [...history],
      historySize: 1000,
      removeHistoryDuplicates: true,
      prompt: PROMPT,
      completer: (line: string) => complete(interpreter.session, line),
    });
    rl.on('line', (line) => {
      queue.push(line);
      wake?.();
    });
    rl.on('history', (lines: string[]) => {
      history = [...lines];
    });
    rl.on('SIGINT', () => {
      interrupted();
      process.stdout.write('Quit\n');
      rl.prompt();
    });
    rl.on('close', () => {
      if (reader !== rl) return;
      closed = true;
      wake?.();
    });
    return rl;
  };
  try {
    while (!interpreter.ended) {
      if (reader === null) reader = open();
      if (interactive && queue.length === 0) {
        reader.setPrompt(interpreter.session.collecting === null ? PROMPT : '>');
        reader.prompt();
      }
      while (queue.length === 0 && !closed) await new Promise<void>((resolve) => (wake = resolve));
      const line = queue.shift();
      if (line === undefined) break;
      // While the guest runs, the terminal and its input are the guest's.
      const paused = reader;
      if (interactive) {
        reader = null;
        paused.close();
      }
      await interpreter.line(interactive ? interpreter.repeated(line) : line);
    }
  } finally {
    const last = reader;
    reader = null;
    last?.close();
    if (interactive) saveHistory(history);
  }
}

/** Names of all commands, for the tests of random lines. */
export function commandNames(): string[] {
  return COMMANDS.map(({ name }) => name);
}
