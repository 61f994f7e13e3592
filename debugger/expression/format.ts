// Values as gdb prints them.

import { INT, sizeOf, strip, typeName } from '../symbols/types.js';
import type { Type } from '../symbols/types.js';
import { elementOf, memberOf } from './evaluate.js';
import { ExpressionError } from './lexer.js';
import { LARGEST_VALUE, asInteger, asNumber, hex, isFloat, toFloat } from './value.js';
import type { ReadMemory, Value } from './value.js';

export interface FormatContext {
  read: ReadMemory;
  /** `<name+offset>` of an address, or '' when no symbol is near. */
  symbolic(address: number): string;
}

/** Letters of print and x, but for i and s, which need memory behind the value. */
export type FormatLetter = 'x' | 'd' | 'u' | 'o' | 't' | 'c' | 'f' | 'a' | 's' | 'z';

/** `set print elements`. */
const ELEMENTS_MAX = 200;
/** `set print repeats`. */
const REPEATS = 10;

/** A number in C's %.*g. */
export function general(n: number, digits: number): string {
  if (Number.isNaN(n)) return 'nan';
  if (!Number.isFinite(n)) return n > 0 ? 'inf' : '-inf';
  if (n === 0) return Object.is(n, -0) ? '-0' : '0';
  const [mantissa, power] = n.toExponential(digits - 1).split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= digits) {
    const trimmed = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
    const magnitude = String(Math.abs(exponent)).padStart(2, '0');
    return `${trimmed}e${exponent < 0 ? '-' : '+'}${magnitude}`;
  }
  const fixed = n.toFixed(Math.max(0, Math.min(100, digits - 1 - exponent)));
  return fixed.includes('.') ? fixed.replace(/\.?0+$/, '') : fixed;
}

function formatFloat(bytes: Uint8Array, size: number): string {
  const n = toFloat(bytes);
  if (Number.isNaN(n)) {
    const top = bytes[(size > 8 ? 10 : size) - 1];
    return `${top & 0x80 ? '-' : ''}nan(${nanPayload(bytes, size)})`;
  }
  return general(n, size === 4 ? 9 : size === 8 ? 17 : 18);
}

function nanPayload(bytes: Uint8Array, size: number): string {
  let n = 0n;
  for (let i = (size > 8 ? 8 : size) - 1; i >= 0; i--) n = (n << 8n) | BigInt(bytes[i]);
  const width = size === 4 ? 23n : size === 8 ? 52n : 64n;
  return hex(n & ((1n << width) - 1n));
}

const CHAR_ESCAPES: Record<number, string> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  27: '\\033',
};

function escaped(code: number, quote: string): string {
  const c = code & 0xff;
  if (CHAR_ESCAPES[c] !== undefined) return CHAR_ESCAPES[c];
  if (c < 32 || c >= 127) return `\\${c.toString(8).padStart(3, '0')}`;
  const text = String.fromCharCode(c);
  return text === quote || text === '\\' ? `\\${text}` : text;
}

export function charText(code: number | bigint): string {
  return `'${escaped(Number(code), "'")}'`;
}

/** Characters as gdb prints strings, with long runs set apart. */
export function quoteBytes(bytes: Uint8Array, cut: boolean): string {
  let truncated = cut;
  let shown = 0;
  const parts: string[] = [];
  let open = '';
  const close = (): void => {
    if (open !== '') parts.push(`"${open}"`);
    open = '';
  };
  for (let i = 0; i < bytes.length;) {
    if (shown >= ELEMENTS_MAX) {
      truncated = true;
      break;
    }
    let run = 1;
    while (i + run < bytes.length && bytes[i + run] === bytes[i]) run++;
    // A run that is set apart counts as much as the shortest of them.
    if (run < REPEATS) run = Math.min(run, ELEMENTS_MAX - shown);
    shown += Math.min(run, REPEATS);
    if (run >= REPEATS) {
      close();
      parts.push(`${charText(bytes[i])} <repeats ${run} times>`);
    } else {
      for (let j = 0; j < run; j++) {
        // An octal escape takes up to three digits, and all three are written.
        open += escaped(bytes[i], '"');
      }
    }
    i += run;
  }
  close();
  if (parts.length === 0) parts.push('""');
  return parts.join(', ') + (truncated ? '...' : '');
}

