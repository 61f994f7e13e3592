// Instructions that ask about or change the system: CPUID, control registers, descriptor tables,
// far transfers, flags with privileges.

import { describe, expect, it } from 'vitest';
import {
  CR4_TSD,
  CS,
  EAX,
  EBX,
  ECX,
  EDX,
  ESP,
  FLAG_IF,
  FLAG_IOPL,
  FLAG_NT,
  GS,
  Machine,
} from '../../emulator/index.js';
import { CODE_ADDRESS, FREE, P, PagedMachine, U, W, hex, word } from '../helpers/paged_machine.js';

const STACK = 0x30000000;

function machine(code: string | number[], level: 'user' | 'supervisor' = 'user'): PagedMachine {
  const m = new PagedMachine();
  m[level]();
  m.map(STACK, FREE + 0x1000, P | W | U);
  m.machine.cpu.setReg(ESP, STACK + 0x800);
  m.code(typeof code === 'string' ? hex(code) : code);
  return m;
}

describe('CPUID', () => {
  const ask = (leaf: number): number[] => {
    const m = machine('0f a2 cc');
    m.machine.cpu.setReg(EAX, leaf);
    m.machine.run(10);
    return [EAX, EBX, ECX, EDX].map((r) => m.machine.cpu.getReg(r));
  };

  it('advertises what is there and nothing else', () => {
    const [signature, , ecx, edx] = ask(1);
    expect((signature >> 8) & 15).toBe(15); // as a Pentium 4
    const features = {
      ...{ FPU: 0, VME: 1, DE: 2, PSE: 3, TSC: 4, MSR: 5, CX8: 8, SEP: 11, PGE: 13, CMOV: 15 },
      ...{ PAT: 16, CLFSH: 19, MMX: 23, FXSR: 24, SSE: 25, SSE2: 26 },
    };
    let expected = 0;
    for (const bit of Object.values(features)) expected |= 1 << bit;
    expect(edx).toBe(expected);
    expect(ecx).toBe((1 << 0) | (1 << 9)); // SSE3, SSSE3
  });

  it('has EFLAGS.ID to be found by', () => {
    // pushfd; xor dword [esp],200000; popfd; pushfd; pop eax
    const m = machine('9c 81 34 24 00 00 20 00 9d 9c 58 cc');
    m.machine.run(10);
    expect(m.machine.cpu.getReg(EAX) & 0x200000).toBe(0x200000);
  });
});

describe('privileges', () => {
  it('POPF at CPL 3 changes neither IF nor IOPL, at CPL 0 both', () => {
    for (const level of ['user', 'supervisor'] as const) {
      const m = machine('9d cc', level);
      m.machine.cpu.eflags = FLAG_IF;
      m.put(FREE + 0x1800, word(FLAG_IOPL | 0x8d5));
      m.machine.run(10);
      expect(m.machine.cpu.eflags & (FLAG_IF | FLAG_IOPL)).toBe(
        level === 'user' ? FLAG_IF : FLAG_IOPL,
      );
      expect(m.machine.cpu.eflags & 0x8d5).toBe(0x8d5);
    }
  });

  it('with IOPL 3 a user may clear and set IF', () => {
    const m = machine('fa fb fa cc');
    m.machine.cpu.eflags = FLAG_IOPL | FLAG_IF;
    expect(m.machine.run(10)).toMatchObject({ vector: 3 });
    expect(m.machine.cpu.eflags & FLAG_IF).toBe(0);
  });

  it('RDTSC obeys CR4.TSD', () => {
    const m = machine('0f 31 cc');
    m.machine.cpu.cr4 |= CR4_TSD;
    expect(m.machine.run(10)).toMatchObject({ vector: 13, error: 0 });
  });

  it('system registers can be moved at CPL 0', () => {
    // mov eax,cr0; mov ebx,cr3; mov ecx,cr4; clts; hlt
    const m = machine('0f 20 c0 0f 20 db 0f 20 e1 0f 06 f4', 'supervisor');
    const exit = m.machine.run(10);
    expect(exit.kind).toBe('halt');
    expect(m.machine.cpu.getReg(EAX)).toBe(m.machine.cpu.cr0);
    expect(m.machine.cpu.getReg(EBX)).toBe(m.machine.cpu.cr3);
    expect(m.machine.instructions).toBe(5);
    expect(m.machine.cpu.eip).toBe(CODE_ADDRESS + 12);
  });

  it('control registers that do not exist are undefined', () => {
    for (const code of ['0f 20 c8', '0f 22 e8']) {
      expect(machine(code, 'supervisor').machine.run(1)).toMatchObject({ vector: 6 });
    }
  });
});

