// Hardware task switches (SDM 3A chapter 7), LTR and LLDT.

import { describe, expect, it } from 'vitest';
import { CR0_TS, CS, DS, EAX, EBX, ECX, ESP, FLAG_NT, LDTR, SS, TR } from '../../emulator/index.js';
import {
  BareMachine,
  CODE,
  CODE0,
  DATA0,
  FREE_SLOT,
  GDT,
  IDT,
  OTHER_TSS,
  OTHER_TSS_SELECTOR,
  TSS,
  TSS_SELECTOR,
} from '../helpers/bare_machine.js';

const TASK = 0x14000;
const TASK_STACK = 0x28000;
const HANDLER = 0x12000;

/** Two tasks: the running one, and another at TASK. */
function tasks(code: string, other: string): BareMachine {
  const m = new BareMachine();
  m.put(CODE, code);
  m.put(TASK, other);
  const set = (offset: number, value: number): void => m.put32(OTHER_TSS + offset, value);
  set(0x20, TASK);
  set(0x24, 2);
  set(0x28 + 4 * EBX, 0xb0b0b0b0);
  set(0x28 + 4 * ESP, TASK_STACK);
  for (const segment of [0, SS, DS, 4, 5]) set(0x48 + 4 * segment, DATA0);
  set(0x48 + 4 * CS, CODE0);
  set(0x64, 0x02000000);
  return m;
}

/** Whether the descriptor of a TSS is busy. */
const busy = (m: BareMachine, selector: number): boolean =>
  (m.get32(GDT + selector + 4) & 0x200) !== 0;

describe('JMP to a TSS', () => {
  it('saves the one task, loads the other, moves the busy bit, sets CR0.TS', () => {
    // mov eax,1234; jmp 30:0
    const m = tasks('b8 34 12 00 00 ea 00 00 00 00 30 00', '89 d8 f4'); // mov eax,ebx; hlt
    m.run();
    expect(m.get32(TSS + 0x20)).toBe(CODE + 12);
    expect(m.get32(TSS + 0x28)).toBe(0x1234);
    expect(m.get16(TSS + 0x4c)).toBe(CODE0);
    expect(m.reg(EAX)).toBe(0xb0b0b0b0);
    expect([busy(m, TSS_SELECTOR), busy(m, OTHER_TSS_SELECTOR)]).toEqual([false, true]);
    expect(m.machine.cpu.segment(TR).selector).toBe(OTHER_TSS_SELECTOR);
    expect(m.machine.cpu.cr0 & CR0_TS).toBe(CR0_TS);
    expect(m.machine.cpu.eflags & FLAG_NT).toBe(0);
  });

  it('a busy TSS is #GP with its selector', () => {
    const m = tasks('ea 00 00 00 00 28 00', 'f4');
    m.handler(13, HANDLER);
    m.put(HANDLER, 'f4');
    m.run();
    expect(m.stack(2)).toEqual([TSS_SELECTOR, CODE]);
  });

  it('a TSS that is too short is #TS, and nothing has changed', () => {
    const m = tasks('ea 00 00 00 00 30 00', 'f4');
    m.descriptor(6, OTHER_TSS, 0x66, 0x89);
    m.handler(10, HANDLER);
    m.put(HANDLER, 'f4');
    m.run();
    expect(m.stack(2)).toEqual([OTHER_TSS_SELECTOR, CODE]);
    expect(busy(m, TSS_SELECTOR)).toBe(true);
  });
});

