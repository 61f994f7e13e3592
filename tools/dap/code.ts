// Memory and machine code by address.

import { hex } from '../../debugger/index.js';
import { disassemble, loadDisassembler } from '../repl/disassembly.js';
import type { Instruction } from '../repl/disassembly.js';
import type { Session } from '../repl/session.js';
import type { DisassembledInstruction, Source } from './protocol.js';

/** How far in front of an address decoding begins at most, in bytes. */
const BACK_MAX = 16_384;
/** Where nothing says where instructions begin, decoding finds their beginnings after a few. */
const SYNCHRONIZE = 96;

const UNREADABLE: Omit<Instruction, 'address'> = { bytes: new Uint8Array(0), text: '??' };

/** `count` instructions from `address` on; bytes that cannot be read are one of `??` each. */
function forwards(session: Session, address: number, count: number): Instruction[] {
  const found: Instruction[] = [];
  let at = address;
  while (found.length < count && at <= 0xffffffff) {
    const some = disassemble(session, at, count - found.length);
    found.push(...some);
    const last = some.at(-1);
    // The decoder wraps around at the end of the address space.
    const next = last === undefined ? at : last.address + last.bytes.length;
    if (next < at) break;
    at = next;
    if (found.length < count) found.push({ ...UNREADABLE, address: at++ });
  }
  return found.slice(0, count);
}

/** Instructions that end exactly where `end` is, from `start` on; null when none does. */
function upTo(session: Session, start: number, end: number): Instruction[] | null {
  const all = disassemble(session, start, end - start);
  const i = all.findIndex(({ address }) => address >= end);
  const before = i < 0 ? all : all.slice(0, i);
  const last = before.at(-1);
  return last !== undefined && last.address + last.bytes.length === end ? before : null;
}

/** The `count` instructions in front of `address`, as far as they can be told. */
function backwards(session: Session, address: number, count: number): Instruction[] {
  let found: Instruction[] = [];
  let at = address;
  while (found.length < count && at > 0) {
    const piece = pieceBefore(session, at);
    found = [...piece, ...found];
    at = piece[0].address;
  }
  return found.slice(Math.max(0, found.length - count));
}

function pieceBefore(session: Session, at: number): Instruction[] {
  const { read } = session.inspection;
  if (read(at - 1, 1).length === 0) return [{ ...UNREADABLE, address: at - 1 }];
  const symbol = session.symbols?.symbolAt(at - 1) ?? null;
  if (symbol !== null && symbol.offset < BACK_MAX) {
    const piece = upTo(session, at - 1 - symbol.offset, at);
    if (piece !== null) return piece;
  }
  for (let start = Math.max(0, at - SYNCHRONIZE); start < at; start++) {
    const piece = read(start, 1).length === 0 ? null : upTo(session, start, at);
    if (piece === null) continue;
    // The first ones may have been begun in the middle.
    return piece.slice(Math.min(8, piece.length - 1));
  }
  return [{ address: at - 1, bytes: read(at - 1, 1), text: '(bad)' }];
}

/**
 * The answer to a disassemble request: `count` instructions, of which the first is `offset`
 * instructions behind the one at `address`.
 */
export async function disassembly(
  session: Session,
  address: number,
  offset: number,
  count: number,
  sourceOf: (file: string) => Source | null,
): Promise<DisassembledInstruction[]> {
  await loadDisassembler();
  const before = offset < 0 ? backwards(session, address, Math.min(-offset, BACK_MAX)) : [];
  const skipped = Math.max(0, offset);
  const rest = forwards(session, address, Math.max(0, count - before.length) + skipped);
  const all = [...before, ...rest.slice(skipped)].slice(0, count);
  let lastLine = '';
  return all.map(({ address: at, bytes, text }) => {
    const symbol = session.symbols?.symbolAt(at) ?? null;
    const line = session.symbols?.lineAt(at) ?? null;
    const source = line === null || line.line === 0 ? null : sourceOf(line.file);
    const key = `${line?.file}:${line?.line}`;
    const isNew = source !== null && key !== lastLine;
    lastLine = key;
    return {
      address: hex(at),
      instruction: text,
      ...(bytes.length > 0 ? { instructionBytes: byteText(bytes) } : {}),
      ...(symbol !== null && symbol.offset === 0 ? { symbol: symbol.name } : {}),
      ...(isNew && line !== null ? { location: source, line: line.line } : {}),
      ...(bytes.length > 0 ? {} : { presentationHint: 'invalid' as const }),
    };
  });
}

function byteText(bytes: Uint8Array): string {
  return [...bytes].map((b) => b.toString(16).padStart(2, '0')).join(' ');
}

/** The answer to a readMemory request: what can be read, and how far it is to what may be read then. */
export function memory(
  session: Session,
  address: number,
  count: number,
): { address: string; data?: string; unreadableBytes?: number } {
  const length = Math.min(count, 0x1_0000_0000 - address);
  const bytes = session.inspection.read(address, length);
  const answer = { address: hex(address), unreadableBytes: count - bytes.length };
  if (bytes.length === 0) return answer;
  const data = Buffer.from(bytes).toString('base64');
  return bytes.length === count ? { address: answer.address, data } : { ...answer, data };
}
