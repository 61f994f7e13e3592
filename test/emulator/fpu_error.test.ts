// How an x87 exception reaches software: #MF with CR0.NE, else FERR#, which a PC makes interrupt 13.

import { describe, expect, it } from 'vitest';
import { EAX, Pc } from '../../emulator/index.js';
import { BareMachine, CODE } from '../helpers/bare_machine.js';

const HANDLER = 0x12000;
const MF = 0x13000;
const DATA = 0x14000;
const NE = 0x20;

// fninit; fldcw with the division by zero unmasked; 1 / 0
const DIVIDE = 'db e3 d9 2d 00 40 01 00 d9 e8 d9 ee de f9';
const MARK = 'b8 77 00 00 00 f4'; // mov eax, 0x77; hlt

function board(code: string, ne: boolean): { m: BareMachine; pc: Pc } {
  const m = new BareMachine();
  const pc = new Pc(m.machine);
  for (const [port, value] of [
    [0x20, 0x11],
    [0x21, 0x20],
    [0x21, 4],
    [0x21, 1],
    [0xa0, 0x11],
    [0xa1, 0x28],
    [0xa1, 2],
    [0xa1, 1],
    [0x21, 0xfb],
    [0xa1, 0xdf], // line 13
  ] as const)
    pc.writePort(port, value, 1);
  m.put16(DATA, 0x37b);
  m.put(CODE, `${DIVIDE} ${code}`);
  m.handler(0x2d, HANDLER);
  m.handler(16, MF);
  m.put(MF, 'b8 10 00 00 00 f4'); // mov eax, 16; hlt
  m.machine.cpu.cr0 = ne ? m.machine.cpu.cr0 | NE : m.machine.cpu.cr0 & ~NE;
  m.machine.cpu.eflags = 2 | 0x200;
  return { m, pc };
}

// inc ebx; out 0xf0, al; fnclex; EOI to both; iret
const SERVE = '43 e6 f0 db e2 b0 20 e6 a0 e6 20 cf';
const EBX = 3;

describe('x87 exceptions', () => {
  it('with NE are #MF at the next waiting instruction', () => {
    const { m } = board(`d9 e8 ${MARK}`, true);
    m.put(HANDLER, SERVE);
    expect(m.run().kind).toBe('halt');
    expect(m.reg(EAX)).toBe(16);
    expect(m.reg(EBX)).toBe(0);
  });

  for (const [name, waiting] of [
    ['fld1', 'd9 e8'],
    ['fwait', '9b'],
    ['an MMX instruction', '0f ef c0'],
  ] as const) {
    it(`without NE are interrupt 13 in front of ${name}, which is executed again`, () => {
      const { m, pc } = board(`${waiting} ${MARK}`, false);
      m.put(HANDLER, SERVE);
      pc.timeline.advance(0);
      m.run();
      expect(m.reg(EBX)).toBe(1);
      expect(m.reg(EAX)).toBe(0x77);
      // The frame that the handler saw pointed at the waiting instruction.
      expect(m.get32(0x20000 - 12)).toBe(CODE + 14);
    });
  }

  it('do not stop instructions that do not wait', () => {
    const { m } = board(`9b df e0 ${MARK}`.slice(3), false); // fnstsw ax
    m.put(HANDLER, SERVE);
    m.run();
    expect(m.reg(EBX)).toBe(0);
    expect(m.reg(EAX)).toBe(0x77);
  });

  it('come again when the handler clears the request but not the exception', () => {
    const { m } = board(`9b ${MARK}`, false);
    // inc ebx; cmp ebx, 3; jb +2; fnclex; out 0xf0, al; EOI to both; iret
    m.put(HANDLER, '43 83 fb 03 72 02 db e2 e6 f0 b0 20 e6 a0 e6 20 cf');
    m.run();
    expect(m.reg(EBX)).toBe(3);
    expect(m.reg(EAX)).toBe(0x77);
  });

  it('freeze the processor while interrupts are disabled', () => {
    const { m } = board(`9b ${MARK}`, false);
    m.machine.cpu.eflags = 2;
    m.put(HANDLER, SERVE);
    const exit = m.run();
    expect(exit.kind).toBe('halt');
    expect(m.machine.cpu.eip).toBe(CODE + 14);
    expect(m.reg(EAX)).not.toBe(0x77);
  });

  it('ask only while the request is not taken back', () => {
    const { m, pc } = board(`9b ${MARK}`, false);
    m.machine.cpu.eflags = 2;
    m.run();
    expect(pc.interrupts.second.output).toBe(true);
    pc.writePort(0xf0, 0, 1);
    expect(pc.interrupts.second.output).toBe(false);
  });
});
