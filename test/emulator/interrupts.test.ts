// Interrupts and exceptions through the IDT: gates, privilege levels, stacks, error codes, double
// faults (SDM 3A chapter 6).

import { describe, expect, it } from 'vitest';
import {
  CS,
  EAX,
  EBX,
  ECX,
  EDX,
  ESP,
  FLAG_IF,
  FLAG_IOPL,
  FLAG_RF,
  FLAG_TF,
  SS,
} from '../../emulator/index.js';
import {
  BareMachine,
  CODE,
  CODE0,
  CODE3,
  DATA0,
  DATA3,
  FREE_SLOT,
  IDT,
  STACKS,
  TSS,
} from '../helpers/bare_machine.js';

const HANDLER = 0x12000;

/** A program at CPL 0 or 3, and a handler that halts. */
function program(code: string, level: 0 | 3 = 0, handler = 'f4'): BareMachine {
  const m = new BareMachine();
  if (level === 3) m.user();
  m.put(CODE, code);
  m.put(HANDLER, handler);
  return m;
}

describe('gates', () => {
  it('an interrupt gate clears IF, a trap gate does not; both clear TF and push what IRET wants', () => {
    for (const [access, flags] of [
      [0x8e, 0],
      [0x8f, FLAG_IF],
    ] as const) {
      const m = program('cd 30 f4');
      m.handler(0x30, HANDLER, access);
      m.machine.cpu.eflags = FLAG_IF;
      m.run();
      expect(m.stack(3)).toEqual([CODE + 2, CODE0, FLAG_IF | 2]);
      expect(m.machine.cpu.eflags & (FLAG_IF | FLAG_TF)).toBe(flags);
    }
  });

  it('from level 3 the stack of the TSS is used, and IRET goes back', () => {
    const m = program('cd 30 89 e1 cd 31', 3, 'bb 01 00 00 00 cf'); // int 30; mov ecx,esp; int 31
    m.handler(0x30, HANDLER, 0xee);
    m.handler(0x31, HANDLER + 0x100, 0xee);
    m.put(HANDLER + 0x100, 'f4');
    m.run();
    expect(m.reg(EBX)).toBe(1);
    expect(m.reg(ECX)).toBe(STACKS[3]);
    expect(m.reg(ESP)).toBe(STACKS[0] - 20);
    expect(m.stack(5)).toEqual([CODE + 6, CODE3, 2, STACKS[3], DATA3]);
    expect(m.machine.cpu.cpl).toBe(0);
    expect(m.machine.cpu.segment(SS).selector).toBe(DATA0);
  });

  it('a 286 gate pushes words and takes 16 bits of the offset', () => {
    const m = program('cd 30');
    const low = m.descriptor(FREE_SLOT, 0x10000, 0xffff, 0x409b);
    m.gate(IDT + 0x30 * 8, 0x86, low, 0xffff2000);
    m.run();
    expect(m.machine.cpu.segment(CS).selector).toBe(low);
    expect(m.stack(3, 2)).toEqual([2, CODE0, 2]); // of EIP, whose high half is lost
    expect(m.reg(ESP)).toBe(STACKS[0] - 6);
  });

  it('INT n wants DPL >= CPL of its gate; exceptions do not', () => {
    const m = program('cd 30', 3);
    m.handler(0x30, 0, 0x8e);
    m.handler(13, HANDLER, 0x8e);
    m.run();
    expect(m.stack(2)).toEqual([0x30 * 8 + 2, CODE]);
  });

  it('what is wrong with a gate decides the vector; the error code names it', () => {
    const cases: [access: number, selector: number, vector: number, error: number][] = [
      [0x0e, CODE0, 11, 0x30 * 8 + 2], // not present
      [0x8c, CODE0, 13, 0x30 * 8 + 2], // a call gate
      [0x8e, 0, 13, 0],
      [0x8e, DATA0, 13, DATA0],
      [0x8e, 0xff8, 13, 0xff8], // beyond the GDT
      [0x8e, CODE3, 13, CODE3 & ~3], // less privileged
    ];
    for (const [access, selector, vector, error] of cases) {
      const m = program('cd 30');
      m.gate(IDT + 0x30 * 8, access, selector, 0x1000);
      m.handler(vector, HANDLER);
      expect(m.run().kind).toBe('halt');
      expect(m.stack(2), `${access} ${selector}`).toEqual([error, CODE]);
    }
  });

  it('a vector beyond the IDT is #GP with its number', () => {
    const m = program('cd 30');
    m.machine.cpu.setIdtr(IDT, 0x30 * 8 - 1);
    m.handler(13, HANDLER);
    m.run();
    expect(m.stack(1)).toEqual([0x30 * 8 + 2]);
  });

  it('a bad stack in the TSS is #TS with the selector, and EXT for what is not INT n', () => {
    for (const [code, ext] of [
      ['cd 30', 0],
      ['0f 0b', 1],
    ] as const) {
      const m = program(code, 3);
      m.put32(TSS + 8, CODE0);
      m.handler(0x30, 0, 0xee);
      m.handler(6, 0);
      // #TS itself goes to a conforming segment, which needs no other stack.
      const conforming = m.descriptor(FREE_SLOT, 0, 0xfffff, 0xc09f);
      m.handler(10, HANDLER, 0x8e, conforming);
      m.put(HANDLER, 'cc');
      m.run(3);
      expect(m.stack(2)).toEqual([CODE0 | ext, CODE]);
    }
  });
});

