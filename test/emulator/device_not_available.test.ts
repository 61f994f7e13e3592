// CR0.TS: every instruction with x87, MMX or SSE state is #NM and changes nothing. A kernel that exchanges
// this state only when it is used relies on each of them.

import { describe, expect, it } from 'vitest';
import { CONTEXT_WORDS, CR0_MP, CR0_TS, CR4_OSFXSR, EDI } from '../../emulator/index.js';
import { simdEntry, simdRows } from '../../emulator/decode/simd.js';
import type { SimdRow } from '../../emulator/decode/simd.js';
import { CODE_ADDRESS, FREE, P, PagedMachine, U, W } from '../helpers/paged_machine.js';

const DATA = 0x20000000;
const FRAME = FREE + 0x1000;

const m = new PagedMachine();
m.map(DATA, FRAME, P | W | U);
m.machine.cpu.cr4 |= CR4_OSFXSR;
m.code([0x90]);
const { cpu } = m.machine;

/** Executes one instruction from a state that all have in common. @returns its vector, or -1. */
function vectorOf(code: readonly number[], taskSwitched: boolean): number {
  m.put(FREE, [...code, 0, 0, 0]);
  m.machine.ram8.fill(0, FRAME, FRAME + 0x1000);
  cpu.eip = CODE_ADDRESS;
  cpu.setReg(EDI, DATA);
  cpu.taskSwitched = taskSwitched;
  const before = new Int32Array(CONTEXT_WORDS);
  m.machine.saveContext(before);
  const exit = m.machine.run(1);
  if (exit.kind === 'trap' && exit.vector === 7) {
    const after = new Int32Array(CONTEXT_WORDS);
    m.machine.saveContext(after);
    expect(after).toEqual(before);
    expect(m.machine.ram8.subarray(FRAME, FRAME + 0x1000).every((byte) => byte === 0)).toBe(true);
  }
  return exit.kind === 'trap' ? exit.vector : -1;
}

const text = (code: readonly number[]): string =>
  code.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');

/** Neither read nor write such state (SDM 2: no #NM among their exceptions). */
const INTEGER = /movnti|prefetch|fence|clflush|pause/i;
const PREFIX = [[], [0x66], [0xf3], [0xf2]];
const MAP = [[0x0f], [0x0f, 0x38], [0x0f, 0x3a]];

describe('CR0.TS', () => {
  it('is heeded by every x87 instruction', () => {
    let tried = 0;
    for (let opcode = 0xd8; opcode <= 0xdf; opcode++) {
      for (let modrm = 0; modrm < 256; modrm++) {
        if (modrm < 0xc0 && (modrm & 0xc7) !== 7) continue;
        const code = [opcode, modrm];
        if (vectorOf(code, false) === 6) continue;
        expect(vectorOf(code, true), text(code)).toBe(7);
        tried++;
      }
    }
    expect(tried).toBeGreaterThan(400);
  });

  it('is heeded by WAIT with CR0.MP alone', () => {
    expect(vectorOf([0x9b], true)).toBe(-1);
    cpu.cr0 |= CR0_MP;
    expect(cpu.cr0 & CR0_TS).toBe(CR0_TS);
    expect(vectorOf([0x9b], true)).toBe(7);
  });

  it('is heeded by every MMX and SSE instruction', () => {
    const names = new Set<string>();
    const opcodes = new Set(simdRows().map((r) => [r.map, r.prefix, r.opcode].join()));
    for (const key of opcodes) {
      const [map, prefix, opcode] = key.split(',').map(Number);
      const entry = simdEntry(map, prefix, opcode);
      for (const modrm of Array.from(
        { length: 16 },
        (_, i) => ((i << 3) & 0x38) | (i < 8 ? 7 : 0xc1),
      )) {
        const row = (Array.isArray(entry) ? entry[(modrm >> 3) & 7] : entry) as SimdRow | null;
        const code = [...PREFIX[prefix], ...MAP[map], opcode, modrm];
        if (row === null || vectorOf(code, false) === 6) continue;
        const integer = INTEGER.test(row.name);
        expect(vectorOf(code, true), `${text(code)} ${row.name}`).toBe(integer ? -1 : 7);
        names.add(row.name);
      }
    }
    expect(names.size).toBeGreaterThan(150);
  });
});