describe('nested tasks', () => {
  it('CALL sets NT and the back link; IRET returns behind the CALL', () => {
    const m = tasks('9a 00 00 00 00 30 00 bb 01 00 00 00 f4', '9c 58 cf 43'); // pushf; pop eax; iret
    m.run();
    expect(m.reg(EBX)).toBe(1);
    expect(m.get16(OTHER_TSS)).toBe(TSS_SELECTOR);
    expect(m.get32(OTHER_TSS + 0x28) & FLAG_NT).toBe(FLAG_NT);
    expect(m.get32(OTHER_TSS + 0x24) & FLAG_NT).toBe(0); // cleared in what IRET saves
    expect([busy(m, TSS_SELECTOR), busy(m, OTHER_TSS_SELECTOR)]).toEqual([true, false]);
  });

  it('a task gate serves an exception on a stack of its own, with the error code', () => {
    const m = tasks('31 c0 8e d8 a1 00 00 00 00', '5b f4'); // pop ebx: the error code
    m.gate(IDT + 13 * 8, 0x85, OTHER_TSS_SELECTOR, 0);
    m.run();
    expect(m.reg(EBX)).toBe(0);
    expect(m.reg(ESP)).toBe(TASK_STACK);
    expect(m.get32(TSS + 0x20)).toBe(CODE + 4);
  });

  it('a back link to a task that is not busy is #TS', () => {
    const m = tasks('68 02 40 00 00 9d cf', 'f4'); // popf with NT; iret
    m.put16(TSS, OTHER_TSS_SELECTOR);
    m.handler(10, HANDLER);
    m.put(HANDLER, 'f4');
    m.run();
    expect(m.stack(2)).toEqual([OTHER_TSS_SELECTOR, CODE + 6]);
  });
});

describe('the new task', () => {
  it('takes the faults of its own segments', () => {
    const m = tasks('ea 00 00 00 00 30 00', 'f4');
    m.put32(OTHER_TSS + 0x48 + 4 * DS, 0xff8);
    m.handler(10, HANDLER);
    m.put(HANDLER, 'f4');
    m.run();
    expect(m.stack(2)).toEqual([0xff8, TASK]);
    expect(m.machine.cpu.segment(TR).selector).toBe(OTHER_TSS_SELECTOR);
  });

  it('with T set begins with a debug trap', () => {
    const m = tasks('ea 00 00 00 00 30 00', '90 f4');
    m.put16(OTHER_TSS + 0x64, 1);
    m.handler(1, HANDLER);
    m.put(HANDLER, '0f 21 f0 f4'); // mov eax,dr6
    m.run();
    expect(m.stack(1)).toEqual([TASK]);
    expect(m.reg(EAX) & 0xe00f).toBe(0x8000);
  });

  it('may have a 16-bit TSS', () => {
    const m = tasks('ea 00 00 00 00 40 00', 'f4');
    const tss16 = 0x2400;
    const code16 = m.descriptor(9, TASK, 0xffff, 0x9b);
    m.descriptor(FREE_SLOT, tss16, 0x2b, 0x81);
    const words = { 0x0e: 0, 0x10: 2, 0x14: 0x7777, 0x1a: 0x800, 0x24: code16 };
    for (const [offset, value] of Object.entries(words)) m.put16(tss16 + Number(offset), value);
    for (const offset of [0x22, 0x26, 0x28]) m.put16(tss16 + offset, DATA0);
    m.run();
    expect(m.reg(ECX) & 0xffff).toBe(0x7777);
    expect(m.machine.cpu.segment(CS)).toMatchObject({ selector: code16, base: TASK });
    expect(m.machine.cpu.eip).toBe(1);
  });
});

describe('LTR and LLDT', () => {
  it('LTR marks the TSS busy; a busy one is #GP', () => {
    const m = new BareMachine();
    m.put(CODE, 'b8 30 00 00 00 0f 00 d8 0f 00 d8'); // mov eax,30; ltr ax; ltr ax
    m.handler(13, HANDLER);
    m.put(HANDLER, 'f4');
    m.run();
    expect(busy(m, OTHER_TSS_SELECTOR)).toBe(true);
    expect(m.stack(2)).toEqual([OTHER_TSS_SELECTOR, CODE + 8]);
  });

  it('LLDT gives selectors with TI a table', () => {
    const m = new BareMachine();
    const ldt = m.descriptor(FREE_SLOT, 0x3000, 0xf, 0x82);
    m.put32(0x3008, 0x0000ffff);
    m.put32(0x300c, 0x0040f300 | 0x01); // base 10000, level 3
    m.put(CODE, '66 b8 40 00 0f 00 d0 66 b8 0f 00 8e d8 0f 00 c3 f4'); // lldt ax; mov ds,0f; sldt ebx
    m.run();
    expect(m.reg(EBX)).toBe(ldt);
    expect(m.machine.cpu.segment(LDTR).base).toBe(0x3000);
    expect(m.machine.cpu.segment(DS)).toMatchObject({ selector: 0x0f, base: 0x10000 });
  });
});
