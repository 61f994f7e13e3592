// A small WebAssembly assembler. Expressions are trees, statements emit them:
//
//   const double = func('double', [I64], I64, ([x]) => { give(add(x, x)); });
//
// A module imports one memory and exports the functions it is asked to. Numbers and bigints stand
// for constants of the type of the other operand.

export const I32 = 0x7f;
export const I64 = 0x7e;
export const F64 = 0x7c;
export type I32 = typeof I32;
export type I64 = typeof I64;
export type F64 = typeof F64;
export type Type = I32 | I64 | F64;

/** An expression of WebAssembly type T. */
export interface Node<T extends Type = Type> {
  readonly type: T;
  /** Opcode; LOCAL_GET, GLOBAL_GET, CALL and the constants read `n` or `value`. */
  readonly op: number;
  readonly a: Node | null;
  readonly b: Node | null;
  readonly c: Node | null;
  /** Index of a local, global or function; offset of a load. */
  readonly n: number;
  readonly value: number | bigint;
  readonly args: readonly Node[] | null;
}

export type Operand<T extends Type> = Node<T> | number | bigint;

/** A function of the module being assembled. */
export interface Func<R extends Type | 0 = Type | 0> {
  readonly index: number;
  readonly result: R;
}

const BLOCK = 0x02;
const LOOP = 0x03;
const IF = 0x04;
const ELSE = 0x05;
const END = 0x0b;
const BR = 0x0c;
const BR_IF = 0x0d;
const RETURN = 0x0f;
const CALL = 0x10;
const DROP = 0x1a;
const SELECT = 0x1b;
const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const GLOBAL_GET = 0x23;
const GLOBAL_SET = 0x24;
const I32_CONST = 0x41;
const I64_CONST = 0x42;
const VOID = 0x40;

const MAX_BODY = 1 << 17;
const body = new Uint8Array(MAX_BODY);
let at = 0;
let depth = 0;
let localTypes: Type[] = [];

interface Signature {
  params: readonly Type[];
  result: Type | 0;
}
let signatures: Signature[] = [];
let bodies: Uint8Array[] = [];
let globals: Type[] = [];
let exported: { name: string; index: number }[] = [];

function node<T extends Type>(
  type: T,
  op: number,
  a: Node | null,
  b: Node | null,
  n: number,
  value: number | bigint = 0,
  args: readonly Node[] | null = null,
  c: Node | null = null,
): Node<T> {
  return { type, op, a, b, c, n, value, args };
}

// Byte output.

function byte(value: number): void {
  body[at++] = value;
}

function unsigned(value: number): void {
  while (value >= 0x80) {
    body[at++] = (value & 0x7f) | 0x80;
    value >>>= 7;
  }
  body[at++] = value;
}

function signed32(value: number): void {
  value |= 0;
  while (value < -64 || value > 63) {
    body[at++] = (value & 0x7f) | 0x80;
    value >>= 7;
  }
  body[at++] = value & 0x7f;
}

function signed64(value: bigint): void {
  value = BigInt.asIntN(64, value);
  while (value < -64n || value > 63n) {
    body[at++] = Number(value & 0x7fn) | 0x80;
    value >>= 7n;
  }
  body[at++] = Number(value & 0x7fn);
}

function emit(n: Node): void {
  if (n.a !== null) emit(n.a);
  if (n.b !== null) emit(n.b);
  if (n.c !== null) emit(n.c);
  if (n.args !== null) for (const arg of n.args) emit(arg);
  byte(n.op);
  switch (n.op) {
    case LOCAL_GET:
    case GLOBAL_GET:
    case CALL:
      unsigned(n.n);
      break;
    case I32_CONST:
      signed32(n.n);
      break;
    case I64_CONST:
      if (typeof n.value === 'number' && (n.value | 0) === n.value) signed32(n.value);
      else signed64(BigInt(n.value));
      break;
    default:
      if (n.op >= 0x28 && n.op <= 0x3e) {
        byte(0); // no alignment is promised
        unsigned(n.n);
      }
  }
}

// Constants and variables.

export function i32const(value: number): Node<I32> {
  return node(I32, I32_CONST, null, null, value);
}
export function i64const(value: number | bigint): Node<I64> {
  return node(I64, I64_CONST, null, null, 0, value);
}

