// MMX and SSE: what a real processor did with each instruction (recorded by tools/hwtest), memory
// operands that fault, and what no recording shows: availability, FXSAVE's image, RCP and RSQRT.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  CONTEXT_EIP,
  CONTEXT_WORDS,
  CONTEXT_XMM,
  CR0_EM,
  CR0_TS,
  CR4_OSFXSR,
  CR4_OSXMMEXCPT,
  EDI,
} from '../../emulator/index.js';
import { simdRows } from '../../emulator/decode/simd.js';
import { compare, describeCase } from '../../tools/hwtest/compare.js';
import { EmulatedHarness } from '../../tools/hwtest/emulated.js';
import { decodeRecord } from '../../tools/hwtest/record.js';
import { CODE_ADDRESS, FREE, P, PagedMachine, U, W } from '../helpers/paged_machine.js';

const recorded = decodeRecord(readFileSync(new URL('./hwcases/simd.bin.br', import.meta.url)));

describe('MMX and SSE instructions recorded on hardware', () => {
  const harness = new EmulatedHarness();

  it('leave the same state, memory and exceptions', () => {
    expect(recorded.length).toBeGreaterThan(5_000);
    const failures: string[] = [];
    for (const { case: c, result } of recorded) {
      const { wrong } = compare(c, result, harness.run(c));
      if (wrong.length > 0) failures.push(`${wrong.join('; ')}\n${describeCase(c)}`);
    }
    expect(failures.slice(0, 5).join('\n')).toBe('');
  });

  it('are of every row of the table', () => {
    const seen = new Set<string>();
    for (const { case: c, result } of recorded) {
      if (result.vector !== 1) continue;
      const { bytes } = c.patches[0];
      const escape = bytes.indexOf(0x0f);
      const prefixes = bytes.slice(0, escape);
      const last = Math.max(prefixes.lastIndexOf(0xf3), prefixes.lastIndexOf(0xf2));
      const prefix =
        last >= 0 ? (prefixes[last] === 0xf3 ? 2 : 3) : prefixes.includes(0x66) ? 1 : 0;
      const map = bytes[escape + 1] === 0x38 ? 1 : bytes[escape + 1] === 0x3a ? 2 : 0;
      seen.add([map, prefix, bytes[escape + (map === 0 ? 1 : 2)]].join());
    }
    const missing = simdRows().filter((r) => !seen.has([r.map, r.prefix, r.opcode].join()));
    expect(missing.map((r) => r.row.name)).toEqual([]);
  });
});

const DATA = 0x20000000;
const LOW = FREE + 0x1000;
const HIGH = FREE + 0x2000;
const SAVED_EDI = DATA + 0x800;

/** Code of a row with its memory operand at EDI. */
function memoryForm(map: number, prefix: number, opcode: number, digit: number): number[] {
  const prefixes = [[], [0x66], [0xf3], [0xf2]][prefix];
  const escape = [[0x0f], [0x0f, 0x38], [0x0f, 0x3a]][map];
  return [...prefixes, ...escape, opcode, (digit << 3) | 7, 0x1b];
}

function prepared(code: readonly number[], address: number, high: number): PagedMachine {
  const m = new PagedMachine(1 << 20);
  m.machine.cpu.cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT;
  m.map(DATA, LOW, P | W | U);
  m.map(DATA + 0x1000, HIGH, high);
  for (let i = 0; i < 0x1400; i++) m.machine.ram8[LOW + 0x800 + i] = 0x35 + i * 7;
  for (let i = 0; i < 4; i++) m.machine.ram8[LOW + 0x1018 - 512 + i] = 0; // MXCSR of an image
  for (let i = 0; i < 32; i++) m.machine.ram8.fill(0, LOW + 0xf18 + 16 * i, LOW + 0xf1c + 16 * i);
  m.code(code);
  const words = context(m);
  for (let i = 0; i < 32; i++) words[CONTEXT_XMM + i] = Math.imul(i + 1, 0x9e3779b1);
  m.machine.loadContext(words);
  m.machine.cpu.setReg(EDI, address);
  return m;
}

function context(m: PagedMachine): Int32Array {
  const words = new Int32Array(CONTEXT_WORDS);
  m.machine.saveContext(words);
  return words;
}
const memory = (m: PagedMachine): Uint8Array => m.machine.ram8.slice(LOW + 0xc00, HIGH + 0x400);

