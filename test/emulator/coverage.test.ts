// Every row of the opcode table is executed by a test: by a recorded case, or, where user mode cannot
// do it, by a program below.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CR0_TS, EAX, EBX, ECX, EDI, EDX, ESI, FLAG_IF } from '../../emulator/index.js';
import { coverage } from '../../tools/hwtest/coverage.js';
import { PRIVILEGED, UNTESTABLE } from '../../tools/hwtest/untestable.js';
import { BareMachine, CODE, TSS } from '../helpers/bare_machine.js';

const table = coverage(fileURLToPath(new URL('./hwcases', import.meta.url)));
const SELF = 'emulator/coverage.test.ts';
const DATA = 0x80000;

describe('the opcode table', () => {
  it('has no form that no test executes', () => {
    const missing = table.filter((c) => c.completed === 0 && c.elsewhere === null);
    expect(missing.map((c) => `${c.form.key} ${c.form.name}`)).toEqual([]);
  });

  it('has the rows that are tested elsewhere, and the tests exist', () => {
    const rows = new Set(table.map((c) => c.form.row));
    for (const reason of [...UNTESTABLE, ...PRIVILEGED]) {
      for (const row of reason.rows) expect(rows).toContain(row);
      expect(existsSync(fileURLToPath(new URL(`../${reason.tests}`, import.meta.url)))).toBe(true);
    }
  });

  it('has more than one recorded case of each form that user mode can complete', () => {
    const few = table.filter((c) => c.elsewhere === null && c.cases < 4);
    expect(few.map((c) => `${c.form.key}: ${c.cases}`)).toEqual([]);
  });
});

/** What has been written to ports: PORT.BYTES=VALUE. */
interface Log {
  written: string[];
}

interface Ran {
  m: BareMachine;
  log: Log;
}

/** Runs `code` and a HLT at CPL 0. */
function run(code: string, setup: (m: BareMachine) => void = () => {}): Ran {
  const m = new BareMachine();
  const log: Log = { written: [] };
  m.machine.attach({
    readPort: (port, bytes) =>
      (port * 0x01010101 + 0x01020304) & (bytes === 4 ? -1 : (1 << (8 * bytes)) - 1),
    writePort: (port, value, bytes) => log.written.push(`${port}.${bytes}=${value.toString(16)}`),
    nextEvent: Infinity,
    advance: () => {},
    acknowledge: () => 0xff,
    floatingPointError: () => {},
  });
  m.put(CODE, `${code} f4`);
  m.machine.cpu.setReg(EAX, 0x11223344);
  m.machine.cpu.setReg(EDX, 0x60);
  m.machine.cpu.setReg(EDI, DATA);
  m.machine.cpu.setReg(ESI, DATA);
  setup(m);
  m.run(100);
  expect(m.machine.halted).toBe(true);
  return { m, log };
}

const eax = ({ m }: Ran): number => m.reg(EAX) >>> 0;
const bytes = ({ m }: Ran, at: number, n: number): number[] =>
  Array.from(m.machine.ram8.subarray(at, at + n));

