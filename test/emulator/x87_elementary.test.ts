// The transcendental instructions against correctly rounded results (computed with mpmath at 1000
// bits, with the x87's 66 bits of pi): random operands over the whole domain, near multiples of pi/2
// and near 1. Lines are OP ST0 ST1 RESULT.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { X87Machine, imageOf, statusOf, valueOf } from '../helpers/x87_machine.js';

const CODE: Record<string, readonly number[]> = {
  fsin: [0xd9, 0xfe],
  fcos: [0xd9, 0xff],
  fptan: [0xd9, 0xf2],
  f2xm1: [0xd9, 0xf0],
  fpatan: [0xd9, 0xf3],
  fyl2x: [0xd9, 0xf1],
  fyl2xp1: [0xd9, 0xf9],
};
const TWO_OPERANDS = ['fpatan', 'fyl2x', 'fyl2xp1'];
const C2 = 0x400;

const machine = new X87Machine();
const ALL_MASKED = 0x37f;

function compute(op: string, values: readonly string[], control = ALL_MASKED): string {
  const { image } = machine.execute(CODE[op], imageOf(control, values));
  return valueOf(image, op === 'fptan' ? 1 : 0);
}

describe('transcendental instructions', () => {
  it('are correctly rounded', () => {
    const file = new URL('./x87cases/elementary.txt.gz', import.meta.url);
    const wrong: string[] = [];
    for (const line of gunzipSync(readFileSync(file)).toString().trim().split('\n')) {
      const [op, st0, st1, result] = line.split(' ');
      const got = compute(op, TWO_OPERANDS.includes(op) ? [st0, st1] : [st0]);
      if (got !== result) wrong.push(`${line}: ${got}`);
    }
    expect(wrong).toEqual([]);
  });

  it('round in all four directions', () => {
    // sin(1) = 0.841470984807896506652502321630298999622563...
    const results = [0x37f, 0x77f, 0xb7f, 0xf7f].map((control) =>
      compute('fsin', ['3FFF8000000000000000'], control),
    );
    const [nearest, down, up, zero] = results;
    expect(nearest).toBe('3FFED76AA47848677021');
    expect(BigInt(`0x${up}`) - BigInt(`0x${down}`)).toBe(1n);
    expect([up, down]).toContain(nearest);
    expect(zero).toBe(down);
  });

  it('leave operands from 2^63 on alone and set C2', () => {
    for (const [op, code] of Object.entries(CODE).slice(0, 3)) {
      for (const operand of ['403E8000000000000000', 'FFFEFFFFFFFFFFFFFFFF']) {
        const { image } = machine.execute(code, imageOf(ALL_MASKED, [operand]));
        expect(`${op} ${valueOf(image, 0)}`).toBe(`${op} ${operand}`);
        expect(statusOf(image) & C2).toBe(C2);
      }
    }
  });
});
