// The debug registers (SDM 3B chapter 17), control registers, MSRs, SYSENTER and SYSEXIT.

import { describe, expect, it } from 'vitest';
import {
  CR0_TS,
  CS,
  EAX,
  EBX,
  ECX,
  EDI,
  EDX,
  ESP,
  FLAG_IF,
  FLAG_RF,
  SS,
} from '../../emulator/index.js';
import { BareMachine, CODE, CODE0, STACKS } from '../helpers/bare_machine.js';

const HANDLER = 0x12000;
const DATA = 0x15000;

/** A program whose #DB handler keeps EIP, DR6 and the saved flags at [edi], and returns with RF. */
function debugged(dr7: number, dr0: number, code: string): BareMachine {
  const m = new BareMachine();
  const { cpu } = m.machine;
  cpu.setReg(EDI, 0x600);
  cpu.setReg(EAX, dr7);
  cpu.setReg(EBX, dr0);
  m.put(CODE - 6, '0f 23 c3 0f 23 f8'); // mov dr0,ebx; mov dr7,eax
  cpu.eip = CODE - 6;
  m.put(CODE, code);
  m.handler(1, HANDLER);
  // push eax; mov eax,[esp+4]; stosd; mov eax,dr6; stosd; mov eax,[esp+12]; stosd;
  // or dword [esp+12],10000; xor eax,eax; mov dr6,eax; pop eax; iret
  m.put(
    HANDLER,
    '50 8b 44 24 04 ab 0f 21 f0 ab 8b 44 24 0c ab 81 4c 24 0c 00 00 01 00 31 c0 0f 23 f0 58 cf',
  );
  return m;
}

/** What the handler has kept: EIP relative to CODE, the low bits of DR6, RF. */
function events(m: BareMachine): [eip: number, dr6: number, rf: number][] {
  const kept: [number, number, number][] = [];
  for (let at = 0x600; at < m.reg(EDI); at += 12)
    kept.push([m.get32(at) - CODE, m.get32(at + 4) & 0xe00f, m.get32(at + 8) & FLAG_RF ? 1 : 0]);
  return kept;
}

describe('breakpoints', () => {
  it('on an instruction is a fault in front of it, and RF lets it pass', () => {
    const m = debugged(0x402, CODE + 1, '90 41 90 f4');
    expect(m.run().kind).toBe('halt');
    expect(events(m)).toEqual([[1, 1, 0]]);
    expect(m.reg(ECX)).toBe(1);
  });

  it('RF lasts for one instruction: a loop stops each time', () => {
    const m = debugged(0x402, CODE + 5, 'b9 03 00 00 00 49 75 fd f4');
    m.run();
    expect(events(m).map(([eip]) => eip)).toEqual([5, 5, 5]);
  });

  it('on a write is a trap behind it; a read does not count', () => {
    // mov eax,[15000]; mov [15000],eax; nop; hlt
    const m = debugged(0x402 | (1 << 16) | (3 << 18), DATA, 'a1 00 50 01 00 a3 00 50 01 00 90 f4');
    m.run();
    expect(events(m)).toEqual([[10, 1, 0]]);
  });

  it('on data counts reads too, and accesses that merely overlap', () => {
    // mov eax,[15000]; mov al,[15004]; mov word [15002],ax; push dword [14fff]; hlt
    const m = debugged(
      0x402 | (3 << 16) | (1 << 18),
      DATA + 2,
      'a1 00 50 01 00 a0 04 50 01 00 66 a3 02 50 01 00 ff 35 ff 4f 01 00 f4',
    );
    m.run();
    expect(events(m).map(([eip]) => eip)).toEqual([5, 16, 22]);
  });

  it('code goes on executing in a page with a data breakpoint', () => {
    const m = debugged(0x402 | (3 << 16) | (3 << 18), CODE + 0x100, 'ff 05 00 01 01 00 41 f4');
    m.run();
    expect(events(m)).toEqual([[6, 1, 0]]);
    expect(m.reg(ECX)).toBe(1);
  });

  it('a load of SS holds a data breakpoint of its own off for one instruction', () => {
    const m = debugged(0x402 | (3 << 16) | (1 << 18), DATA, '8e 15 00 50 01 00 90 90 f4');
    m.put16(DATA, 0x10);
    m.run();
    expect(events(m).map(([eip]) => eip)).toEqual([7]); // behind the next instruction
  });

  it('on a port wants CR4.DE', () => {
    for (const de of [0, 8]) {
      const m = debugged(0x402 | (2 << 16), 0x321, '66 ba 21 03 ec f4'); // in al,dx
      m.machine.cpu.cr4 = de;
      m.run();
      expect(events(m).length).toBe(de === 0 ? 0 : 1);
    }
  });

  it('DR7.GD guards the registers themselves, and is cleared', () => {
    const m = debugged(0x402 | 0x2000, 0, '0f 21 fa f4'); // mov edx,dr7
    m.run();
    expect(events(m)).toEqual([[0, 0x2000, 0]]);
    expect(m.reg(EDX)).toBe(0x402);
  });

  it('DR4 and DR5 are DR6 and DR7 until CR4.DE undefines them', () => {
    const m = debugged(0x400, 0, '0f 21 ea f4'); // mov edx,dr5
    m.run();
    expect(m.reg(EDX)).toBe(0x400);
    const undefinedNow = debugged(0x400, 0, '0f 21 ea f4');
    undefinedNow.machine.cpu.cr4 = 8;
    undefinedNow.handler(6, HANDLER + 0x100);
    undefinedNow.put(HANDLER + 0x100, 'f4');
    undefinedNow.run();
    expect(undefinedNow.stack(1)).toEqual([CODE]);
  });
});

