// Every form of the opcode table with what it accesses across a page boundary, when the page in front
// of it or behind it is missing or read-only: the fault leaves everything as it was, and after repair
// the result is that of a machine that never faulted.

import { describe, expect, it } from 'vitest';
import {
  CONTEXT_FPU,
  CONTEXT_WORDS,
  CONTEXT_XMM,
  CR4_OSFXSR,
  CR4_OSXMMEXCPT,
} from '../../emulator/index.js';
import { allForms } from '../../tools/hwtest/forms.js';
import type { Form } from '../../tools/hwtest/forms.js';
import { CODE_ADDRESS, FREE, P, PagedMachine, U, W, word } from '../helpers/paged_machine.js';

const DATA = 0x20000000;
const BOUNDARY = DATA + 0x1000;
const LOW = FREE + 0x1000;
const HIGH = FREE + 0x2000;
/** Bytes on each side of the boundary that operands may take. */
const REACH = 0x300;
const WRITABLE = P | W | U;

/** Bytes in front of the boundary at which an operand begins. */
const SHORT = [1, 2, 4, 7, 8, 15, 16];
const LONG = [27, 53, 93, 107, 256, 511];

const MOFFS = ['a0', 'a1', 'a2', 'a3'];

/** Code of a form: its memory operand is at [EDI] or, without ModRM, wherever registers point. */
function codeOf(form: Form, address: number): number[] {
  const prefixes = form.size === 16 ? [form.byAddress ? 0x67 : 0x66] : [];
  if (form.prefix !== 0) prefixes.push(form.prefix);
  const digit = Math.max(form.digit, 0) << 3;
  if (MOFFS.includes(form.row)) return [...prefixes, ...form.opcode, ...word(address)];
  if (form.place === '') return [...prefixes, ...form.opcode, 0x02, 0x00, 0x01, 0x00, 0x00, 0x00];
  const modrm = form.place === 'm' ? digit | 7 : 0xc0 | digit | Math.max(form.low, 0);
  return [...prefixes, ...form.opcode, modrm, 0x1b, 0x00, 0x00, 0x00];
}

class Subject {
  readonly m = new PagedMachine(1 << 20);
  readonly #initial: Int32Array;
  readonly #contents: Uint8Array;

  constructor() {
    const { m } = this;
    m.machine.cpu.cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT;
    this.#contents = Uint8Array.from({ length: 0x2000 }, (_, i) => 0x35 + i * 7 + (i >> 8) * 13);
    // Zeros now and then: images of FXRSTOR with a valid MXCSR, quotients that fit.
    for (let i = 0; i < 0x2000; i += 4) if (i % 24 === 0) this.#contents.fill(0, i, i + 4);
    m.code([]);
    this.#initial = this.context();
    for (let i = 0; i < 32; i++) this.#initial[CONTEXT_XMM + i] = Math.imul(i + 1, 0x9e3779b1);
    // Two values on the x87 stack, 1.5 and -6; the rest are MMX registers with bytes of either sign.
    for (let i = 0; i < 6; i++) this.#initial.set([0x80ff7f80, 0x807f8081], CONTEXT_FPU + i * 4);
    this.#initial.set([0x37f, 0x3000, 0x0fff], CONTEXT_FPU + 32);
    this.#initial.set([0, 0xc0000000, 0x3fff, 0], CONTEXT_FPU + 6 * 4);
    this.#initial.set([0, 0xc0000000, 0xc001, 0], CONTEXT_FPU + 7 * 4);
  }

