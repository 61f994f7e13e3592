// The devices of the PC board, driven through their ports.

import { describe, expect, it } from 'vitest';
import { Pc, memoryDisk } from '../../emulator/index.js';
import type { PcOptions } from '../../emulator/index.js';
import { BareMachine, CODE } from '../helpers/bare_machine.js';

const HANDLER = 0x12000;

function board(options: PcOptions = {}): { m: BareMachine; pc: Pc } {
  const m = new BareMachine();
  return { m, pc: new Pc(m.machine, options) };
}

/** Programs the first interrupt controller as PCs do: vectors from 0x20, with `mask`. */
function initializePic(pc: Pc, mask: number): void {
  for (const [port, value] of [
    [0x20, 0x11],
    [0x21, 0x20],
    [0x21, 4],
    [0x21, 1],
    [0xa0, 0x11],
    [0xa1, 0x28],
    [0xa1, 2],
    [0xa1, 1],
    [0x21, mask & 0xff],
    [0xa1, mask >> 8],
  ] as const)
    pc.writePort(port, value, 1);
}

/** An edge, wherever the line was. */
function pulse(pc: Pc, line: number): void {
  pc.interrupts.setLine(line, false);
  pc.interrupts.setLine(line, true);
}

describe('8259', () => {
  it('serves by priority, holds lower ones off until EOI, and cascades', () => {
    const { pc } = board();
    initializePic(pc, 0);
    pc.interrupts.setLine(4, true);
    pc.interrupts.setLine(1, true);
    expect(pc.acknowledge()).toBe(0x21);
    expect(pc.interrupts.first.output).toBe(false);
    pulse(pc, 0);
    expect(pc.acknowledge()).toBe(0x20); // more urgent than what is served
    pc.writePort(0x20, 0x20, 1);
    pc.writePort(0x20, 0x20, 1);
    expect(pc.acknowledge()).toBe(0x24);
    pc.writePort(0x20, 0x64, 1); // specific EOI
    pc.interrupts.setLine(14, true);
    expect(pc.acknowledge()).toBe(0x2e);
    pc.writePort(0x20, 0x0b, 1);
    expect(pc.readPort(0x20, 1)).toBe(4); // in service: the cascade
  });

  it('a request that goes away is spurious: vector 7, nothing in service', () => {
    const { pc } = board();
    initializePic(pc, 0);
    pc.interrupts.setLine(3, true);
    pc.interrupts.setLine(3, false);
    expect(pc.acknowledge()).toBe(0x27);
    pc.writePort(0x20, 0x0b, 1);
    expect(pc.readPort(0x20, 1)).toBe(0);
  });

  it('masked lines wait', () => {
    const { pc } = board();
    initializePic(pc, 0xff);
    pulse(pc, 0);
    expect(pc.interrupts.first.output).toBe(false);
    pc.writePort(0x21, 0xfe, 1);
    expect(pc.interrupts.first.output).toBe(true);
  });
});

describe('8254', () => {
  it('interrupts the processor as often as it is told to, also while halted', () => {
    const { m, pc } = board();
    initializePic(pc, 0xfffe);
    // sti; L: hlt; cmp ebx,5; jb L; cli; hlt / inc ebx; mov al,20; out 20,al; iret
    m.put(CODE, 'fb f4 83 fb 05 72 fa fa f4');
    m.handler(0x20, HANDLER);
    m.put(HANDLER, '43 b0 20 e6 20 cf');
    m.machine.cpu.setReg(3, 0);
    pc.writePort(0x43, 0x34, 1); // counter 0, mode 2
    pc.writePort(0x40, 11932 & 0xff, 1);
    pc.writePort(0x40, 11932 >> 8, 1);
    expect(m.run(100_000).kind).toBe('halt');
    expect(m.reg(3)).toBe(5);
    const ms = (m.machine.clock * 10) / 1e6;
    expect(ms).toBeGreaterThan(49.9);
    expect(ms).toBeLessThan(50.2);
    expect(m.machine.instructions).toBeLessThan(60);
  });

  it('counts down, and latches', () => {
    const { m, pc } = board();
    pc.writePort(0x43, 0x34, 1);
    pc.writePort(0x40, 0, 1);
    pc.writePort(0x40, 0, 1);
    m.machine.idle(100_000); // 1 ms: 1193 clocks
    pc.writePort(0x43, 0, 1);
    m.machine.idle(100_000);
    expect(pc.readPort(0x40, 1) | (pc.readPort(0x40, 1) << 8)).toBe(65536 - 1193);
    pc.writePort(0x43, 0xe2, 1); // read back the status of counter 0
    expect(pc.readPort(0x40, 1) & 0x3f).toBe(0x34);
  });

  it('the gate of counter 2 starts it, port 61 shows its output', () => {
    const { m, pc } = board();
    pc.writePort(0x61, 1, 1);
    pc.writePort(0x43, 0xb0, 1); // mode 0
    pc.writePort(0x42, 0xa9, 1);
    pc.writePort(0x42, 0x04, 1); // 1193: 1 ms
    expect(pc.readPort(0x61, 1) & 0x20).toBe(0);
    m.machine.idle(110_000);
    expect(pc.readPort(0x61, 1) & 0x20).toBe(0x20);
  });
});

