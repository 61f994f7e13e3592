// run(n) executes exactly n instructions, wherever n falls; state after n steps does not depend on
// how they were asked for.

import { describe, expect, it } from 'vitest';
import { CONTEXT_WORDS, EAX, EBX, EDI, ESI, ESP, FLAG_TF } from '../../emulator/index.js';
import { random } from '../helpers/random.js';
import { CODE_ADDRESS, FREE, P, PagedMachine, U, W, hex, word } from '../helpers/paged_machine.js';

const STACK = 0x30000000;
const DATA = 0x31000000;

/** A program with loops, calls, stores, a repeated move and code that crosses a page. */
function program(): PagedMachine {
  const m = new PagedMachine();
  m.map(CODE_ADDRESS + 0x1000, FREE + 0x1000, P | W | U);
  m.map(STACK, FREE + 0x2000, P | W | U);
  m.map(DATA, FREE + 0x3000, P | W | U);
  const code = [
    ...hex('bb 05 00 00 00'), // mov ebx,5
    ...hex('01 d8'), // loop: add eax,ebx
    ...hex('11 c2'), // adc edx,eax
    ...hex('e8 0c 00 00 00'), // call f
    ...hex('4b'), // dec ebx
    ...hex('75 f4'), // jnz loop
    ...hex('b9 08 00 00 00'), // mov ecx,8
    ...hex('f3 a4'), // rep movsb
    ...hex('eb e6'), // jmp start
    ...hex('50'), // f: push eax
    ...hex('89 46 20'), // mov [esi+20],eax
    ...hex('81 f2 78 56 34 12'), // xor edx,12345678
    ...hex('58'), // pop eax
    ...hex('c3'), // ret
  ];
  // Placed so that some instruction straddles the page end.
  const at = CODE_ADDRESS + 0x1000 - 18;
  m.code(code.slice(0, 18), FREE, at);
  m.put(FREE + 0x1000, code.slice(18));
  m.machine.cpu.setReg(ESP, STACK + 0x800);
  m.machine.cpu.setReg(ESI, DATA);
  m.machine.cpu.setReg(EDI, DATA + 0x400);
  m.machine.cpu.setReg(EAX, 0x1234567);
  return m;
}

function state(m: PagedMachine): string {
  const { cpu } = m.machine;
  const registers = Array.from({ length: 8 }, (_, i) => (cpu.getReg(i) >>> 0).toString(16));
  return [...registers, (cpu.eip >>> 0).toString(16), cpu.eflags.toString(16)].join(' ');
}

describe('exact instruction counts', () => {
  it('n instructions at once are n single ones', () => {
    const stepped = program();
    for (let n = 1; n <= 260; n++) {
      expect(stepped.machine.run(1).kind).toBe('budget');
      expect(stepped.machine.instructions).toBe(n);
      const whole = program();
      expect(whole.machine.run(n).kind).toBe('budget');
      expect(whole.machine.instructions).toBe(n);
      expect(`${n}: ${state(whole)}`).toBe(`${n}: ${state(stepped)}`);
    }
  });

  it('any division of the work gives the same state', () => {
    const whole = program();
    whole.machine.run(5000);
    const next = random(5);
    for (let round = 0; round < 20; round++) {
      const parts = program();
      for (let left = 5000; left > 0;) {
        const n = Math.min(left, 1 + (next() % 97));
        parts.machine.run(n);
        left -= n;
      }
      expect(parts.machine.instructions).toBe(5000);
      expect(state(parts)).toBe(state(whole));
    }
  });

  it('single-stepping with TF visits the same states', () => {
    const stepped = program();
    const counted = program();
    for (let n = 1; n <= 300; n++) {
      const { cpu } = stepped.machine;
      const at = cpu.eip;
      // A repeated instruction traps after every iteration, still pointing at itself.
      do {
        cpu.eflags |= FLAG_TF;
        expect(stepped.machine.run(1000)).toMatchObject({ kind: 'trap', vector: 1 });
        cpu.eflags &= ~FLAG_TF;
      } while (cpu.eip === at);
      counted.machine.run(1);
      expect(state(stepped)).toBe(state(counted));
    }
  });

  it('a fault does not count, a trap does', () => {
    const m = new PagedMachine();
    m.code(hex('90 90 8b 03 90')); // nop; nop; mov eax,[ebx]
    m.machine.cpu.setReg(EBX, 0x50000000);
    expect(m.machine.run(100)).toMatchObject({ kind: 'trap', vector: 14 });
    expect(m.machine.instructions).toBe(2);
    m.map(0x50000000, FREE + 0x4000, P | U);
    m.machine.run(2);
    expect(m.machine.instructions).toBe(4);
    m.code(hex('90 cc'));
    expect(m.machine.run(100)).toMatchObject({ kind: 'trap', vector: 3 });
    expect(m.machine.instructions).toBe(6);
    expect(m.machine.cpu.eip).toBe(CODE_ADDRESS + 2);
  });

  it('the time-stamp counter is the instruction count', () => {
    const m = new PagedMachine();
    m.code(hex('90 90 90 0f 31 cc')); // nop x3; rdtsc; int3
    m.machine.run(100);
    const first = m.machine.cpu.getReg(EAX);
    const at = CODE_ADDRESS + 3;
    m.machine.cpu.eip = at;
    m.machine.run(1);
    expect(m.machine.cpu.getReg(EAX) - first).toBe(2); // rdtsc itself and int3
  });

  it('a budget of one reports the fault of the one instruction', () => {
    const m = new PagedMachine();
    m.machine.cpu.eip = 0x60000000;
    expect(m.machine.run(1)).toMatchObject({ kind: 'trap', vector: 14, cr2: 0x60000000 });
  });

  it('a branch to nowhere is complete when its target faults', () => {
    const m = new PagedMachine();
    m.code([0xe9, ...word(0x1000)]);
    expect(m.machine.run(1).kind).toBe('budget');
    expect(m.machine.cpu.eip).toBe(CODE_ADDRESS + 0x1005);
    expect(m.machine.run(1)).toMatchObject({
      kind: 'trap',
      vector: 14,
      cr2: CODE_ADDRESS + 0x1005,
    });
    expect(m.machine.instructions).toBe(1);
  });
});

describe('two machines', () => {
  it('take turns without touching each other', () => {
    const [a, b, c] = [program(), program(), program()];
    b.machine.cpu.setReg(EAX, 99);
    const lone = program();
    lone.machine.cpu.setReg(EAX, 99);
    lone.machine.run(3000);
    c.machine.run(3000);
    for (let i = 0; i < 300; i++) {
      a.machine.run(10);
      b.machine.run(10);
    }
    expect(state(a)).toBe(state(c));
    expect(state(b)).toBe(state(lone));
    expect(state(a)).not.toBe(state(b));
  });
});

describe('contexts', () => {
  it('carry everything a thread has', () => {
    const m = program();
    m.machine.run(123);
    const saved = new Int32Array(CONTEXT_WORDS);
    m.machine.saveContext(saved);
    const before = state(m);
    const ram = m.machine.ram8.slice(FREE, FREE + 0x4000);
    m.machine.run(50);
    const after = state(m);
    for (let i = 0; i < 8; i++) m.machine.cpu.setReg(i, -1);
    m.supervisorAndBack();
    m.put(FREE, [...ram]);
    m.machine.loadContext(saved);
    expect(state(m)).toBe(before);
    m.machine.run(50);
    expect(state(m)).toBe(after);
  });
});
