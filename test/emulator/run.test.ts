// The run loop: exact counts, stepping, single-step traps, self-modifying code, page ends, repeated
// string instructions. Code is bytes with their assembly beside them.

import { beforeEach, expect, test } from 'vitest';
import {
  CS,
  CR0_PG,
  CR0_WP,
  EAX,
  EBX,
  ECX,
  EDI,
  EDX,
  ESI,
  ESP,
  Machine,
} from '../../emulator/index.js';
import { random } from '../helpers/random.js';

const CODE = 0x10000;
const DATA = 0x20000;
const STACK = 0x30000;
const TABLES = 0x80000;
const HLT = 0xf4;
const FLAG_TF = 0x100;

let machine: Machine;

function load(at: number, ...code: number[]): void {
  machine.ram8.set(code, at);
  machine.physStored(at, code.length);
}

function start(...code: number[]): void {
  load(CODE, ...code);
  machine.cpu.eip = CODE;
  machine.cpu.setReg(ESP, STACK);
}

/** Maps the first megabyte one to one, but for page `from`, which frame `to` stands for. */
function paging(from = -1, to = 0): void {
  const { ram32, cpu } = machine;
  ram32[TABLES >> 2] = (TABLES + 4096) | 7;
  for (let page = 0; page < 256; page++) {
    ram32[((TABLES + 4096) >> 2) + page] = ((page << 12 === from ? to : page << 12) & ~0xfff) | 7;
  }
  cpu.cr3 = TABLES;
  cpu.cr0 = cpu.cr0 | CR0_PG | CR0_WP;
}

function state(): number[] {
  const { cpu } = machine;
  const registers = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => cpu.getReg(n));
  return [...registers, cpu.eip, cpu.eflags, machine.instructions];
}

beforeEach(() => {
  machine = new Machine({ ramBytes: 1 << 20 });
});

// prettier-ignore
const LOOP = [
  0xb9, 0xe8, 0x03, 0, 0,       // mov ecx, 1000
  0x01, 0xc8,                   // 1: add eax, ecx
  0xe8, 0x05, 0, 0, 0,          // call 2f
  0x49,                         // dec ecx
  0x75, 0xf6,                   // jnz 1b
  HLT,
  0x90,
  0x53, 0x8d, 0x5b, 0x03, 0x0f, 0xaf, 0xc3, 0x5b, // 2: push ebx; lea ebx, [ebx+3]; imul eax, ebx; pop ebx
  0xf7, 0xd0, 0xc3,             // not eax; ret
];

test('run(n) executes n instructions, in any slices', () => {
  start(...LOOP);
  const first = machine.run(1e9);
  expect(first.kind).toBe('halt');
  const end = state();
  expect(machine.instructions).toBe(1 + 1000 * 10 + 1);
  const next = random(7);
  for (let round = 0; round < 20; round++) {
    machine = new Machine({ ramBytes: 1 << 20 });
    start(...LOOP);
    let exit = first;
    do {
      const before = machine.instructions;
      const slice = 1 + (next() % (round < 10 ? 7 : 200));
      exit = machine.run(slice);
      if (exit.kind === 'budget') expect(machine.instructions - before).toBe(slice);
    } while (exit.kind === 'budget');
    expect(exit.kind).toBe('halt');
    expect(state()).toEqual(end);
  }
});

test('the time-stamp counter counts instructions, whatever the slices', () => {
  const code = [0x0f, 0x31, 0x89, 0xc3, 0x90, 0x0f, 0x31, 0x29, 0xd8, HLT]; // rdtsc; mov ebx, eax; nop; rdtsc; sub eax, ebx; hlt
  for (const slice of [1, 2, 3, 100]) {
    machine = new Machine({ ramBytes: 1 << 20 });
    start(...code);
    while (machine.run(slice).kind === 'budget');
    expect(machine.cpu.getReg(EBX)).toBe(0);
    expect(machine.cpu.getReg(EAX)).toBe(3);
  }
});

test('popf sets TF: a trap after the next instruction', () => {
  start(0x68, 0x02, 0x01, 0, 0, 0x9d, 0x40, 0x41, HLT); // push 102h; popf; inc eax; inc ecx
  const exit = machine.run(100);
  expect([exit.kind, exit.vector]).toEqual(['trap', 1]);
  expect(machine.cpu.eip).toBe(CODE + 7);
  expect([machine.cpu.getReg(EAX), machine.cpu.getReg(ECX)]).toEqual([1, 0]);
  expect(machine.instructions).toBe(3);
  machine.cpu.eflags &= ~FLAG_TF;
  expect(machine.run(100).kind).toBe('halt');
});

