// Compares our machine with this computer's processor, instruction by instruction:
//
//   node dist/hwtest.js [--cases N] [--seed N] [--only TEXT] [--show N] [--table]
//       [--minutes N]
//   node dist/hwtest.js --record test/emulator/hwcases [--seed N] [--per-form N]
//   node dist/hwtest.js --coverage
//
// Cases are spread evenly over the forms of the opcode table. --only takes part of a form's key
// ("0f 58", "d9 /4"). --minutes stops earlier. --record writes what tests repeat on computers without such a processor.
// --coverage tells which test executes which row and needs neither processor nor compiler; the rest
// needs Linux on x86-64 and a gcc that knows -m32.

import { parseArgs } from 'node:util';
import { Decoder, DecoderOptions, Mnemonic } from 'iced-x86';
import { EXPLAINED, compare, describeCase } from './compare.js';
import { printCoverage } from './coverage.js';
import { EmulatedHarness } from './emulated.js';
import { formByKey } from './forms.js';
import type { Form } from './forms.js';
import { generateSequences } from './generate.js';
import { generateForm, testableForms } from './generate_all.js';
import type { Case, Result } from './layout.js';
import { buildNative, runNative } from './native.js';
import { Recorder } from './recorder.js';
import { UNTESTABLE } from './untestable.js';

const BATCH = 20_000;
/** Cases of a form at a time. */
const SLICE = 250;
/** An opcode that is none needs fewer. */
const UNDEFINED_CASES = 12;

const { values: options } = parseArgs({
  options: {
    cases: { type: 'string', default: '500000' },
    minutes: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    show: { type: 'string', default: '3' },
    record: { type: 'string', default: '' },
    'per-form': { type: 'string', default: '12' },
    table: { type: 'boolean', default: false },
    coverage: { type: 'boolean', default: false },
  },
});

/** The name of a form's instruction; the table has none for x87. */
function nameOf(key: string, c: Case): string {
  const form = formByKey(key);
  if (form === undefined) return key;
  if (form.kind !== 'x87') return form.name;
  const bytes = Uint8Array.from(c.patches[0].bytes);
  const decoder = new Decoder(32, bytes, DecoderOptions.NoInvalidCheck);
  const instruction = decoder.decode();
  const name = Mnemonic[instruction.mnemonic].toLowerCase();
  instruction.free();
  decoder.free();
  return name;
}

interface Tally {
  name: string;
  cases: number;
  /** How often the instruction ended without a fault. */
  completed: number;
  explained: Map<string, number>;
  undefinedFlags: Map<string, number>;
  wrong: number;
  shown: string[];
}

const count = (map: Map<string, number>, key: string): void => {
  map.set(key, (map.get(key) ?? 0) + 1);
};

class Comparison {
  readonly tallies = new Map<string, Tally>();
  readonly #program = buildNative('tools/hwtest/native.c');
  readonly #ours = new EmulatedHarness();
  #batch: { key: string; case: Case }[] = [];
  cases = 0;
  failures = 0;

  readonly #recorder: Recorder | null;

  constructor(recorder: Recorder | null) {
    this.#recorder = recorder;
  }

  add(key: string, cases: readonly Case[]): void {
    for (const c of cases) this.#batch.push({ key, case: c });
    if (this.#batch.length >= BATCH) this.flush();
  }

  /** Executes what has been added. */
  flush(): void {
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length === 0) return;
    const real = runNative(
      this.#program,
      batch.map((b) => b.case),
    );
    if (real.length !== batch.length)
      throw new Error(`${real.length} results for ${batch.length} cases`);
    batch.forEach(({ key, case: c }, n) => this.#compare(key, c, real[n]));
  }

  #compare(key: string, c: Case, real: Result): void {
    const tally = this.#tally(key, c);
    tally.cases++;
    this.cases++;
    if (real.vector === 1 || real.vector === 3 || real.vector === 4) tally.completed++;
    let wrong: readonly string[];
    try {
      const difference = compare(c, real, this.#ours.run(c));
      wrong = difference.wrong;
      for (const why of difference.explained) count(tally.explained, why);
      for (const flags of difference.undefinedFlags)
        for (const flag of flags.split('+')) count(tally.undefinedFlags, flag);
    } catch (error) {
      wrong = [`host exception ${String(error)}`];
    }
    if (wrong.length === 0) {
      this.#recorder?.add(key, c, real);
      return;
    }
    this.failures++;
    tally.wrong++;
    if (tally.shown.length < Number(options.show)) {
      const text = `${wrong.join('; ')}\n    ${describeCase(c)}`;
      tally.shown.push(text.length > 900 ? `${text.slice(0, 450)} ... ${text.slice(-430)}` : text);
    }
  }

  #tally(key: string, c: Case): Tally {
    let tally = this.tallies.get(key);
    if (tally === undefined) {
      const name = nameOf(key, c);
      tally = {
        name,
        cases: 0,
        completed: 0,
        explained: new Map(),
        undefinedFlags: new Map(),
        wrong: 0,
        shown: [],
      };
      this.tallies.set(key, tally);
    }
    return tally;
  }
}

