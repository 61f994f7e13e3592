import { beforeEach, expect, test } from 'vitest';
import { Debugger } from '../../debugger/index.js';
import { Machine } from '../../emulator/index.js';
import { createKernel, kernel_mount_root, spawn_init, vfs_write_file } from '../../kernel/index.js';
import { makeElf } from '../helpers/elf.js';

const TEXT = 0x08048000;
const DATA = 0x08050000;
// prettier-ignore
const CODE = [
  /* 00 */ 0xb9, 3, 0, 0, 0,                    // mov ecx, 3
  /* 05 */ 0x49,                                // loop: dec ecx
  /* 06 */ 0x75, 0xfd,                          // jnz loop
  /* 08 */ 0x89, 0x0d, 0x10, 0, 5, 8,           // mov [DATA + 0x10], ecx
  /* 0e */ 0xb8, 2, 0, 0, 0,                    // mov eax, SYS_fork
  /* 13 */ 0xcd, 0x80,                          // int 0x80
  /* 15 */ 0x6a, 7,                             // push 7
  /* 17 */ 0x50,                                // push eax
  /* 18 */ 0xb8, 1, 0, 0, 0,                    // mov eax, SYS_exit
  /* 1d */ 0xcd, 0x80,                          // int 0x80
];
const LOOP = TEXT + 5;
const STORE = TEXT + 8;
const AFTER_FORK = TEXT + 0x15;

let debug: Debugger;

beforeEach(() => {
  const machine = new Machine({ ramBytes: 16 << 20 });
  const host = { consoleWrite: () => undefined, log() {}, wallClockNs: () => 0, entropy() {} };
  const k = createKernel(
    machine,
    host,
    { mask: 0, emit() {} },
    {
      swapBytes: 0,
      checkInvariants: true,
      verboseBoot: false,
      realtime: false,
    },
  );
  kernel_mount_root(k, null, 'tmpfs');
  const text = { vaddr: TEXT, bytes: Uint8Array.from(CODE), flags: 5 };
  const data = { vaddr: DATA, bytes: new Uint8Array(0), memsz: 4096, flags: 6 };
  vfs_write_file(k, '/program', makeElf({ entry: TEXT, osabi: 9, segments: [text, data] }), 0o755);
  const error = spawn_init(k, {
    path: '/program',
    argv: ['/program'],
    envp: [],
    cwd: '/',
    abi: null,
    console: null,
    streams: ['pipe', 'pipe', 'pipe'],
  });
  expect(error).toBe(null);
  debug = new Debugger(k);
});

test('stepi executes single instructions', () => {
  expect(debug.registers()).toBe(null);
  expect(debug.stepi()).toEqual({ reason: 'step' });
  expect(debug.registers()).toMatchObject({ eip: LOOP, ecx: 3 });
  debug.stepi(3);
  expect(debug.registers()).toMatchObject({ eip: TEXT + 6, ecx: 1 });
  expect(debug.instructions).toBe(4);
});

test('a breakpoint stops at every turn of a loop, and leaves when deleted', () => {
  const breakpoint = debug.break(LOOP);
  for (const ecx of [3, 2, 1]) {
    expect(debug.continue()).toEqual({ reason: 'breakpoint', breakpoint });
    expect(debug.registers()).toMatchObject({ eip: LOOP, ecx });
  }
  expect(breakpoint.hits).toBe(3);
  debug.delete(breakpoint.number);
  expect(debug.delete(breakpoint.number)).toBe(false);
  expect(debug.continue()).toMatchObject({ reason: 'exited' });
});

test('a breakpoint set on code that was already executed is hit', () => {
  debug.stepi(2);
  debug.break(LOOP);
  expect(debug.continue()).toMatchObject({ reason: 'breakpoint' });
  expect(debug.registers()).toMatchObject({ ecx: 2 });
});

test('stepping from a breakpoint executes its instruction', () => {
  debug.break(LOOP);
  debug.continue();
  expect(debug.stepi()).toEqual({ reason: 'step' });
  expect(debug.registers()).toMatchObject({ eip: TEXT + 6, ecx: 2 });
});

test('an instruction that faults stops once, although it is executed twice', () => {
  const breakpoint = debug.break(STORE);
  debug.continue();
  expect(debug.readMemory(DATA + 0x10, 4)).toHaveLength(0);
  expect(debug.stepi()).toEqual({ reason: 'step' });
  expect(breakpoint.hits).toBe(1);
  expect([...debug.readMemory(DATA + 0x10, 4)]).toEqual([0, 0, 0, 0]);
  const { pa, writable } = debug.pageWalk(DATA + 0x10);
  expect(pa & 0xfff).toBe(0x10);
  expect(writable).toBe(true);
});

test('the kernel debugger and explain answer in front of an instruction', () => {
  debug.break(STORE);
  debug.continue();
  const before = debug.explain(DATA + 0x10);
  expect(before?.accesses[1]).toMatchObject({ faults: true, kernel: { action: 'zero-fill' } });
  debug.stepi();
  const after = debug.explain(DATA + 0x10);
  expect(after?.accesses[1].faults).toBe(false);
  expect(after?.translation.pa).toBe(debug.pageWalk(DATA + 0x10).pa);
  expect(debug.show(`pte ${DATA + 0x10}`).data).toEqual(after?.translation);
  expect(() => debug.show('mop')).toThrow('show knows map');
});

test('a breakpoint of one process does not stop the other', () => {
  debug.break(AFTER_FORK);
  debug.continue();
  const first = debug.thread?.td_proc.p_pid;
  debug.continue();
  const second = debug.thread?.td_proc.p_pid;
  expect(second).not.toBe(first);
  expect(debug.continue()).toMatchObject({ reason: 'exited' });
});

test('pid and temporary limit a breakpoint', () => {
  debug.stepi();
  const pid = debug.thread?.td_proc.p_pid ?? null;
  const other = debug.break(AFTER_FORK, { pid: (pid ?? 0) + 1000 });
  const mine = debug.break(AFTER_FORK, { pid, temporary: true });
  expect(debug.continue()).toEqual({ reason: 'breakpoint', breakpoint: mine });
  expect(debug.breakpoints()).toEqual([other]);
  expect(debug.continue()).toMatchObject({ reason: 'exited' });
});

test('registers and memory can be set', () => {
  debug.break(LOOP);
  debug.continue();
  debug.setRegister('ecx', 1);
  debug.delete(1);
  debug.break(STORE);
  expect(debug.continue()).toMatchObject({ reason: 'breakpoint' });
  expect(debug.instructions).toBe(3);
  expect(debug.writeMemory(TEXT + 0x16, Uint8Array.of(9))).toBe(1);
  expect([...debug.readMemory(TEXT + 0x15, 2)]).toEqual([0x6a, 9]);
});

test('continue stops at a limit of instructions', () => {
  expect(debug.continue(2)).toEqual({ reason: 'limit' });
  expect(debug.instructions).toBe(2);
});
