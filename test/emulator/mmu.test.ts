// Translation: error codes, accessed and dirty bits, page sizes, what the TLB keeps and drops.

import { describe, expect, it } from 'vitest';
import {
  ACCESS_FETCH,
  ACCESS_READ,
  ACCESS_USER,
  ACCESS_WRITE,
  CR0_WP,
  CR4_PGE,
  CR4_PSE,
  EAX,
  EBX,
  ECX,
} from '../../emulator/index.js';
import {
  A,
  CODE_ADDRESS,
  D,
  FREE,
  G,
  OTHER_DIRECTORY,
  P,
  PS,
  PagedMachine,
  U,
  W,
  hex,
  word,
} from '../helpers/paged_machine.js';

const PAGE = 0x00400000;
const FRAME = 0x80000;

// mov eax,[ebx] and mov [ebx],eax
const LOAD = hex('8b 03');
const STORE = hex('89 03');

/** Executes one instruction with EBX pointing to `address`. @returns the exit's summary. */
function access(m: PagedMachine, code: number[], address: number): string {
  m.code(code);
  m.machine.cpu.setReg(EBX, address);
  const exit = m.machine.run(1);
  if (exit.kind !== 'trap') return exit.kind;
  expect(m.machine.cpu.eip).toBe(CODE_ADDRESS);
  return `#${exit.vector}(${exit.error}) ${(exit.cr2 >>> 0).toString(16)}`;
}

describe('page fault error codes', () => {
  const cases: [string, number | null, number[], 'user' | 'supervisor', string][] = [
    ['user read of nothing', null, LOAD, 'user', '#14(4) 400010'],
    ['user write of nothing', null, STORE, 'user', '#14(6) 400010'],
    ['user write of a read-only page', P | U, STORE, 'user', '#14(7) 400010'],
    ['user read of a supervisor page', P | W, LOAD, 'user', '#14(5) 400010'],
    ['user write of a supervisor page', P | W, STORE, 'user', '#14(7) 400010'],
    ['supervisor read of nothing', null, LOAD, 'supervisor', '#14(0) 400010'],
    ['supervisor write of nothing', null, STORE, 'supervisor', '#14(2) 400010'],
    ['supervisor write of a read-only page', P | U, STORE, 'supervisor', '#14(3) 400010'],
    ['supervisor read of a user page', P | U, LOAD, 'supervisor', 'budget'],
    ['user read', P | U, LOAD, 'user', 'budget'],
    ['user write', P | U | W, STORE, 'user', 'budget'],
  ];
  for (const [name, bits, code, level, expected] of cases) {
    it(name, () => {
      const m = new PagedMachine();
      m[level]();
      if (bits !== null) m.map(PAGE, FRAME, bits);
      expect(access(m, code, PAGE + 0x10)).toBe(expected);
    });
  }

  it('an instruction fetch is a read', () => {
    const m = new PagedMachine();
    m.machine.cpu.eip = PAGE;
    expect(m.machine.run(10)).toMatchObject({ kind: 'trap', vector: 14, error: 4, cr2: PAGE });
    m.map(PAGE, FRAME, P | W);
    expect(m.machine.run(10)).toMatchObject({ kind: 'trap', vector: 14, error: 5, cr2: PAGE });
    expect(m.machine.instructions).toBe(0);
  });

  it('rights are those of both levels', () => {
    const m = new PagedMachine();
    m.map(PAGE, FRAME, P | W | U);
    m.machine.ram32[m.pdeIndex(PAGE)] &= ~W;
    expect(access(m, STORE, PAGE)).toBe('#14(7) 400000');
    m.machine.ram32[m.pdeIndex(PAGE)] &= ~U;
    m.machine.flushTlb(true);
    expect(access(m, LOAD, PAGE)).toBe('#14(5) 400000');
  });

  it('CR0.WP decides about supervisor writes, never about user writes', () => {
    const m = new PagedMachine();
    m.map(PAGE, FRAME, P | U);
    m.supervisor();
    m.machine.cpu.cr0 &= ~CR0_WP;
    expect(access(m, STORE, PAGE)).toBe('budget');
    expect(m.pte(PAGE) & D).toBe(D);
    m.machine.cpu.cr0 |= CR0_WP;
    expect(access(m, STORE, PAGE)).toBe('#14(3) 400000');
    m.user();
    m.machine.cpu.cr0 &= ~CR0_WP;
    expect(access(m, STORE, PAGE)).toBe('#14(7) 400000');
  });
});

