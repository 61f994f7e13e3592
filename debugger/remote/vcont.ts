// Thread ids and the vCont packet.

import type { Thread } from '../../kernel/index.js';
import { hexNumber } from './packets.js';
import type { ResumeAction } from './target.js';

/** 0: any; -1: all. */
export interface ThreadIds {
  pid: number;
  tid: number;
}

function id(text: string): number | null {
  return text === '-1' ? -1 : hexNumber(text);
}

/** `TID`, `pPID.TID` or `pPID`; null for anything else. */
export function parseThreadId(text: string): ThreadIds | null {
  if (text[0] !== 'p') {
    const tid = id(text);
    return tid === null ? null : { pid: tid === -1 ? -1 : 0, tid };
  }
  const dot = text.indexOf('.');
  const pid = id(dot < 0 ? text.slice(1) : text.slice(1, dot));
  const tid = dot < 0 ? -1 : id(text.slice(dot + 1));
  return pid === null || tid === null ? null : { pid, tid };
}

function fits(td: Thread, { pid, tid }: ThreadIds): boolean {
  return (pid <= 0 || td.td_proc.p_pid === pid) && (tid <= 0 || td.td_tid === tid);
}

/** One action; undefined for one that is not understood, null for a thread that stands still. */
function parseAction(text: string): ResumeAction | null | undefined {
  const rest = text.slice(1);
  const plain = { signal: 0, range: null };
  switch (text[0]) {
    case 'c':
      return rest === '' ? { kind: 'continue', ...plain } : undefined;
    case 's':
      return rest === '' ? { kind: 'step', ...plain } : undefined;
    case 't':
      return rest === '' ? null : undefined;
    case 'C':
    case 'S': {
      const signal = hexNumber(rest, 2);
      if (signal === null) return undefined;
      return { kind: text[0] === 'C' ? 'continue' : 'step', signal, range: null };
    }
    case 'r': {
      const [start, end] = rest.split(',').map((word) => hexNumber(word));
      if (start === null || end === null || end === undefined) return undefined;
      return { kind: 'step', signal: 0, range: { start, end } };
    }
    default:
      return undefined;
  }
}

/** What follows `vCont;`: for each thread the first action that fits. @returns null when malformed. */
export function parseVCont(text: string): ((td: Thread) => ResumeAction | null) | null {
  const actions: { who: ThreadIds; action: ResumeAction | null }[] = [];
  for (const word of text.split(';')) {
    const colon = word.indexOf(':');
    const action = parseAction(colon < 0 ? word : word.slice(0, colon));
    const who = colon < 0 ? { pid: -1, tid: -1 } : parseThreadId(word.slice(colon + 1));
    if (action === undefined || who === null) return null;
    actions.push({ who, action });
  }
  return (td) => actions.find(({ who }) => fits(td, who))?.action ?? null;
}
