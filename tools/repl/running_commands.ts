// Commands that make the guest run.

import { lookupPc } from '../../debugger/index.js';
import type { StopEvent } from '../../debugger/index.js';
import { cast, formatValue, sizeOf, strip, valueOf } from '../../debugger/index.js';
import { count, words } from './arguments.js';
import type { Command } from './commands.js';
import { resolve, temporaryBreak } from './point_commands.js';
import { CommandError, signalNames } from './session.js';
import type { Session } from './session.js';

function begin(session: Session, args: string): void {
  if (args !== '') session.args = words(args);
  session.start();
}

/** Repeats a way of stepping until something else stops the guest. */
async function stepping(
  session: Session,
  args: string,
  one: (session: Session) => Promise<StopEvent>,
): Promise<void> {
  const times = args === '' ? 1 : count(session, args);
  await session.resume(async () => {
    let stop: StopEvent = { reason: 'step' };
    for (let i = 0; i < times && stop.reason === 'step'; i++) stop = await one(session);
    return stop;
  }, true);
}

const step = (over: boolean) => (session: Session) => session.stepper().line(session.thread, over);

async function finish(session: Session): Promise<void> {
  const { inspection, thread } = session;
  const frame = inspection.selected;
  if (frame === null) throw new CommandError('No frame.');
  if (inspection.callerOf(frame) === null)
    throw new CommandError('"finish" not meaningful in the outermost frame.');
  session.print(`Run till exit from #${frame.level}  ${session.frameText(frame, false)}`);
  const f = frame.function;
  const symbols = session.symbols;
  const stop = await session.resume(() => session.stepper().finish(thread, frame));
  if (stop.reason !== 'internal' || f === null || symbols === null) return;
  const returns = symbols.types.of(f.die);
  if (returns.kind === 'void') return;
  const value = returned(session, returns);
  if (value === null) return;
  session.variables.history.push(value);
  const text = formatValue(value, session.formatting);
  session.print(`Value returned is $${session.variables.history.length} = ${text}`);
}

/** What a function of that type has left in its registers (System V i386 ABI). */
function returned(
  session: Session,
  type: ReturnType<NonNullable<Session['symbols']>['types']['of']>,
): ReturnType<Session['evaluate']> | null {
  const { inspection } = session;
  const bare = strip(type);
  const size = sizeOf(type);
  if (bare.kind === 'struct' || bare.kind === 'array') return null;
  if (bare.kind === 'float') {
    const st0 = inspection.register('st0');
    return st0 === null ? null : cast(st0, type, inspection);
  }
  const eax = inspection.register('eax');
  const edx = inspection.register('edx');
  if (eax === null || edx === null) return null;
  const bytes = new Uint8Array(8);
  bytes.set(eax.bytes());
  bytes.set(edx.bytes(), 4);
  return valueOf(type, bytes.subarray(0, size));
}

async function toPlace(session: Session, args: string): Promise<void> {
  const frame = session.inspection.selected;
  if (frame === null) throw new CommandError('No frame.');
  const { thread } = session;
  const addresses = resolve(session, args).map(({ address }) => address);
  await session.resume(() => session.stepper().until(thread, frame, addresses));
}

