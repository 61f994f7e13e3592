// Commands about moments: checkpoints, who wrote memory last, and what has changed since.

import { ExpressionError, hex, sizeOf } from '../../debugger/index.js';
import type { Timeline } from '../../debugger/index.js';
import { address, count } from './arguments.js';
import type { Command } from './commands.js';
import { differences, snapshot } from './moment_diff.js';
import { CommandError } from './session.js';
import type { Session } from './session.js';

function timelineOf(session: Session): Timeline {
  const timeline = session.control?.timeline ?? null;
  if (timeline === null) throw new CommandError('The program is not being run.');
  return timeline;
}

/** Where the selected thread is, as gdb's `info checkpoints` has it. */
function placeOf(session: Session): string {
  const frame = session.inspection.frame(0);
  if (frame === null) return 'no thread';
  const line = session.symbols?.lineAt(frame.pc) ?? null;
  const file =
    line === null || line.line === 0
      ? ''
      : `, file ${session.shortName(line.file)}, line ${line.line}`;
  return `at 0x${frame.pc.toString(16).padStart(8, '0')}${file}`;
}

function checkpoint(session: Session): void {
  const timeline = timelineOf(session);
  const number = session.nextCheckpoint++;
  const place = placeOf(session);
  session.checkpoints.push({ number, checkpoint: timeline.mark(), place });
  session.print(`Checkpoint ${number}: instruction ${timeline.now}, ${place}`);
}

function restart(session: Session, args: string): Promise<void> {
  const timeline = timelineOf(session);
  const n = count(session, args);
  const found = session.checkpoints.find(({ number }) => number === n);
  if (found === undefined) throw new CommandError(`No checkpoint number ${n}.`);
  if (!timeline.has(found.checkpoint))
    throw new CommandError(`Checkpoint ${n} cannot be reached: a change in its past made another future.`); // prettier-ignore
  return session.goBack((reverse) => {
    reverse.return(found.checkpoint);
    return { reason: 'internal' };
  });
}

/** EXPRESSION [LENGTH]: an object in memory, or an address. */
function memoryOf(session: Session, text: string): { at: number; length: number } {
  const sized = /^(\S.*?)\s+(\d+)$/.exec(text);
  if (sized !== null) {
    try {
      session.evaluate(sized[1]);
      const { at } = memoryOf(session, sized[1]);
      return { at, length: Number(sized[2]) };
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
    }
  }
  const value = session.evaluate(text);
  if (value.place.kind === 'memory') return { at: value.place.address, length: sizeOf(value.type) };
  return { at: address(session, text), length: 4 };
}

function bytesText(bytes: Uint8Array | null): string {
  if (bytes === null) return '<unreadable>';
  const shown = [...bytes.subarray(0, 16)].map((b) => b.toString(16).padStart(2, '0')).join(' ');
  const more = bytes.length > 16 ? ' ...' : '';
  if (bytes.length !== 4 && bytes.length !== 2 && bytes.length !== 1) return `${shown}${more}`;
  const number = bytes.reduceRight((n, b) => n * 256 + b, 0);
  return `${shown} (${number})`;
}

async function whoWrote(session: Session, args: string): Promise<void> {
  const match = /^wrote\s+(\S[\s\S]*)$/.exec(args);
  if (match === null) throw new CommandError('Usage: who wrote ADDRESS|EXPRESSION [LENGTH]');
  const timeline = timelineOf(session);
  const { at, length } = memoryOf(session, match[1].trim());
  if (length < 1 || length > 1 << 20) throw new CommandError('The length must be 1 to 1048576.');
  const { reverse } = session;
  const comeBack = session.live.stay();
  try {
    const found = reverse.lastWrite(at, length);
    session.moved();
    if (found === null) {
      session.print(`Nothing has changed ${hex(at)} since instruction ${timeline.beginning}.`);
      return;
    }
    const frame = session.inspection.frame(0);
    const pc = frame === null ? '??' : hex(frame.pc);
    const text = frame === null ? '' : session.frameText(frame, true).replace(/^0x\w+ in /, '');
    session.print(`Instruction ${found.at}, at ${pc} in ${text}`);
    session.sourceLine();
    session.print(`  before: ${bytesText(found.old)}\n  after:  ${bytesText(found.value)}`);
  } finally {
    comeBack();
    session.moved();
  }
}

function diff(session: Session, args: string): void {
  if (args === '') throw new CommandError('Argument required (an instruction count).');
  const timeline = timelineOf(session);
  const { now, beginning, present } = timeline;
  const target = args === 'start' ? beginning : count(session, args);
  if (target < beginning || target > present)
    throw new CommandError(
      `Instruction ${target} has not been executed; ${beginning} to ${present} have.`,
    );
  const { kernel } = session.live;
  const { p_pid } = session.thread.td_proc;
  const { reverse } = session;
  const after = snapshot(kernel, p_pid);
  const comeBack = session.live.stay();
  let before;
  try {
    reverse.goto(target);
    before = snapshot(kernel, p_pid);
  } finally {
    comeBack();
    session.moved();
  }
  const lines = differences(before, after);
  session.print(
    `Process ${p_pid} from instruction ${target} to ${now}:${lines.length === 0 ? ' nothing has changed' : ''}`,
  );
  for (const line of lines) session.print(line);
}

export const MOMENTS: readonly Command[] = [
  {
    name: 'checkpoint',
    usage: '',
    help: 'Remember this moment; restart N returns to it, info checkpoints lists them.',
    run: (session) => checkpoint(session),
  },
  {
    name: 'restart',
    usage: 'N',
    help: 'Return to checkpoint N.',
    run: (session, args) => restart(session, args),
  },
  {
    name: 'who',
    usage: 'wrote ADDRESS|EXPRESSION [LENGTH]',
    help: 'Which instruction changed memory last, found by going back; nothing moves.',
    completes: 'expression',
    run: (session, args) => whoWrote(session, args),
  },
  {
    name: 'diff',
    usage: 'COUNT | start',
    help: 'What is another now than after COUNT instructions (before or behind): map entries, page\ntables, page queues, counters and memory of the selected process.',
    run: (session, args) => diff(session, args),
  },
];
