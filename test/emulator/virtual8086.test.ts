// Virtual-8086 mode and its extensions (SDM 3B chapter 20, 3A §20.3).

import { describe, expect, it } from 'vitest';
import {
  CS,
  DS,
  EAX,
  EBX,
  ECX,
  ESP,
  FLAG_IF,
  FLAG_IOPL,
  FLAG_VIF,
  FLAG_VIP,
  FLAG_VM,
  SS,
} from '../../emulator/index.js';
import { BareMachine, CODE, CODE0, DATA0, IDT, STACKS, TSS } from '../helpers/bare_machine.js';

const HANDLER = 0x12000;
const SEGMENT = 0x3000;
const CR4_VME = 1;

/** Enters 8086 code at 3000:0010 by IRET; #GP and INT 30 halt at level 0. */
function virtual(code: string, flags = 0, cr4 = 0): BareMachine {
  const m = new BareMachine();
  const { cpu } = m.machine;
  const frame = [0x10, SEGMENT, flags | FLAG_VM | 2, 0x8000, 0x4000, 0x111, 0x222, 0x333, 0x444];
  frame.forEach((word, i) => m.put32(STACKS[0] - 0x100 + 4 * i, word));
  cpu.setReg(ESP, STACKS[0] - 0x100);
  m.put(CODE, 'cf');
  m.put(SEGMENT * 16 + 0x10, code);
  m.put(HANDLER, 'f4');
  m.handler(13, HANDLER);
  m.handler(0x30, HANDLER, 0xee);
  cpu.cr4 = cr4;
  return m;
}

/** The frame of a handler that came from virtual-8086 mode, without an error code. */
function frame(m: BareMachine): Record<string, number> {
  const [ip, cs, flags, sp, ss, es, ds, fs, gs] = m.stack(9);
  return { ip, cs, flags, sp, ss, es, ds, fs, gs };
}

describe('entering and leaving', () => {
  it('IRET loads all segments as paragraphs; an interrupt saves and clears them', () => {
    const m = virtual('8c d8 cd 30', FLAG_IOPL);
    m.run();
    expect(m.reg(EAX)).toBe(0x222);
    expect(frame(m)).toEqual({
      ip: 0x14,
      cs: SEGMENT,
      flags: FLAG_VM | FLAG_IOPL | 2,
      sp: 0x8000,
      ss: 0x4000,
      es: 0x111,
      ds: 0x222,
      fs: 0x333,
      gs: 0x444,
    });
    expect(m.machine.cpu.segment(DS)).toMatchObject({ selector: 0, attributes: 0 });
    expect(m.machine.cpu.segment(SS).selector).toBe(DATA0);
    expect(m.machine.cpu.segment(CS).selector).toBe(CODE0);
    expect(m.machine.cpu.cpl).toBe(0);
  });

  it('loads of segment registers take no descriptors, and limits are 64 KB', () => {
    const m = virtual('b8 34 12 8e d8 8c db cd 30', FLAG_IOPL); // mov ds,1234; mov bx,ds
    m.run(4);
    expect(m.machine.cpu.segment(DS)).toMatchObject({ base: 0x12340, limit: 0xffff });
    expect(m.reg(EBX) & 0xffff).toBe(0x1234);
  });
});

describe('IOPL below 3', () => {
  it('CLI, STI, PUSHF, POPF, INT n and IRET are #GP(0); INT3 is not', () => {
    for (const code of ['fa', 'fb', '9c', '9d', 'cd 30', 'cf']) {
      const m = virtual(code);
      m.run();
      expect(m.stack(2), code).toEqual([0, 0x10]);
    }
    const m = virtual('cc');
    m.handler(3, HANDLER, 0xee);
    m.run();
    expect(frame(m)['ip']).toBe(0x11);
  });

  it('privileged instructions are #GP(0), those of protected mode #UD', () => {
    for (const code of ['f4', '0f 22 c0', '0f 01 17', '0f 30']) {
      const m = virtual(code, FLAG_IOPL);
      m.run();
      expect(m.stack(2), code).toEqual([0, 0x10]);
    }
    const m = virtual('0f 00 c0', FLAG_IOPL);
    m.handler(6, HANDLER);
    m.run();
    expect(frame(m)['ip']).toBe(0x10);
  });

  it('ports are the bitmap’s affair whatever IOPL is', () => {
    const m = virtual('e4 10', FLAG_IOPL);
    m.run();
    expect(m.stack(2)).toEqual([0, 0x10]);
  });

  it('a handler at another level than 0 is #GP with its selector', () => {
    const m = virtual('cd 30', FLAG_IOPL);
    m.gate(IDT + 0x30 * 8, 0xee, 0x1b, HANDLER);
    m.run();
    expect(m.stack(2)).toEqual([0x18, 0x10]);
  });
});

describe('the extensions', () => {
  it('CLI and STI change VIF; PUSHF shows it as IF with IOPL 3', () => {
    const m = virtual('fb 9c 58 fa 9c 5b cd 30', FLAG_IF, CR4_VME); // sti; pushf; pop ax; cli ...
    m.put16(TSS + 0x66, 0x88);
    m.put(TSS + 0x68 + 6, [0xff]); // INT 30 to 37 are not redirected
    m.run();
    expect(m.reg(EAX) & (FLAG_IF | FLAG_IOPL)).toBe(FLAG_IF | FLAG_IOPL);
    expect(m.reg(EBX) & (FLAG_IF | FLAG_IOPL)).toBe(FLAG_IOPL);
    expect(m.stack(2)).toEqual([0, 0x16]); // INT n at IOPL 0
    expect(m.stack(4)[3] & (FLAG_IF | FLAG_VIF)).toBe(FLAG_IF);
  });

  it('STI with VIP pending is #GP(0)', () => {
    const m = virtual('fb', FLAG_VIP, CR4_VME);
    m.run();
    expect(m.stack(2)).toEqual([0, 0x10]);
  });

  it('the map in the TSS redirects INT n to the 8086 vector table', () => {
    const m = virtual('fb cd 40 cc', 0, CR4_VME);
    m.put16(TSS + 0x66, 0x88);
    m.put16(0x40 * 4, 0x0500);
    m.put16(0x40 * 4 + 2, 0x3100);
    m.put(0x31500, 'b9 77 00 cf'); // mov cx,77; iret
    m.handler(3, HANDLER, 0xee);
    m.run();
    expect(m.reg(ECX) & 0xffff).toBe(0x77);
    expect(frame(m)).toMatchObject({ ip: 0x14, cs: SEGMENT, sp: 0x8000 });
    expect(frame(m)['flags'] & FLAG_VIF).toBe(FLAG_VIF); // IRET brought it back
    expect(m.get16(0x47ffe) & FLAG_IF).toBe(FLAG_IF);
  });
});
