// The forms of every row of the opcode table: register or memory operand, 16 or 32 bits. The
// generator walks them, and a case's bytes tell which one it is.

// The emulator's own entry comes first: its modules import one another.
import '../../emulator/index.js';
import { oneByte } from '../../emulator/decode/one_byte.js';
import type { Entry, Row } from '../../emulator/decode/opcodes.js';
import { BY_ADDRESS, planOf } from '../../emulator/decode/plan.js';
import { simdEntry } from '../../emulator/decode/simd.js';
import type { SimdRow } from '../../emulator/decode/simd.js';
import { twoByte } from '../../emulator/decode/two_byte.js';
import { x87IsDefined } from '../../emulator/fpu/index.js';

export type Kind = 'integer' | 'simd' | 'x87' | 'undefined';
export type Place = 'r' | 'm' | '';

export interface Form {
  kind: Kind;
  /** Names it: the row's key, then place and size. */
  key: string;
  /** The row: mandatory prefix, opcode bytes, digit. */
  row: string;
  name: string;
  /** Mandatory prefix of an SSE opcode; 0 for none. */
  prefix: number;
  opcode: readonly number[];
  /** Bits 5-3 of ModRM, and 2-0 of an x87 register form; -1 when they do not matter. */
  digit: number;
  low: number;
  place: Place;
  /** Operand size in bits, address size for loops; 0 when there is but one form. */
  size: number;
  byAddress: boolean;
}

const PREFIXES = [0, 0x66, 0xf3, 0xf2];
const ESCAPES = [[0x0f], [0x0f, 0x38], [0x0f, 0x3a]];

const hex = (n: number): string => n.toString(16).padStart(2, '0');

export function isPrefix(byte: number): boolean {
  return (
    (byte >= 0x64 && byte <= 0x67) ||
    byte === 0xf0 ||
    (byte >= 0xf2 && byte <= 0xf3) ||
    (byte & 0xe7) === 0x26
  );
}

function rowKey(prefix: number, opcode: readonly number[], digit: number): string {
  const bytes = prefix === 0 ? opcode : [prefix, ...opcode];
  return bytes.map(hex).join(' ') + (digit < 0 ? '' : ` /${digit}`);
}

function make(
  kind: Kind,
  name: string,
  parts: Pick<Form, 'prefix' | 'opcode' | 'digit'> & Partial<Form>,
): Form {
  const { prefix, opcode, digit, low = -1, place = '', size = 0, byAddress = false } = parts;
  const row = rowKey(prefix, opcode, digit) + (low < 0 ? '' : `+${low}`);
  const key = `${row} ${place}${size === 0 ? '' : size}`.trimEnd();
  return { kind, key, row, name, prefix, opcode, digit, low, place, size, byAddress };
}

/** Places and sizes that tell the forms of an integer row apart. */
function shapeOf(r: Row): { places: Place[]; sizes: number[]; byAddress: boolean } {
  const plan = planOf(r);
  const places: Place[] = !plan.memory ? [''] : plan.memoryOnly ? ['m'] : ['r', 'm'];
  const [, , r16, m16, r32, m32] = plan.handlers;
  const byAddress = plan.size === BY_ADDRESS;
  const follows = /(^|,).?v|P/.test(r.operands.replaceAll('!', ''));
  const sized = byAddress || follows || r16 !== r32 || m16 !== m32;
  const single = plan.size === 1 || (plan.size === 2 && r32 === undefined && m32 === undefined);
  return { places, sizes: sized && !(single && !follows) ? [16, 32] : [0], byAddress };
}

function integerForms(forms: Form[], opcode: readonly number[], entry: Entry): void {
  const rows = Array.isArray(entry) ? (entry as readonly (Row | null)[]) : [entry as Row | null];
  rows.forEach((r, n) => {
    const digit = rows.length > 1 ? n : -1;
    if (r === null) {
      forms.push(make('undefined', '(undefined)', { prefix: 0, opcode, digit }));
      return;
    }
    const { places, sizes, byAddress } = shapeOf(r);
    for (const place of places) {
      for (const size of sizes)
        forms.push(make('integer', r.name, { prefix: 0, opcode, digit, place, size, byAddress }));
    }
  });
}

function simdForms(forms: Form[], map: number, prefix: number, code: number): void {
  const entry = simdEntry(map, prefix, code);
  const opcode = [...ESCAPES[map], code];
  const p = PREFIXES[prefix];
  const rows = Array.isArray(entry) ? (entry as readonly (SimdRow | null)[]) : [entry];
  rows.forEach((r, n) => {
    const digit = rows.length > 1 ? n : -1;
    const row = r as SimdRow | null;
    if (row === null) {
      forms.push(make('undefined', '(undefined)', { prefix: p, opcode, digit }));
      return;
    }
    const places: Place[] = row.operands === '' ? [''] : [];
    if (row.operands !== '' && row.r !== null) places.push('r');
    if (row.m !== null) places.push('m');
    for (const place of places)
      forms.push(make('simd', row.name, { prefix: p, opcode, digit, place }));
  });
}