describe('accessed and dirty bits', () => {
  it('a read sets A in both entries, a write D in the last', () => {
    const m = new PagedMachine();
    m.map(PAGE, FRAME, P | W | U);
    expect(m.pde(PAGE) & (A | D)).toBe(0);
    access(m, LOAD, PAGE);
    expect(m.pde(PAGE) & (A | D)).toBe(A);
    expect(m.pte(PAGE) & (A | D)).toBe(A);
    access(m, STORE, PAGE);
    expect(m.pde(PAGE) & (A | D)).toBe(A);
    expect(m.pte(PAGE) & (A | D)).toBe(A | D);
  });

  it('an access that faults sets nothing in the page table', () => {
    const m = new PagedMachine();
    m.map(PAGE, FRAME, P | U);
    access(m, STORE, PAGE);
    expect(m.pte(PAGE)).toBe(FRAME | P | U);
  });

  it('D stays clear in the tables until INVLPG lets the next write see it', () => {
    const m = new PagedMachine();
    m.map(PAGE, FRAME, P | W | U);
    access(m, STORE, PAGE);
    m.map(PAGE, FRAME, P | W | U);
    access(m, STORE, PAGE);
    expect(m.pte(PAGE) & (A | D)).toBe(0);
    m.machine.invlpg(PAGE);
    access(m, STORE, PAGE);
    expect(m.pte(PAGE) & (A | D)).toBe(A | D);
  });

  it('a read-modify-write dirties', () => {
    const m = new PagedMachine();
    m.map(PAGE, FRAME, P | W | U);
    access(m, hex('01 03'), PAGE); // add [ebx],eax
    expect(m.pte(PAGE) & D).toBe(D);
  });
});

describe('large pages', () => {
  const LARGE = 0x00800000;

  function large(bits: number): PagedMachine {
    const m = new PagedMachine();
    m.machine.cpu.cr4 |= CR4_PSE;
    m.machine.ram32[m.pdeIndex(PAGE)] = LARGE | PS | bits;
    return m;
  }

  it('map 4 MB with A and D in the directory', () => {
    const m = large(P | W | U);
    m.machine.ram32[(LARGE + 0x123450) >> 2] = 0x600d600d;
    access(m, LOAD, PAGE + 0x123450);
    expect(m.machine.cpu.getReg(EAX)).toBe(0x600d600d);
    expect(m.pde(PAGE) & (A | D)).toBe(A);
    access(m, STORE, PAGE + 0x3ffffc);
    expect(m.machine.ram32[(LARGE + 0x3ffffc) >> 2]).toBe(0x600d600d);
    expect(m.pde(PAGE) & (A | D)).toBe(A | D);
  });

  it('obey their rights', () => {
    expect(access(large(P | U), STORE, PAGE)).toBe('#14(7) 400000');
    expect(access(large(P | W), LOAD, PAGE)).toBe('#14(5) 400000');
  });

  it('fault on reserved bits', () => {
    expect(access(large(P | W | U | 0x2000), LOAD, PAGE)).toBe('#14(13) 400000');
  });

  it('are page tables without CR4.PSE', () => {
    const m = large(P | W | U);
    m.machine.cpu.cr4 &= ~CR4_PSE;
    m.machine.ram32[LARGE >> 2] = FRAME | P | W | U;
    m.machine.ram32[FRAME >> 2] = 1234;
    access(m, LOAD, PAGE);
    expect(m.machine.cpu.getReg(EAX)).toBe(1234);
  });

  it('leave the TLB altogether at one INVLPG', () => {
    const m = large(P | W | U);
    access(m, LOAD, PAGE);
    access(m, LOAD, PAGE + 0x5000);
    m.machine.ram32[m.pdeIndex(PAGE)] = 0;
    expect(access(m, LOAD, PAGE + 0x5000)).toBe('budget');
    m.machine.invlpg(PAGE);
    expect(access(m, LOAD, PAGE + 0x5000)).toBe('#14(4) 405000');
  });
});