describe('real-time clock', () => {
  it('tells the time in BCD and goes on', () => {
    const { m, pc } = board({ wallClock: Date.UTC(2026, 10, 21, 23, 59, 58) });
    const read = (index: number): number => {
      pc.writePort(0x70, index, 1);
      return pc.readPort(0x71, 1);
    };
    expect([read(9), read(8), read(7), read(4), read(2), read(0), read(0x32)]).toEqual([
      0x26, 0x11, 0x21, 0x23, 0x59, 0x58, 0x20,
    ]);
    m.machine.idle(300_000_000); // 3 s
    expect([read(7), read(4), read(0)]).toEqual([0x22, 0, 1]);
    expect(read(0x15) | (read(0x16) << 8)).toBe(640);
  });

  it('interrupts periodically until register C is read', () => {
    const { m, pc } = board();
    const write = (index: number, value: number): void => {
      pc.writePort(0x70, index, 1);
      pc.writePort(0x71, value, 1);
    };
    initializePic(pc, 0);
    write(10, 0x26);
    write(11, 0x42); // 1024 Hz
    m.machine.idle(100_000);
    pc.advance(m.machine.clock);
    expect(pc.acknowledge()).toBe(0x28);
    pc.writePort(0x70, 12, 1);
    expect(pc.readPort(0x71, 1)).toBe(0xc0);
    expect(pc.readPort(0x71, 1)).toBe(0);
  });
});

describe('16550', () => {
  it('sends, receives, and identifies its interrupts', () => {
    const sent: number[] = [];
    const { pc } = board({ serial: (byte) => sent.push(byte) });
    initializePic(pc, 0);
    pc.writePort(0x3fc, 8, 1);
    pc.writePort(0x3f9, 3, 1);
    expect(pc.readPort(0x3fa, 1)).toBe(2); // the transmitter is empty
    expect(pc.readPort(0x3fa, 1)).toBe(1);
    pc.writePort(0x3f8, 0x41, 1);
    expect(sent).toEqual([0x41]);
    pc.serial.receive(0x42);
    expect(pc.readPort(0x3fa, 1)).toBe(4);
    expect(pc.acknowledge()).toBe(0x24);
    expect(pc.readPort(0x3fd, 1)).toBe(0x61);
    expect(pc.readPort(0x3f8, 1)).toBe(0x42);
    expect(pc.readPort(0x3fd, 1)).toBe(0x60);
  });

  it('passes the loop-back test of drivers', () => {
    const { pc } = board();
    pc.writePort(0x3fc, 0x1e, 1);
    pc.writePort(0x3f8, 0xae, 1);
    expect(pc.readPort(0x3f8, 1)).toBe(0xae);
    expect(pc.readPort(0x3fe, 1) & 0xf0).toBe(0xd0); // OUT2, OUT1, RTS as DCD, RI, CTS
  });

  it('has a divisor behind DLAB and a scratch register', () => {
    const { pc } = board();
    pc.writePort(0x3fb, 0x83, 1);
    pc.writePort(0x3f8, 1, 1);
    pc.writePort(0x3f9, 2, 1);
    expect([pc.readPort(0x3f8, 1), pc.readPort(0x3f9, 1)]).toEqual([1, 2]);
    pc.writePort(0x3fb, 3, 1);
    pc.writePort(0x3ff, 0x5a, 1);
    expect([pc.readPort(0x3f9, 1), pc.readPort(0x3ff, 1)]).toEqual([0, 0x5a]);
  });
});

describe('8042', () => {
  it('tests itself, drives A20 and resets', () => {
    const { m, pc } = board();
    pc.writePort(0x64, 0xaa, 1);
    expect(pc.readPort(0x64, 1) & 1).toBe(1);
    expect(pc.readPort(0x60, 1)).toBe(0x55);
    pc.writePort(0x64, 0xd1, 1);
    pc.writePort(0x60, 0xdd, 1);
    expect(m.machine.a20).toBe(false);
    pc.writePort(0x92, 2, 1);
    expect(m.machine.a20).toBe(true);
    pc.writePort(0x64, 0xfe, 1);
    expect(pc.resetRequested).toBe(true);
    expect(m.run().kind).toBe('stopped');
  });

  it('translates keys to set 1, one interrupt a byte', () => {
    const { pc } = board();
    initializePic(pc, 0);
    pc.keyboard.key([0x1c, 0xf0, 0x1c]); // A, pressed and released
    expect(pc.acknowledge()).toBe(0x21);
    expect(pc.readPort(0x60, 1)).toBe(0x1e);
    pc.writePort(0x20, 0x20, 1);
    expect(pc.acknowledge()).toBe(0x21);
    expect(pc.readPort(0x60, 1)).toBe(0x9e);
    expect(pc.readPort(0x64, 1) & 1).toBe(0);
  });
});

