// Evaluates expressions in the place of a frame.

import {
  CHAR,
  DOUBLE,
  INT,
  LONG_LONG,
  UNSIGNED_INT,
  UNSIGNED_LONG_LONG,
  pointerTo,
  sizeOf,
  strip,
  typeName,
} from '../symbols/types.js';
import type { Type } from '../symbols/types.js';
import { ExpressionError } from './lexer.js';
import { parseExpression } from './parser.js';
import type { Expression, TypeNames } from './parser.js';
import {
  asInteger,
  asNumber,
  floatValue,
  integerValue,
  isFloat,
  isScalar,
  isTrue,
  memoryValue,
  valueOf,
} from './value.js';
import type { Value } from './value.js';

/** What names mean, and where values live. */
export interface Scope extends TypeNames {
  read(address: number, length: number): Uint8Array;
  /** @throws ExpressionError when the memory cannot be written. */
  write(address: number, bytes: Uint8Array): void;
  /** A variable or function; `file` restricts to those of a source file. Null: no such name. */
  variable(name: string, file: string | null): Value | null;
  /** $name: a register, a convenience variable, or a value of the history. */
  dollar(name: string): Value;
  setRegister(name: string, value: Value): void;
  setConvenience(name: string, value: Value): void;
}

/** Parses and evaluates. @throws ExpressionError in gdb's words. */
export function evaluate(text: string, scope: Scope): Value {
  return compute(parseExpression(text, scope), scope);
}

export function compute(e: Expression, scope: Scope): Value {
  switch (e.kind) {
    case 'integer':
      return integerValue(e.value, e.type);
    case 'float':
      return floatValue(e.value);
    case 'string': {
      const bytes = Uint8Array.from([...`${e.value}\0`], (c) => c.charCodeAt(0));
      return valueOf({ kind: 'array', element: CHAR, count: bytes.length }, bytes);
    }
    case 'name': {
      const value = scope.variable(e.name, e.file);
      if (value === null) throw new ExpressionError(`No symbol "${e.name}" in current context.`);
      return value;
    }
    case 'dollar':
      return scope.dollar(e.name);
    case 'type':
      throw new ExpressionError('Attempt to use a type name as an expression');
    case 'unary':
      return unary(e.op, e.operand, scope);
    case 'binary':
      return binaryExpression(e, scope);
    case 'assign':
      return assign(e, scope);
    case 'conditional':
      return compute(isTrue(compute(e.test, scope)) ? e.yes : e.no, scope);
    case 'cast':
      return cast(compute(e.operand, scope), e.type, scope);
    case 'memory':
      return memoryValue(e.type, Number(asInteger(compute(e.operand, scope))), scope.read);
    case 'sizeof': {
      const type = e.operand.kind === 'type' ? e.operand.type : compute(e.operand, scope).type;
      return integerValue(BigInt(sizeOf(type)), UNSIGNED_INT);
    }
    case 'index':
      return dereference(
        binary('+', compute(e.array, scope), compute(e.index, scope), scope),
        scope,
      );
    case 'member':
      return member(compute(e.object, scope), e.name, scope);
    case 'call':
      throw new ExpressionError("You can't do that without a process that runs the function.");
  }
}

function addressOf(value: Value): Value {
  const { place, type } = value;
  if (place.kind !== 'memory') {
    if (place.kind === 'register')
      throw new ExpressionError('Attempt to take address of value not located in memory.');
    throw new ExpressionError('Attempt to take address of value not located in memory.');
  }
  if (place.bits !== null)
    throw new ExpressionError('Attempt to take address of value not located in memory.');
  return integerValue(BigInt(place.address), pointerTo(type));
}

/** Arrays and functions become pointers. */
function decay(value: Value): Value {
  const t = strip(value.type);
  if (t.kind === 'array' && value.place.kind === 'memory')
    return integerValue(BigInt(value.place.address), pointerTo(t.element));
  if (t.kind === 'function') return addressOf(value);
  return value;
}