function lift<T extends Type>(value: Operand<T>, type: T): Node<T> {
  if (typeof value === 'object') return value;
  return (type === I32 ? i32const(Number(value)) : i64const(value)) as Node<T>;
}

/** Declares a local variable of the function being assembled. It is its own reading expression. */
export function local<T extends Type>(type: T): Node<T> {
  localTypes.push(type);
  return node(type, LOCAL_GET, null, null, localTypes.length - 1);
}

/** Declares a mutable global of the module, initially 0. */
export function global<T extends I32 | I64>(type: T): Node<T> {
  globals.push(type);
  return node(type, GLOBAL_GET, null, null, globals.length - 1);
}

// Expressions. The opcodes of i32, i64 and f64 lie in the same order at different places.

function typeOf<T extends Type>(a: Operand<T>, b: Operand<T>): T {
  if (typeof a === 'object') return a.type;
  if (typeof b === 'object') return b.type;
  throw new Error('an operation on two constants');
}

function binary<T extends Type>(a: Operand<T>, b: Operand<T>, op32: number, op64: number): Node<T> {
  const type = typeOf(a, b);
  return node(type, type === I32 ? op32 : op64, lift(a, type), lift(b, type), 0);
}

function compare<T extends Type>(
  a: Operand<T>,
  b: Operand<T>,
  op32: number,
  op64: number,
): Node<I32> {
  const type = typeOf(a, b);
  return node(I32, type === I32 ? op32 : op64, lift(a, type), lift(b, type), 0);
}

type Int = I32 | I64;
export const add = <T extends Int>(a: Operand<T>, b: Operand<T>): Node<T> =>
  binary(a, b, 0x6a, 0x7c);
export const sub = <T extends Int>(a: Operand<T>, b: Operand<T>): Node<T> =>
  binary(a, b, 0x6b, 0x7d);
export const mul = <T extends Int>(a: Operand<T>, b: Operand<T>): Node<T> =>
  binary(a, b, 0x6c, 0x7e);
export const divu = <T extends Int>(a: Operand<T>, b: Operand<T>): Node<T> =>
  binary(a, b, 0x6e, 0x80);
export const remu = <T extends Int>(a: Operand<T>, b: Operand<T>): Node<T> =>
  binary(a, b, 0x70, 0x82);
export const and = <T extends Int>(a: Operand<T>, b: Operand<T>): Node<T> =>
  binary(a, b, 0x71, 0x83);
export const or = <T extends Int>(a: Operand<T>, b: Operand<T>): Node<T> =>
  binary(a, b, 0x72, 0x84);
export const xor = <T extends Int>(a: Operand<T>, b: Operand<T>): Node<T> =>
  binary(a, b, 0x73, 0x85);
/** Shift counts are taken modulo the width, as on x86. */
export const shl = <T extends Int>(a: Operand<T>, b: Operand<T>): Node<T> =>
  binary(a, b, 0x74, 0x86);
export const sar = <T extends Int>(a: Operand<T>, b: Operand<T>): Node<T> =>
  binary(a, b, 0x75, 0x87);
export const shr = <T extends Int>(a: Operand<T>, b: Operand<T>): Node<T> =>
  binary(a, b, 0x76, 0x88);

export const eq = <T extends Int>(a: Operand<T>, b: Operand<T>): Node<I32> =>
  compare(a, b, 0x46, 0x51);
export const ne = <T extends Int>(a: Operand<T>, b: Operand<T>): Node<I32> =>
  compare(a, b, 0x47, 0x52);
export const lts = <T extends Int>(a: Operand<T>, b: Operand<T>): Node<I32> =>
  compare(a, b, 0x48, 0x53);
export const ltu = <T extends Int>(a: Operand<T>, b: Operand<T>): Node<I32> =>
  compare(a, b, 0x49, 0x54);
export const gts = <T extends Int>(a: Operand<T>, b: Operand<T>): Node<I32> =>
  compare(a, b, 0x4a, 0x55);
export const gtu = <T extends Int>(a: Operand<T>, b: Operand<T>): Node<I32> =>
  compare(a, b, 0x4b, 0x56);
export const les = <T extends Int>(a: Operand<T>, b: Operand<T>): Node<I32> =>
  compare(a, b, 0x4c, 0x57);