function same(label: string, a: ArrayLike<number>, b: ArrayLike<number>): void {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) expect(`${label}: ${i}`).toBe(b[i]);
}

describe('memory operands across a page that faults', () => {
  for (const [name, high] of [
    ['missing', 0],
    ['read-only', P | U],
  ] as const) {
    it(`leave everything as it was when the second page is ${name}`, () => {
      let faults = 0;
      const forms = simdRows().filter(({ row }) => row.m !== null || row.operands.includes('D'));
      for (const { map, prefix, opcode, row } of forms) {
        const masked = row.operands.includes('D');
        for (let digit = 0; digit < (opcode === 0xae ? 8 : 1); digit++) {
          const code = memoryForm(map, prefix, opcode, opcode === 0xae ? digit : 1);
          if (masked) code[code.length - 2] |= 0xc0;
          for (const before of [0, 1, 4, 8, 15, 256]) {
            if (before >= row.width) continue;
            const address = DATA + 0x1000 - before;
            const m = prepared(code, address, high);
            const whole = prepared(code, address, P | W | U);
            const label = `${row.name} ${digit} at -${before}`;
            const wasContext = context(m);
            const wasMemory = memory(m);
            const exit = m.machine.run(1);
            if (exit.kind === 'trap' && exit.vector === 14) {
              faults++;
              same(label, context(m), wasContext);
              same(label, memory(m), wasMemory);
              m.map(DATA + 0x1000, HIGH, P | W | U);
              m.machine.flushTlb(true);
              m.machine.run(1);
            }
            whole.machine.run(1);
            same(label, context(m), context(whole));
            same(label, memory(m), memory(whole));
          }
        }
      }
      expect(faults).toBeGreaterThan(high === 0 ? 500 : 60);
    }, 120_000);
  }
});

/** Executes one instruction with the given control registers. @returns the vector, or -1. */
function vectorOf(code: readonly number[], cr0: number, cr4: number, mxcsr = 0x1f80): number {
  const m = prepared(code, SAVED_EDI, P | W | U);
  const words = context(m);
  words[CONTEXT_XMM + 32] = mxcsr;
  words.fill(0, CONTEXT_XMM, CONTEXT_XMM + 32);
  m.machine.loadContext(words);
  m.machine.cpu.cr4 = cr4;
  m.machine.cpu.cr0 |= cr0;
  const exit = m.machine.run(1);
  return exit.kind === 'trap' ? exit.vector : -1;
}

describe('availability', () => {
  const ADDPS = [0x0f, 0x58, 0xc1];
  const PADDB = [0x0f, 0xfc, 0xc1];
  const DIVPS = [0x0f, 0x5e, 0xc1];
  const ON = CR4_OSFXSR | CR4_OSXMMEXCPT;

  it('of SSE depends on CR4.OSFXSR, CR0.EM and CR0.TS', () => {
    expect(vectorOf(ADDPS, 0, ON)).toBe(-1);
    expect(vectorOf(ADDPS, 0, CR4_OSXMMEXCPT)).toBe(6);
    expect(vectorOf(ADDPS, CR0_EM, ON)).toBe(6);
    expect(vectorOf(ADDPS, CR0_TS, ON)).toBe(7);
    expect(vectorOf(ADDPS, CR0_TS, 0)).toBe(6);
  });

  it('of MMX does not depend on CR4', () => {
    expect(vectorOf(PADDB, 0, 0)).toBe(-1);
    expect(vectorOf(PADDB, CR0_EM, ON)).toBe(6);
    expect(vectorOf(PADDB, CR0_TS, ON)).toBe(7);
  });

  it('of #XM depends on CR4.OSXMMEXCPT', () => {
    expect(vectorOf(DIVPS, 0, ON, 0)).toBe(19);
    expect(vectorOf(DIVPS, 0, CR4_OSFXSR, 0)).toBe(6);
    expect(vectorOf(DIVPS, 0, ON, 0x80)).toBe(-1);
  });

  it('moves, fences and MOVNTI are integer instructions', () => {
    for (const code of [
      [0x0f, 0xae, 0xe8],
      [0x0f, 0xae, 0xf0],
      [0x0f, 0xae, 0xf8],
      [0x0f, 0xc3, 0x07],
      [0x0f, 0xae, 0x3f],
      [0xf3, 0x90],
    ])
      expect(vectorOf(code, CR0_EM | CR0_TS, 0)).toBe(-1);
  });
});