export function dereference(value: Value, scope: Scope): Value {
  const v = decay(value);
  const t = strip(v.type);
  if (t.kind === 'pointer') {
    if (strip(t.target).kind === 'void')
      throw new ExpressionError('Attempt to take contents of a non-pointer value.');
    return memoryValue(t.target, Number(asInteger(v)), scope.read);
  }
  // gdb takes an integer for the address of a long.
  if (t.kind === 'integer') return memoryValue(INT, Number(asInteger(v)) >>> 0, scope.read);
  throw new ExpressionError('Attempt to take contents of a non-pointer value.');
}

function member(object: Value, name: string, scope: Scope): Value {
  let value = object;
  const pointed = strip(decay(value).type);
  if (pointed.kind === 'pointer') value = dereference(value, scope);
  const t = strip(value.type);
  if (t.kind !== 'struct')
    throw new ExpressionError(
      `Attempt to extract a component of a value that is not a structure${pointed.kind === 'pointer' ? ' pointer' : ''}.`,
    );
  const found = findMember(t, name, 0);
  if (found === null) throw new ExpressionError(`There is no member named ${name}.`);
  return memberOf(value, found, scope);
}

interface Found {
  type: Type;
  offset: number;
  bits: { width: number; shift: number } | null;
}

function findMember(t: Type & { kind: 'struct' }, name: string, base: number): Found | null {
  for (const m of t.members) {
    if (m.name === name) return { type: m.type, offset: base + m.offset, bits: m.bits };
    const inner = strip(m.type);
    // Members of a structure without a name belong to the one around it.
    if (m.name !== '' || inner.kind !== 'struct') continue;
    const found = findMember(inner, name, base + m.offset);
    if (found !== null) return found;
  }
  return null;
}

/** A member of a structure that was found. */
export function memberOf(value: Value, found: Found, scope: Pick<Scope, 'read'>): Value {
  const { type, offset, bits } = found;
  if (value.place.kind === 'memory')
    return memoryValue(type, value.place.address + offset, scope.read, bits);
  const whole = value.bytes();
  if (bits === null) return valueOf(type, whole.subarray(offset, offset + sizeOf(type)));
  const bytes = whole.subarray(offset, offset + ((bits.shift + bits.width + 7) >> 3));
  return valueOf(type, bytes, { kind: 'memory', address: 0, bits });
}

/** Element `index` of an array. */
export function elementOf(value: Value, index: number, scope: Pick<Scope, 'read'>): Value {
  const t = strip(value.type);
  if (t.kind !== 'array') return value;
  const size = sizeOf(t.element);
  if (value.place.kind === 'memory')
    return memoryValue(t.element, value.place.address + index * size, scope.read);
  return valueOf(t.element, value.bytes().subarray(index * size, (index + 1) * size));
}

function unary(op: string, operand: Expression, scope: Scope): Value {
  if (op === '&' && operand.kind === 'type')
    throw new ExpressionError('Attempt to take address of a type.');
  const value = compute(operand, scope);
  switch (op) {
    case '&':
      return addressOf(value);
    case '*':
      return dereference(value, scope);
    case '!':
      return integerValue(BigInt(!isTrue(decay(value))));
    case '++':
    case '--':
      return store(value, binary(op[0], value, integerValue(1n), scope), scope);
    case '-':
    case '+':
      if (!isScalar(value.type))
        throw new ExpressionError('Argument to arithmetic operation not a number or boolean.');
      if (isFloat(value))
        return floatValue(op === '-' ? -asNumber(value) : asNumber(value), value.type);
      return integerValue(op === '-' ? -asInteger(value) : asInteger(value), promote(value.type));
    default:
      if (!isScalar(value.type) || isFloat(value))
        throw new ExpressionError('Argument to complement operation not an integer, boolean.');
      return integerValue(~asInteger(value), promote(value.type));
  }
}

function promote(type: Type): Type {
  const t = strip(type);
  if (t.kind === 'pointer') return type;
  return sizeOf(t) < 4 || t.kind === 'enum' || t.kind === 'boolean' ? INT : type;
}

