// What decoding a row of the opcode table takes, worked out from its operand text when it is first
// met.

import type { Handler } from '../cpu/op.js';
import type { Row } from './opcodes.js';

// Kinds of decoding steps, after the letters of opcodes.ts.
export const STEP_RM = 0; // E
export const STEP_REG = 1; // G
export const STEP_GENERAL = 2; // R
export const STEP_OPCODE = 3; // Z
export const STEP_ACCUMULATOR = 4; // A
export const STEP_SEGMENT = 5; // S
export const STEP_CONTROL = 6; // C
export const STEP_DEBUG = 7; // D
export const STEP_IMMEDIATE = 8; // I
export const STEP_ENTER = 9; // IwIb
export const STEP_BRANCH = 10; // J
export const STEP_OFFSET = 11; // O
export const STEP_POINTER = 12; // P
export const STEP_TABLE = 13; // X
export const STEP_STRING = 14;
export const STEP_PORT = 15;

/** Size of an operand that follows the operand size. */
export const BY_OPERAND = 0;
/** Handlers are chosen by address size (loops). */
export const BY_ADDRESS = -1;

export interface Step {
  kind: number;
  /** 1, 2, 4 or BY_OPERAND. */
  bytes: number;
  /** An immediate byte that is sign-extended. */
  signed: boolean;
  first: boolean;
  writes: boolean;
}

export interface Plan {
  /** A ModRM byte follows the opcode. */
  modrm: boolean;
  /** One operand is register or memory, or memory only. */
  memory: boolean;
  memoryOnly: boolean;
  memoryBytes: number;
  memoryWrites: boolean;
  steps: readonly Step[];
  /** What chooses among the handlers: 1, 2, 4, BY_OPERAND or BY_ADDRESS. */
  size: number;
  /** r8, m8, r16, m16, r32, m32. */
  handlers: readonly (Handler | undefined)[];
}

const KINDS = 'EGRZASCDI JOPX';

function bytesOf(letter: string | undefined): number {
  return letter === 'b' || letter === 's'
    ? 1
    : letter === 'w'
      ? 2
      : letter === 'd'
        ? 4
        : BY_OPERAND;
}

/** What chooses the handler: the size of the first operand, but for these. */
function chooser(r: Row, texts: readonly string[]): number {
  if (r.name.startsWith('loop') || r.name === 'jecxz') return BY_ADDRESS;
  if (texts.length === 0) return 4;
  const first = texts[0];
  if (first[0] === 'S') return 2;
  if ('IMJP'.includes(first[0])) return BY_OPERAND;
  return bytesOf(/^[A-Z]/.test(first) ? first[1] : first);
}

export function planOf(r: Row): Plan {
  const texts = r.operands === '' ? [] : r.operands.split(',');
  const memory = texts.find((t) => t[0] === 'E' || t[0] === 'M');
  const steps: Step[] = [];
  texts.forEach((text, n) => {
    let kind = text === 'IwIb' ? STEP_ENTER : KINDS.indexOf(text[0]);
    let bytes = bytesOf(text[1]);
    if (kind < 0) {
      // A size alone, or memory that only the address needs.
      if (r.repeats) kind = STEP_STRING;
      else if (r.name === 'in' || r.name === 'out') kind = STEP_PORT;
      else return;
      bytes = bytesOf(text);
    }
    const signed = text[1] === 's';
    steps.push({ kind, bytes, signed, first: n === 0, writes: text.endsWith('!') });
  });
  const { r8, m8, r16, m16, r32, m32 } = r.forms;
  return {
    modrm: texts.some((t) => 'EGMRSCD'.includes(t[0])),
    memory: memory !== undefined,
    memoryOnly: memory?.[0] === 'M',
    memoryBytes: r.width ?? bytesOf(memory?.[1]),
    memoryWrites: memory?.endsWith('!') ?? false,
    steps,
    size: chooser(r, texts),
    handlers: [r8, m8, r16, m16, r32, m32],
  };
}