describe('accesses across a page boundary', () => {
  const EDGE = PAGE + 0xffe;

  it('read from two frames', () => {
    const m = new PagedMachine();
    m.map(PAGE, FRAME, P | U);
    m.map(PAGE + 0x1000, FRAME + 0x5000, P | U);
    m.put(FRAME + 0xffe, [0x11, 0x22]);
    m.put(FRAME + 0x5000, [0x33, 0x44]);
    access(m, LOAD, EDGE);
    expect(m.machine.cpu.getReg(EAX)).toBe(0x44332211);
  });

  it('write to two frames', () => {
    const m = new PagedMachine();
    m.map(PAGE, FRAME, P | W | U);
    m.map(PAGE + 0x1000, FRAME + 0x5000, P | W | U);
    m.machine.cpu.setReg(EAX, 0x44332211);
    access(m, STORE, EDGE);
    expect([...m.machine.ram8.subarray(FRAME + 0xffe, FRAME + 0x1000)]).toEqual([0x11, 0x22]);
    expect([...m.machine.ram8.subarray(FRAME + 0x5000, FRAME + 0x5002)]).toEqual([0x33, 0x44]);
    expect(m.pte(PAGE) & D).toBe(D);
    expect(m.pte(PAGE + 0x1000) & D).toBe(D);
  });

  it('write nothing when the second page faults, and report its first byte', () => {
    const m = new PagedMachine();
    m.map(PAGE, FRAME, P | W | U);
    m.map(PAGE + 0x1000, FRAME + 0x5000, P | U);
    m.put(FRAME + 0xffe, [7, 7]);
    m.machine.cpu.setReg(EAX, -1);
    expect(access(m, STORE, EDGE)).toBe('#14(7) 401000');
    expect([...m.machine.ram8.subarray(FRAME + 0xffe, FRAME + 0x1000)]).toEqual([7, 7]);
    expect(access(m, hex('87 03'), EDGE)).toBe('#14(7) 401000'); // xchg [ebx],eax
    expect(m.machine.cpu.getReg(EAX)).toBe(-1);
  });

  it('report the first page first', () => {
    expect(access(new PagedMachine(), STORE, EDGE)).toBe('#14(6) 400ffe');
  });
});

