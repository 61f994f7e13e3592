#!/usr/bin/env node
// The faultline command: picks the subcommand and turns what goes wrong into one line and a status.

import { OutputError } from '../host/node_host.js';
import { bootCommand, bootHelp } from './boot.js';
import { USAGE, runHelp } from './help.js';
import { UsageError } from './options.js';
import { runCommand } from './run.js';

declare const FAULTLINE_VERSION: string;

/** Exit status when faultline itself, not the guest, could not go on. */
export const EXIT_FAULTLINE = 125;
/** Status of a program ended by SIGPIPE, as a shell sees it. */
const EXIT_SIGPIPE = 141;

const COMMANDS = ['run', 'explain', 'shell', 'tour', 'debug', 'dap', 'replay', 'test', 'boot'];

async function main(words: string[]): Promise<number> {
  const [first, ...rest] = words;
  if (first === '--version' || first === '-V') {
    process.stdout.write(`faultline ${FAULTLINE_VERSION}\n`);
    return 0;
  }
  if (first === '--help' || first === '-h' || first === 'help') {
    const topic = rest[0];
    if (first === 'help' && topic !== undefined) known(topic);
    if (topic === 'debug') return debug(['--help']);
    if (topic === 'test') return test(['--help']);
    if (topic === 'dap') return dap(['--help']);
    if (topic === 'replay') return replay(['--help']);
    process.stdout.write(helpOn(topic));
    return 0;
  }
  if (first === undefined) {
    const interactive = process.stdin.isTTY && process.stdout.isTTY;
    return runCommand(interactive ? 'shell' : 'tour', []);
  }
  known(first);
  if (first === 'boot') return bootCommand(rest);
  if (first === 'test') return test(rest);
  if (first === 'dap') return dap(rest);
  if (first === 'replay') return replay(rest);
  return first === 'debug' ? debug(rest) : runCommand(first, rest);
}

function helpOn(topic: string | undefined): string {
  if (topic === 'boot') return bootHelp();
  return topic !== undefined && COMMANDS.includes(topic) ? runHelp(topic) : USAGE;
}

/** The debugger is loaded when it is wanted: the other commands start without it. */
async function debug(words: string[]): Promise<number> {
  const { debugCommand } = await import('./debug.js');
  return debugCommand(words);
}

/** Loaded when it is wanted, as the debugger is. */
async function test(words: string[]): Promise<number> {
  const { testMain } = await import('./test.js');
  return testMain(words);
}

/** And the replaying of recordings. */
async function replay(words: string[]): Promise<number> {
  const { replayCommand } = await import('./record.js');
  return replayCommand(words);
}

/** So is the debug adapter. */
async function dap(words: string[]): Promise<number> {
  const { dapCommand } = await import('./dap.js');
  return dapCommand(words);
}

function known(word: string): void {
  if (COMMANDS.includes(word)) return;
  const what = word.startsWith('-') ? 'an option' : 'a command';
  throw new UsageError(
    `'${word}' is not ${what} here (${COMMANDS.join(', ')}); see faultline --help`,
  );
}

function report(error: unknown): number {
  if (error instanceof OutputError && error.code === 'EPIPE') return EXIT_SIGPIPE;
  // The debugger is another bundle, with classes of its own.
  const { name } = error instanceof Error ? error : { name: '' };
  if (name === 'UsageError' || name === 'OutputError') {
    const { message } = error as Error;
    process.stderr.write(`faultline: ${message}\n`);
  } else {
    // A kernel panic or a mistake of ours: the stack is the bug report, shown on request only.
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    process.stderr.write(`faultline: ${message}\n`);
    if (process.env['FAULTLINE_DEBUG']) process.stderr.write(`${stack}\n`);
    else process.stderr.write('faultline: this is a bug; FAULTLINE_DEBUG=1 shows where\n');
  }
  return EXIT_FAULTLINE;
}

process.stdout.on('error', () => {});
process.stderr.on('error', () => {});
main(process.argv.slice(2)).then(
  (status) => process.exit(status),
  (error) => process.exit(report(error)),
);
