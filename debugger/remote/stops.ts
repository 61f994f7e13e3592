// Stop replies: why the guest stands still, in the protocol's words.

import { SIGINT, SIGTRAP } from '../../kernel/index.js';
import type { Proc, Thread } from '../../kernel/index.js';
import type { StopEvent } from '../breakpoints.js';
import { bytesOf, toHex } from './packets.js';
import { toGdbSignal } from './signals.js';
import type { RemoteTarget } from './target.js';

/** What gdb said it understands; it decides how things are told. */
export interface Client {
  multiprocess: boolean;
  swbreak: boolean;
  hwbreak: boolean;
}

export function threadId(td: Thread, { multiprocess }: Client): string {
  const tid = td.td_tid.toString(16);
  return multiprocess ? `p${td.td_proc.p_pid.toString(16)}.${tid}` : tid;
}

/** esp, ebp and eip come with every stop: gdb wants them at once. */
const EXPEDITED = [4, 5, 8];
const WATCH_WORDS: Record<string, string> = { watch: 'watch', rwatch: 'rwatch', awatch: 'awatch' };

function stopped(target: RemoteTarget, client: Client, signal: number, reasons: string): string {
  const td = target.selected;
  if (td === null) return 'N';
  const registers = EXPEDITED.map((number) => {
    const bytes = target.layout(td).read(target.kernel, td, number) ?? [];
    return `${number.toString(16).padStart(2, '0')}:${toHex(bytes)};`;
  });
  const head = `T${signal.toString(16).padStart(2, '0')}`;
  return `${head}${registers.join('')}thread:${threadId(td, client)};core:0;${reasons}`;
}

function ended(
  target: RemoteTarget,
  client: Client,
  stop: { pid: number; code: number; signo: number },
  p: Proc | null,
): string {
  const linux = p !== null && target.isLinux(p);
  const killed = stop.signo !== 0;
  const number = killed ? toGdbSignal(stop.signo, linux) : stop.code & 0xff;
  const which = client.multiprocess ? `;process:${stop.pid.toString(16)}` : '';
  return `${killed ? 'X' : 'W'}${number.toString(16).padStart(2, '0')}${which}`;
}

/** The stop reply for an event; the thread that it is about is the selected one. */
export function stopReply(target: RemoteTarget, client: Client, stop: StopEvent): string {
  switch (stop.reason) {
    case 'exited':
      return ended(target, client, stop, target.control.process(stop.pid));
    case 'signal': {
      const p = target.control.process(stop.pid);
      const signal = toGdbSignal(stop.signo, p !== null && target.isLinux(p));
      return stopped(target, client, signal, '');
    }
    case 'interrupt':
    case 'asleep':
      return stopped(target, client, SIGINT, '');
    case 'breakpoint': {
      const [{ hardware }] = stop.breakpoints;
      const word = hardware ? 'hwbreak' : 'swbreak';
      return stopped(target, client, SIGTRAP, client[word] ? `${word}:;` : '');
    }
    case 'watch': {
      const [{ breakpoint }] = stop.hits;
      const at = breakpoint.watch?.address ?? 0;
      const word = WATCH_WORDS[breakpoint.kind];
      return stopped(target, client, SIGTRAP, `${word}:${at.toString(16)};`);
    }
    case 'process': {
      const { what, child, path } = stop;
      const detail =
        what === 'exec' ? toHex(bytesOf(path)) : child === null ? '' : threadId(child, client);
      return stopped(target, client, SIGTRAP, `${what}:${detail};`);
    }
    default:
      return stopped(target, client, SIGTRAP, '');
  }
}
