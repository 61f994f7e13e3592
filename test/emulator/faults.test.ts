// Faults are precise: state is as before the instruction, which can be executed again.

import { describe, expect, it } from 'vitest';
import {
  EAX,
  EBP,
  EBX,
  ECX,
  EDI,
  EDX,
  ESI,
  ESP,
  FLAG_AC,
  FLAG_CF,
  FLAG_DF,
  FLAG_TF,
  FS,
  GS,
} from '../../emulator/index.js';
import { CODE_ADDRESS, P, PagedMachine, U, W, hex, word } from '../helpers/paged_machine.js';

const HERE = 0x30000000;
const FRAME = 0x100000;

function registers(m: PagedMachine): number[] {
  return [
    ...Array.from({ length: 8 }, (_, i) => m.machine.cpu.getReg(i)),
    m.machine.cpu.eip,
    m.machine.cpu.eflags,
  ];
}

describe('instructions that fault can be restarted', () => {
  const cases: [
    name: string,
    code: string,
    setup: Partial<Record<number, number>>,
    write: boolean,
  ][] = [
    ['push eax', '50', { [ESP]: HERE + 4 }, true],
    ['pop [eax]', '8f 00', { [EAX]: HERE, [ESP]: HERE + 0x1000 }, true],
    ['pusha', '60', { [ESP]: HERE + 0x1008 }, true],
    ['popa', '61', { [ESP]: HERE + 0xff8 }, false],
    ['call', 'e8 00 00 00 00', { [ESP]: HERE + 4 }, true],
    ['call [ebx]', 'ff 13', { [EBX]: HERE, [ESP]: HERE + 0x1800 }, false],
    ['ret', 'c3', { [ESP]: HERE }, false],
    ['enter 8,3', 'c8 08 00 03', { [ESP]: HERE + 0x1004, [EBP]: HERE + 0x1800 }, true],
    ['leave', 'c9', { [EBP]: HERE }, false],
    ['xchg [ebx],eax', '87 03', { [EBX]: HERE + 0xffe, [EAX]: 0x1234 }, true],
    ['add [ebx],eax', '01 03', { [EBX]: HERE, [EAX]: -1 }, true],
    ['adc eax,[ebx]', '13 03', { [EBX]: HERE, [EAX]: -1 }, false],
    ['inc [ebx]', 'ff 03', { [EBX]: HERE + 0xffd }, true],
    ['cmpxchg [ebx],ecx', '0f b1 0b', { [EBX]: HERE, [EAX]: 5 }, true],
    ['cmpxchg8b [esi]', '0f c7 0e', { [ESI]: HERE + 0xffc }, true],
    ['xadd [ebx],eax', '0f c1 03', { [EBX]: HERE, [EAX]: 5 }, true],
    ['rcl [ebx],1', 'd1 13', { [EBX]: HERE }, true],
    ['bts [ebx],eax', '0f ab 03', { [EBX]: HERE, [EAX]: 77 }, true],
    ['movsb', 'a4', { [ESI]: HERE, [EDI]: HERE + 0x1000 }, false],
    ['div [ebx]', 'f7 33', { [EBX]: HERE, [EAX]: 9, [EDX]: 0 }, false],
    ['lds', 'c5 03', { [EBX]: HERE + 0xffa }, false],
    ['setc [ebx]', '0f 92 03', { [EBX]: HERE }, true],
    ['shld [ebx],eax,4', '0f a4 03 04', { [EBX]: HERE, [EAX]: 0x1234 }, true],
  ];
  for (const [name, code, setup, write] of cases) {
    it(name, () => {
      const m = new PagedMachine();
      m.code(hex(code));
      for (const [n, v] of Object.entries(setup)) m.machine.cpu.setReg(Number(n), v as number);
      m.machine.cpu.eflags = FLAG_CF;
      // The page at HERE is missing, the one behind it is there.
      m.map(HERE + 0x1000, FRAME + 0x1000, P | W | U);
      const before = registers(m);
      const ram = m.machine.ram8.slice(FRAME, FRAME + 0x2000);
      const exit = m.machine.run(1);
      expect(exit).toMatchObject({ kind: 'trap', vector: 14, hasError: true });
      expect((exit.cr2 & ~0xfff) >>> 0).toBe(HERE);
      expect(registers(m)).toEqual(before);
      expect(m.machine.ram8.slice(FRAME, FRAME + 0x2000)).toEqual(ram);
      m.map(HERE, FRAME, write ? P | W | U : P | U);
      // Never with the page there from the start:
      const other = new PagedMachine();
      other.code(hex(code));
      for (const [n, v] of Object.entries(setup)) other.machine.cpu.setReg(Number(n), v as number);
      other.machine.cpu.eflags = FLAG_CF;
      other.map(HERE + 0x1000, FRAME + 0x1000, P | W | U);
      other.map(HERE, FRAME, write ? P | W | U : P | U);
      const again = m.machine.run(1);
      const direct = other.machine.run(1);
      expect(again.kind).toBe(direct.kind);
      expect(again.vector).toBe(direct.vector);
      expect(registers(m)).toEqual(registers(other));
      expect(m.machine.ram8.slice(FRAME, FRAME + 0x2000)).toEqual(
        other.machine.ram8.slice(FRAME, FRAME + 0x2000),
      );
    });
  }

  it('rep movsd stops after the last whole iteration and goes on', () => {
    for (const backwards of [false, true]) {
      const m = new PagedMachine();
      m.code(hex('f3 a5 cc'));
      m.map(HERE, FRAME, P | W | U);
      m.map(HERE + 0x10000, FRAME + 0x2000, P | W | U);
      m.map(HERE + 0x12000, FRAME + 0x4000, P | W | U);
      m.map(HERE + 0x1000, FRAME + 0x1000, P | W | U);
      const words = new Int32Array(
        m.machine.ram32.buffer,
        m.machine.ram32.byteOffset + FRAME,
        2048,
      );
      words.forEach((_, i) => (words[i] = i * 3 + 1));
      const { cpu } = m.machine;
      // 1024 words, of which half lie in a missing page of the destination
      cpu.setReg(ECX, 1024);
      cpu.setReg(ESI, backwards ? HERE + 0x17fc : HERE + 0x800);
      cpu.setReg(EDI, backwards ? HERE + 0x127fc : HERE + 0x10800);
      if (backwards) cpu.eflags |= FLAG_DF;
      const exit = m.machine.run(1000);
      expect(exit).toMatchObject({ vector: 14, error: 6 });
      expect(cpu.getReg(ECX)).toBe(512);
      expect(exit.cr2).toBe(backwards ? HERE + 0x11ffc : HERE + 0x11000);
      expect(cpu.eip).toBe(CODE_ADDRESS);
      m.map(HERE + 0x11000, FRAME + 0x3000, P | W | U);
      expect(m.machine.run(1000)).toMatchObject({ vector: 3 });
      expect(cpu.getReg(ECX)).toBe(0);
      const copied = new Uint8Array(4096);
      m.machine.peek(backwards ? HERE + 0x11800 : HERE + 0x10800, copied);
      const source = new Uint8Array(4096);
      m.machine.peek(HERE + 0x800, source);
      expect(copied).toEqual(source);
    }
  });
});