function common(a: Type, b: Type): Type {
  const [x, y] = [strip(promote(a)), strip(promote(b))];
  const size = Math.max(sizeOf(x), sizeOf(y), 4);
  const unsigned = [x, y].some(
    (t) => (t.kind === 'pointer' || (t.kind === 'integer' && !t.signed)) && sizeOf(t) === size,
  );
  if (size > 4) return unsigned ? UNSIGNED_LONG_LONG : LONG_LONG;
  const longer = [promote(a), promote(b)].find((t) => /long/.test(typeName(t)));
  return longer ?? (unsigned ? UNSIGNED_INT : INT);
}

function binaryExpression(e: Expression & { kind: 'binary' }, scope: Scope): Value {
  const left = compute(e.left, scope);
  switch (e.op) {
    case ',':
      return compute(e.right, scope);
    case '&&':
      return integerValue(BigInt(isTrue(decay(left)) && isTrue(decay(compute(e.right, scope)))));
    case '||':
      return integerValue(BigInt(isTrue(decay(left)) || isTrue(decay(compute(e.right, scope)))));
    case '@': {
      const count = Number(asInteger(compute(e.right, scope)));
      if (left.place.kind !== 'memory')
        throw new ExpressionError("Only values in memory can be extended with '@'.");
      if (count <= 0)
        throw new ExpressionError('Invalid number 0 of repetitions.'.replace('0', String(count)));
      return memoryValue(
        { kind: 'array', element: left.type, count },
        left.place.address,
        scope.read,
      );
    }
    default:
      return binary(e.op, left, compute(e.right, scope), scope);
  }
}

const COMPARISONS = ['==', '!=', '<', '>', '<=', '>='];

/** One arithmetic operator on two values. */
export function binary(op: string, a: Value, b: Value, _scope: Scope): Value {
  const left = decay(a);
  const right = decay(b);
  const [x, y] = [strip(left.type), strip(right.type)];
  if (!isScalar(x) || !isScalar(y))
    throw new ExpressionError('Argument to arithmetic operation not a number or boolean.');
  if (COMPARISONS.includes(op)) return integerValue(BigInt(compare(op, left, right)));
  if (x.kind === 'pointer' || y.kind === 'pointer') {
    const scaled = pointerArithmetic(op, left, right);
    if (scaled !== null) return scaled;
  }
  if (isFloat(left) || isFloat(right)) return floatArithmetic(op, left, right);
  const type = op === '<<' || op === '>>' ? promote(left.type) : common(left.type, right.type);
  return integerValue(integerArithmetic(op, asInteger(left), asInteger(right), type), type);
}

function compare(op: string, left: Value, right: Value): boolean {
  let a: bigint | number;
  let b: bigint | number;
  if (isFloat(left) || isFloat(right)) {
    a = asNumber(left);
    b = asNumber(right);
  } else {
    const type = common(left.type, right.type);
    a = asInteger(integerValue(asInteger(left), type));
    b = asInteger(integerValue(asInteger(right), type));
  }
  switch (op) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '>':
      return a > b;
    case '<=':
      return a <= b;
    default:
      return a >= b;
  }
}

function pointerArithmetic(op: string, left: Value, right: Value): Value | null {
  const [x, y] = [strip(left.type), strip(right.type)];
  if (op === '-' && x.kind === 'pointer' && y.kind === 'pointer') {
    const size = sizeOf(x.target);
    if (size === 0 || size !== sizeOf(y.target))
      throw new ExpressionError(
        "First argument of `-' is a pointer and second argument is neither\nan integer nor a pointer of the same type.",
      );
    return integerValue((asInteger(left) - asInteger(right)) / BigInt(size), INT);
  }
  if (op === '+' && y.kind === 'pointer' && x.kind !== 'pointer')
    return pointerArithmetic(op, right, left);
  if ((op !== '+' && op !== '-') || x.kind !== 'pointer' || y.kind !== 'integer') return null;
  const by = asInteger(right) * BigInt(sizeOf(x.target));
  return integerValue(asInteger(left) + (op === '+' ? by : -by), left.type);
}