test('iret sets TF, too', () => {
  start(
    0x68,
    0x02,
    0x01,
    0,
    0,
    0x0e,
    0x68,
    0x0d,
    0,
    1,
    0,
    0xcf,
    0, // push 102h; push cs; push 1000dh; iret
    0x40,
    0x41,
    HLT,
  );
  load(0x1000, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0x9b, 0xcf, 0);
  machine.cpu.setGdtr(0x1000, 15);
  expect(machine.cpu.setSegment(CS, 8)).toBe(true);
  const exit = machine.run(100);
  expect([exit.kind, exit.vector]).toEqual(['trap', 1]);
  expect(machine.cpu.eip).toBe(CODE + 14);
});

test('a store into the running block takes effect at once', () => {
  start(
    0xc6,
    0x05,
    0x08,
    0,
    1,
    0,
    0x48, // mov byte [10008h], 48h: dec eax
    0x90,
    0x40,
    HLT, // nop; inc eax (overwritten)
  );
  expect(machine.run(100).kind).toBe('halt');
  expect(machine.cpu.getReg(EAX)).toBe(-1);
  expect(machine.instructions).toBe(4);
});

test('the same, one instruction at a time', () => {
  start(0xc6, 0x05, 0x08, 0, 1, 0, 0x48, 0x90, 0x40, HLT);
  let runs = 0;
  while (machine.run(1).kind === 'budget') runs++;
  expect(machine.cpu.getReg(EAX)).toBe(-1);
  expect([runs, machine.instructions]).toEqual([3, 4]);
});

test('code that counts by rewriting its own immediate', () => {
  paging();
  start(
    0xb9,
    0x64,
    0,
    0,
    0, // mov ecx, 100
    0xff,
    0x05,
    0x0c,
    0,
    1,
    0, // 1: inc dword [1000ch]
    0xb8,
    0,
    0,
    0,
    0, // mov eax, 0 (the immediate lies at 1000ch)
    0xe2,
    0xf3,
    HLT, // loop 1b
  );
  expect(machine.run(1e6).kind).toBe('halt');
  expect(machine.cpu.getReg(EAX)).toBe(100);
  expect(machine.instructions).toBe(1 + 300 + 1);
});

test('code written through another mapping of its frame', () => {
  paging(DATA, CODE);
  start(0xc6, 0x05, 0x08, 0, 2, 0, 0x48, 0x90, 0x40, HLT); // mov byte [20008h], 48h
  expect(machine.run(100).kind).toBe('halt');
  expect(machine.cpu.getReg(EAX)).toBe(-1);
});

test('an instruction across a page end, in a loop, whose second half changes', () => {
  const at = CODE + 0xffd;
  paging();
  load(at, 0xb8, 0x11, 0x22, 0x33, 0x44); // mov eax, 44332211h
  load(CODE + 0x1002, 0x01, 0xc2, 0xe2, 0xf7, HLT); // add edx, eax; loop
  machine.cpu.setReg(ESP, STACK);
  machine.cpu.setReg(ECX, 1000);
  machine.cpu.eip = at;
  expect(machine.run(1e6).kind).toBe('halt');
  expect(machine.cpu.getReg(EDX)).toBe(Math.imul(0x44332211, 1000));
  load(CODE + 0x1000, 0x55);
  machine.cpu.setReg(ECX, 1);
  machine.cpu.eip = at;
  machine.run(1e6);
  expect(machine.cpu.getReg(EAX)).toBe(0x44552211);
});

test('an instruction across a page end whose second page is missing', () => {
  const at = CODE + 0xffd;
  paging();
  machine.ram32[((TABLES + 4096) >> 2) + (CODE >> 12) + 1] = 0;
  load(at - 1, 0x40, 0xb8, 0x11, 0x22); // inc eax; mov eax, ...
  machine.cpu.eip = at - 1;
  const exit = machine.run(100);
  expect([exit.kind, exit.vector, exit.cr2, exit.error]).toEqual(['trap', 14, CODE + 0x1000, 0]);
  expect([machine.cpu.eip, machine.cpu.getReg(EAX), machine.instructions]).toEqual([at, 1, 1]);
});

test('a fault in the middle of a block gives back its budget', () => {
  paging();
  machine.ram32[((TABLES + 4096) >> 2) + (DATA >> 12)] = 0;
  start(0x40, 0x40, 0xa3, 0, 0, 2, 0, 0x40, 0x40, HLT); // inc eax; inc eax; mov [20000h], eax; inc eax ...
  const exit = machine.run(100);
  expect([exit.kind, exit.vector, exit.cr2, exit.error]).toEqual(['trap', 14, DATA, 2]);
  expect([machine.cpu.eip, machine.instructions]).toEqual([CODE + 2, 2]);
  machine.ram32[((TABLES + 4096) >> 2) + (DATA >> 12)] = DATA | 7;
  expect(machine.run(100).kind).toBe('halt');
  expect(machine.instructions).toBe(6);
  expect(machine.ram32[DATA >> 2]).toBe(2);
});