describe('exceptions', () => {
  it('faults push RF, so that a restart does not stop at its breakpoint again', () => {
    const m = program('0f 0b');
    m.handler(6, HANDLER);
    m.run();
    expect(m.stack(3)).toEqual([CODE, CODE0, FLAG_RF | 2]);
  });

  it('INT3 and INTO go through their gates with EIP behind them', () => {
    const m = program('cc b0 7f 04 01 ce f4', 0, 'ff 44 24 fc 43 cf'); // ... inc ebx; iret
    m.handler(3, HANDLER);
    m.handler(4, HANDLER);
    m.run();
    expect(m.reg(EBX)).toBe(2);
  });

  it('two contributory ones make a double fault, with error code 0', () => {
    const m = program('a1 00 00 00 00 f4'); // mov eax,[0] with DS null
    m.put(CODE, '31 c0 8e d8 a1 00 00 00 00');
    m.gate(IDT + 13 * 8, 0x8e, 0, 0); // #GP again
    m.handler(8, HANDLER);
    m.run();
    expect(m.stack(2)).toEqual([0, CODE + 4]);
  });

  it('a benign one before or after does not', () => {
    const m = program('0f 0b');
    m.gate(IDT + 6 * 8, 0x0e, CODE0, 0); // #UD's gate is not present
    m.handler(11, HANDLER);
    m.run();
    expect(m.stack(2)).toEqual([6 * 8 + 3, CODE]); // IDT and EXT
  });

  it('a fault in the double fault shuts the processor down', () => {
    const m = program('0f 0b');
    m.machine.cpu.setIdtr(0, 0);
    expect(m.run()).toMatchObject({ kind: 'shutdown' });
    expect(m.machine.cpu.eip).toBe(CODE);
  });

  it('a loop of faults in the handler does not outrun the limit', () => {
    const m = program('0f 0b', 0, '0f 0b');
    m.handler(6, HANDLER);
    expect(m.run(500).kind).toBe('budget');
  });

  it('single steps are traps; INT n is not stepped into', () => {
    // popf with TF; nop; int 30; nop; push 0; popf; hlt
    const m = program('68 00 01 00 00 9d 90 cd 30 90 6a 00 9d f4', 0, 'cf');
    m.handler(0x30, HANDLER);
    m.handler(1, HANDLER + 0x10);
    m.put(HANDLER + 0x10, '8b 04 24 89 83 00 05 00 00 83 c3 04 cf'); // keep EIP at [500+ebx]
    m.run();
    const steps = Array.from({ length: m.reg(EBX) / 4 }, (_, i) => m.get32(0x500 + 4 * i) - CODE);
    expect(steps).toEqual([7, 10, 12, 13]);
  });
});