/** The string at an address: up to its NUL, or as many characters as are printed at most. */
export function stringAtAddress(address: number, read: ReadMemory): string | null {
  const bytes: number[] = [];
  while (bytes.length < ELEMENTS_MAX) {
    const at = (address + bytes.length) >>> 0;
    const piece = read(at, Math.min(64, ELEMENTS_MAX - bytes.length, 4096 - (at & 0xfff)));
    if (piece.length === 0) break;
    const end = piece.indexOf(0);
    bytes.push(...piece.subarray(0, end < 0 ? piece.length : end));
    if (end >= 0) return quoteBytes(Uint8Array.from(bytes), false);
  }
  return bytes.length === 0
    ? null
    : quoteBytes(Uint8Array.from(bytes), bytes.length >= ELEMENTS_MAX);
}

/** A whole number in one of the formats, `size` bytes wide. */
export function formatInteger(n: bigint, size: number, letter: FormatLetter): string {
  const unsigned = BigInt.asUintN(size * 8, n);
  switch (letter) {
    case 'x':
      return `0x${unsigned.toString(16)}`;
    case 'z':
      return `0x${unsigned.toString(16).padStart(size * 2, '0')}`;
    case 'o':
      return unsigned === 0n ? '0' : `0${unsigned.toString(8)}`;
    case 't':
      return unsigned.toString(2);
    case 'u':
      return unsigned.toString();
    case 'c': {
      const c = BigInt.asIntN(8, n);
      return `${size === 1 ? c : BigInt.asIntN(size * 8, n)} ${charText(c)}`;
    }
    default:
      return BigInt.asIntN(size * 8, n).toString();
  }
}

/** Prints a value; `letter` null is the format of its type. `top` puts the type before pointers. */
export function formatValue(
  value: Value,
  context: FormatContext,
  letter: FormatLetter | null = null,
  top = true,
): string {
  if (value.unavailable !== undefined) return value.unavailable;
  const t = strip(value.type);
  if (t.kind === 'struct') return formatStruct(value, t, context, letter);
  if (t.kind === 'array') return formatArray(value, t, context, letter);
  if (t.kind === 'void') return 'void';
  if (t.kind === 'function') {
    const address = value.place.kind === 'memory' ? value.place.address : 0;
    if (letter === 'a') throw new ExpressionError("Value can't be converted to integer.");
    if (letter !== null && letter !== 's')
      return formatInteger(BigInt(value.bytes()[0]), 1, letter);
    return `{${typeName(value.type)}} ${hex(address)}${context.symbolic(address)}`;
  }
  if (letter !== null && letter !== 's' && letter !== 'f') {
    const n = asInteger(value);
    if (letter === 'a') return `${hex(n)}${context.symbolic(Number(BigInt.asUintN(32, n)))}`;
    return formatInteger(n, sizeOf(t), letter);
  }
  if (letter === 'f' && !isFloat(value)) {
    const size = sizeOf(t);
    if (t.kind === 'integer' && (size === 4 || size === 8) && value.place.kind !== 'none')
      return formatFloat(value.bytes(), size);
  }
  return formatScalar(value, t, context, top);
}

function formatScalar(value: Value, t: Type, context: FormatContext, top: boolean): string {
  switch (t.kind) {
    case 'integer': {
      const n = asInteger(value);
      return t.isChar ? `${n} ${charText(n)}` : n.toString();
    }
    case 'boolean': {
      const n = asInteger(value);
      return n === 0n ? 'false' : n === 1n ? 'true' : n.toString();
    }
    case 'float':
      return formatFloat(value.bytes(), t.size);
    case 'enum':
      return formatEnum(asInteger(value), t);
    case 'pointer': {
      const address = Number(asInteger(value));
      const target = strip(t.target);
      if (target.kind === 'integer' && target.isChar) {
        const text = address === 0 ? null : stringAtAddress(address, context.read);
        if (text !== null) return `${hex(address)}${context.symbolic(address)} ${text}`;
        if (address !== 0)
          return `${hex(address)} <error: Cannot access memory at address ${hex(address)}>`;
        return '0x0';
      }
      return `${top ? `(${typeName(value.type)}) ` : ''}${hex(address)}${context.symbolic(address)}`;
    }
    default:
      return asNumber(value).toString();
  }
}

