// x87 instructions that fault: the state is untouched, and after repair they do what they would have
// done. Also #NM, #MF and which instructions wait for it.

import { describe, expect, it } from 'vitest';
import { CONTEXT_EIP, CONTEXT_WORDS, EDI, ESI } from '../../emulator/index.js';
import { CODE_ADDRESS, FREE, P, PagedMachine, U, W } from '../helpers/paged_machine.js';
import { imageOf } from '../helpers/x87_machine.js';

const DATA = 0x20000000;
const LOW = FREE + 0x1000;
const HIGH = FREE + 0x2000;
const STATE = 0x30000000;
const STATE_FRAME = FREE + 0x3000;
const ONE_AND_HALF = '3FFFC000000000000000';
const PI = '4000C90FDAA22168C235';
const MEMORY_FORMS: number[][] = [];
for (let opcode = 0xd8; opcode <= 0xdf; opcode++) {
  for (let digit = 0; digit < 8; digit++) {
    const undefinedForm = ['d9 1', 'db 4', 'db 6', 'dd 5'].includes(
      `${opcode.toString(16)} ${digit}`,
    );
    if (!undefinedForm) MEMORY_FORMS.push([opcode, (digit << 3) | 7]);
  }
}

/** A machine about to execute `code` with EDI at `address`, two values on the stack. */
function prepared(code: readonly number[], address: number, high: number): PagedMachine {
  const m = new PagedMachine();
  m.map(DATA, LOW, P | W | U);
  m.map(DATA + 0x1000, HIGH, high);
  m.map(STATE, STATE_FRAME, P | W | U);
  m.put(STATE_FRAME, Array.from(imageOf(0x37f, [PI, ONE_AND_HALF])));
  for (let i = 0; i < 256; i++) m.machine.ram8[LOW + 0xf80 + i] = 0x35 + i * 7;
  m.code([0xdb, 0xe3, 0xdd, 0x26, ...code]); // fninit; frstor [esi]
  m.machine.cpu.setReg(ESI, STATE);
  m.machine.cpu.setReg(EDI, address);
  m.machine.run(2);
  return m;
}

function context(m: PagedMachine): Int32Array {
  const words = new Int32Array(CONTEXT_WORDS);
  m.machine.saveContext(words);
  return words;
}

const memory = (m: PagedMachine): Uint8Array => m.machine.ram8.slice(LOW + 0xf00, HIGH + 0x100);

describe('x87 memory operands across a page that faults', () => {
  for (const [name, high] of [
    ['missing', 0],
    ['read-only', P | U],
  ] as const) {
    it(`leave everything as it was when the second page is ${name}`, () => {
      for (const code of MEMORY_FORMS) {
        for (const before of [1, 2, 4, 7, 9, 13, 27, 40, 100]) {
          const address = DATA + 0x1000 - before;
          const m = prepared(code, address, high);
          const whole = prepared(code, address, P | W | U);
          const label = `${code.map((byte) => byte.toString(16)).join(' ')} at -${before}`;
          const wasContext = context(m);
          const wasMemory = memory(m);
          const exit = m.machine.run(1);
          if (exit.kind === 'trap') {
            expect(`${label} ${exit.vector}`).toBe(`${label} 14`);
            expect([label, ...context(m)]).toEqual([label, ...wasContext]);
            expect([label, ...memory(m)]).toEqual([label, ...wasMemory]);
            expect(exit.cr2 >>> 0).toBe(DATA + 0x1000);
            m.map(DATA + 0x1000, HIGH, P | W | U);
            m.machine.flushTlb(true);
            m.machine.run(1);
          }
          whole.machine.run(1);
          expect([label, ...context(m)]).toEqual([label, ...context(whole)]);
          expect([label, ...memory(m)]).toEqual([label, ...memory(whole)]);
        }
      }
    });
  }
});

describe('x87 exceptions', () => {
  const CR0_TS = 8;
  const CR0_EM = 4;
  const FLDCW_ZERO_DIVIDE = [0xd9, 0x2f];

  it('#NM for every instruction with CR0.TS or CR0.EM set', () => {
    for (const bit of [CR0_TS, CR0_EM]) {
      for (const code of [
        [0xd8, 0xc1],
        [0xdf, 0xe0],
        [0xdb, 0xe3],
        [0xd9, 0x07],
      ]) {
        const m = prepared(code, DATA, P | W | U);
        m.machine.cpu.cr0 |= bit;
        const exit = m.machine.run(1);
        expect([exit.kind, exit.vector]).toEqual(['trap', 7]);
        expect(m.machine.cpu.eip).toBe(CODE_ADDRESS + 4);
      }
    }
  });

  it('#MF waits for the next waiting instruction', () => {
    // fldcw [edi] unmasks ZE; fldz; fdivp; nop; fnstsw ax; fld1
    const code = [...FLDCW_ZERO_DIVIDE, 0xd9, 0xee, 0xde, 0xf9, 0x90, 0xdf, 0xe0, 0xd9, 0xe8];
    const m = prepared(code, DATA, P | W | U);
    m.put(LOW, [0x7b, 0x03]);
    expect(m.machine.run(5).kind).toBe('budget');
    expect(m.machine.cpu.getReg(0) & 0x80ff).toBe(0x8084);
    const before = context(m);
    const exit = m.machine.run(1);
    expect([exit.kind, exit.vector, exit.hasError]).toEqual(['trap', 16, false]);
    expect(before[CONTEXT_EIP]).toBe(CODE_ADDRESS + 4 + 2 + 2 + 2 + 1 + 2);
    expect([...context(m)]).toEqual([...before]);
  });

  it('fwait raises #MF, fnclex takes it away', () => {
    const code = [...FLDCW_ZERO_DIVIDE, 0xd9, 0xee, 0xde, 0xf9, 0xdb, 0xe2, 0x9b, 0x90];
    const m = prepared(code, DATA, P | W | U);
    m.put(LOW, [0x7b, 0x03]);
    expect(m.machine.run(6).kind).toBe('budget');
    const n = prepared(code, DATA, P | W | U);
    n.put(LOW, [0x7b, 0x03]);
    n.put(FREE + 10, [0x90, 0x90]);
    const exit = n.machine.run(6);
    expect([exit.kind, exit.vector]).toEqual(['trap', 16]);
  });
});