describe('traps and their state', () => {
  const summary = (m: PagedMachine, n = 10): string => {
    const e = m.machine.run(n);
    return `${e.kind} ${e.vector}${e.hasError ? ` ${e.error}` : ''} +${m.machine.cpu.eip - CODE_ADDRESS}`;
  };
  const run = (code: string, prepare?: (m: PagedMachine) => void): string => {
    const m = new PagedMachine();
    m.code(hex(code));
    m.map(HERE, FRAME, P | W | U);
    m.machine.cpu.setReg(ESP, HERE + 0x800);
    prepare?.(m);
    return summary(m);
  };

  it('faults point at the instruction, traps behind it', () => {
    expect(run('90 f7 f1', (m) => m.machine.cpu.setReg(ECX, 0))).toBe('trap 0 +1'); // div ecx
    expect(run('90 cc')).toBe('trap 3 +2');
    expect(run('90 ce', (m) => (m.machine.cpu.eflags = 0x800))).toBe('trap 4 +2');
    expect(run('90 ce 90 cc')).toBe('trap 3 +4');
    expect(run('90 0f 0b')).toBe('trap 6 +1');
    expect(run('90 f4')).toBe('trap 13 0 +1');
    expect(run('90 fa')).toBe('trap 13 0 +1'); // cli
    expect(run('90 e4 60')).toBe('trap 13 0 +1'); // in al,60
    expect(run('90 0f 22 d8')).toBe('trap 13 0 +1'); // mov cr3,eax
    expect(run('90 0f 32')).toBe('trap 13 0 +1'); // rdmsr
    expect(run('90 0f 01 3b')).toBe('trap 13 0 +1'); // invlpg [ebx]
    expect(run('90 0f 34')).toBe('trap 13 0 +1'); // sysenter, whose MSR is 0
  });

  it('int n leaves the machine when it is allowed', () => {
    const allow = (m: PagedMachine): void => void m.machine.softIntVectors.add(0x80);
    expect(run('cd 80')).toBe(`trap 13 ${0x80 * 8 + 2} +0`);
    expect(run('cd 80', allow)).toBe('softint 128 +2');
    expect(run('cd 0e', allow)).toBe(`trap 13 ${0x0e * 8 + 2} +0`);
  });

  it('bound reports #BR at itself', () => {
    const bounds = (m: PagedMachine): void => {
      m.put(FRAME, [...word(-5), ...word(10)]);
      m.machine.cpu.setReg(EBX, HERE);
    };
    const code = '62 03 cc';
    for (const [value, expected] of [
      [-5, 'trap 3 +3'],
      [10, 'trap 3 +3'],
      [11, 'trap 5 +0'],
      [-6, 'trap 5 +0'],
    ] as const) {
      expect(
        run(code, (m) => {
          bounds(m);
          m.machine.cpu.setReg(EAX, value);
        }),
      ).toBe(expected);
    }
  });

  it('TF set by POPF traps after the instruction behind it', () => {
    const m = new PagedMachine();
    m.map(HERE, FRAME, P | W | U);
    m.machine.cpu.setReg(ESP, HERE + 0x800);
    m.put(FRAME + 0x800, word(FLAG_TF | 2));
    m.code(hex('9d 90 90 90')); // popf; nop...
    expect(summary(m)).toBe('trap 1 +2');
    expect(m.machine.instructions).toBe(2);
    expect(summary(m)).toBe('trap 1 +3');
  });

  it('#AC with CR0.AM and EFLAGS.AC at CPL 3 only', () => {
    const unaligned = (m: PagedMachine): void => {
      m.machine.cpu.setReg(EBX, HERE + 2);
      m.machine.cpu.eflags |= FLAG_AC;
    };
    expect(run('8b 03 cc', unaligned)).toBe('trap 17 0 +0');
    expect(run('66 8b 03 cc', unaligned)).toBe('trap 3 +4');
    expect(
      run('8b 03 cc', (m) => {
        m.supervisor();
        unaligned(m);
      }),
    ).toBe('trap 3 +3');
  });
});