describe('ATA', () => {
  const disk = (): Uint8Array =>
    Uint8Array.from({ length: 8 * 512 }, (_, i) => (i >> 9) * 16 + (i & 15));

  function command(pc: Pc, sector: number, count: number, code: number): void {
    pc.writePort(0x1f6, 0xe0, 1);
    pc.writePort(0x1f2, count, 1);
    pc.writePort(0x1f3, sector & 0xff, 1);
    pc.writePort(0x1f4, 0, 1);
    pc.writePort(0x1f5, 0, 1);
    pc.writePort(0x1f7, code, 1);
  }

  it('reads sectors by REP INSW, with an interrupt each', () => {
    const { m, pc } = board({ disk: memoryDisk(disk()) });
    initializePic(pc, 0);
    command(pc, 2, 2, 0x20);
    expect(pc.acknowledge()).toBe(0x2e);
    // mov edx,1f0; mov edi,15000; mov ecx,200; rep insw; mov edx,1f7; in al,dx; hlt
    m.put(CODE, 'ba f0 01 00 00 bf 00 50 01 00 b9 00 02 00 00 66 f3 6d ba f7 01 00 00 ec f4');
    m.run();
    expect(m.get32(0x15000)).toBe(0x23222120);
    expect(m.get32(0x15200)).toBe(0x33323130);
    expect(m.reg(0) & 0xff).toBe(0x50);
  });

  it('writes what is read again, and refuses what is beyond the end', () => {
    const { pc } = board({ disk: memoryDisk(disk()) });
    command(pc, 1, 1, 0x30);
    for (let i = 0; i < 256; i++) pc.writePort(0x1f0, i, 2);
    command(pc, 1, 1, 0x20);
    expect([pc.readPort(0x1f0, 2), pc.readPort(0x1f0, 2)]).toEqual([0, 1]);
    command(pc, 7, 2, 0x20);
    expect(pc.readPort(0x1f7, 1) & 1).toBe(1);
    expect(pc.readPort(0x1f1, 1)).toBe(0x10);
  });

  it('identifies itself', () => {
    const { pc } = board({ disk: memoryDisk(disk()) });
    command(pc, 0, 0, 0xec);
    const words = Array.from({ length: 256 }, () => pc.readPort(0x1f0, 2));
    expect(words[60]).toBe(8);
    expect(words[49] & 0x200).toBe(0x200);
    expect(pc.readPort(0x1f7, 1) & 8).toBe(0);
  });

  it('without a disk there is nothing', () => {
    expect(board().pc.readPort(0x1f7, 1)).toBe(0xff);
  });
});

describe('ports for people', () => {
  it('text, POST codes, and isa-debug-exit by QEMU’s rule', () => {
    const text: number[] = [];
    const codes: number[] = [];
    const { m, pc } = board({ debug: (b) => text.push(b), post: (c) => codes.push(c) });
    // mov al,41; out e9,al; mov al,77; out 80,al; mov eax,10; out f4,eax; nop; hlt
    m.put(CODE, 'b0 41 e6 e9 b0 77 e6 80 b8 10 00 00 00 e7 f4 90 f4');
    expect(m.run().kind).toBe('stopped');
    expect(text).toEqual([0x41]);
    expect(codes).toEqual([0x77]);
    expect(pc.exitStatus).toBe(33);
    expect(m.machine.cpu.eip).toBe(CODE + 15);
    expect(pc.readPort(0xe9, 1)).toBe(0xe9);
  });

  it('the text screen', () => {
    const { m, pc } = board();
    [...'hi \u00e4'].forEach((c, i) =>
      m.put16(0xb8000 + 160 + 2 * i, 0x700 | (i === 3 ? 0x84 : c.charCodeAt(0))),
    );
    expect(pc.screen.lines()[1]).toBe('hi ä');
    expect(pc.screen.lines()[0]).toBe('');
  });

  it('ports that nobody has read as ones', () => {
    const { pc } = board();
    expect(pc.readPort(0x1234, 4)).toBe(0xffffffff);
    expect(pc.readPort(0x1234, 1)).toBe(0xff);
  });
});
