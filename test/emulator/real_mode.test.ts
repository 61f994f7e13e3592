// Real-address mode, the way into protected mode and back, A20, and ROMs (SDM 3A §9.1, §9.9, §20.1).

import { describe, expect, it } from 'vitest';
import { CS, DS, EAX, EBX, ECX, EDX, ESP, FLAG_IF } from '../../emulator/index.js';
import { BareMachine, CODE } from '../helpers/bare_machine.js';
import { hex } from '../helpers/paged_machine.js';

/** A ROM that jumps to a program at 0000:7c00. */
function booted(code: string): BareMachine {
  const rom = new Uint8Array(0x10000).fill(0xf4);
  rom.set(hex('ea 00 7c 00 00'), 0xfff0);
  const m = new BareMachine(rom);
  m.put(0x7c00, code);
  return m;
}

describe('reset', () => {
  it('starts at FFFFFFF0 and reaches the copy below 1 MB by a far jump', () => {
    const m = booted('8c c8 b9 34 12 8e d9 f4'); // mov ax,cs; mov cx,1234; mov ds,cx; hlt
    expect(m.machine.cpu.segment(CS)).toMatchObject({ selector: 0xf000, base: 0xffff0000 | 0 });
    expect(m.run().kind).toBe('halt');
    expect(m.reg(EAX)).toBe(0);
    expect(m.machine.cpu.segment(DS)).toMatchObject({ selector: 0x1234, base: 0x12340 });
    expect(m.machine.instructions).toBe(5);
  });

  it('shows the ROM at both places and keeps it from being written', () => {
    // mov ax,f000; mov ds,ax; mov al,[fff0]; mov byte [fff0],0; mov ah,[fff0]; hlt
    const m = booted('b8 00 f0 8e d8 a0 f0 ff c6 06 f0 ff 00 8a 26 f0 ff f4');
    m.run();
    expect(m.reg(EAX) & 0xffff).toBe(0xeaea);
  });
});

describe('interrupts through the vector table', () => {
  it('INT pushes FLAGS, CS, IP and clears IF; IRET undoes it', () => {
    const m = booted('bc 00 70 fb cd 21 bb 55 00 f4'); // mov sp,7000; sti; int 21; mov bx,55; hlt
    m.put(0x21 * 4, [0x00, 0x05, 0x10, 0x00]); // 0010:0500
    m.put(0x600, '89 e1 9c 58 cf'); // mov cx,sp; pushf; pop ax; iret
    m.run();
    expect(m.reg(ECX) & 0xffff).toBe(0x7000 - 6);
    expect(m.reg(EAX) & FLAG_IF).toBe(0);
    expect(m.reg(EBX) & 0xffff).toBe(0x55);
    expect(m.get16(0x6ffc)).toBe(0); // CS
    expect(m.get16(0x6ffa)).toBe(0x7c06); // IP
    expect(m.get16(0x6ffe) & FLAG_IF).toBe(FLAG_IF);
    expect(m.machine.cpu.eflags & FLAG_IF).toBe(FLAG_IF);
  });

  it('a fault points at its instruction and pushes no error code', () => {
    const m = booted('bc 00 70 a1 ff ff f4'); // mov sp,7000; mov ax,[ffff]: a word beyond the limit
    m.put(13 * 4, [0x00, 0x06, 0x00, 0x00]);
    m.put(0x600, '5b f4'); // pop bx; hlt
    m.run();
    expect(m.reg(EBX) & 0xffff).toBe(0x7c03);
    expect(m.reg(ESP) & 0xffff).toBe(0x6ffc);
  });

  it('without room for the frame the processor shuts down', () => {
    const m = booted('bc 01 00 cd 03'); // mov sp,1: #SS, whose frame does not fit either
    expect(m.run().kind).toBe('shutdown');
  });

  it('LIDT moves the table, and its limit holds', () => {
    // lidt [7c20]; int 1: the second vector is beyond; #GP finds none either
    const m = booted('0f 01 1e 20 7c cd 01 f4');
    m.put(0x7c20, [0x03, 0x00, 0x00, 0x09, 0x00, 0x00]);
    expect(m.run().kind).toBe('shutdown');
  });
});

describe('between the modes', () => {
  it('CR0.PE and a far jump lead to 32-bit code; limits survive the way back', () => {
    // lgdt [7c80]; mov eax,cr0; or al,1; mov cr0,eax; jmp 8:10000 (66 ea)
    const m = booted('0f 01 16 80 7c 0f 20 c0 0c 01 0f 22 c0 66 ea 00 00 01 00 08 00');
    m.put(0x7c80, [0x1f, 0x00, 0x00, 0x09, 0x00, 0x00]);
    m.put(0x908, '00 00 00 00 00 00 00 00');
    m.put(0x908, [0xff, 0xff, 0, 0, 0, 0x9b, 0xcf, 0]);
    m.put(0x910, [0xff, 0xff, 0, 0, 0, 0x93, 0xcf, 0]);
    m.put(0x918, [0xff, 0xff, 0, 0, 0, 0x9b, 0x00, 0]); // 16-bit code
    // mov ax,10; mov ds,ax; mov ecx,cs; jmp 18:0100 (16-bit code, in the first 64 KB)
    m.put(CODE, '66 b8 10 00 8e d8 8c c9 ea 00 01 00 00 18 00');
    // mov eax,cr0; and al,fe; mov cr0,eax; jmp 0:0200; / mov ebx,[00123456] (a32); hlt
    m.put(0x100, '0f 20 c0 24 fe 0f 22 c0 ea 00 02 00 00');
    m.put(0x200, '67 66 8b 1d 56 34 12 00 f4');
    m.put(0x123456, [0x78, 0x56, 0x34, 0x12]);
    expect(m.run().kind).toBe('halt');
    expect(m.reg(ECX)).toBe(8);
    expect(m.reg(EBX)).toBe(0x12345678); // "unreal" mode: DS kept its 4 GB limit
    expect(m.machine.cpu.segment(CS).selector).toBe(0);
  });

  it('instructions of protected mode are undefined', () => {
    for (const code of ['0f 00 c0', '0f 00 d0', '0f 00 d8', '0f 02 c0', '63 c0', '0f 00 e0']) {
      const m = booted(`bc 00 70 ${code}`);
      m.put(6 * 4, [0x00, 0x06, 0x00, 0x00]);
      m.put(0x600, 'b2 66 f4'); // mov dl,66; hlt
      m.run();
      expect(m.reg(EDX) & 0xff, code).toBe(0x66);
    }
  });
});

describe('A20', () => {
  it('closed, it folds the odd megabytes onto the even ones', () => {
    const m = new BareMachine();
    m.put32(0x500, 0x11111111);
    m.put32(0x100500, 0x22222222);
    m.put(CODE, 'a1 00 05 10 00 f4'); // mov eax,[100500]; hlt
    m.run();
    expect(m.reg(EAX)).toBe(0x22222222);
    m.machine.a20 = false;
    m.machine.halted = false;
    m.machine.cpu.eip = CODE;
    m.run();
    expect(m.reg(EAX)).toBe(0x11111111);
  });
});
