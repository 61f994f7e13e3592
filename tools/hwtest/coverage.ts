// Which test executes which form of the opcode table.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allForms, formOf } from './forms.js';
import type { Form } from './forms.js';
import { R_EFLAGS, R_EIP, R_SEGMENTS } from './layout.js';
import type { Case, Result } from './layout.js';
import { decodeRecord } from './record.js';
import { RECORDS } from './recorder.js';
import { FAULTING, testsElsewhere } from './untestable.js';

const TF = 0x100;
const VECTOR_DB = 1;
const VECTOR_UD = 6;

export interface Coverage {
  form: Form;
  /** Recorded cases of it, and those that the processor completed. */
  cases: number;
  completed: number;
  /** Tests that execute it, for a form that no recorded case can. */
  elsewhere: string | null;
}

/** Traps come behind an instruction; any change of EIP does. */
function isCompleted(form: Form, c: Case, r: Result): boolean {
  if (FAULTING.includes(form.row)) return r.vector === VECTOR_UD;
  return r.vector === VECTOR_DB || r.registers[R_EIP] !== c.registers[R_EIP];
}

/** What the recordings in `folder` (test/emulator/hwcases) execute. Throws when there are none. */
export function coverage(folder: string): Coverage[] {
  const table = new Map<Form, Coverage>();
  for (const form of allForms()) {
    if (form.kind !== 'undefined')
      table.set(form, { form, cases: 0, completed: 0, elsewhere: testsElsewhere(form) });
  }
  for (const name of RECORDS) {
    for (const { case: c, result } of decodeRecord(readFileSync(join(folder, `${name}.bin.br`)))) {
      const { bytes } = c.patches[0];
      const form = formOf(bytes, c.registers[R_SEGMENTS + 1] === 0x17 ? 16 : 32);
      const row = form && table.get(form);
      // A sequence is not counted: what it does first may hide what its others do.
      const sequence =
        (c.registers[R_EFLAGS] & TF) === 0 && result.vector === 13 && !repeats(bytes);
      if (row === undefined || sequence) continue;
      row.cases++;
      if (isCompleted(row.form, c, result)) row.completed++;
    }
  }
  return [...table.values()];
}

const repeats = (bytes: readonly number[]): boolean => bytes.includes(0xf2) || bytes.includes(0xf3);

/** Prints the table: every row with its forms, and what executes them. */
export function printCoverage(): void {
  const folder = 'test/emulator/hwcases';
  if (!existsSync(folder)) throw new Error(`${folder} is not there; run from the project's root`);
  const table = coverage(folder);
  let missing = 0;
  for (const { form, cases, completed, elsewhere } of table) {
    const recorded = `${String(cases).padStart(5)} recorded, ${String(completed).padStart(4)} done`;
    if (completed === 0 && elsewhere === null) missing++;
    const where = elsewhere ?? (completed === 0 ? 'NOT EXECUTED' : '');
    console.log(`${form.key.padEnd(20)}${form.name.padEnd(14)}${recorded}  ${where}`.trimEnd());
  }
  const rows = new Set(table.map(({ form }) => form.row)).size;
  console.log(`\n${rows} rows, ${table.length} forms, ${missing} of them executed by no test`);
  process.exitCode = missing > 0 ? 1 : 0;
}