test('rep movs that faults stops after a whole iteration and can be resumed', () => {
  paging();
  const missing = ((TABLES + 4096) >> 2) + (DATA >> 12) + 1;
  machine.ram32[missing] = 0;
  for (let i = 0; i < 0x2000; i++) machine.ram8[0x40000 + i] = i * 7;
  start(0xf3, 0xa5, HLT); // rep movsd
  machine.cpu.setReg(ESI, 0x40000);
  machine.cpu.setReg(EDI, DATA + 2);
  machine.cpu.setReg(ECX, 0x600);
  const exit = machine.run(100);
  expect([exit.kind, exit.vector, exit.cr2]).toEqual(['trap', 14, DATA + 0x1000]);
  expect([machine.cpu.getReg(ECX), machine.cpu.getReg(EDI)]).toEqual([0x600 - 0x3ff, DATA + 0xffe]);
  expect([machine.cpu.eip, machine.instructions]).toEqual([CODE, 0]);
  machine.ram32[missing] = (DATA + 0x1000) | 7;
  expect(machine.run(100).kind).toBe('halt');
  expect(machine.instructions).toBe(2);
  expect(machine.ram8.slice(DATA + 2, DATA + 2 + 0x1800)).toEqual(
    machine.ram8.slice(0x40000, 0x41800),
  );
});

test('repeated string instructions give what single iterations give', () => {
  const next = random(11);
  const opcodes = [0xa4, 0xa5, 0xaa, 0xab, 0xa6, 0xa7, 0xae, 0xaf];
  for (let round = 0; round < 1500; round++) {
    const opcode = opcodes[next() % 8];
    const prefix = 0xf2 + (next() % 2);
    const narrow = next() % 3 === 0 ? [0x66] : [];
    const backward = next() % 4 === 0 ? 0x400 : 0;
    const from = 0x40f00 + (next() % 0x200);
    const to = next() % 2 === 0 ? from + (next() % 64) - 32 : 0x43f00 + (next() % 0x200);
    const count = next() % 300;
    const width = opcode & 1 ? (narrow.length > 0 ? 2 : 4) : 1;
    const differing = next() % 300;
    const comparing = (opcode & 6) === 6;
    // In steps: 1: jecxz 2f; the instruction; lea ecx, [ecx-1]; jz 1b (jnz, jmp); 2: hlt
    const again = comparing ? (prefix === 0xf3 ? 0x74 : 0x75) : 0xeb;
    // prettier-ignore
    const steps = [
      0xe3, 6 + narrow.length, ...narrow, opcode, 0x8d, 0x49, 0xff, again, 0xf8 - narrow.length, HLT,
    ];
    const results = [[...narrow, prefix, opcode, HLT], steps].map((code) => {
      machine.ram8.fill(comparing && prefix === 0xf2 ? 1 : 0, 0x3f000, 0x46000);
      const bytes = random(round + 1);
      if (!comparing)
        for (let at = 0x3f000; at < 0x46000; at += 4) machine.ram32[at >> 2] = bytes();
      else machine.ram8[to + differing * (backward ? -width : width)] = 2 - (opcode & 8) / 8;
      start(...code);
      machine.cpu.eflags = 2 | backward;
      const initial = [count, from, to, comparing ? 0 : 0x12345678];
      if (opcode >= 0xae && prefix === 0xf2) initial[3] = 0x01010102;
      [ECX, ESI, EDI, EAX].forEach((r, i) => machine.cpu.setReg(r, initial[i]));
      expect(machine.run(1e6).kind).toBe('halt');
      const registers = [ECX, ESI, EDI].map((r) => machine.cpu.getReg(r));
      const memory = Buffer.from(machine.ram8.subarray(0x3f000, 0x46000)).toString('latin1');
      return [registers, machine.cpu.eflags, memory];
    });
    expect(results[0]).toEqual(results[1]);
  }
});

test('a repeated instruction with TF traps after each iteration', () => {
  start(0xf3, 0xaa, HLT); // rep stosb
  machine.cpu.setReg(EDI, DATA);
  machine.cpu.setReg(ECX, 3);
  machine.cpu.eflags = 2 | FLAG_TF;
  const seen: number[][] = [];
  for (let i = 0; i < 3; i++) {
    expect(machine.run(10).vector).toBe(1);
    seen.push([machine.cpu.eip - CODE, machine.cpu.getReg(ECX)]);
  }
  expect(seen).toEqual([
    [0, 2],
    [0, 1],
    [2, 0],
  ]);
});
