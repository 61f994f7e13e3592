// Drives a kernel until its first process has ended: runs it in slices, feeds it input, and heeds
// limits and signals.

import {
  SIGHUP,
  SIGINT,
  SIGQUIT,
  SIGTERM,
  kernel_check,
  kernel_run,
  kernel_signal,
  stdin_eof,
  stdin_input,
  stdin_wanted,
  tty_hangup,
  tty_input,
  tty_resize,
} from '../../kernel/index.js';
import type { Kernel } from '../../kernel/index.js';
import type { Input } from '../../debugger/index.js';
import { StandardInput } from '../host/node_stdin.js';
import type { Inspection } from './inspect.js';

/** Exit status at a limit of time or instructions, as timeout(1) has it. */
export const EXIT_LIMIT = 124;
const EXIT_FAULTLINE = 125;
/** Instructions between two looks at the host's events. */
const SLICE = 20_000_000;
/** Milliseconds; setTimeout() knows no more than 2^31. */
export const LONGEST_WAIT = 1 << 30;
/** Signals to this process that are the guest's, whose disposition decides. */
export const FORWARDED = { SIGHUP, SIGINT, SIGQUIT, SIGTERM } as const;

export interface SessionLimits {
  /** Infinity for none. */
  instructions: number;
  seconds: number;
  /** The console is a terminal. */
  interactive: boolean;
  /** Writes down what comes from outside, or null. */
  recorder: InputRecorder | null;
  /** Looks into the run on its way, or null. */
  inspection: Inspection | null;
  log(line: string): void;
}

/** Is told of everything from outside before the kernel is. */
export interface InputRecorder {
  input(k: Kernel, input: Input): void;
  /** Between two runs of the kernel. */
  pause(k: Kernel): void;
  /** The kernel has ended. */
  exited(status: number): void;
}

/** Puts the terminal in raw mode for the time of a session. @returns how to put it back. */
export function openTerminal(
  k: Kernel,
  recorder: InputRecorder | null,
  wake: () => void,
): () => void {
  const { stdin, stdout } = process;
  const restore = (): void => {
    stdin.setRawMode(false);
  };
  stdin.setRawMode(true);
  process.once('exit', restore);
  stdin.on('data', (bytes: Buffer) => {
    recorder?.input(k, { kind: 'tty', bytes });
    tty_input(k, bytes);
    wake();
  });
  stdin.on('end', () => {
    recorder?.input(k, { kind: 'hangup' });
    tty_hangup(k);
    wake();
  });
  stdout.on('resize', () => {
    recorder?.input(k, { kind: 'resize', rows: stdout.rows, columns: stdout.columns });
    tty_resize(k, { ws_row: stdout.rows, ws_col: stdout.columns, ws_xpixel: 0, ws_ypixel: 0 });
    wake();
  });
  return () => {
    restore();
    stdin.pause();
    process.removeListener('exit', restore);
  };
}

/** Lets the host's events (signals, keys) be seen. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Runs until the first process ends or a limit is reached.
 * @returns the exit status of the faultline command.
 */
export async function runToEnd(k: Kernel, limits: SessionLimits): Promise<number> {
  let wake = (): void => {};
  const { recorder } = limits;
  const deadline = Date.now() + limits.seconds * 1000;
  const close = limits.interactive
    ? openTerminal(k, limits.recorder, () => wake())
    : (): void => {};
  const forward = (name: NodeJS.Signals): void => {
    const signo = FORWARDED[name as keyof typeof FORWARDED];
    recorder?.input(k, { kind: 'signal', signo });
    kernel_signal(k, signo);
    wake();
  };
  const signals = Object.keys(FORWARDED) as NodeJS.Signals[];
  for (const name of signals) process.on(name, forward);
  const input = new StandardInput();
  const { inspection } = limits;
  let asked = false;
  try {
    return await loop();
  } finally {
    for (const name of signals) process.removeListener(name, forward);
    close();
  }

  async function loop(): Promise<number> {
    for (;;) {
      const left = limits.instructions - k.machine.instructions;
      if (left <= 0) {
        limits.log('faultline: the instruction limit was reached');
        return EXIT_LIMIT;
      }
      const until = (inspection?.at ?? Infinity) - k.machine.instructions;
      if (until <= 0) inspection?.counted(k);
      if (inspection?.ended() === true) return 0;
      const exit = kernel_run(k, {
        instructions: Math.min(SLICE, left, until > 0 ? until : SLICE),
      });
      if (exit.kind === 'breakpoint') inspection?.broke(k);
      if (inspection?.ended() === true) return 0;
      if (exit.kind === 'exited') {
        recorder?.exited(exit.status);
        return finish(k, limits, exit.status);
      }
      if (exit.kind === 'idle') recorder?.input(k, { kind: 'idle' });
      recorder?.pause(k);
      if (stdin_wanted(k)) ask();
      if (Date.now() >= deadline) {
        limits.log('faultline: the time limit was reached');
        return EXIT_LIMIT;
      }
      if (exit.kind !== 'idle') {
        await breathe();
        continue;
      }
      await idle(exit.untilNs);
    }
  }

  /** Asks for input once; it is given to the guest when it comes. */
  function ask(): void {
    if (asked) return;
    asked = true;
    void input.read().then((bytes) => {
      asked = false;
      recorder?.input(k, bytes.length > 0 ? { kind: 'stdin', bytes } : { kind: 'stdin-eof' });
      if (bytes.length > 0) stdin_input(k, bytes);
      else stdin_eof(k);
      wake();
    });
  }

  /** Nobody can run: waits for input, a signal or a timer in host time. */
  async function idle(untilNs: number | null): Promise<void> {
    const guest = untilNs === null ? Infinity : Math.ceil(untilNs / 1e6);
    const ms = Math.max(0, Math.min(guest, deadline - Date.now(), LONGEST_WAIT));
    // The timer also keeps this process alive while only a signal can wake the guest.
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** After the first process has ended with `status`: the checks that were asked for. */
export function finish(k: Kernel, limits: SessionLimits, status: number): number {
  if (k.opts.checkInvariants) {
    const violations = kernel_check(k);
    for (const line of violations) limits.log(`faultline: vm_check: ${line}`);
    if (violations.length > 0) return EXIT_FAULTLINE;
  }
  return status;
}