function floatArithmetic(op: string, left: Value, right: Value): Value {
  const [a, b] = [asNumber(left), asNumber(right)];
  const wide = [left, right].find((v) => isFloat(v) && sizeOf(v.type) > 8);
  const type = wide?.type ?? DOUBLE;
  switch (op) {
    case '+':
      return floatValue(a + b, type);
    case '-':
      return floatValue(a - b, type);
    case '*':
      return floatValue(a * b, type);
    case '/':
      return floatValue(a / b, type);
    default:
      throw new ExpressionError('Integer-only operation on floating-point values.');
  }
}

function integerArithmetic(op: string, left: bigint, right: bigint, type: Type): bigint {
  const a = asInteger(integerValue(left, type));
  const isShift = op === '<<' || op === '>>';
  const b = isShift ? right : asInteger(integerValue(right, type));
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
    case '%':
      if (b === 0n) throw new ExpressionError('Division by zero');
      return op === '/' ? a / b : a % b;
    case '&':
      return a & b;
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    case '<<':
    case '>>':
      if (b < 0n || b >= BigInt(sizeOf(type) * 8)) return op === '>>' && a < 0n ? -1n : 0n;
      return op === '<<' ? a << b : a >> b;
    default:
      throw new ExpressionError(`Operator ${op} is not known here.`);
  }
}

/** Converts to a type as a cast does. */
export function cast(value: Value, type: Type, scope: Scope): Value {
  const to = strip(type);
  if (to.kind === 'void') return valueOf(type, new Uint8Array(0));
  if (to.kind === 'float') return floatValue(asNumber(decay(value)), type);
  if (isScalar(type)) return integerValue(asInteger(decay(value)), type);
  if (value.place.kind === 'memory' && sizeOf(value.type) >= sizeOf(type))
    return memoryValue(type, value.place.address, scope.read);
  throw new ExpressionError('Invalid cast.');
}

function assign(e: Expression & { kind: 'assign' }, scope: Scope): Value {
  const right = compute(e.right, scope);
  if (e.left.kind === 'dollar' && e.op === '') {
    const known = scope.dollar(e.left.name);
    if (known.place.kind !== 'register') {
      scope.setConvenience(e.left.name, right);
      return right;
    }
  }
  const left = compute(e.left, scope);
  return store(left, e.op === '' ? right : binary(e.op, left, right, scope), scope);
}

/** Writes a value to where another one is. @returns what is there now. */
function store(left: Value, right: Value, scope: Scope): Value {
  const { place, type } = left;
  if (place.kind === 'none')
    throw new ExpressionError('Left operand of assignment is not an lvalue.');
  if (place.kind === 'convenience') {
    scope.setConvenience(place.name, right);
    return right;
  }
  const t = strip(type);
  if (t.kind === 'function' || t.kind === 'void')
    throw new ExpressionError('Left operand of assignment is not a modifiable lvalue.');
  let bytes: Uint8Array;
  if (isScalar(type)) bytes = cast(right, type, scope).bytes();
  else {
    bytes = right.bytes();
    if (bytes.length !== sizeOf(type))
      throw new ExpressionError('Attempt to assign to an unmodifiable value.');
  }
  if (place.kind === 'register') scope.setRegister(place.name, valueOf(type, bytes));
  else if (place.bits === null) scope.write(place.address, bytes);
  else storeBits(left, asInteger(right), place.bits, scope);
  return valueOf(
    type,
    bytes,
    place.kind === 'memory' && place.bits !== null ? { kind: 'none' } : place,
  );
}

function storeBits(
  left: Value,
  n: bigint,
  bits: { width: number; shift: number },
  scope: Scope,
): void {
  if (left.place.kind !== 'memory') return;
  const bytes = left.bytes().slice();
  const mask = (1n << BigInt(bits.width)) - 1n;
  let whole = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) whole = (whole << 8n) | BigInt(bytes[i]);
  whole = (whole & ~(mask << BigInt(bits.shift))) | ((n & mask) << BigInt(bits.shift));
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number((whole >> BigInt(8 * i)) & 0xffn);
  scope.write(left.place.address, bytes);
}