describe('far transfers at one level', () => {
  it('CALL and RETF through another code segment', () => {
    const m = new PagedMachine();
    m.user();
    m.map(STACK, FREE + 0x1000, P | W | U);
    m.machine.cpu.setReg(ESP, STACK + 0x800);
    const based = m.descriptor(6, CODE_ADDRESS + 0x100, 0xfff, 0x40fb);
    // call based:0; int3 / at 0x100: mov eax,cs; retf
    m.code([0x9a, ...word(0), based, 0, 0xcc]);
    m.put(FREE + 0x100, hex('8c c8 cb'));
    expect(m.machine.run(10)).toMatchObject({ vector: 3 });
    expect(m.machine.cpu.getReg(EAX)).toBe(based);
    expect(m.machine.cpu.segment(CS).selector).toBe(0x1b);
    expect(m.machine.cpu.getReg(ESP)).toBe(STACK + 0x800);
  });

  it('a 16-bit code segment decodes with 16-bit defaults', () => {
    const m = new PagedMachine();
    m.user();
    const narrow = m.descriptor(6, CODE_ADDRESS, 0xffff, 0x00fb);
    m.code([0xea, ...word(0x100), narrow, 0]); // jmp narrow:100
    m.put(FREE + 0x100, hex('b8 34 12 66 bb 78 56 34 12 cc')); // mov ax,1234; mov ebx,12345678
    m.machine.cpu.setReg(EAX, -1);
    expect(m.machine.run(10)).toMatchObject({ vector: 3 });
    expect(m.machine.cpu.getReg(EAX) >>> 0).toBe(0xffff1234);
    expect(m.machine.cpu.getReg(EBX)).toBe(0x12345678);
    expect(m.machine.cpu.eip).toBe(0x10a);
  });

  it('IRET returns at CPL 3 and does not raise the privilege', () => {
    const m = machine('cf');
    m.put(FREE + 0x1800, [...word(CODE_ADDRESS + 0x40), ...word(0x1b), ...word(FLAG_IOPL | 0x40)]);
    m.machine.run(1);
    expect(m.machine.cpu.eip).toBe(CODE_ADDRESS + 0x40);
    expect(m.machine.cpu.eflags).toBe(0x42);
    m.code(hex('cf'));
    m.put(FREE + 0x180c, [...word(CODE_ADDRESS), ...word(0x08), ...word(2)]);
    expect(m.machine.run(1)).toMatchObject({ vector: 13, error: 8 });
    m.machine.cpu.eflags |= FLAG_NT;
    expect(m.machine.run(1).kind).toBe('trap');
  });

  it('a far jump to nothing names the selector', () => {
    for (const [selector, vector, error] of [
      [0, 13, 0],
      [0x23, 13, 0x20],
      [0xf3, 13, 0xf0],
      [0x103, 13, 0x100],
    ]) {
      const m = machine([0xea, ...word(0), ...word(selector).slice(0, 2)]);
      expect(m.machine.run(1)).toMatchObject({ kind: 'trap', vector, error });
    }
    const m = machine('90');
    const absent = m.descriptor(6, 0, 0xfffff, 0xc07b);
    m.code([0xea, ...word(0), absent, 0]);
    expect(m.machine.run(1)).toMatchObject({ vector: 11, error: absent & ~3 });
  });
});

describe('the machine', () => {
  it('refuses impossible amounts of RAM', () => {
    for (const ramBytes of [0, -4096, 12345, 2 ** 31, NaN])
      expect(() => new Machine({ ramBytes })).toThrow(RangeError);
  });

  it('setSegment refuses what cannot be loaded and leaves a null segment', () => {
    const m = new PagedMachine();
    const codeOnly = m.descriptor(6, 0, 0xfffff, 0xc0f9);
    expect(m.machine.cpu.setSegment(GS, codeOnly)).toBe(false);
    expect(m.machine.cpu.segment(GS)).toMatchObject({ selector: 0, attributes: 0 });
    expect(m.machine.cpu.setSegment(GS, 0xfff3)).toBe(false);
    expect(m.machine.cpu.setSegment(GS, 0)).toBe(true);
  });
});
