// What a real processor did with each instruction, recorded by tools/hwtest, against our machine.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compare, describeCase } from '../../tools/hwtest/compare.js';
import { EmulatedHarness } from '../../tools/hwtest/emulated.js';
import { R_EFLAGS, R_EIP } from '../../tools/hwtest/layout.js';
import { decodeRecord } from '../../tools/hwtest/record.js';

const TF = 0x100;

describe.each([
  ['integer', 20_000],
  ['x87', 4_000],
])('%s instructions recorded on hardware', (name, least) => {
  const file = new URL(`./hwcases/${name}.bin.br`, import.meta.url);
  const recorded = decodeRecord(readFileSync(file));
  const harness = new EmulatedHarness();

  it('leave the same state, memory and exceptions', () => {
    expect(recorded.length).toBeGreaterThan(least);
    const failures: string[] = [];
    for (const { case: c, result } of recorded) {
      const { wrong } = compare(c, result, harness.run(c));
      if (wrong.length > 0) failures.push(`${wrong.join('; ')}\n${describeCase(c)}`);
    }
    expect(failures.slice(0, 5).join('\n')).toBe('');
  });

  it('do the same when they are counted instead of trapped', () => {
    const failures: string[] = [];
    for (const { case: c, result } of recorded) {
      // PUSHF shows TF; a fault or a trap of its own ends run(1) otherwise.
      const { bytes } = c.patches[0];
      if ((c.registers[R_EFLAGS] & TF) === 0 || result.vector !== 1 || showsStepping(bytes))
        continue;
      // Behind a load of SS the trap came one instruction late.
      if (result.registers[R_EIP] - c.registers[R_EIP] === bytes.length) continue;
      const counted = harness.runCounted(c);
      const real = { ...result, registers: result.registers.slice() };
      real.registers[R_EFLAGS] &= ~TF;
      if (counted === null) failures.push(`stopped: ${describeCase(c)}`);
      else {
        counted.registers[R_EFLAGS] &= ~TF;
        const { wrong } = compare(c, real, counted);
        if (wrong.length > 0) failures.push(`${wrong.join('; ')}\n${describeCase(c)}`);
      }
    }
    expect(failures.slice(0, 5).join('\n')).toBe('');
  });
});

/** PUSHF shows TF, and a repeated string instruction is stepped iteration by iteration. */
function showsStepping(bytes: readonly number[]): boolean {
  const opcode = bytes[bytes.length - 2];
  const repeated = bytes.includes(0xf2) || bytes.includes(0xf3);
  return opcode === 0x9c || (repeated && opcode >= 0xa4 && opcode <= 0xaf);
}