const listed = (map: ReadonlyMap<string, number>): string =>
  [...map].map(([key, n]) => `${key} ${n}`).join(', ');

/** Forms whose rows and names are the same in one line. */
function printTable(tallies: ReadonlyMap<string, Tally>): void {
  console.log(
    `\n${'form'.padEnd(20)}${'instruction'.padEnd(14)}${'cases'.padStart(8)}${'done'.padStart(8)}  explained; undefined flags that differ`,
  );
  for (const [key, t] of tallies) {
    const notes = [listed(t.explained), listed(t.undefinedFlags)].filter((s) => s !== '');
    console.log(
      `${key.padEnd(20)}${t.name.padEnd(14)}${String(t.cases).padStart(8)}${String(t.completed).padStart(8)}  ${notes.join('; ')}`,
    );
  }
}

/** One line for each instruction that has such counts. */
function printBy(
  tallies: ReadonlyMap<string, Tally>,
  title: string,
  of: (t: Tally) => ReadonlyMap<string, number>,
): void {
  const names = new Map<string, Map<string, number>>();
  for (const t of tallies.values()) {
    for (const [what, n] of of(t)) {
      const counts = names.get(t.name) ?? new Map<string, number>();
      names.set(t.name, counts.set(what, (counts.get(what) ?? 0) + n));
    }
  }
  console.log(`\n${title}:${names.size === 0 ? ' none' : ''}`);
  for (const [name, counts] of names) console.log(`  ${name}: ${listed(counts)}`);
}

function report(comparison: Comparison, forms: readonly Form[]): void {
  const { tallies } = comparison;
  if (options.table) printTable(tallies);
  printBy(tallies, 'undefined flags that differ', (t) => t.undefinedFlags);
  printBy(tallies, 'explained differences', (t) => t.explained);
  for (const [key, why] of Object.entries(EXPLAINED)) console.log(`  [${key}] ${why}`);
  console.log('\nforms not compared:');
  for (const { rows, why } of UNTESTABLE) console.log(`  ${rows.join(', ')}: ${why}`);
  const real = forms.filter((form) => form.kind !== 'undefined');
  const least = real.reduce((n, f) => Math.min(n, tallies.get(f.key)?.cases ?? 0), Infinity);
  for (const [key, { name, wrong, shown }] of tallies)
    if (wrong > 0) console.log(`\n${key} ${name}: ${wrong} wrong\n  ${shown.join('\n  ')}`);
  const undefinedOnes = forms.length - real.length;
  console.log(
    `\n${comparison.cases} cases of ${real.length} forms (at least ${least} of each) and ` +
      `${undefinedOnes} undefined opcodes: ${comparison.failures} unexplained differences`,
  );
}

function main(): void {
  const seed = Number(options.seed);
  const forms = testableForms().filter((form) => form.key.includes(options.only));
  const recorder = options.record === '' ? null : new Recorder(Number(options['per-form']));
  const comparison = new Comparison(recorder);
  const undefinedOnes = forms.filter((form) => form.kind === 'undefined');
  for (const form of undefinedOnes)
    comparison.add('undefined', generateForm(form, seed, UNDEFINED_CASES));
  const real = forms.filter((form) => form.kind !== 'undefined');
  const wanted = recorder === null ? Number(options.cases) : real.length * recorder.perForm * 6;
  const sequences = options.only === '' ? Math.ceil(wanted / 50) : 0;
  for (let made = 0; made < sequences; made += BATCH) {
    const n = Math.min(BATCH, sequences - made);
    comparison.add('sequence', generateSequences(seed + made, n));
  }
  const rest = wanted - sequences - undefinedOnes.length * UNDEFINED_CASES;
  const perForm = Math.max(1, Math.ceil(rest / real.length));
  const minutes = Number(options.minutes);
  const end = minutes === 0 ? Infinity : Date.now() + minutes * 60_000;
  for (let made = 0; made < perForm && Date.now() < end; made += SLICE) {
    const n = Math.min(SLICE, perForm - made);
    for (const form of real) comparison.add(form.key, generateForm(form, seed + made, n));
    if (process.stderr.isTTY) process.stderr.write(`\r${comparison.cases} cases`);
  }
  comparison.flush();
  report(comparison, forms);
  recorder?.write(options.record);
  process.exitCode = comparison.failures > 0 ? 1 : 0;
}

if (options.coverage) printCoverage();
else main();
