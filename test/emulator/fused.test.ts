// A comparison and the branch behind it execute as one operation (instructions/fused.ts). They must do
// what the two do one at a time, whose instructions the hardware cases vouch for.

import { describe, expect, it } from 'vitest';
import { EAX, EBX, ECX, ESI } from '../../emulator/index.js';
import { random } from '../helpers/random.js';
import { CODE_ADDRESS, FREE, P, PagedMachine, U, W, hex, word } from '../helpers/paged_machine.js';

const DATA = 0x31000000;

// Operands: eax and ebx, al and bl, [esi].
const COMPARISONS: readonly (readonly [text: string, bytes: string, immediate: 0 | 1 | 4])[] = [
  ['cmp eax,ebx', '39 d8', 0],
  ['cmp eax,[esi]', '3b 06', 0],
  ['cmp [esi],eax', '39 06', 0],
  ['cmp ebx,imm32', '81 fb', 4],
  ['cmp ebx,imm8', '83 fb', 1],
  ['cmp eax,imm32', '3d', 4],
  ['cmp dword [esi],imm32', '81 3e', 4],
  ['cmp al,bl', '38 d8', 0],
  ['cmp al,[esi]', '3a 06', 0],
  ['cmp [esi],al', '38 06', 0],
  ['cmp bl,imm8', '80 fb', 1],
  ['cmp byte [esi],imm8', '80 3e', 1],
  ['test eax,ebx', '85 d8', 0],
  ['test ebx,imm32', 'f7 c3', 4],
  ['test dword [esi],imm32', 'f7 06', 4],
  ['test al,bl', '84 d8', 0],
  ['test bl,imm8', 'f6 c3', 1],
  ['test byte [esi],imm8', 'f6 06', 1],
  ['inc eax', '40', 0],
  ['dec eax', '48', 0],
  ['add ebx,imm8', '83 c3', 1],
  ['sub ebx,imm8', '83 eb', 1],
  ['sub eax,ebx', '29 d8', 0],
  ['and ebx,imm32', '81 e3', 4],
];

/** Values whose differences and intersections meet every condition. */
const VALUES = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff];

function operand(next: () => number): number {
  const n = next();
  return n & 1 ? VALUES[(n >>> 1) % VALUES.length] : next();
}

describe('a comparison and a branch at once', () => {
  it.each(COMPARISONS)('%s', (_, bytes, immediate) => {
    const next = random(7);
    const m = new PagedMachine();
    const { machine } = m;
    const { cpu } = machine;
    m.map(DATA, FREE + 0x3000, P | W | U);
    cpu.setReg(ESI, DATA);
    for (let round = 0; round < 320; round++) {
      const [a, b, value] = [operand(next), operand(next), operand(next)];
      const tail = immediate === 4 ? word(value) : immediate === 1 ? [value & 0xff] : [];
      m.code([...hex(bytes), ...tail, 0x70 | (round & 15), 0x10, 0x90]);
      m.put(FREE + 0x3000, word(b));
      const flags = next() & 0x8d5;
      const after = [[1, 1], [2]].map((portions) => {
        cpu.setReg(EAX, a);
        cpu.setReg(EBX, b);
        cpu.eflags = flags;
        cpu.eip = CODE_ADDRESS;
        for (const n of portions) expect(machine.run(n).kind).toBe('budget');
        return [cpu.eip, cpu.eflags, cpu.getReg(EAX), cpu.getReg(EBX)].map((w) => w >>> 0);
      });
      expect(after[1], `${round}: ${a} ${b} ${value}`).toEqual(after[0]);
    }
  });

  it('a fault of the comparison belongs to it, and nothing has been executed', () => {
    const m = new PagedMachine();
    m.code(hex('90 3b 06 74 02'));
    m.machine.cpu.setReg(ESI, DATA);
    const exit = m.machine.run(10);
    expect(exit).toMatchObject({ kind: 'trap', vector: 14, cr2: DATA });
    expect(m.machine.cpu.eip >>> 0).toBe(CODE_ADDRESS + 1);
    expect(m.machine.instructions).toBe(1);
  });

  it('a breakpoint on the branch is met', () => {
    const m = new PagedMachine();
    m.code(hex('39 c0 74 fc'));
    m.machine.run(20);
    m.machine.setBreakpoint(CODE_ADDRESS + 2, true);
    m.machine.cpu.eip = CODE_ADDRESS;
    expect(m.machine.run(20).kind).toBe('breakpoint');
    expect(m.machine.cpu.eip >>> 0).toBe(CODE_ADDRESS + 2);
  });

  it('a branch that is overwritten by the program is the new one', () => {
    const m = new PagedMachine();
    // loop: dec ecx; jnz loop; then store 0x90 0x90 over the jnz, and again.
    m.code(hex('b9 03 00 00 00 49 75 fd 66 c7 06 90 90 b9 03 00 00 00 eb f1'));
    m.machine.cpu.setReg(ESI, CODE_ADDRESS + 6);
    // mov; 3 x (dec, jnz); mov word; mov; jmp; dec; nop; nop
    m.machine.run(1 + 6 + 3 + 3);
    expect(m.machine.cpu.eip >>> 0).toBe(CODE_ADDRESS + 8);
    expect(m.machine.cpu.getReg(ECX)).toBe(2);
  });
});