describe('segments', () => {
  it('fs and gs have bases: thread-local storage', () => {
    const m = new PagedMachine();
    m.map(HERE, FRAME, P | W | U);
    m.put(FRAME + 0x10c, word(4711));
    const selector = m.descriptor(6, HERE + 0x100, 0xfff, 0x40f3);
    expect(m.machine.cpu.setSegment(GS, selector)).toBe(true);
    m.code(hex('65 a1 0c 00 00 00 65 8b 1d 08 00 00 00 65 89 1d 10 00 00 00 cc'));
    m.machine.run(10);
    expect(m.machine.cpu.getReg(EAX)).toBe(4711);
  });

  it('limits raise #GP, #SS for the stack, and null selectors fault on use', () => {
    const m = new PagedMachine();
    m.map(HERE, FRAME, P | W | U);
    const selector = m.descriptor(6, HERE, 0xff, 0x40f3);
    m.machine.cpu.setSegment(FS, selector);
    m.code(hex('64 a1 fc 00 00 00 64 a1 fd 00 00 00'));
    expect(m.machine.run(10)).toMatchObject({ vector: 13, error: 0 });
    expect(m.machine.instructions).toBe(1);
    m.machine.cpu.setSegment(FS, 0);
    m.code(hex('64 a0 00 00 00 00'));
    expect(m.machine.run(10)).toMatchObject({ vector: 13, error: 0 });
    m.machine.cpu.setReg(EAX, selector);
    m.machine.cpu.setReg(ESP, 0x102);
    m.code(hex('8e d0 50')); // mov ss,ax; push eax
    expect(m.machine.run(10)).toMatchObject({ vector: 12, error: 0 });
  });

  it('loading sets the accessed bit of the descriptor, once', () => {
    const m = new PagedMachine();
    const selector = m.descriptor(6, 0, 0xfffff, 0xc0f2);
    m.code(hex('8e e8 8c eb cc')); // mov gs,ax; mov ebx,gs
    m.machine.cpu.setReg(EAX, selector);
    m.machine.run(10);
    expect(m.machine.cpu.getReg(EBX)).toBe(selector);
    expect(m.machine.cpu.segment(GS).attributes & 1).toBe(1);
    expect(m.machine.ram32[(0x1000 >> 2) + 13] & 0x100).toBe(0x100);
  });
});