function x87Forms(forms: Form[]): void {
  for (let code = 0xd8; code <= 0xdf; code++) {
    for (let digit = 0; digit < 8; digit++) {
      const parts = { prefix: 0, opcode: [code], digit };
      const define = (modrm: number): Kind => (x87IsDefined(code, modrm) ? 'x87' : 'undefined');
      const environment = (code === 0xd9 || code === 0xdd) && (digit === 4 || digit === 6);
      for (const size of environment ? [16, 32] : [0])
        forms.push(make(define(digit << 3), 'x87', { ...parts, place: 'm', size }));
      for (let low = 0; low < 8; low++)
        forms.push(make(define(0xc0 | (digit << 3) | low), 'x87', { ...parts, low, place: 'r' }));
    }
  }
  forms.push(make('x87', 'fwait', { prefix: 0, opcode: [0x9b], digit: -1 }));
}

let all: readonly Form[] | null = null;

/** Every form of the table, and every opcode that has none (kind 'undefined'). */
export function allForms(): readonly Form[] {
  if (all !== null) return all;
  const forms: Form[] = [];
  for (let code = 0; code < 256; code++) {
    const x87 = (code >= 0xd8 && code <= 0xdf) || code === 0x9b;
    if (code !== 0x0f && !isPrefix(code) && !x87) integerForms(forms, [code], oneByte[code]);
  }
  for (let code = 0; code < 256; code++)
    if (twoByte[code] !== null) integerForms(forms, [0x0f, code], twoByte[code]);
  for (let map = 0; map < 3; map++) {
    for (let prefix = 0; prefix < 4; prefix++) {
      for (let code = 0; code < 256; code++) {
        const taken = map === 0 && (twoByte[code] !== null || code === 0x38 || code === 0x3a);
        if (!taken) simdForms(forms, map, prefix, code);
      }
    }
  }
  x87Forms(forms);
  return (all = forms);
}

let byKey: Map<string, Form> | null = null;

export function formByKey(key: string): Form | undefined {
  byKey ??= new Map(allForms().map((f) => [f.key, f]));
  return byKey.get(key);
}

interface Parsed {
  at: number;
  operand32: boolean;
  address32: boolean;
  prefix: number;
}

function parsePrefixes(bytes: readonly number[], bits: number): Parsed {
  let at = 0;
  let [operand, address, repeat] = [false, false, 0];
  for (; isPrefix(bytes[at]); at++) {
    if (bytes[at] === 0x66) operand = true;
    else if (bytes[at] === 0x67) address = true;
    else if (bytes[at] === 0xf2 || bytes[at] === 0xf3) repeat = bytes[at];
  }
  const prefix = repeat !== 0 ? repeat : operand ? 0x66 : 0;
  const wide = bits === 32;
  return { at, operand32: wide !== operand, address32: wide !== address, prefix };
}

/** The form that the bytes of an instruction are; undefined for one that the table lacks. */
export function formOf(bytes: readonly number[], bits: number): Form | undefined {
  const { at, operand32, address32, prefix } = parsePrefixes(bytes, bits);
  const code = bytes[at];
  if (code >= 0xd8 && code <= 0xdf) {
    if (at + 1 >= bytes.length) return undefined;
    const modrm = bytes[at + 1];
    const row = rowKey(0, [code], (modrm >> 3) & 7);
    if (modrm >= 0xc0) return formByKey(`${row}+${modrm & 7} r`);
    return formByKey(`${row} m`) ?? formByKey(`${row} m${operand32 ? 32 : 16}`);
  }
  const second = bytes[at + 1];
  const map = code !== 0x0f ? -1 : second === 0x38 ? 1 : second === 0x3a ? 2 : 0;
  const integer = map < 0 || (map === 0 && twoByte[second] !== null);
  const opcode = map < 0 ? [code] : map === 0 ? [0x0f, second] : [0x0f, second, bytes[at + 2]];
  if (at + opcode.length > bytes.length) return undefined;
  const modrm = bytes[at + opcode.length] ?? 0;
  const mandatory = integer ? 0 : prefix;
  const place = modrm < 0xc0 ? 'm' : 'r';
  for (const digit of [-1, (modrm >> 3) & 7]) {
    const row = rowKey(mandatory, opcode, digit);
    const size = operand32 ? 32 : 16;
    const found =
      formByKey(row) ??
      formByKey(`${row} ${place}`) ??
      formByKey(`${row} ${place}${size}`) ??
      formByKey(`${row} ${size}`);
    if (found?.byAddress === true) return formByKey(`${row} ${address32 ? 32 : 16}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
