// Code that changes under the processor: in the same block, through another mapping, across pages,
// by the machine's owner.

import { describe, expect, it } from 'vitest';
import { EAX, EBX, EDI } from '../../emulator/index.js';
import { CODE_ADDRESS, FREE, P, PagedMachine, U, W, hex, word } from '../helpers/paged_machine.js';

const ALIAS = 0x20000000;
/** mov eax,imm */
const movEax = (value: number): number[] => [0xb8, ...word(value)];
const INT3 = 0xcc;

describe('self-modifying code', () => {
  it('sees a store into the next instruction of its own block', () => {
    const m = new PagedMachine();
    // mov byte [x],42 where x is the immediate of the mov eax behind it; int3
    m.code([...hex('c6 05'), ...word(CODE_ADDRESS + 8), 0x42, ...movEax(1), INT3]);
    expect(m.machine.run(100)).toMatchObject({ kind: 'trap', vector: 3 });
    expect(m.machine.cpu.getReg(EAX)).toBe(0x42);
    expect(m.machine.instructions).toBe(3);
  });

  it('sees it again in a loop, with the count exact', () => {
    const m = new PagedMachine();
    // x: mov eax,0; inc byte [x+1]; dec ebx; jnz x; int3
    const code = [
      ...movEax(0),
      ...hex('fe 05'),
      ...word(CODE_ADDRESS + 1),
      ...hex('4b 75 f2'),
      INT3,
    ];
    m.code(code);
    m.machine.cpu.setReg(EBX, 100);
    expect(m.machine.run(10_000)).toMatchObject({ kind: 'trap', vector: 3 });
    expect(m.machine.cpu.getReg(EAX)).toBe(99);
    expect(m.machine.instructions).toBe(4 * 100 + 1);
  });

  it('sees a store through another mapping of the frame', () => {
    const m = new PagedMachine();
    m.code([...movEax(1), INT3]);
    m.map(ALIAS, FREE, P | W | U);
    m.machine.run(10);
    expect(m.machine.cpu.getReg(EAX)).toBe(1);
    // from a second page: mov byte [edi],7; jmp to the code
    const writer = CODE_ADDRESS + 0x1000;
    m.code([...hex('c6 07 07 e9'), ...word(-0x1008)], FREE + 0x1000, writer);
    m.machine.cpu.setReg(EDI, ALIAS + 1);
    m.machine.run(10);
    expect(m.machine.cpu.getReg(EAX)).toBe(7);
  });

  it('drops data writes in a page with code past the code itself', () => {
    const m = new PagedMachine();
    // a loop that counts in its own page: inc dword [x]; dec ebx; jnz
    m.code([...hex('ff 05'), ...word(CODE_ADDRESS + 0x800), ...hex('4b 75 f7'), INT3]);
    m.machine.cpu.setReg(EBX, 1000);
    m.machine.run(10_000);
    expect(m.machine.ram32[(FREE + 0x800) >> 2]).toBe(1000);
    expect(m.machine.instructions).toBe(3001);
  });

  it('decodes an instruction across two pages anew when the second changes', () => {
    const m = new PagedMachine();
    const at = CODE_ADDRESS + 0xffd;
    m.map(CODE_ADDRESS + 0x1000, FREE + 0x8000, P | W | U);
    m.code(movEax(0).slice(0, 3), FREE, at);
    m.put(FREE + 0x8000, [0x22, 0x11, INT3]);
    for (const byte of [0x11, 0x33]) {
      m.machine.cpu.eip = at;
      m.put(FREE + 0x8001, [byte]);
      m.machine.run(10);
      expect(m.machine.cpu.getReg(EAX)).toBe((byte << 24) | 0x220000);
    }
    // Another frame behind the first page, and a store by the guest.
    m.map(CODE_ADDRESS + 0x1000, FREE + 0x9000, P | W | U);
    m.machine.invlpg(CODE_ADDRESS + 0x1000);
    m.put(FREE + 0x9000, [0x55, 0x44, INT3]);
    m.machine.cpu.eip = at;
    m.machine.run(10);
    expect(m.machine.cpu.getReg(EAX)).toBe(0x44550000);
    m.map(ALIAS, FREE + 0x9000, P | W | U);
    m.code([...hex('c6 07 66'), INT3], FREE + 0x2000, CODE_ADDRESS + 0x2000); // mov byte [edi],66
    m.machine.cpu.setReg(EDI, ALIAS);
    m.machine.run(10);
    m.machine.cpu.eip = at;
    m.machine.run(10);
    expect(m.machine.cpu.getReg(EAX)).toBe(0x44660000);
  });

  it('sees what the owner of the machine writes and announces', () => {
    const m = new PagedMachine();
    m.code([...movEax(1), INT3]);
    m.machine.run(10);
    m.put(FREE + 1, word(2));
    m.machine.cpu.eip = CODE_ADDRESS;
    m.machine.run(10);
    expect(m.machine.cpu.getReg(EAX)).toBe(2);
    m.machine.poke(CODE_ADDRESS + 1, Uint8Array.from(word(3)));
    m.machine.cpu.eip = CODE_ADDRESS;
    m.machine.run(10);
    expect(m.machine.cpu.getReg(EAX)).toBe(3);
  });

  it('executes another frame that appears at the same address', () => {
    const m = new PagedMachine();
    for (const [frame, value] of [
      [FREE, 1],
      [FREE + 0x1000, 2],
      [FREE, 1],
    ]) {
      m.code([...movEax(value), INT3], frame);
      m.machine.invlpg(CODE_ADDRESS);
      m.machine.run(10);
      expect(m.machine.cpu.getReg(EAX)).toBe(value);
    }
  });

  it('repeated stores overwrite the code that follows', () => {
    const m = new PagedMachine();
    // rep stosb over the immediate of the mov behind it
    m.code([...hex('f3 aa'), ...movEax(0x11111111), INT3]);
    m.machine.cpu.setReg(EAX, 0x77);
    m.machine.cpu.setReg(1, 4);
    m.machine.cpu.setReg(EDI, CODE_ADDRESS + 3);
    m.machine.run(10);
    expect(m.machine.cpu.getReg(EAX)).toBe(0x77777777);
  });
});