export const leu = <T extends Int>(a: Operand<T>, b: Operand<T>): Node<I32> =>
  compare(a, b, 0x4d, 0x58);
export const ges = <T extends Int>(a: Operand<T>, b: Operand<T>): Node<I32> =>
  compare(a, b, 0x4e, 0x59);
export const geu = <T extends Int>(a: Operand<T>, b: Operand<T>): Node<I32> =>
  compare(a, b, 0x4f, 0x5a);
/** 1 when the value is 0, else 0. */
export const not = <T extends Int>(a: Node<T>): Node<I32> =>
  node(I32, a.type === I32 ? 0x45 : 0x50, a, null, 0);
/** Leading zero bits. */
export const clz = <T extends Int>(a: Node<T>): Node<T> =>
  node(a.type, a.type === I32 ? 0x67 : 0x79, a, null, 0);
export const ctz = <T extends Int>(a: Node<T>): Node<T> =>
  node(a.type, a.type === I32 ? 0x68 : 0x7a, a, null, 0);

/** The low 32 bits. */
export const low = (a: Node<I64>): Node<I32> => node(I32, 0xa7, a, null, 0);
/** Zero-extended to 64 bits. */
export const wide = (a: Node<I32>): Node<I64> => node(I64, 0xad, a, null, 0);
/** Sign-extended to 64 bits. */
export const wideSigned = (a: Node<I32>): Node<I64> => node(I64, 0xac, a, null, 0);

export const f64ofU64 = (a: Node<I64>): Node<F64> => node(F64, 0xba, a, null, 0);
export const f64sqrt = (a: Node<F64>): Node<F64> => node(F64, 0x9f, a, null, 0);
/** Truncated; the value must be in range. */
export const u64ofF64 = (a: Node<F64>): Node<I64> => node(I64, 0xb1, a, null, 0);

/** `condition` ? a : b, both evaluated. */
export function select<T extends Type>(
  a: Operand<T>,
  b: Operand<T>,
  condition: Node<I32>,
): Node<T> {
  const type = typeOf(a, b);
  return node(type, SELECT, lift(a, type), lift(b, type), 0, 0, null, condition);
}

export const load64 = (address: Node<I32>, offset = 0): Node<I64> =>
  node(I64, 0x29, address, null, offset);
export const load32 = (address: Operand<I32>, offset = 0): Node<I32> =>
  node(I32, 0x28, lift(address, I32), null, offset);
export const load16 = (address: Node<I32>, offset = 0): Node<I32> =>
  node(I32, 0x2f, address, null, offset);

export const load8 = (address: Node<I32>, offset = 0): Node<I32> =>
  node(I32, 0x2d, address, null, offset);

export function call<R extends Type>(f: Func<R>, ...args: Node[]): Node<R> {
  return node(f.result, CALL, null, null, f.index, 0, args);
}

// Statements.

/** Assigns to a local or a global. */
export function set<T extends Type>(variable: Node<T>, value: Operand<T>): void {
  emit(lift(value, variable.type));
  byte(variable.op === LOCAL_GET ? LOCAL_SET : GLOBAL_SET);
  unsigned(variable.n);
}

function store(op: number, address: Node, value: Node, offset: number): void {
  emit(address);
  emit(value);
  byte(op);
  byte(0);
  unsigned(offset);
}
export function store64(address: Operand<I32>, value: Operand<I64>, offset = 0): void {
  store(0x37, lift(address, I32), lift(value, I64), offset);
}
export function store32(address: Operand<I32>, value: Operand<I32>, offset = 0): void {
  store(0x36, lift(address, I32), lift(value, I32), offset);
}
export function store16(address: Operand<I32>, value: Operand<I32>, offset = 0): void {
  store(0x3b, lift(address, I32), lift(value, I32), offset);
}
export function store8(address: Operand<I32>, value: Operand<I32>, offset = 0): void {
  store(0x3a, lift(address, I32), lift(value, I32), offset);
}

/** Returns a value from the function. */
export function give<T extends Type>(value: Operand<T>, type?: T): void {
  emit(typeof value === 'object' ? value : lift(value, type ?? (I32 as T)));
  byte(RETURN);
}

/** Evaluates a call and drops its result. */
export function run(expression: Node): void {
  emit(expression);
  byte(DROP);
}