export const RUNNING: readonly Command[] = [
  {
    name: 'run',
    aliases: ['r'],
    usage: '[ARGUMENT...]',
    help: 'Start the program anew, on a fresh machine.',
    async run(session, args) {
      begin(session, args);
      await session.resume((control) => control.go());
    },
  },
  {
    name: 'start',
    usage: '[ARGUMENT...]',
    help: 'Start the program and stop at the beginning of main.',
    async run(session, args) {
      temporaryBreak(session, 'main');
      begin(session, args);
      await session.resume((control) => control.go());
    },
  },
  {
    name: 'starti',
    usage: '[ARGUMENT...]',
    help: 'Start the program and stop at its first instruction.',
    run(session, args) {
      begin(session, args);
      session.print('Program stopped.');
      session.where('location');
    },
  },
  {
    name: 'continue',
    aliases: ['c', 'fg'],
    usage: '[N]',
    help: 'Go on; with N, past the breakpoint N - 1 times.',
    repeat: true,
    async run(session, args) {
      const control = session.live;
      if (args !== '') {
        const n = count(session, args);
        const eip = control.thread === null ? 0 : control.pcOf(control.thread);
        const here = session.breakpoints.find((b) => b.locations.some((l) => l.address === eip));
        if (here !== undefined) {
          here.ignore = Math.max(0, n - 1);
          if (n > 1)
            session.print(
              `Will ignore next ${n - 1} crossings of breakpoint ${here.number}.  Continuing.`,
            );
        }
      } else session.print('Continuing.');
      await session.resume(() => control.go());
    },
  },
  {
    name: 'step',
    aliases: ['s'],
    usage: '[N]',
    help: 'Go to the next line, also of a function that is called.',
    repeat: true,
    run: (session, args) => stepping(session, args, step(false)),
  },
  {
    name: 'next',
    aliases: ['n'],
    usage: '[N]',
    help: 'Go to the next line of this function.',
    repeat: true,
    run: (session, args) => stepping(session, args, step(true)),
  },
  {
    name: 'stepi',
    aliases: ['si'],
    usage: '[N]',
    help: 'Execute one instruction.',
    repeat: true,
    run: (session, args) => stepping(session, args, (s) => s.stepper().instruction(s.thread)),
  },
  {
    name: 'nexti',
    aliases: ['ni'],
    usage: '[N]',
    help: 'Execute one instruction; a call as a whole.',
    repeat: true,
    run: (session, args) => stepping(session, args, (s) => s.stepper().nextInstruction(s.thread)),
  },
  {
    name: 'finish',
    aliases: ['fin'],
    usage: '',
    help: 'Run to the return of the selected frame.',
    run: (session) => finish(session),
  },
  {
    name: 'until',
    aliases: ['u'],
    usage: '[LOCATION]',
    help: 'Like next, but not back in a loop; or to a location.',
    completes: 'location',
    repeat: true,
    async run(session, args) {
      if (args !== '') return toPlace(session, args);
      const { thread } = session;
      await session.resume(() => session.stepper().untilNext(thread), true);
    },
  },
  {
    name: 'advance',
    usage: 'LOCATION',
    help: 'Run to a location, or the return of this frame.',
    completes: 'location',
    async run(session, args) {
      if (args === '') throw new CommandError('Argument required (a location).');
      await toPlace(session, args);
    },
  },
  {
    name: 'signal',
    usage: '0',
    help: 'Go on without the signal at which the program stands (0), or with it.',
    async run(session, args) {
      const control = session.live;
      const known = signalNames().some(([n, name]) => args === name || args === String(n));
      if (args !== '0' && !known)
        throw new CommandError('Only signals are OK here, and 0 for none.');
      control.overrideHeld(args !== '0');
      session.print(
        args === '0' ? 'Continuing with no signal.' : `Continuing with signal ${args}.`,
      );
      await session.resume(() => control.go());
    },
  },
  {
    name: 'kill',
    aliases: ['k'],
    usage: '',
    help: 'End the program.',
    run(session) {
      const { pid } = session.thread.td_proc.p_pid
        ? { pid: session.thread.td_proc.p_pid }
        : { pid: 0 };
      session.control = null;
      session.moved();
      session.print(`[Inferior 1 (process ${pid}) killed]`);
    },
  },
  {
    name: 'when',
    usage: '',
    help: 'How many instructions the machine has executed.',
    run(session) {
      const { instructions } = session.live;
      const frame = session.inspection.frame(0);
      session.print(
        `Instruction ${instructions}${frame === null ? '' : `, at 0x${lookupPc(frame).toString(16)}`}`,
      );
    },
  },
];
