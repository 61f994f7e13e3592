// Whose x87 and SSE state is in the CPU, and the codes of SIGFPE (i386/isa/npx.c).

import { describe, expect, it } from 'vitest';
import { CONTEXT_FPU, CONTEXT_WORDS, CONTEXT_XMM, Machine } from '../../emulator/index.js';
import { createKernel } from '../../kernel/index.js';
import {
  npxdna,
  npxdrop,
  npxfork,
  npxgetregs,
  npxinit,
  npxleave,
  npxsetregs,
  npxswitch,
  npxtrap_sse,
  npxtrap_x87,
} from '../../kernel/i386/npx.js';
import { thread_alloc } from '../../kernel/kern/kern_proc.js';
import type { Kernel } from '../../kernel/sys/kernel.js';
import type { Proc, Thread } from '../../kernel/sys/proc.js';
import { vm_thread_new } from '../../kernel/vm/vm_kstack.js';

const CONTROL = CONTEXT_FPU + 32;
const STATUS = CONTROL + 1;
const MXCSR = CONTEXT_XMM + 32;

function kernel(): Kernel {
  return createKernel(
    new Machine({ ramBytes: 16 << 20 }),
    {
      consoleWrite: () => undefined,
      log: () => undefined,
      wallClockNs: () => 0,
      entropy: (into) => into.fill(0),
    },
    { mask: 0, emit: () => undefined },
    { swapBytes: 0, checkInvariants: true, verboseBoot: false, realtime: false },
  );
}

function thread(k: Kernel, control = 0x127f): Thread {
  const td = thread_alloc(k, k.kern.proc0 as Proc);
  vm_thread_new(k, td);
  npxinit(k, td, control);
  return td;
}

/** The running thread computes: word n of its registers is `value` afterwards. */
function compute(k: Kernel, td: Thread, value: number): void {
  const { machine } = k;
  if (machine.cpu.taskSwitched) npxdna(k, td);
  const now = new Int32Array(CONTEXT_WORDS);
  machine.saveFpu(now);
  now[CONTEXT_FPU] = now[CONTEXT_XMM] = value;
  machine.loadFpu(now);
}

function turn(k: Kernel, from: Thread | null, to: Thread): void {
  if (from !== null) npxleave(k, from);
  npxswitch(k, to);
}

/** What a thread's state is, as a debugger would see it. */
function valueOf(k: Kernel, td: Thread): [x87: number, xmm: number] {
  npxgetregs(k, td);
  return [td.td_frame[CONTEXT_FPU], td.td_frame[CONTEXT_XMM]];
}

describe('lazy switching', () => {
  it('leaves the state in the CPU until another thread computes', () => {
    const k = kernel();
    const [a, b] = [thread(k), thread(k)];
    turn(k, null, a);
    expect(k.machine.cpu.taskSwitched).toBe(true);
    compute(k, a, 11);
    turn(k, a, b);
    expect(k.machine.cpu.taskSwitched).toBe(true);
    expect(k.kern.fpcurthread).toBe(a);
    expect(valueOf(k, a)).toEqual([11, 11]);
    turn(k, b, a);
    expect(k.machine.cpu.taskSwitched).toBe(false); // nothing had to be copied
    turn(k, a, b);
    compute(k, b, 22);
    expect(k.kern.fpcurthread).toBe(b);
    expect(valueOf(k, a)).toEqual([11, 11]);
    turn(k, b, a);
    compute(k, a, 12);
    expect([valueOf(k, a), valueOf(k, b)]).toEqual([
      [12, 12],
      [22, 22],
    ]);
  });

  it('needs no #NM for threads that compute turn after turn, and again when they do not', () => {
    const k = kernel();
    const [a, b] = [thread(k), thread(k)];
    let faults = 0;
    let last: Thread | null = null;
    const take = (td: Thread, value: number): void => {
      turn(k, last, td);
      last = td;
      if (k.machine.cpu.taskSwitched) faults++;
      if (value !== 0) compute(k, td, value);
    };
    for (let i = 1; i <= 40; i++) {
      take(a, i);
      take(b, 100 + i);
      expect([valueOf(k, a), valueOf(k, b)]).toEqual([
        [i, i],
        [100 + i, 100 + i],
      ]);
    }
    expect(faults).toBe(12);
    npxdrop(k, a);
    take(a, 0);
    expect(k.machine.cpu.taskSwitched).toBe(true);
  });

  it('fork copies, exec and a signal handler begin anew', () => {
    const k = kernel();
    const [a, b, c, d] = [thread(k), thread(k), thread(k), thread(k)];
    turn(k, null, a);
    compute(k, a, 33);
    npxfork(k, a, b); // out of the CPU
    turn(k, a, c);
    compute(k, c, 44);
    npxfork(k, a, d); // out of its context
    expect([valueOf(k, b), valueOf(k, d)]).toEqual([
      [33, 33],
      [33, 33],
    ]);
    npxinit(k, b, 0x37f);
    expect(valueOf(k, b)).toEqual([0, 0]);
    expect(b.td_frame[CONTROL]).toBe(0x37f);
    expect(b.td_frame[MXCSR]).toBe(0x1f80);
    expect(valueOf(k, a)).toEqual([33, 33]);
  });

  it('a state that is set counts, wherever the thread has its own', () => {
    const k = kernel();
    const [a, b] = [thread(k), thread(k)];
    turn(k, null, a);
    compute(k, a, 1);
    expect(npxgetregs(k, a)).toBe(true);
    expect(npxgetregs(k, b)).toBe(false);
    for (const td of [a, b]) {
      td.td_frame[CONTEXT_FPU] = 55;
      npxsetregs(k, td);
    }
    expect(valueOf(k, a)[0]).toBe(55);
    turn(k, a, b);
    npxdna(k, b);
    expect(valueOf(k, b)[0]).toBe(55);
  });
});

describe('SIGFPE', () => {
  const [DIV, OVF, UND, RES, INV, SUB] = [3, 4, 5, 6, 7, 8];
  /** Rows of npx.c's fpetable: exception flags, with 0x40 for a stack fault. */
  const fpetable: [flags: number, freebsd: number][] = [
    [0x01, INV],
    [0x02, UND],
    [0x04, DIV],
    [0x08, OVF],
    [0x10, UND],
    [0x20, RES],
    [0x1f, INV],
    [0x22, UND],
    [0x26, DIV],
    [0x28, OVF],
    [0x2a, UND],
    [0x30, UND],
    [0x38, OVF],
    [0x3e, DIV],
    [0x3f, INV],
    [0x41, SUB],
    [0x42, UND],
    [0x44, DIV],
    [0x48, OVF],
    [0x60, RES],
    [0x61, SUB],
    [0x7f, SUB],
  ];

  it('has the codes of fpetable', () => {
    const k = kernel();
    const td = thread(k);
    for (const [flags, code] of fpetable) {
      npxgetregs(k, td);
      td.td_frame[CONTROL] = 0x340;
      td.td_frame[STATUS] = flags;
      expect(npxtrap_x87(k, td, false), flags.toString(16)).toBe(code);
      // Masked exceptions are not looked at.
      td.td_frame[CONTROL] = 0x340 | (~flags & 0x3f);
      td.td_frame[STATUS] = flags | 0x3f;
      expect(npxtrap_x87(k, td, false), flags.toString(16)).toBe(code);
      if (flags & 0x40) continue;
      td.td_frame[MXCSR] = flags | ((~flags & 0x3f) << 7);
      expect(npxtrap_sse(k, td, false), flags.toString(16)).toBe(code);
    }
  });
});
