// Location expressions (DWARF 5 §2.5, §2.6): where an object is, for the operators that compilers use
// in simple places.

import { Cursor, FormatError } from './cursor.js';

/** Where an object is. */
export type Location =
  | { kind: 'memory'; address: number }
  | { kind: 'register'; register: number }
  | { kind: 'value'; value: number }
  | { kind: 'bytes'; bytes: Uint8Array };

/** What an expression may look at; each gives null for what is not known. */
export interface LocationContext {
  /** DWARF register number: 0 eax, ecx, edx, ebx, esp, ebp, esi, 7 edi, 8 eip. */
  register(number: number): number | null;
  /** `size` bytes of guest memory as a little-endian number. */
  read(address: number, size: number): number | null;
  frameBase(): number | null;
  /** Canonical frame address. */
  cfa(): number | null;
  /** Relocation of addresses, and entries of .debug_addr (already relocated). */
  relocation: number;
  indexedAddress(index: number): number | null;
}

/** Thrown inside for what is not known or not understood. */
const UNKNOWN = { name: 'UNKNOWN' } as const;

function known(value: number | null): number {
  if (value === null) throw UNKNOWN;
  return value;
}

/**
 * Evaluates an expression. @returns null when the object is not there (optimised out), in pieces, or
 * described by an operator that is not known here. `initial` is what the stack begins with.
 */
export function evaluateLocation(
  expression: Uint8Array,
  context: LocationContext,
  initial: readonly number[] = [],
): Location | null {
  if (expression.length === 0) return null;
  try {
    return new Evaluation(expression, context, initial).run();
  } catch (thrown) {
    if (thrown === UNKNOWN || thrown instanceof FormatError) return null;
    throw thrown;
  }
}

class Evaluation {
  readonly #c: Cursor;
  readonly #context: LocationContext;
  readonly #stack: number[];
  #steps = 0;

  constructor(expression: Uint8Array, context: LocationContext, initial: readonly number[]) {
    this.#c = new Cursor(expression);
    this.#context = context;
    this.#stack = [...initial];
  }

  #push(value: number): void {
    this.#stack.push(value | 0);
  }
  #pop(): number {
    const value = this.#stack.pop();
    if (value === undefined) throw UNKNOWN;
    return value;
  }

  run(): Location {
    const c = this.#c;
    while (!c.done) {
      if (++this.#steps > 10_000) throw UNKNOWN;
      const op = c.u8();
      if (op >= 0x50 && op <= 0x6f) return this.#only({ kind: 'register', register: op - 0x50 });
      if (op === 0x90) return this.#only({ kind: 'register', register: c.uleb() });
      if (op === 0x9e) return this.#only({ kind: 'bytes', bytes: c.block(c.uleb()) });
      if (op === 0x9f) return this.#only({ kind: 'value', value: this.#pop() });
      if (op >= 0x30 && op <= 0x4f) this.#push(op - 0x30);
      else if (op >= 0x70 && op <= 0x8f)
        this.#push(known(this.#context.register(op - 0x70)) + c.sleb());
      else this.#operator(op);
    }
    return { kind: 'memory', address: this.#pop() >>> 0 };
  }

  /** A location that must be the end of the expression: pieces are not put together. */
  #only(location: Location): Location {
    if (!this.#c.done) throw UNKNOWN;
    return location;
  }

  #operator(op: number): void {
    const c = this.#c;
    const context = this.#context;
    const stack = this.#stack;
    switch (op) {
      case 0x03: // addr
        return this.#push(c.u32() + context.relocation);
      case 0x06: // deref
        return this.#push(known(context.read(this.#pop() >>> 0, 4)));
      case 0x94: // deref_size
        return this.#push(known(context.read(this.#pop() >>> 0, c.u8())));
      case 0x08:
        return this.#push(c.u8());
      case 0x09:
        return this.#push(c.i8());
      case 0x0a:
        return this.#push(c.u16());
      case 0x0b:
        return this.#push((c.u16() << 16) >> 16);
      case 0x0c:
      case 0x0d:
        return this.#push(c.i32());
      case 0x0e:
      case 0x0f:
        return this.#push(Number(BigInt.asIntN(32, c.u64())));
      case 0x10:
        return this.#push(c.uleb());
      case 0x11:
        return this.#push(c.sleb());
      case 0x12: // dup
      case 0x14: // over
      case 0x15: {
        const depth = op === 0x12 ? 0 : op === 0x14 ? 1 : c.u8();
        return this.#push(known(stack[stack.length - 1 - depth] ?? null));
      }
      case 0x13:
        this.#pop();
        return;
      case 0x16: {
        const [b, a] = [this.#pop(), this.#pop()];
        stack.push(b, a);
        return;
      }
      case 0x19:
        return this.#push(Math.abs(this.#pop()));
      case 0x1f:
        return this.#push(-this.#pop());
      case 0x20:
        return this.#push(~this.#pop());
      case 0x23: // plus_uconst
        return this.#push(this.#pop() + c.uleb());
      case 0x28: {
        const by = (c.u16() << 16) >> 16;
        if (this.#pop() !== 0) c.at += by;
        return;
      }
      case 0x2f: {
        const by = (c.u16() << 16) >> 16;
        c.at += by;
        return;
      }
      case 0x91: // fbreg
        return this.#push(known(context.frameBase()) + c.sleb());
      case 0x92: {
        const register = c.uleb();
        return this.#push(known(context.register(register)) + c.sleb());
      }
      case 0x96: // nop
        return;
      case 0x9c:
        return this.#push(known(context.cfa()));
      case 0xa1: // addrx
        return this.#push(known(context.indexedAddress(c.uleb())));
      default:
        return this.#binary(op);
    }
  }

  #binary(op: number): void {
    const b = this.#pop();
    const a = this.#pop();
    switch (op) {
      case 0x1a:
        return this.#push(a & b);
      case 0x1b:
        return this.#push(b === 0 ? known(null) : a / b);
      case 0x1c:
        return this.#push(a - b);
      case 0x1d:
        return this.#push(b === 0 ? known(null) : (a >>> 0) % (b >>> 0));
      case 0x1e:
        return this.#push(Math.imul(a, b));
      case 0x21:
        return this.#push(a | b);
      case 0x22:
        return this.#push(a + b);
      case 0x24:
        return this.#push(b >>> 0 > 31 ? 0 : a << b);
      case 0x25:
        return this.#push(b >>> 0 > 31 ? 0 : a >>> b);
      case 0x26:
        return this.#push(a >> Math.min(b >>> 0, 31));
      case 0x27:
        return this.#push(a ^ b);
      case 0x29:
        return this.#push(Number(a === b));
      case 0x2a:
        return this.#push(Number(a >= b));
      case 0x2b:
        return this.#push(Number(a > b));
      case 0x2c:
        return this.#push(Number(a <= b));
      case 0x2d:
        return this.#push(Number(a < b));
      case 0x2e:
        return this.#push(Number(a !== b));
      default:
        throw UNKNOWN;
    }
  }
}