/** By row: a program for each form, which has its effect. */
const PROGRAMS: Record<string, () => void> = {
  '6c': () => expect(bytes(run('6c'), DATA, 2)).toEqual([0x64, 0]),
  '6d': () => {
    expect(bytes(run('66 6d'), DATA, 3)).toEqual([0x64, 0x63, 0]);
    expect(bytes(run('6d'), DATA, 5)).toEqual([0x64, 0x63, 0x62, 0x61, 0]);
  },
  '6e': () => expect(run('6e', fill).log.written).toEqual(['96.1=a1']),
  '6f': () => {
    expect(run('66 6f', fill).log.written).toEqual(['96.2=b2a1']);
    expect(run('6f', fill).log.written).toEqual(['96.4=d4c3b2a1']);
  },
  e4: () => expect(eax(run('e4 10'))).toBe(0x11223314),
  e5: () => {
    expect(eax(run('66 e5 10'))).toBe(0x11221314);
    expect(eax(run('e5 10'))).toBe(0x11121314);
  },
  e6: () => expect(run('e6 10').log.written).toEqual(['16.1=44']),
  e7: () => {
    expect(run('66 e7 10').log.written).toEqual(['16.2=3344']);
    expect(run('e7 10').log.written).toEqual(['16.4=11223344']);
  },
  ec: () => expect(eax(run('ec'))).toBe(0x11223364),
  ed: () => {
    expect(eax(run('66 ed'))).toBe(0x11226364);
    expect(eax(run('ed'))).toBe(0x61626364);
  },
  ee: () => expect(run('ee').log.written).toEqual(['96.1=44']),
  ef: () => {
    expect(run('66 ef').log.written).toEqual(['96.2=3344']);
    expect(run('ef').log.written).toEqual(['96.4=11223344']);
  },
  cd: () => {
    // int 40: its handler sets BL and returns
    const handler = (m: BareMachine): void => {
      m.handler(0x40, CODE + 0x100);
      m.put(CODE + 0x100, 'b3 77 cf');
    };
    expect(run('cd 40', handler).m.reg(EBX) & 0xff).toBe(0x77);
  },
  f1: () => {
    const handler = (m: BareMachine): void => {
      m.handler(1, CODE + 0x100);
      m.put(CODE + 0x100, 'b3 78 cf');
    };
    expect(run('f1', handler).m.reg(EBX) & 0xff).toBe(0x78);
  },
  f4: () => expect(run('').m.machine.cpu.eip).toBe(CODE + 1),
  fa: () => expect(run('fb 90 fa').m.machine.cpu.eflags & FLAG_IF).toBe(0),
  fb: () => expect(run('fb 9c 58 fa').m.reg(EAX) & FLAG_IF).toBe(FLAG_IF),
  '0f 00 /0': () => {
    // SLDT to 16 and 32 bits of a register, and to memory
    expect(eax(run('66 0f 00 c0', ldt))).toBe(0x11220038);
    expect(eax(run('0f 00 c0', ldt))).toBe(0x38);
    expect(bytes(run('66 0f 00 07', ldt), DATA, 2)).toEqual([0x38, 0]);
    expect(bytes(run('0f 00 07', ldt), DATA, 2)).toEqual([0x38, 0]);
  },
  '0f 00 /1': () => {
    expect(eax(run('66 0f 00 c8'))).toBe(0x11220028);
    expect(eax(run('0f 00 c8'))).toBe(0x28);
    expect(bytes(run('66 0f 00 0f'), DATA, 2)).toEqual([0x28, 0]);
    expect(bytes(run('0f 00 0f'), DATA, 2)).toEqual([0x28, 0]);
  },
  '0f 00 /2': () => {
    expect(eax(run('b0 38 30 e4 0f 00 d0 0f 00 c0', ldt))).toBe(0x38);
    const memory = (m: BareMachine): void => {
      ldt(m);
      m.put(DATA, '38 00');
    };
    expect(eax(run('0f 00 17 0f 00 c0', memory))).toBe(0x38);
  },
  '0f 00 /3': () => {
    expect(eax(run('b0 30 30 e4 0f 00 d8 0f 00 c8'))).toBe(0x30);
    expect(eax(run('0f 00 1f 0f 00 c8', (m) => m.put(DATA, '30 00')))).toBe(0x30);
  },
  '0f 01 /0': () => {
    // SGDT stores what LGDT has loaded, as SIDT does of LIDT
    for (const prefix of ['', '66 ']) {
      const all = bytes(
        run(`${prefix}0f 01 07`, (m) => m.machine.cpu.setGdtr(0x00654321, 0x1ff)),
        DATA,
        6,
      );
      expect(all).toEqual([0xff, 0x01, 0x21, 0x43, 0x65, 0]);
    }
  },
  '0f 01 /1': () => {
    for (const prefix of ['', '66 ']) {
      const all = bytes(
        run(`${prefix}0f 01 0f`, (m) => m.machine.cpu.setIdtr(0x00765432, 0x3ff)),
        DATA,
        6,
      );
      expect(all).toEqual([0xff, 0x03, 0x32, 0x54, 0x76, 0]);
    }
  },
  '0f 01 /2': () => {
    const put = (m: BareMachine): void => m.put(DATA, '23 01 78 56 34 12');
    expect(bytes(run('0f 01 17 0f 01 07', put), DATA, 6)).toEqual([
      0x23, 1, 0x78, 0x56, 0x34, 0x12,
    ]);
    // with 16 bits, 24 of the base
    expect(bytes(run('66 0f 01 17 0f 01 07', put), DATA, 6)).toEqual([
      0x23, 1, 0x78, 0x56, 0x34, 0,
    ]);
  },
  '0f 01 /3': () => {
    const put = (m: BareMachine): void => m.put(DATA, '23 01 78 56 34 12');
    expect(bytes(run('0f 01 1f 0f 01 0f', put), DATA, 6)).toEqual([
      0x23, 1, 0x78, 0x56, 0x34, 0x12,
    ]);
    expect(bytes(run('66 0f 01 1f 0f 01 0f', put), DATA, 6)).toEqual([
      0x23, 1, 0x78, 0x56, 0x34, 0,
    ]);
  },
  '0f 01 /4': () => {
    const cr0 = run('0f 20 c0').m.reg(EAX);
    expect(run('0f 01 e0').m.reg(EAX)).toBe(cr0);
    expect(eax(run('66 0f 01 e0'))).toBe(0x11220000 + (cr0 & 0xffff));
    expect(bytes(run('0f 01 27'), DATA, 2)).toEqual([cr0 & 0xff, (cr0 >> 8) & 0xff]);
    expect(bytes(run('66 0f 01 27'), DATA, 2)).toEqual([cr0 & 0xff, (cr0 >> 8) & 0xff]);
  },
  '0f 01 /6': () => {
    // TS by a register and by memory
    expect(run('b8 09 00 00 00 0f 01 f0 0f 20 c0').m.reg(EAX) & CR0_TS).toBe(CR0_TS);
    expect(run('0f 01 37 0f 20 c0', (m) => m.put(DATA, '09 00')).m.reg(EAX) & CR0_TS).toBe(CR0_TS);
  },
  '0f 01 /7': () => {
    for (const prefix of ['', '66 ']) expect(run(`${prefix}0f 01 3f`).m.reg(EDI)).toBe(DATA);
  },
  '0f 06': () => {
    const set = (m: BareMachine): void => {
      m.machine.cpu.cr0 |= CR0_TS;
    };
    expect(run('0f 06 0f 20 c0', set).m.reg(EAX) & CR0_TS).toBe(0);
  },
  '0f 08': () => expect(eax(run('0f 08'))).toBe(0x11223344),
  '0f 09': () => expect(eax(run('0f 09'))).toBe(0x11223344),
  '0f 20': () => {
    const set = (m: BareMachine): void => {
      m.machine.cpu.cr2 = 0x12345678;
    };
    expect(eax(run('0f 20 d0', set))).toBe(0x12345678);
  },
  '0f 21': () => expect(eax(run('0f 23 c8 31 c0 0f 21 c8'))).toBe(0x11223344),
  '0f 22': () => expect(run('0f 22 d0').m.machine.cpu.cr2).toBe(0x11223344),
  '0f 23': () => expect(eax(run('0f 23 d0 31 c0 0f 21 d0'))).toBe(0x11223344),
  '0f 30': () => {
    // IA32_SYSENTER_ESP
    const select = (m: BareMachine): void => m.machine.cpu.setReg(ECX, 0x175);
    expect(eax(run('31 d2 0f 30 31 c0 0f 32', select))).toBe(0x11223344);
  },
  '0f 31': () => {
    const r = run('0f 31 89 c3 0f 31');
    expect(r.m.reg(EAX) - r.m.reg(EBX)).toBeGreaterThan(0);
  },
  '0f 32': () => {
    const select = (m: BareMachine): void => m.machine.cpu.setReg(ECX, 0x175);
    expect(eax(run('0f 32', select))).toBe(0);
  },
  '0f 33': () => {
    // no counter: #GP
    const handler = (m: BareMachine): void => {
      m.handler(13, CODE + 0x100);
      m.put(CODE + 0x100, 'b3 79 f4');
    };
    expect(run('0f 33', handler).m.reg(EBX) & 0xff).toBe(0x79);
  },
  '0f a2': () => expect(run('31 c0 0f a2').m.reg(EAX)).toBeGreaterThanOrEqual(1),
};

function fill(m: BareMachine): void {
  m.put(DATA, 'a1 b2 c3 d4');
}

/** Slot 7 describes a local descriptor table, which is loaded. */
function ldt(m: BareMachine): void {
  m.descriptor(7, TSS, 0xff, 0x82);
  m.machine.cpu.setLdt(0x38, TSS, 0xff);
}

describe('rows that user mode cannot execute', () => {
  const rows = [...UNTESTABLE, ...PRIVILEGED]
    .filter((r) => r.tests === SELF)
    .flatMap((r) => r.rows);

  it('have a program here', () => {
    expect(Object.keys(PROGRAMS).sort()).toEqual(rows.slice().sort());
  });

  for (const row of rows) it(row, () => PROGRAMS[row]());
});