export function when(condition: Node<I32>, then: () => void, otherwise?: () => void): void {
  emit(condition);
  byte(IF);
  byte(VOID);
  depth++;
  then();
  if (otherwise !== undefined) {
    byte(ELSE);
    otherwise();
  }
  byte(END);
  depth--;
}

/** A block that `leave(label)` jumps behind. */
export function block(inside: (label: number) => void): void {
  byte(BLOCK);
  byte(VOID);
  inside(++depth);
  depth--;
  byte(END);
}

/** A loop that `leave(label)` starts again. */
export function loop(inside: (label: number) => void): void {
  byte(LOOP);
  byte(VOID);
  inside(++depth);
  depth--;
  byte(END);
}

/** Jumps behind the block, or to the start of the loop, that `label` names. */
export function leave(label: number, condition?: Node<I32>): void {
  if (condition === undefined) byte(BR);
  else {
    emit(condition);
    byte(BR_IF);
  }
  unsigned(depth - label);
}

// Functions and modules.

/** Starts an empty module. */
export function begin(): void {
  signatures = [];
  bodies = [];
  globals = [];
  exported = [];
}

/** Assembles a function; exported under `name` unless that is empty. It must end by `give`. */
export function func<R extends Type>(
  name: string,
  params: readonly Type[],
  result: R,
  assemble: (params: Node[]) => void,
): Func<R> {
  at = 0;
  depth = 0;
  localTypes = [...params];
  assemble(params.map((type, i) => node(type, LOCAL_GET, null, null, i)));
  byte(0x00); // unreachable: every path has returned
  byte(END);
  const code = body.slice(0, at);
  at = 0;
  // Local declarations, in runs of one type.
  const own = localTypes.slice(params.length);
  const runs: { type: Type; count: number }[] = [];
  for (const type of own) {
    if (runs.length > 0 && runs[runs.length - 1].type === type) runs[runs.length - 1].count++;
    else runs.push({ type, count: 1 });
  }
  unsigned(runs.length);
  for (const { type, count } of runs) {
    unsigned(count);
    byte(type);
  }
  const whole = new Uint8Array(at + code.length);
  whole.set(body.subarray(0, at));
  whole.set(code, at);
  const index = bodies.push(whole) - 1;
  signatures.push({ params, result });
  if (name !== '') exported.push({ name, index });
  return { index, result };
}

/** The bytes of the module. It imports its memory as `m.m`. */
export function finish(): Uint8Array {
  const total = bodies.reduce((sum, b) => sum + b.length + 64, 4096);
  const out = new Uint8Array(total);
  let length = 0;
  const put = (bytes: Uint8Array | readonly number[]): void => {
    out.set(bytes, length);
    length += bytes.length;
  };
  const section = (id: number, fill: () => void): void => {
    at = 0;
    fill();
    const content = body.slice(0, at);
    at = 0;
    byte(id);
    unsigned(content.length);
    put(body.slice(0, at));
    put(content);
  };
  const text = (s: string): void => {
    unsigned(s.length);
    for (let i = 0; i < s.length; i++) byte(s.charCodeAt(i));
  };
  put([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  section(1, () => {
    unsigned(signatures.length);
    for (const { params, result } of signatures) {
      byte(0x60);
      unsigned(params.length);
      for (const type of params) byte(type);
      byte(1);
      byte(result);
    }
  });
  section(2, () => {
    byte(1);
    text('m');
    text('m');
    byte(2); // a memory
    byte(0);
    byte(1);
  });
  section(3, () => {
    unsigned(signatures.length);
    for (let i = 0; i < signatures.length; i++) unsigned(i);
  });
  if (globals.length > 0) {
    section(6, () => {
      unsigned(globals.length);
      for (const type of globals) {
        byte(type);
        byte(1);
        byte(type === I32 ? I32_CONST : I64_CONST);
        byte(0);
        byte(END);
      }
    });
  }
  section(7, () => {
    unsigned(exported.length);
    for (const { name, index } of exported) {
      text(name);
      byte(0);
      unsigned(index);
    }
  });
  section(10, () => {
    unsigned(bodies.length);
    for (const code of bodies) {
      unsigned(code.length);
      body.set(code, at);
      at += code.length;
    }
  });
  return out.slice(0, length);
}
