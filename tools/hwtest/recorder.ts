// Chooses which cases of a run to keep for computers that cannot make it.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formByKey } from './forms.js';
import type { Case, Result } from './layout.js';
import { encodeRecord } from './record.js';
import type { RecordedCase } from './record.js';

const SEQUENCES = 3000;
const UNDEFINED = 1500;
/** Files of a recording, by the kind of forms. */
export const RECORDS = ['integer', 'simd', 'x87'] as const;

/** Keeps so many cases of each form; those that end without a fault have three quarters of it. */
export class Recorder {
  readonly #kept = new Map<string, { completed: RecordedCase[]; faulted: RecordedCase[] }>();

  readonly perForm: number;

  constructor(perForm: number) {
    this.perForm = perForm;
  }

  #limits(key: string): [completed: number, faulted: number] {
    if (key === 'sequence') return [0, SEQUENCES];
    if (key === 'undefined') return [0, UNDEFINED];
    // Several rounding modes and classes of operands want to be met.
    const whole = formByKey(key)?.kind === 'integer' ? this.perForm * 2 : this.perForm;
    return [Math.ceil(whole * 0.75), Math.ceil(whole * 0.25)];
  }

  /** A case on which both agree, with what the processor made of it. */
  add(key: string, c: Case, result: Result): void {
    let kept = this.#kept.get(key);
    if (kept === undefined) this.#kept.set(key, (kept = { completed: [], faulted: [] }));
    const [completed, faulted] = this.#limits(key);
    const single = key !== 'sequence' && key !== 'undefined' && result.vector === 1;
    const list = single ? kept.completed : kept.faulted;
    if (list.length < (single ? completed : faulted)) list.push({ case: c, result });
  }

  /** Writes one file for each of RECORDS into `folder`. */
  write(folder: string): void {
    const files = new Map<string, RecordedCase[]>(RECORDS.map((name) => [name, []]));
    for (const [key, { completed, faulted }] of this.#kept) {
      for (const recorded of [...completed, ...faulted]) {
        const kind = formByKey(key)?.kind ?? 'integer';
        const vectors = recorded.case.vectors !== undefined;
        files.get(kind === 'x87' || !vectors ? kind : 'simd')?.push(recorded);
      }
    }
    for (const [name, recorded] of files) {
      const bytes = encodeRecord(recorded);
      writeFileSync(join(folder, `${name}.bin.br`), bytes);
      console.log(`${name}.bin.br: ${recorded.length} cases, ${bytes.length} bytes`);
    }
  }
}