describe('what the TLB keeps', () => {
  it('a stale translation until INVLPG', () => {
    const m = new PagedMachine();
    m.map(PAGE, FRAME, P | W | U);
    m.machine.ram32[FRAME >> 2] = 1;
    m.machine.ram32[(FRAME + 0x1000) >> 2] = 2;
    access(m, LOAD, PAGE);
    m.map(PAGE, FRAME + 0x1000, P | W | U);
    access(m, LOAD, PAGE);
    expect(m.machine.cpu.getReg(EAX)).toBe(1);
    expect(m.machine.checkTlb()).toHaveLength(1);
    m.machine.invlpg(PAGE + 0xabc);
    access(m, LOAD, PAGE);
    expect(m.machine.cpu.getReg(EAX)).toBe(2);
    expect(m.machine.checkTlb()).toEqual([]);
  });

  it('nothing of a page that was not present', () => {
    const m = new PagedMachine();
    expect(access(m, LOAD, PAGE)).toBe('#14(4) 400000');
    m.map(PAGE, FRAME, P | W | U);
    expect(access(m, LOAD, PAGE)).toBe('budget');
  });

  it('more rights are seen without INVLPG, as the fault walks again', () => {
    const m = new PagedMachine();
    m.map(PAGE, FRAME, P | U);
    access(m, LOAD, PAGE);
    m.map(PAGE, FRAME, P | W | U);
    expect(access(m, STORE, PAGE)).toBe('budget');
  });

  it('global pages over a CR3 load, others not', () => {
    const m = new PagedMachine();
    m.machine.cpu.cr4 |= CR4_PGE;
    const other = PAGE + 0x1000;
    m.map(PAGE, FRAME, P | W | U | G);
    m.map(other, FRAME, P | W | U);
    m.supervisor();
    // mov eax,[ebx]; mov ecx,[ebx+1000]; then load CR3 twice and look again, from a global page
    m.map(CODE_ADDRESS, FREE, P | W | G);
    m.code([
      ...LOAD,
      ...hex('8b 8b 00 10 00 00'),
      ...hex('0f 22 da'),
      ...LOAD,
      ...hex('8b 8b 00 10 00 00'),
    ]);
    m.map(CODE_ADDRESS, FREE, P | W | U | G);
    m.machine.cpu.setReg(EBX, PAGE);
    m.machine.cpu.setReg(2, OTHER_DIRECTORY);
    m.machine.ram32[FRAME >> 2] = 77;
    const exit = m.machine.run(5);
    expect(exit).toMatchObject({ kind: 'trap', vector: 14, error: 0, cr2: other });
    expect(m.machine.cpu.getReg(EAX)).toBe(77);
    expect(m.machine.instructions).toBe(4);
    m.machine.invlpg(PAGE);
    expect(m.machine.translate(PAGE, ACCESS_READ)).toBe(-1);
  });

  it('nothing over a CR3 load without CR4.PGE', () => {
    const m = new PagedMachine();
    m.map(PAGE, FRAME, P | W | U | G);
    access(m, LOAD, PAGE);
    m.machine.cpu.cr3 = OTHER_DIRECTORY;
    expect(m.machine.translate(PAGE, ACCESS_READ | ACCESS_USER)).toBe(-1);
  });

  it('user and supervisor entries apart', () => {
    const m = new PagedMachine();
    m.map(PAGE, FRAME, P | W);
    m.supervisor();
    expect(access(m, LOAD, PAGE)).toBe('budget');
    m.user();
    expect(access(m, LOAD, PAGE)).toBe('#14(5) 400000');
  });

  it('thousands of pages, and flushes them all', () => {
    const m = new PagedMachine();
    for (let i = 0; i < 2000; i++) m.map(0x10000000 + i * 4096, FREE + (i % 64) * 4096, P | W | U);
    for (let i = 0; i < 2000; i++) {
      expect(m.machine.translate(0x10000000 + i * 4096, ACCESS_WRITE | ACCESS_USER)).toBe(
        FREE + (i % 64) * 4096,
      );
    }
    for (let i = 0; i < 2000; i++) m.map(0x10000000 + i * 4096, 0, 0);
    expect(m.machine.checkTlb().length).toBe(2000);
    m.machine.flushTlb(false);
    expect(m.machine.checkTlb()).toEqual([]);
  });
});

describe('Machine.translate, walk, peek and poke', () => {
  it('translate sets bits and reports the fault', () => {
    const m = new PagedMachine();
    m.map(PAGE, FRAME, P | U);
    expect(m.machine.translate(PAGE + 5, ACCESS_READ | ACCESS_USER)).toBe(FRAME + 5);
    expect(m.pte(PAGE) & A).toBe(A);
    expect(m.machine.translate(PAGE + 5, ACCESS_WRITE | ACCESS_USER)).toBe(-1);
    expect(m.machine.fault).toEqual({ cr2: PAGE + 5, error: 7 });
    expect(m.machine.translate(PAGE + 5, ACCESS_FETCH | ACCESS_USER)).toBe(FRAME + 5);
  });

  it('walk and peek leave no trace', () => {
    const m = new PagedMachine();
    m.map(PAGE, FRAME, P | U);
    m.put(FRAME + 0xffe, word(0x04030201));
    expect(m.machine.walk(PAGE + 0x20).pa).toBe(FRAME + 0x20);
    const bytes = new Uint8Array(4);
    expect(m.machine.peek(PAGE + 0xffe, bytes)).toBe(2);
    expect([...bytes]).toEqual([1, 2, 0, 0]);
    expect(m.pte(PAGE)).toBe(FRAME | P | U);
    expect(m.machine.poke(PAGE, Uint8Array.of(9))).toBe(1);
    expect(m.machine.ram8[FRAME]).toBe(9);
    expect(m.pte(PAGE)).toBe(FRAME | P | U);
  });

  it('memory that is not there reads as ones and swallows writes', () => {
    const m = new PagedMachine();
    m.map(PAGE, 0x7ffff000, P | W | U);
    expect(access(m, STORE, PAGE)).toBe('budget');
    m.machine.cpu.setReg(ECX, 0);
    access(m, hex('8b 0b'), PAGE); // mov ecx,[ebx]
    expect(m.machine.cpu.getReg(ECX)).toBe(-1);
  });
});
