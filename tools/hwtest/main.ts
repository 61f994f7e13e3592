// Compares our machine with this computer's processor, instruction by instruction:
//
//   node dist/hwtest.js [--seed N] [--per-opcode N] [--sequences N] [--only HEX] [--show N]
//   node dist/hwtest.js --record test/emulator/hwcases/integer.bin.br [--per-opcode N]
//
// Needs Linux on x86-64 and a gcc that knows -m32.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Code, Decoder, DecoderOptions, Mnemonic } from 'iced-x86';
import { compare, describeCase } from './compare.js';
import { EmulatedHarness } from './emulated.js';
import { generateCases, generateSequences } from './generate.js';
import { R_EFLAGS, R_SEGMENTS } from './layout.js';
import type { Case, Result } from './layout.js';
import { buildNative, runNative } from './native.js';
import { encodeRecord } from './record.js';
import type { RecordedCase } from './record.js';

const BATCH = 20_000;

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    'per-opcode': { type: 'string', default: '200' },
    sequences: { type: 'string', default: '20000' },
    only: { type: 'string', default: '' },
    show: { type: 'string', default: '3' },
    record: { type: 'string', default: '' },
  },
});

function nameOf(c: Case): string {
  const bits = c.registers[R_SEGMENTS + 1] === 0x17 ? 16 : 32;
  const decoder = new Decoder(
    bits,
    Uint8Array.from(c.patches[0].bytes),
    DecoderOptions.NoInvalidCheck,
  );
  const instruction = decoder.decode();
  const name = `${Mnemonic[instruction.mnemonic]} (${Code[instruction.code]})`;
  instruction.free();
  decoder.free();
  return c.registers[R_EFLAGS] & 0x100 || c.patches[0].bytes.includes(0xf3) ? name : `sequence`;
}

interface Tally {
  count: number;
  shown: string[];
}

function add(tally: Map<string, Tally>, name: string, text: string): void {
  let entry = tally.get(name);
  if (entry === undefined) tally.set(name, (entry = { count: 0, shown: [] }));
  entry.count++;
  if (entry.shown.length < Number(options.show))
    entry.shown.push(text.length > 700 ? `${text.slice(0, 300)} ... ${text.slice(-300)}` : text);
}

const seed = Number(options.seed);
let cases = [
  ...generateCases(seed, Number(options['per-opcode'])),
  ...generateSequences(seed, Number(options.sequences)),
];
if (options.only !== '') {
  const only = options.only.split(',').map((byte) => parseInt(byte, 16));
  const text = only.join();
  cases = cases.filter((c) => c.patches[0].bytes.join().includes(text));
}

const program = buildNative('tools/hwtest/native.c');
const ours = new EmulatedHarness();
const wrong = new Map<string, Tally>();
const undefinedOnes = new Map<string, Tally>();
/** Cases that agree: the known differences are quirks of one processor. */
const recorded: RecordedCase[] = [];
let failures = 0;

for (let first = 0; first < cases.length; first += BATCH) {
  const batch = cases.slice(first, first + BATCH);
  const real = runNative(program, batch);
  if (real.length !== batch.length)
    throw new Error(`${real.length} results for ${batch.length} cases`);
  batch.forEach((c, n) => {
    let result: Result;
    try {
      result = ours.run(c);
    } catch (error) {
      add(wrong, nameOf(c), `host exception ${String(error)}\n    ${describeCase(c)}`);
      failures++;
      return;
    }
    const difference = compare(c, real[n], result);
    if (difference.wrong.length === 0) recorded.push({ case: c, result: real[n] });
    if (difference.wrong.length > 0) {
      failures++;
      add(wrong, nameOf(c), `${difference.wrong.join('; ')}\n    ${describeCase(c)}`);
    }
    for (const flag of difference.undefinedFlags)
      add(undefinedOnes, nameOf(c), `${flag}: ${describeCase(c)}`);
  });
}

for (const [name, { count, shown }] of wrong)
  console.log(`${name}: ${count}\n  ${shown.join('\n  ')}`);
if (undefinedOnes.size > 0) {
  console.log('\nundefined flags that differ:');
  for (const [name, { count, shown }] of undefinedOnes) {
    console.log(`  ${name}: ${count}, ${shown.map((s) => s.slice(0, s.indexOf(':'))).join(' ')}`);
  }
}
console.log(`\n${cases.length} cases, ${failures} wrong`);
if (options.record !== '') {
  const bytes = encodeRecord(recorded);
  writeFileSync(options.record, bytes);
  console.log(`${options.record}: ${bytes.length} bytes`);
}
process.exitCode = failures > 0 ? 1 : 0;