function formatEnum(n: bigint, t: Type & { kind: 'enum' }): string {
  const exact = t.enumerators.find((e) => BigInt(e.value) === n);
  if (exact !== undefined) return exact.name;
  const isFlag = (v: number): boolean => v > 0 && (v & (v - 1)) === 0;
  if (n === 0n || !t.enumerators.every((e) => e.value === 0 || isFlag(e.value)))
    return n.toString();
  const names: string[] = [];
  let rest = n;
  for (const e of t.enumerators) {
    if (e.value === 0 || (rest & BigInt(e.value)) === 0n) continue;
    names.push(e.name);
    rest &= ~BigInt(e.value);
  }
  if (rest !== 0n) names.push(`unknown: ${hex(rest)}`);
  return `(${names.join(' | ')})`;
}

function inner(value: Value, context: FormatContext, letter: FormatLetter | null): string {
  try {
    return formatValue(value, context, letter, false);
  } catch (error) {
    if (error instanceof ExpressionError) return `<error: ${error.message}>`;
    throw error;
  }
}

function formatStruct(
  value: Value,
  t: Type & { kind: 'struct' },
  context: FormatContext,
  letter: FormatLetter | null,
): string {
  if (t.incomplete) return '<incomplete type>';
  if (t.members.length > 0) value.bytes();
  const members = t.members.map((m) => {
    const text = inner(memberOf(value, m, context), context, letter);
    return m.name === '' ? text : `${m.name} = ${text}`;
  });
  return `{${members.join(', ')}}`;
}

function formatArray(
  value: Value,
  t: Type & { kind: 'array' },
  context: FormatContext,
  letter: FormatLetter | null,
): string {
  const count = t.count ?? 0;
  const element = strip(t.element);
  if (element.kind === 'integer' && element.isChar && (letter === null || letter === 's')) {
    const all = readArray(value, Math.min(count, LARGEST_VALUE), context);
    const truncated = count > LARGEST_VALUE;
    const drop = !truncated && all.length > 0 && all[all.length - 1] === 0 ? 1 : 0;
    return quoteBytes(all.subarray(0, all.length - drop), truncated);
  }
  const parts: string[] = [];
  let shown = 0;
  let i = 0;
  for (; i < count && shown < ELEMENTS_MAX;) {
    const text = inner(elementOf(value, i, context), context, letter);
    let run = 1;
    while (
      i + run < count &&
      run < 65536 &&
      inner(elementOf(value, i + run, context), context, letter) === text
    )
      run++;
    if (run >= REPEATS) parts.push(`${text} <repeats ${run} times>`);
    else for (let j = 0; j < run; j++) parts.push(text);
    shown += run >= REPEATS ? REPEATS : run;
    i += run;
    if (text.startsWith('<error')) break;
  }
  return `{${parts.join(', ')}${i < count ? '...' : ''}}`;
}

function readArray(value: Value, count: number, context: FormatContext): Uint8Array {
  if (value.place.kind !== 'memory') return value.bytes().subarray(0, count);
  const bytes = context.read(value.place.address, count);
  if (bytes.length < count)
    throw new ExpressionError(
      `Cannot access memory at address ${hex(value.place.address + bytes.length)}`,
    );
  return bytes;
}

/** Type of the units of x: b, h, w and g. */
export function unitType(size: number, signed: boolean): Type {
  const name = { 1: 'char', 2: 'short', 4: 'int', 8: 'long long' }[size] ?? 'int';
  return size === 4 && signed ? INT : { kind: 'integer', name, size, signed, isChar: size === 1 };
}