  /** About to execute `code`, all registers but EAX, ECX and EDX at `address`. */
  prepare(code: readonly number[], address: number, low: number, high: number): void {
    const { m } = this;
    m.machine.ram8.set(this.#contents, LOW);
    m.machine.physStored(LOW, 0x2000);
    this.pages(low, high);
    m.code(code);
    m.machine.loadContext(this.#initial);
    for (let n = 0; n < 8; n++) m.machine.cpu.setReg(n, n < 3 ? n + 1 : address);
    m.machine.cpu.eip = CODE_ADDRESS;
  }

  pages(low: number, high: number): void {
    this.m.map(DATA, LOW, low);
    this.m.map(BOUNDARY, HIGH, high);
    this.m.machine.flushTlb(true);
  }

  context(): Int32Array {
    const words = new Int32Array(CONTEXT_WORDS);
    this.m.machine.saveContext(words);
    return words;
  }

  memory(): Uint8Array {
    return this.m.machine.ram8.slice(HIGH - REACH, HIGH + REACH);
  }
}

function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return i;
  return -1;
}

const faulting = new Subject();
const whole = new Subject();

/** What is wrong with a form at an address, or null; `faulted` tells whether there was a fault. */
function check(form: Form, address: number, low: number, high: number): [string | null, boolean] {
  const code = codeOf(form, address);
  faulting.prepare(code, address, low, high);
  const before = faulting.context();
  const memory = faulting.memory();
  const { machine } = faulting.m;
  let exit = { ...machine.run(1) };
  const faulted = exit.kind === 'trap' && exit.vector === 14;
  if (faulted) {
    const bad = low === WRITABLE ? BOUNDARY : DATA;
    if ((exit.cr2 & ~0xfff) >>> 0 !== bad) return [`cr2 ${(exit.cr2 >>> 0).toString(16)}`, true];
    const word = difference(faulting.context(), before);
    if (word >= 0) return [`context word ${word} changed`, true];
    const byte = difference(faulting.memory(), memory);
    if (byte >= 0) return [`byte ${byte - REACH} changed`, true];
    faulting.pages(WRITABLE, WRITABLE);
    exit = { ...machine.run(1) };
  }
  whole.prepare(code, address, WRITABLE, WRITABLE);
  const direct = whole.m.machine.run(1);
  if (exit.kind !== direct.kind || exit.vector !== direct.vector)
    return [`${exit.kind} ${exit.vector}, not ${direct.kind} ${direct.vector}`, faulted];
  const word = difference(faulting.context(), whole.context());
  if (word >= 0) return [`context word ${word} differs after repair`, faulted];
  const byte = difference(faulting.memory(), whole.memory());
  return [byte >= 0 ? `byte ${byte - REACH} differs after repair` : null, faulted];
}

/** Memory operands that are not accessed, or by nothing that user mode may execute. */
const WITHOUT_ACCESS = /^(lea|nop|prefetch|invlpg|lgdt|lidt|lldt|ltr|lmsw|ud[0-9])$/;
/** How often a form has faulted. */
const straddled = new Map<Form, number>();

describe.each([
  ['missing', 'the first page', 0, WRITABLE],
  ['missing', 'the second page', WRITABLE, 0],
  ['read-only', 'the first page', P | U, WRITABLE],
  ['read-only', 'the second page', WRITABLE, P | U],
] as const)('%s: %s of an access', (_, __, low, high) => {
  const accesses = (form: Form): boolean => form.place !== 'r' || form.name.startsWith('maskmov');
  const forms = allForms().filter((form) => form.kind !== 'undefined' && accesses(form));
  for (const kind of ['integer', 'simd', 'x87'] as const) {
    it(`${kind} instructions fault without a trace and can be repeated`, () => {
      const wrong: string[] = [];
      for (const form of forms.filter((f) => f.kind === kind)) {
        const long = kind === 'x87' || form.opcode[1] === 0xae || form.opcode[0] < 0x62;
        for (const before of long ? [...SHORT, ...LONG] : SHORT) {
          const addresses = [BOUNDARY - before, ...(before % 8 === 0 ? [BOUNDARY + before] : [])];
          for (const address of addresses) {
            const [what, faulted] = check(form, address, low, high);
            if (faulted) straddled.set(form, (straddled.get(form) ?? 0) + 1);
            if (what !== null)
              wrong.push(`${form.key} ${form.name} at ${address - BOUNDARY}: ${what}`);
          }
        }
      }
      expect(wrong.slice(0, 20)).toEqual([]);
    });
  }
});

it('every form with a memory operand has faulted', () => {
  const forms = allForms().filter(
    (f) => f.kind !== 'undefined' && (f.place === 'm' || f.name.startsWith('maskmov')),
  );
  const never = forms.filter((f) => !straddled.has(f) && !WITHOUT_ACCESS.test(f.name));
  expect(never.map((f) => `${f.key} ${f.name}`)).toEqual([]);
});
