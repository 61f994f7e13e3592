// Values of expressions: a type, bytes, and where they are.

import { DOUBLE, INT, sizeOf, strip } from '../symbols/types.js';
import type { Type } from '../symbols/types.js';
import { fromExtended } from '../registers.js';
import { ExpressionError } from './lexer.js';

/** Where a value can be assigned to. */
export type Place =
  | { kind: 'memory'; address: number; bits: { width: number; shift: number } | null }
  | { kind: 'register'; name: string }
  | { kind: 'convenience'; name: string }
  | { kind: 'none' };

export interface Value {
  type: Type;
  place: Place;
  /** The bytes; read when they are first asked for. @throws ExpressionError when they are not there. */
  bytes(): Uint8Array;
  /** In gdb's words when the value is not there: <optimized out> and its kind. */
  unavailable?: string;
}

export type ReadMemory = (address: number, length: number) => Uint8Array;

const NOWHERE: Place = { kind: 'none' };
/** Bytes of one object that a person may want to see. */
export const LARGEST_VALUE = 65536;

export function hex(n: number | bigint): string {
  return `0x${(typeof n === 'number' ? n >>> 0 : n).toString(16)}`;
}

export function valueOf(type: Type, bytes: Uint8Array, place: Place = NOWHERE): Value {
  return { type, place, bytes: () => bytes };
}

export function unavailable(type: Type, text: string): Value {
  return {
    type,
    place: NOWHERE,
    unavailable: text,
    bytes() {
      throw new ExpressionError(text === '<optimized out>' ? 'value has been optimized out' : text);
    },
  };
}

/** An object of memory; its bytes are read once, when they are needed. */
export function memoryValue(
  type: Type,
  address: number,
  read: ReadMemory,
  bits: { width: number; shift: number } | null = null,
): Value {
  let bytes: Uint8Array | null = null;
  return {
    type,
    place: { kind: 'memory', address: address >>> 0, bits },
    bytes() {
      if (bytes !== null) return bytes;
      const size = bits === null ? sizeOf(type) : (bits.shift + bits.width + 7) >> 3;
      if (size > LARGEST_VALUE)
        throw new ExpressionError(
          `value requires ${size} bytes, which is more than max-value-size`,
        );
      const got = read(address >>> 0, size);
      if (got.length < size)
        throw new ExpressionError(
          `Cannot access memory at address ${hex((address + got.length) >>> 0)}`,
        );
      bytes = got;
      return got;
    },
  };
}

/** An integer as a value of `type`, cut to its size. */
export function integerValue(n: bigint, type: Type = INT): Value {
  const t = strip(type);
  const size = sizeOf(type);
  const bytes = new Uint8Array(size);
  let rest = BigInt.asUintN(size * 8, t.kind === 'boolean' ? BigInt(n !== 0n) : n);
  for (let i = 0; i < size; i++) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return valueOf(type, bytes);
}

export function floatValue(n: number, type: Type = DOUBLE): Value {
  const size = sizeOf(type);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  if (size === 4) view.setFloat32(0, n, true);
  else if (size === 8) view.setFloat64(0, n, true);
  else bytes.set(toExtended(n));
  return valueOf(type, bytes);
}

/** A number as the x87's ten bytes. */
export function toExtended(n: number): Uint8Array {
  const bytes = new Uint8Array(10);
  const view = new DataView(bytes.buffer);
  const sign = n < 0 || Object.is(n, -0) ? 0x8000 : 0;
  const a = Math.abs(n);
  if (Number.isNaN(n)) {
    view.setBigUint64(0, 3n << 62n, true);
    view.setUint16(8, 0x7fff, true);
  } else if (a === Infinity) {
    view.setBigUint64(0, 1n << 63n, true);
    view.setUint16(8, sign | 0x7fff, true);
  } else if (a === 0) view.setUint16(8, sign, true);
  else {
    // Scaled first, so that no power is out of range.
    const scaled = a < 2 ** -1000 ? a * 2 ** 200 : a;
    let exponent = Math.floor(Math.log2(scaled));
    if (2 ** exponent > scaled) exponent--;
    if (scaled >= 2 ** exponent * 2) exponent++;
    const significand = BigInt(Math.round((scaled / 2 ** exponent) * 2 ** 52)) << 11n;
    view.setBigUint64(0, significand, true);
    view.setUint16(8, sign | (exponent + 16383 - (scaled === a ? 0 : 200)), true);
  }
  return bytes;
}

export function isFloat(value: Value): boolean {
  return strip(value.type).kind === 'float';
}

/** Whether the type is a number, a pointer or what is used as one. */
export function isScalar(type: Type): boolean {
  return ['integer', 'boolean', 'float', 'pointer', 'enum'].includes(strip(type).kind);
}

/** Little-endian bytes as a number. */
export function toInteger(bytes: Uint8Array, signed: boolean): bigint {
  let n = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) n = (n << 8n) | BigInt(bytes[i]);
  return signed ? BigInt.asIntN(bytes.length * 8, n) : n;
}

export function toFloat(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length === 4) return view.getFloat32(0, true);
  if (bytes.length === 8) return view.getFloat64(0, true);
  return fromExtended(bytes);
}

/** The number that a scalar is; of an array or a function its address. @throws ExpressionError. */
export function asInteger(value: Value): bigint {
  const t = strip(value.type);
  const { place } = value;
  switch (t.kind) {
    case 'integer':
    case 'enum':
    case 'boolean':
    case 'pointer': {
      const signed = (t.kind === 'integer' || t.kind === 'enum') && t.signed;
      const bits = place.kind === 'memory' ? place.bits : null;
      if (bits === null) return toInteger(value.bytes(), signed);
      const whole = toInteger(value.bytes(), false) >> BigInt(bits.shift);
      return signed ? BigInt.asIntN(bits.width, whole) : BigInt.asUintN(bits.width, whole);
    }
    case 'float': {
      const n = toFloat(value.bytes());
      return Number.isFinite(n) ? BigInt(Math.trunc(n)) : 0n;
    }
    case 'array':
    case 'function':
      if (place.kind === 'memory') return BigInt(place.address);
      break;
    default:
  }
  if (t.kind === 'void') throw new ExpressionError('Attempt to use a void value as a number.');
  throw new ExpressionError("Value can't be converted to integer.");
}

export function asNumber(value: Value): number {
  return isFloat(value) ? toFloat(value.bytes()) : Number(asInteger(value));
}

/** Truth of a value in a condition. */
export function isTrue(value: Value): boolean {
  return isFloat(value) ? toFloat(value.bytes()) !== 0 : asInteger(value) !== 0n;
}
