// x87 instructions by opcode and ModRM byte.

import { raiseNM } from '../cpu/fault.js';
import type { Handler } from '../cpu/op.js';

const absent: Handler = () => raiseNM();

/** The handler of opcode D8-DF with `modrm`, or of 9B (fwait). Without an FPU they raise #NM. */
export function x87Handler(_opcode: number, _modrm: number): Handler {
  return absent;
}
