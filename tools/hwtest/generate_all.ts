// Walks the forms of the opcode table and makes cases of each, the same ones for the same seed.

import { allForms } from './forms.js';
import type { Form } from './forms.js';
import { makeIntegerCase } from './generate.js';
import { makeSimdCase } from './generate_simd.js';
import { makeX87Case } from './generate_x87.js';
import type { Case } from './layout.js';
import { createRandom } from './random.js';
import type { Random } from './random.js';
import { untestable } from './untestable.js';

/** Forms that cases are made of: all but those that untestable.ts gives a reason for. */
export function testableForms(): readonly Form[] {
  return allForms().filter((form) => untestable(form) === null);
}

function seedOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash;
}

function makeCase(random: Random, form: Form): Case | null {
  const code = form.opcode[form.opcode.length - 1];
  const x87 = form.opcode.length === 1 && ((code >= 0xd8 && code <= 0xdf) || code === 0x9b);
  if (x87) return makeX87Case(random, form);
  const simd = form.kind === 'simd' || (form.kind === 'undefined' && form.opcode[0] === 0x0f);
  return simd ? makeSimdCase(random, form) : makeIntegerCase(random, form);
}

/** Up to `count` cases of a form, fewer when it is hard to make any. */
export function generateForm(form: Form, seed: number, count: number): Case[] {
  const random = createRandom(seed ^ seedOf(form.key));
  const cases: Case[] = [];
  for (let tries = 0; cases.length < count && tries < count * 8 + 20; tries++) {
    const made = makeCase(random, form);
    if (made !== null) cases.push(made);
  }
  return cases;
}