describe('FXSAVE and FXRSTOR', () => {
  const IMAGE = DATA + 0x900;

  it('store and load the whole state', () => {
    // fninit; fld1; fldpi; fxsave [edi]; fninit; xorps xmm3,xmm3; fxrstor [edi]
    const code = [
      0xdb, 0xe3, 0xd9, 0xe8, 0xd9, 0xeb, 0x0f, 0xae, 0x07, 0xdb, 0xe3, 0x0f, 0x57, 0xdb,
    ];
    const m = prepared([...code, 0x0f, 0xae, 0x0f], IMAGE, P | W | U);
    m.machine.run(4);
    const saved = context(m);
    const view = new DataView(m.machine.ram8.buffer, m.machine.ram8.byteOffset + LOW + 0x900, 512);
    expect(view.getUint16(0, true)).toBe(0x37f);
    expect(view.getUint16(2, true)).toBe(6 << 11);
    expect(view.getUint8(4)).toBe(0xc0);
    expect(view.getUint32(24, true)).toBe(0x1f80);
    expect(view.getUint32(28, true)).toBe(0xffff);
    expect(view.getUint32(36, true)).toBe(0xc90fdaa2); // ST(0) is pi
    expect(view.getUint16(56, true)).toBe(0x3fff); // ST(1) is 1
    for (let i = 0; i < 32; i++)
      expect(view.getInt32(160 + 4 * i, true)).toBe(saved[CONTEXT_XMM + i]);
    m.machine.run(2);
    expect(context(m)).not.toEqual(saved);
    m.machine.run(1);
    const now = context(m);
    now[CONTEXT_EIP] = saved[CONTEXT_EIP];
    expect(now).toEqual(saved);
  });

  it('refuse reserved bits of MXCSR and an address that is not aligned to 16', () => {
    const load = prepared([0x0f, 0xae, 0x0f], IMAGE, P | W | U);
    load.put(LOW + 0x900 + 24, [0, 0, 1, 0]);
    const was = context(load);
    expect(load.machine.run(1).vector).toBe(13);
    expect(context(load)).toEqual(was);
    for (const modrm of [0x07, 0x0f])
      expect(prepared([0x0f, 0xae, modrm], IMAGE + 8, P | W | U).machine.run(1).vector).toBe(13);
  });
});

describe('RCPSS and RSQRTSS', () => {
  const m = prepared([0x90], SAVED_EDI, P | W | U);
  const words = context(m);
  const bits = new DataView(new ArrayBuffer(4));

  function approximate(opcode: number, operand: number): number {
    const code = [0xf3, 0x0f, opcode, 0xc1];
    m.code(code);
    words[CONTEXT_EIP] = CODE_ADDRESS;
    words[CONTEXT_XMM + 4] = operand;
    m.machine.loadContext(words);
    m.machine.run(1);
    const after = context(m);
    expect(after[CONTEXT_XMM + 32]).toBe(0x1f80);
    bits.setInt32(0, after[CONTEXT_XMM]);
    return bits.getFloat32(0);
  }
  const value = (word: number): number => {
    bits.setInt32(0, word);
    return bits.getFloat32(0);
  };

  it('are within 1.5 * 2^-12 of the exact result', () => {
    const bound = 1.5 * 2 ** -12;
    for (let word = 0x00800000; word < 0x7e800000; word += 0x1234f) {
      const v = value(word);
      expect(Math.abs(approximate(0x53, word) * v - 1)).toBeLessThanOrEqual(bound);
      expect(Math.abs(approximate(0x52, word) * Math.sqrt(v) - 1)).toBeLessThanOrEqual(bound);
    }
  });

  it('know zeros, infinities, denormals and NaNs', () => {
    expect(approximate(0x53, 0)).toBe(Infinity);
    expect(approximate(0x53, 0x80000001 | 0)).toBe(-Infinity);
    expect(approximate(0x53, 0xff800000 | 0)).toBe(-0);
    expect(approximate(0x53, 0x7f7fffff)).toBe(0);
    expect(approximate(0x52, 0x80000000 | 0)).toBe(-Infinity);
    expect(approximate(0x52, 0x7f800000)).toBe(0);
    expect(approximate(0x52, 0xbf800000 | 0)).toBeNaN();
    expect(approximate(0x53, 0x7f800001)).toBeNaN();
  });
});
