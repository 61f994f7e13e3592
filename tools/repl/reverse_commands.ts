// Commands that go back in time.

import { count } from './arguments.js';
import type { Command } from './commands.js';
import { CommandError } from './session.js';
import type { Session } from './session.js';
import type { Reverse, StopEvent } from '../../debugger/index.js';

type Move = (reverse: Reverse, session: Session) => StopEvent;

function repeated(session: Session, args: string, move: Move): Promise<void> {
  const times = args === '' ? 1 : count(session, args);
  return session.goBack((reverse) => {
    let stop: StopEvent = { reason: 'step' };
    for (let i = 0; i < times && stop.reason === 'step'; i++) {
      session.moved();
      stop = move(reverse, session);
    }
    return stop;
  }, true);
}

function timelineOf(session: Session): NonNullable<NonNullable<Session['control']>['timeline']> {
  const timeline = session.control?.timeline ?? null;
  if (timeline === null) throw new CommandError('The program is not being run.');
  return timeline;
}

/** A moment: an instruction count, `+N` or `-N` from now, `start` or `end`. */
function moment(session: Session, args: string): number {
  const timeline = timelineOf(session);
  if (args === 'start' || args === 'begin') return timeline.beginning;
  if (args === 'end') return timeline.present;
  const relative = /^([+-])\s*(.+)$/.exec(args);
  if (relative !== null) {
    const n = count(session, relative[2]);
    return timeline.now + (relative[1] === '-' ? -n : n);
  }
  return count(session, args);
}

function goto(session: Session, args: string): Promise<void> {
  if (args === '') throw new CommandError('Argument required (an instruction count).');
  const target = moment(session, args);
  const { beginning, present } = timelineOf(session);
  if (target < beginning || target > present)
    throw new CommandError(
      `Instruction ${target} has not been executed; ${beginning} to ${present} have.`,
    );
  return session.goBack((reverse) => {
    reverse.goto(target);
    return { reason: 'internal' };
  });
}

const back = (name: string, aliases: readonly string[], help: string, move: Move): Command => ({
  name,
  aliases,
  usage: '[N]',
  help,
  repeat: true,
  run: (session, args) => repeated(session, args, move),
});

export const REVERSING: readonly Command[] = [
  {
    name: 'reverse-continue',
    aliases: ['rc'],
    usage: '',
    help: 'Go back to the last breakpoint, watched change or caught event.',
    repeat: true,
    run: (session) => session.goBack((reverse) => reverse.continue()),
  },
  back('reverse-stepi', ['rsi'], 'Go back by one instruction.', (reverse, session) =>
    reverse.instruction(session.thread),
  ),
  back('reverse-nexti', ['rni'], 'Go back by one instruction; over a whole call.', (reverse, s) =>
    reverse.nextInstruction(s.thread),
  ),
  back('reverse-step', ['rs'], 'Go back to the beginning of a line.', (reverse, session) =>
    reverse.line(session.thread, false),
  ),
  back('reverse-next', ['rn'], 'The same, over whole calls.', (reverse, session) =>
    reverse.line(session.thread, true),
  ),
  {
    name: 'reverse-finish',
    usage: '',
    help: 'Go back to the call of the selected frame.',
    run(session) {
      const frame = session.inspection.selected;
      if (frame === null) throw new CommandError('No frame.');
      session.print(`Run back to call of #${frame.level}  ${session.frameText(frame, false)}`);
      return session.goBack((reverse) => reverse.finish(session.thread, frame));
    },
  },
  {
    name: 'goto',
    usage: 'COUNT | +N | -N | start | end',
    help: 'Go to the moment after so many instructions (see when).',
    run: goto,
  },
];
