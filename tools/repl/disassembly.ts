// Disassembly with iced-x86, which is loaded when it is first wanted.

import type * as iced from 'iced-x86';
import type { Session } from './session.js';
import { CommandError } from './session.js';

type Iced = typeof iced;
let loaded: Iced | null = null;

/** Loads the disassembler. @throws CommandError when the package is not there. */
export async function loadDisassembler(): Promise<void> {
  if (loaded !== null) return;
  try {
    const module = (await import('iced-x86')) as Iced & { default?: Iced };
    loaded = module.default ?? module;
  } catch {
    throw new CommandError('Disassembly needs the package iced-x86: npm install iced-x86');
  }
}

export interface Instruction {
  address: number;
  bytes: Uint8Array;
  text: string;
}

/** Decodes up to `count` instructions from `address` on, as far as memory can be read. */
export function disassemble(session: Session, address: number, count: number): Instruction[] {
  if (loaded === null) throw new CommandError('The disassembler is not loaded.');
  const { Decoder, DecoderOptions, Formatter, FormatterSyntax } = loaded;
  const { read } = session.inspection;
  const att = session.syntax === 'att';
  const formatter = new Formatter(att ? FormatterSyntax.Gas : FormatterSyntax.Intel);
  formatter.firstOperandCharIndex = 7;
  formatter.hexPrefix = '0x';
  formatter.hexSuffix = '';
  formatter.uppercaseHex = false;
  formatter.spaceAfterOperandSeparator = false;
  formatter.smallHexNumbersInDecimal = false;
  formatter.branchLeadingZeros = false;
  formatter.showBranchSize = false;
  const found: Instruction[] = [];
  try {
    let at = address >>> 0;
    for (let i = 0; i < count; i++) {
      const code = read(at, 15);
      if (code.length === 0) break;
      const decoder = new Decoder(32, code, DecoderOptions.None);
      decoder.ip = BigInt(at);
      const instruction = decoder.decode();
      const length = instruction.isInvalid ? 1 : instruction.length;
      let text = instruction.isInvalid ? '(bad)' : formatter.format(instruction);
      // binutils leaves the suffix of these out.
      if (att) text = text.replace(/^(push|pop)l /, '$1  ');
      const target = /^(j\w+|call\w*|loop\w*)\s+0x([0-9a-f]+)$/.exec(text);
      if (target !== null) text += session.inspection.symbolic(parseInt(target[2], 16));
      found.push({ address: at, bytes: code.subarray(0, length), text });
      instruction.free();
      decoder.free();
      at = (at + length) >>> 0;
    }
  } finally {
    formatter.free();
  }
  return found;
}
