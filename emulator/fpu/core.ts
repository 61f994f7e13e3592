// The x87's numeric core: WebAssembly helpers over the machine's memory, assembled when the first
// x87 instruction is executed. All operands and results are byte addresses of 80-bit values in
// that memory. Results are bits for the status word (constants.ts).

import { begin, finish } from './assembler.js';
import { assembleArithmetic } from './module_arithmetic.js';
import { assembleConversions } from './module_convert.js';
import { assembleArcTangent } from './module_arctangent.js';
import { assembleFractions } from './module_fraction.js';
import { assembleLogarithms } from './module_logarithm.js';
import { assembleParts } from './module_parts.js';
import { assembleTrigonometric } from './module_trigonometric.js';
import { assembleRounding } from './module_round.js';

type Unary = (a: number, rd: number) => number;
type Binary = (a: number, b: number, rd: number) => number;

/** Helpers that most programs need. Named and described in module_*.ts. */
export interface ArithmeticCore {
  classify: (a: number) => number;
  /** The last argument is 0x8000 to subtract. */
  add: (a: number, b: number, rd: number, neg: number) => number;
  mul: Binary;
  div: Binary;
  sqrt: Unary;
  compare: (a: number, b: number, quiet: number) => number;
  /** Copies a value from the first address to the second. */
  copy: Unary;
  exchange: Unary;
  toInteger: (a: number, out: number, bits: number, chop: number) => number;
  toDecimal: Unary;
  fromDecimal: Unary;
  fromInteger: (from: number, bits: number, rd: number) => number;
  fromFloat: (from: number, double: number, rd: number) => number;
  toFloat: (a: number, out: number, double: number) => number;
  roundInteger: Unary;
  extract: (a: number, exponent: number, significand: number) => number;
  scale: Binary;
  remainder: (a: number, b: number, rd: number, nearest: number) => number;
}

/** The transcendental helpers. `sin`, `cos` and `tan` return C2 for operands from 2^63 on. */
export interface ElementaryCore {
  sin: Unary;
  cos: Unary;
  tan: Unary;
  f2xm1: Unary;
  atan2: Binary;
  yl2x: Binary;
  yl2xp1: Binary;
}

let arithmeticModule: WebAssembly.Module | null = null;

/** Bytes of the arithmetic module. */
export function arithmeticBytes(): Uint8Array {
  begin();
  const helpers = assembleRounding();
  assembleArithmetic(helpers);
  assembleConversions(helpers);
  assembleParts(helpers);
  return finish();
}

/** The arithmetic helpers over `memory`, whose x87 control word they obey (state/layout.ts). */
export function createArithmetic(memory: WebAssembly.Memory): ArithmeticCore {
  arithmeticModule ??= new WebAssembly.Module(arithmeticBytes());
  const instance = new WebAssembly.Instance(arithmeticModule, { m: { m: memory } });
  // A plain object: V8 finds functions in it faster than in an instance's exports.
  return { ...(instance.exports as unknown as ArithmeticCore) };
}

let elementaryModule: WebAssembly.Module | null = null;

/** Bytes of the module with the transcendental functions. */
export function elementaryBytes(): Uint8Array {
  begin();
  const helpers = assembleRounding();
  const fractions = assembleFractions(helpers);
  assembleTrigonometric(helpers, fractions);
  assembleArcTangent(helpers, fractions);
  assembleLogarithms(helpers, fractions);
  return finish();
}

/** The transcendental helpers over `memory`. */
export function createElementary(memory: WebAssembly.Memory): ElementaryCore {
  elementaryModule ??= new WebAssembly.Module(elementaryBytes());
  const instance = new WebAssembly.Instance(elementaryModule, { m: { m: memory } });
  return { ...(instance.exports as unknown as ElementaryCore) };
}

const elementaryOf = new WeakMap<WebAssembly.Memory, ElementaryCore>();
const arithmeticOf = new WeakMap<WebAssembly.Memory, ArithmeticCore>();
let active: WebAssembly.Memory;

/** The helpers of the machine that is running; there once it has decoded an x87 instruction. */
export let core: ArithmeticCore;

/** The transcendental helpers of the running machine, for the instructions that use them. */
export function elementary(): ElementaryCore {
  let found = elementaryOf.get(active);
  if (found === undefined) elementaryOf.set(active, (found = createElementary(active)));
  return found;
}

/** Machine.activate(): the helpers of this machine's memory are the ones to use from now on. */
export function setFpuMemory(memory: WebAssembly.Memory): void {
  active = memory;
  const arithmetic = arithmeticOf.get(memory);
  if (arithmetic !== undefined) core = arithmetic;
}

/** Makes `core` usable for the running machine. */
export function needArithmetic(): void {
  let arithmetic = arithmeticOf.get(active);
  if (arithmetic === undefined) {
    arithmetic = createArithmetic(active);
    arithmeticOf.set(active, arithmetic);
  }
  core = arithmetic;
}
