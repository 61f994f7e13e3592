// The one consumer of the event stream on the command line: --trace, -strace and --boot-log.

import { EV_BOOT, EV_SYSCALL } from '../../kernel/index.js';
import type { EventStream, KernelEvent } from '../../kernel/index.js';
import { formatEvent } from './format.js';
import { straceLine } from './strace.js';

export interface TraceOptions {
  /** EV_* classes of --trace. */
  mask: number;
  strace: boolean;
  bootLog: boolean;
  /** JSON lines instead of text. */
  json: boolean;
  write(line: string): void;
}

export function createListener(options: TraceOptions): EventStream {
  const { mask, strace, bootLog, json, write } = options;
  const classOfBoot = bootLog ? EV_BOOT : 0;
  const classOfStrace = strace ? EV_SYSCALL : 0;
  const traced = (e: KernelEvent): boolean =>
    !(e.type === 'syscall' && (mask & EV_SYSCALL) === 0) &&
    !(e.type === 'boot' && (mask & EV_BOOT) === 0);
  if (json) {
    return {
      mask: mask | classOfBoot | classOfStrace,
      emit: (e) => write(JSON.stringify(e)),
    };
  }
  return {
    mask: mask | classOfBoot | classOfStrace,
    emit(e) {
      if (e.type === 'boot' && bootLog) {
        write(e.line);
        return;
      }
      if (e.type === 'syscall' && strace) {
        const line = straceLine(e);
        if (line !== null) write(line);
      }
      if (traced(e)) write(formatEvent(e));
    },
  };
}
