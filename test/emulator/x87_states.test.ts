// Random x87 instructions in random states against a real processor. Of every result there is a
// 32-bit digest in x87cases/states.bin: x87cases/record.c tells how they were made.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  CASE_BYTES,
  IMAGE,
  MEM,
  RESULT_BYTES,
  isTranscendental,
  x87Cases,
} from '../helpers/x87_states.js';
import { X87Machine } from '../helpers/x87_machine.js';

const SEED = 1987;
const COUNT = 40_000;
const DIGESTS = new URL('./x87cases/states.bin', import.meta.url);
const ARITHMETIC_FLAGS = 0x8d5;
const C1 = 0x200;
/** Linux's signals for #UD, #MF and the rest. */
const SIGNALS = new Map([
  [-1, 0],
  [6, 4],
  [16, 8],
]);

interface Result {
  signal: number;
  eflags: number;
  eax: number;
  image: DataView;
  mem: Uint8Array;
}

/** What is compared, as text: enough to understand a difference when the processor is at hand. */
function describeResult(code: readonly number[], r: Result): string {
  const [opcode, modrm] = code.slice(-2);
  const size16 = code[0] === 0x66;
  let mem = Buffer.from(r.mem).toString('hex');
  // Instruction and operand pointers differ: the code lies elsewhere.
  if ((opcode === 0xd9 || opcode === 0xdd) && modrm === 0x37)
    mem = size16 ? mem.slice(0, 12) + mem.slice(28) : mem.slice(0, 24) + mem.slice(56);
  if (r.signal !== 0) return `signal ${r.signal} ${mem}`;
  const fuzzy = isTranscendental(opcode, modrm);
  const words = [0, 4, 8].map((at) => r.image.getUint16(at, true));
  if (fuzzy) words[1] &= ~C1;
  let registers = '';
  for (let k = 0; k < 8; k++) {
    if (fuzzy && (k < 2 || words[1] & 0x20)) continue;
    const at = 28 + 10 * k;
    const se = r.image.getUint16(at + 8, true);
    registers += ` ${se.toString(16)}:${r.image.getBigUint64(at, true).toString(16)}`;
  }
  if (fuzzy) words[2] = 0;
  const flags = r.eflags & ARITHMETIC_FLAGS;
  const head = words.map((word) => word.toString(16)).join(' ');
  return `${head} flags ${flags.toString(16)} ax ${r.eax & 0xffff}${registers} ${mem}`;
}

/** FNV-1a. */
function digest(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

const cases = x87Cases(SEED, COUNT);

function codeOf(i: number): number[] {
  const at = i * CASE_BYTES;
  return Array.from(cases.subarray(at + 1, at + 1 + cases[at]));
}

/** Results of the processor we run on, by the program record.c compiled. */
function recordNatively(program: string): string[] {
  const native = spawnSync(program, { input: cases, maxBuffer: 1 << 30 });
  const out = new Uint8Array(native.stdout);
  return Array.from({ length: COUNT }, (_, i) => {
    const view = new DataView(out.buffer, out.byteOffset + i * RESULT_BYTES, RESULT_BYTES);
    return describeResult(codeOf(i), {
      signal: view.getUint32(0, true),
      eflags: view.getUint32(4, true),
      eax: view.getUint32(8, true),
      image: new DataView(view.buffer, view.byteOffset + 12, IMAGE),
      mem: new Uint8Array(view.buffer, view.byteOffset + 12 + IMAGE, MEM),
    });
  });
}

function emulate(): string[] {
  const machine = new X87Machine();
  return Array.from({ length: COUNT }, (_, i) => {
    const view = new DataView(cases.buffer, i * CASE_BYTES, CASE_BYTES);
    const image = cases.subarray(i * CASE_BYTES + 24, i * CASE_BYTES + 24 + IMAGE);
    const mem = cases.subarray(i * CASE_BYTES + 24 + IMAGE, (i + 1) * CASE_BYTES);
    machine.operand.set(mem);
    const r = machine.execute(
      codeOf(i),
      image,
      view.getUint32(16, true) | 0x202,
      view.getUint32(20, true),
    );
    const signal = SIGNALS.get(r.vector) ?? 99;
    return describeResult(codeOf(i), { ...r, signal, mem: machine.operand.slice(0, MEM) });
  });
}

describe('x87 instructions in random states', () => {
  const program = process.env.FAULTLINE_X87_RECORD;

  it('end like those of a real processor', () => {
    const mine = emulate();
    let native: string[] | null = null;
    if (program) {
      native = recordNatively(program);
      writeFileSync(DIGESTS, new Uint8Array(Int32Array.from(native, digest).buffer));
    }
    const stored = readFileSync(DIGESTS);
    const failures: string[] = [];
    for (let i = 0; i < COUNT; i++) {
      if (digest(mine[i]) === stored.readInt32LE(4 * i)) continue;
      const code = codeOf(i)
        .map((byte) => byte.toString(16))
        .join(' ');
      failures.push(`case ${i} (${code})\n  got  ${mine[i]}\n  want ${native?.[i] ?? '?'}`);
    }
    expect(`${failures.length}\n${failures.slice(0, 10).join('\n')}`).toBe('0\n');
  });
});