describe('what holds interrupts off', () => {
  /** A machine whose interrupt line is up from the start. */
  function asserted(code: string): BareMachine {
    const m = program(code, 0, '8b 1c 24 f4'); // mov ebx,[esp]; hlt
    m.handler(0x40, HANDLER);
    m.machine.attach({
      readPort: () => 0xff,
      writePort: () => {},
      nextEvent: Infinity,
      advance: () => {},
      acknowledge: () => {
        m.machine.setInterruptLine(false);
        return 0x40;
      },
    });
    m.machine.setInterruptLine(true);
    return m;
  }

  it('IF', () => {
    const m = asserted('90 90 f4');
    m.run();
    expect(m.machine.cpu.eip).toBe(CODE + 3);
  });

  it('STI, for one instruction', () => {
    const m = asserted('fb 90 90 f4');
    m.run();
    expect(m.reg(EBX)).toBe(CODE + 2);
  });

  it('STI HLT wakes up behind the HLT', () => {
    const m = asserted('fb f4 f4');
    m.run();
    expect(m.reg(EBX)).toBe(CODE + 2);
  });

  it('MOV SS, for one instruction', () => {
    const m = asserted('fb 8e d0 90 90 f4');
    m.machine.cpu.setReg(EAX, DATA0);
    m.run();
    expect(m.reg(EBX)).toBe(CODE + 4);
  });

  it('POPF and IRET do not', () => {
    const m = asserted('68 00 02 00 00 9d 90 f4');
    m.run();
    expect(m.reg(EBX)).toBe(CODE + 6);
  });

  it('an NMI comes whatever IF is, and not again before IRET', () => {
    const m = program('90 90 90 f4', 0, '43 83 fb 02 72 01 f4 b9 01 00 00 00 cf');
    m.handler(2, HANDLER); // inc ebx; (first time:) mov ecx,1; iret
    m.machine.raiseNmi();
    m.run(2);
    m.machine.raiseNmi();
    m.run(2);
    expect(m.reg(EBX)).toBe(1);
    m.run();
    expect(m.reg(EBX)).toBe(2);
    expect(m.reg(ECX)).toBe(1);
  });
});

describe('call gates', () => {
  const INNER = 0x13000;

  it('copy parameters to the inner stack, and RETF n releases both', () => {
    const m = program('6a 11 6a 22 9a 00 00 00 00 43 00 89 e1 cd 30', 3); // push 11,22; callf gate
    m.gate(0x1000 + FREE_SLOT * 8, 0xec, CODE0, INNER, 2);
    m.put(INNER, '8b 44 24 08 8b 54 24 0c 89 e3 ca 08 00'); // mov eax,[esp+8]; edx,[+12]; ebx,esp
    m.handler(0x30, HANDLER, 0xee);
    m.run();
    expect([m.reg(EAX), m.reg(EDX)]).toEqual([0x22, 0x11]);
    expect(m.reg(EBX)).toBe(STACKS[0] - 24);
    expect(m.reg(ECX)).toBe(STACKS[3]);
  });

  it('JMP through a gate does not change the level', () => {
    const m = program('ea 00 00 00 00 43 00', 3);
    m.gate(0x1000 + FREE_SLOT * 8, 0xec, CODE0, INNER);
    m.handler(13, HANDLER);
    m.run();
    expect(m.stack(2)).toEqual([CODE0, CODE]);
  });

  it('a gate for inner levels only is #GP with its selector', () => {
    const m = program('9a 00 00 00 00 43 00', 3);
    m.gate(0x1000 + FREE_SLOT * 8, 0x8c, CODE0, INNER);
    m.handler(13, HANDLER);
    m.run();
    expect(m.stack(2)).toEqual([0x40, CODE]);
  });

  it('RETF to an outer level makes inner data segments null', () => {
    // push 23; push esp3; push 1b; push target; retf / there: mov eax,ds; mov ecx,es; int 30
    const m = program('6a 23 68 00 30 02 00 6a 1b 68 00 40 01 00 cb');
    m.put(0x14000, '8c d8 8c c1 cd 30');
    m.handler(0x30, HANDLER, 0xee);
    m.machine.cpu.setSegment(0, DATA3);
    m.run();
    expect([m.reg(EAX), m.reg(ECX)]).toEqual([0, DATA3]);
  });
});

describe('I/O privileges', () => {
  it('the bitmap of the TSS opens ports to level 3, two bytes at a time', () => {
    const m = program('e4 21 e5 21 f4', 3);
    m.put16(TSS + 0x66, 0x68);
    for (let i = 0; i < 0x40; i++) m.put(TSS + 0x68 + i, [0xff]);
    m.put(TSS + 0x68 + 4, [0xfd]); // port 21 alone
    m.handler(13, HANDLER);
    m.run();
    expect(m.stack(2)).toEqual([0, CODE + 2]);
    expect(m.reg(EAX) & 0xff).toBe(0xff);
  });

  it('IOPL opens all', () => {
    const m = program('e5 21 cd 30', 3);
    m.handler(0x30, HANDLER, 0xee);
    m.machine.cpu.eflags = FLAG_IOPL;
    m.run();
    expect(m.stack(1)).toEqual([CODE + 4]);
  });
});