describe('control registers', () => {
  /** Runs `code` at level 0; @returns the vector of the fault at it, or null. */
  function faultOf(code: string, setup: (m: BareMachine) => void = () => {}): number | null {
    const m = new BareMachine();
    for (let v = 0; v < 32; v++) {
      m.handler(v, HANDLER + 16 * v);
      m.put(HANDLER + 16 * v, [0xb3, v, 0xf4]);
    }
    m.machine.cpu.setReg(EBX, 0xff);
    setup(m);
    m.put(CODE, `${code} f4`);
    m.run();
    return m.reg(EBX) === 0xff ? null : m.reg(EBX);
  }

  it('refuse combinations and bits that are not there', () => {
    const toCr0 = (value: number): number | null =>
      faultOf('0f 22 c0', (m) => m.machine.cpu.setReg(EAX, value));
    const toCr4 = (value: number): number | null =>
      faultOf('0f 22 e0', (m) => m.machine.cpu.setReg(EAX, value));
    expect(toCr0(0x80000000 | 0)).toBe(13); // PG without PE
    expect(toCr0(0x20000001)).toBe(13); // NW without CD
    expect(toCr0(0x60000011)).toBe(null);
    expect(toCr4(0x20)).toBe(13); // no PAE
    expect(toCr4(0x690)).toBe(null);
  });

  it('CR0.EM and TS make x87 instructions #NM; WAIT wants MP as well', () => {
    const withCr0 =
      (bits: number) =>
      (m: BareMachine): void => {
        m.machine.cpu.cr0 |= bits;
      };
    expect(faultOf('d9 e8', withCr0(CR0_TS))).toBe(7);
    expect(faultOf('d9 e8', withCr0(4))).toBe(7);
    expect(faultOf('9b', withCr0(CR0_TS))).toBe(null);
    expect(faultOf('9b', withCr0(CR0_TS | 2))).toBe(7);
    expect(faultOf('0f 06 d9 e8', withCr0(CR0_TS))).toBe(null);
  });

  it('LMSW sets PE and never clears it', () => {
    const m = new BareMachine();
    m.put(CODE, '31 c0 0f 01 f0 0f 01 e3 f4'); // xor eax,eax; lmsw ax; smsw ebx
    m.run();
    expect(m.reg(EBX) & 15).toBe(1);
  });

  it('unknown MSRs and RDPMC are #GP; TSC and PAT can be read and written', () => {
    const msr =
      (index: number, value = 0) =>
      (m: BareMachine): void => {
        m.machine.cpu.setReg(ECX, index);
        m.machine.cpu.setReg(EAX, value);
        m.machine.cpu.setReg(EDX, value);
      };
    expect(faultOf('0f 32', msr(0x1b))).toBe(13);
    expect(faultOf('0f 30', msr(0x12345))).toBe(13);
    expect(faultOf('0f 33', msr(0))).toBe(13);
    expect(faultOf('0f 30', msr(0x277, 2))).toBe(13); // no such memory type
    expect(faultOf('0f 30', msr(0x277, 0x01040506))).toBe(null);
    const m = new BareMachine();
    m.put(CODE, '0f 30 0f 31 f4'); // wrmsr; rdtsc
    msr(0x10, 1_000_000)(m);
    m.run();
    expect(m.reg(EAX)).toBe(1_000_001);
  });
});

describe('SYSENTER and SYSEXIT', () => {
  it('go to level 0 and back by what the MSRs say', () => {
    const m = new BareMachine();
    const { cpu } = m.machine;
    // Three MSRs, then level 3: sysenter / at HANDLER: mov ebx,esp; sysexit / hlt at level 3 is #GP
    const write = (index: number, value: number): number[] => [
      ...[0xb9, index & 0xff, index >> 8, 0, 0],
      ...[0xb8, value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, 0],
      ...[0x31, 0xd2, 0x0f, 0x30],
    ];
    m.put(CODE, [...write(0x174, 8), ...write(0x175, 0x26000), ...write(0x176, HANDLER), 0xf4]);
    m.run();
    m.machine.halted = false;
    m.user();
    cpu.eip = CODE + 0x100;
    cpu.eflags = FLAG_IF;
    cpu.setReg(ECX, STACKS[3]);
    cpu.setReg(EDX, CODE + 0x200);
    m.put(CODE + 0x100, '0f 34');
    m.put(HANDLER, '89 e3 0f 35');
    m.put(CODE + 0x200, '8c c8 8c d2 f4'); // mov eax,cs; mov edx,ss
    m.run(2);
    expect(cpu.segment(CS).selector).toBe(CODE0);
    expect(cpu.eflags & FLAG_IF).toBe(0);
    m.run(3);
    expect(m.reg(EBX)).toBe(0x26000);
    expect([m.reg(EAX), m.reg(EDX)]).toEqual([0x1b, 0x23]);
    expect(m.reg(ESP)).toBe(STACKS[3]);
    expect(cpu.segment(SS).selector).toBe(0x23);
    expect(cpu.cpl).toBe(3);
  });

  it('without a code segment are #GP(0)', () => {
    const m = new BareMachine();
    m.put(CODE, '0f 34');
    m.handler(13, HANDLER);
    m.put(HANDLER, 'f4');
    m.run();
    expect(m.stack(2)).toEqual([0, CODE]);
  });
});
