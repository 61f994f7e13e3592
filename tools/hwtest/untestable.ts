// Rows that the harness cannot compare, or that user mode only ever sees fault, each with the reason
// and the tests that execute them.

import type { Form } from './forms.js';

interface Reason {
  /** By Form.row. */
  rows: readonly string[];
  why: string;
  /** Below test/. */
  tests: string;
}

const COVERAGE = 'emulator/coverage.test.ts';

/** No cases are made of these. */
export const UNTESTABLE: readonly Reason[] = [
  {
    rows: ['0f 00 /0', '0f 00 /1', '0f 01 /0', '0f 01 /1', '0f 01 /4'],
    why: 'SLDT, STR, SGDT, SIDT, SMSW show the tables of the host, or its UMIP',
    tests: COVERAGE,
  },
  {
    rows: ['0f a2'],
    why: 'CPUID tells which processor it is',
    tests: COVERAGE,
  },
  {
    rows: ['0f 31', '0f 33'],
    why: 'RDTSC and RDPMC count',
    tests: COVERAGE,
  },
  {
    rows: ['0f 34', '0f 35'],
    why: 'SYSENTER and SYSEXIT enter and leave the kernel of the host',
    tests: 'emulator/debug_registers.test.ts',
  },
  {
    rows: ['f1'],
    why: 'INT1 is taken for a step by the host kernel',
    tests: COVERAGE,
  },
];

/** Cases of these are compared, but user mode gets no further than the fault. */
export const PRIVILEGED: readonly Reason[] = [
  {
    rows: ['6c', '6d', '6e', '6f', 'e4', 'e5', 'e6', 'e7', 'ec', 'ed', 'ee', 'ef'],
    why: 'IN, OUT, INS, OUTS need IOPL or the map of the TSS',
    tests: COVERAGE,
  },
  {
    rows: ['f4', 'fa', 'fb', '0f 06', '0f 08', '0f 09', '0f 01 /6', '0f 01 /7'],
    why: 'HLT, CLI, STI, CLTS, INVD, WBINVD, LMSW, INVLPG need CPL 0',
    tests: COVERAGE,
  },
  {
    rows: ['0f 00 /2', '0f 00 /3', '0f 01 /2', '0f 01 /3'],
    why: 'LLDT, LTR, LGDT, LIDT need CPL 0',
    tests: COVERAGE,
  },
  {
    rows: ['0f 20', '0f 21', '0f 22', '0f 23', '0f 30', '0f 32'],
    why: 'moves of control, debug and model-specific registers need CPL 0',
    tests: COVERAGE,
  },
  { rows: ['cd'], why: 'INT n needs a gate with DPL 3', tests: COVERAGE },
];

/** They do nothing but fault: recorded cases that end in #UD execute them. */
export const FAULTING: readonly string[] = ['0f 0b', '0f b9', '0f ff'];

/** Why no cases are made of a form; null when they are. */
export function untestable(form: Form): string | null {
  for (const { rows, why } of UNTESTABLE) if (rows.includes(form.row)) return why;
  return null;
}

/** The tests that execute a form which no recorded case can; null for all others. */
export function testsElsewhere(form: Form): string | null {
  for (const { rows, tests } of [...UNTESTABLE, ...PRIVILEGED])
    if (rows.includes(form.row)) return tests;
  return null;
}
