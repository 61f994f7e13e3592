// C expressions with gdb's additions: $registers, history, @ (arrays), {type} address, 'file'::name.

import {
  CHAR,
  DOUBLE,
  FLOAT,
  INT,
  LONG,
  LONG_DOUBLE,
  LONG_LONG,
  SHORT,
  UNSIGNED_CHAR,
  UNSIGNED_INT,
  UNSIGNED_LONG,
  UNSIGNED_LONG_LONG,
  UNSIGNED_SHORT,
  VOID,
  pointerTo,
} from '../symbols/types.js';
import type { Type } from '../symbols/types.js';
import { ExpressionError, tokenize } from './lexer.js';
import type { Token } from './lexer.js';

export type Expression =
  | { kind: 'integer'; value: bigint; type: Type }
  | { kind: 'float'; value: number }
  | { kind: 'string'; value: string }
  | { kind: 'name'; name: string; file: string | null }
  | { kind: 'dollar'; name: string }
  | { kind: 'type'; type: Type }
  | { kind: 'unary'; op: string; operand: Expression }
  | { kind: 'binary'; op: string; left: Expression; right: Expression }
  | { kind: 'assign'; op: string; left: Expression; right: Expression }
  | { kind: 'conditional'; test: Expression; yes: Expression; no: Expression }
  | { kind: 'cast'; type: Type; operand: Expression }
  | { kind: 'memory'; type: Type; operand: Expression }
  | { kind: 'sizeof'; operand: Expression }
  | { kind: 'index'; array: Expression; index: Expression }
  | { kind: 'member'; object: Expression; name: string; arrow: boolean }
  | { kind: 'call'; callee: Expression };

/** Which names are types. */
export interface TypeNames {
  typedef(name: string): Type | null;
  tagged(keyword: 'struct' | 'union' | 'enum', name: string): Type | null;
}

const PRECEDENCE: Record<string, number> = {
  '@': 11, '*': 10, '/': 10, '%': 10, '+': 9, '-': 9, '<<': 8, '>>': 8, '<': 7, '>': 7, '<=': 7,
  '>=': 7, '==': 6, '!=': 6, '&': 5, '^': 4, '|': 3, '&&': 2, '||': 1,
}; // prettier-ignore
const ASSIGNMENTS = ['=', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^=', '<<=', '>>='];
const BASE_WORDS = [
  'void',
  'char',
  'short',
  'int',
  'long',
  'float',
  'double',
  'signed',
  'unsigned',
];
const QUALIFIERS = ['const', 'volatile', 'restrict'];
/** Deep nesting is no use to anybody, and would only overflow our own stack. */
const DEPTH_MAX = 200;

/** @throws ExpressionError. */
export function parseExpression(text: string, names: TypeNames): Expression {
  return new Parser(text, names).parse();
}

class Parser {
  readonly #text: string;
  readonly #tokens: Token[];
  readonly #names: TypeNames;
  #at = 0;
  #depth = 0;

  constructor(text: string, names: TypeNames) {
    this.#text = text;
    this.#tokens = tokenize(text);
    this.#names = names;
  }

  parse(): Expression {
    const expression = this.#comma();
    if (this.#next().kind !== 'end') this.#fail();
    return expression;
  }

  #next(): Token {
    return this.#tokens[this.#at];
  }
  #fail(): never {
    const rest = this.#text.slice(this.#next().at);
    throw new ExpressionError(`A syntax error in expression, near \`${rest}'.`);
  }
  #is(text: string): boolean {
    const t = this.#next();
    return t.kind === 'op' && t.text === text;
  }
  #take(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#at++;
    return true;
  }
  #expect(text: string): void {
    if (!this.#take(text)) this.#fail();
  }
  #word(): string | null {
    const t = this.#next();
    return t.kind === 'name' ? t.text : null;
  }

  #comma(): Expression {
    let left = this.#assignment();
    while (this.#take(',')) left = { kind: 'binary', op: ',', left, right: this.#assignment() };
    return left;
  }

  #assignment(): Expression {
    if (++this.#depth > DEPTH_MAX) throw new ExpressionError('Expression is nested too deeply.');
    const left = this.#conditional();
    const t = this.#next();
    this.#depth--;
    if (t.kind !== 'op' || !ASSIGNMENTS.includes(t.text)) return left;
    this.#at++;
    return { kind: 'assign', op: t.text.slice(0, -1), left, right: this.#assignment() };
  }

  #conditional(): Expression {
    const test = this.#binary(1);
    if (!this.#take('?')) return test;
    const yes = this.#comma();
    this.#expect(':');
    return { kind: 'conditional', test, yes, no: this.#conditional() };
  }

  #binary(level: number): Expression {
    let left = this.#unary();
    for (;;) {
      const t = this.#next();
      const precedence = t.kind === 'op' ? PRECEDENCE[t.text] : undefined;
      if (t.kind !== 'op' || precedence === undefined || precedence < level) return left;
      this.#at++;
      left = { kind: 'binary', op: t.text, left, right: this.#binary(precedence + 1) };
    }
  }

  #unary(): Expression {
    if (++this.#depth > DEPTH_MAX) throw new ExpressionError('Expression is nested too deeply.');
    const expression = this.#prefix();
    this.#depth--;
    return expression;
  }

  #prefix(): Expression {
    const t = this.#next();
    if (t.kind === 'op') {
      if (['-', '+', '!', '~', '*', '&', '++', '--'].includes(t.text)) {
        this.#at++;
        return { kind: 'unary', op: t.text, operand: this.#unary() };
      }
      if (t.text === '{') {
        this.#at++;
        const type = this.#typeName();
        this.#expect('}');
        if (type === null) this.#fail();
        return { kind: 'memory', type, operand: this.#unary() };
      }
      if (t.text === '(') {
        const start = this.#at++;
        const type = this.#typeName();
        if (type !== null && this.#take(')')) return { kind: 'cast', type, operand: this.#unary() };
        this.#at = start;
      }
    }
    if (t.kind === 'name' && t.text === 'sizeof') {
      this.#at++;
      if (this.#is('(')) {
        const start = this.#at++;
        const type = this.#typeName();
        if (type !== null && this.#take(')'))
          return { kind: 'sizeof', operand: { kind: 'type', type } };
        this.#at = start;
      }
      return { kind: 'sizeof', operand: this.#unary() };
    }
    return this.#postfix();
  }

  #postfix(): Expression {
    let e = this.#primary();
    for (;;) {
      if (this.#take('[')) {
        e = { kind: 'index', array: e, index: this.#comma() };
        this.#expect(']');
      } else if (this.#take('.')) e = this.#member(e, false);
      else if (this.#take('->')) e = this.#member(e, true);
      else if (this.#take('(')) {
        if (!this.#is(')')) this.#comma();
        this.#expect(')');
        e = { kind: 'call', callee: e };
      } else if (this.#take('++') || this.#take('--'))
        throw new ExpressionError('Left operand of assignment is not an lvalue.');
      else return e;
    }
  }

  #member(object: Expression, arrow: boolean): Expression {
    const name = this.#word();
    if (name === null) this.#fail();
    this.#at++;
    return { kind: 'member', object, name, arrow };
  }

  #primary(): Expression {
    const t = this.#next();
    switch (t.kind) {
      case 'integer':
        this.#at++;
        return { kind: 'integer', value: t.value, type: literalType(t.value, t.suffix, t.decimal) };
      case 'float':
        this.#at++;
        return { kind: 'float', value: t.value };
      case 'char':
        this.#at++;
        return { kind: 'integer', value: BigInt(t.value), type: CHAR };
      case 'string':
        this.#at++;
        return { kind: 'string', value: t.value };
      case 'dollar':
        this.#at++;
        return { kind: 'dollar', name: t.text };
      case 'name': {
        const type = this.#typeName();
        if (type !== null) return { kind: 'type', type };
        this.#at++;
        if (!this.#take('::')) return { kind: 'name', name: t.text, file: null };
        const name = this.#word();
        if (name === null) this.#fail();
        this.#at++;
        return { kind: 'name', name, file: t.text };
      }
      default:
        if (this.#take('(')) {
          const e = this.#comma();
          this.#expect(')');
          return e;
        }
        return this.#fail();
    }
  }

  /** A type name, with pointers and arrays; null, with nothing consumed, when there is none. */
  #typeName(): Type | null {
    const start = this.#at;
    const words: string[] = [];
    let type: Type | null = null;
    for (let word = this.#word(); word !== null; word = this.#word()) {
      if (QUALIFIERS.includes(word)) this.#at++;
      else if (BASE_WORDS.includes(word) && type === null) {
        words.push(word);
        this.#at++;
      } else if ((word === 'struct' || word === 'union' || word === 'enum') && words.length === 0) {
        this.#at++;
        const tag = this.#word();
        if (tag === null) this.#fail();
        this.#at++;
        type = this.#names.tagged(word, tag);
        if (type === null) throw new ExpressionError(`No ${word} type named ${tag}.`);
      } else if (type === null && words.length === 0) {
        type = this.#names.typedef(word);
        if (type === null) break;
        this.#at++;
      } else break;
    }
    if (type === null) type = words.length === 0 ? null : baseType(words);
    if (type === null) {
      this.#at = start;
      return null;
    }
    return this.#declarator(type);
  }

  /** Stars, (*) and [n] behind a type. */
  #declarator(base: Type): Type {
    let type = base;
    for (;;) {
      if (this.#take('*')) {
        type = pointerTo(type);
        while (QUALIFIERS.includes(this.#word() ?? '')) this.#at++;
      } else break;
    }
    let stars = 0;
    const start = this.#at;
    if (this.#take('(')) {
      while (this.#take('*')) stars++;
      if (stars === 0 || !this.#take(')')) {
        this.#at = start;
        stars = 0;
      }
    }
    const counts: number[] = [];
    while (this.#is('[')) {
      const t = this.#tokens[this.#at + 1];
      if (t.kind !== 'integer') break;
      this.#at += 2;
      this.#expect(']');
      counts.push(Number(t.value));
    }
    for (const count of counts.reverse()) type = { kind: 'array', element: type, count };
    for (; stars > 0; stars--) type = pointerTo(type);
    return type;
  }
}

function literalType(value: bigint, suffix: string, decimal: boolean): Type {
  const unsigned = suffix.includes('u');
  const wide = suffix.includes('ll');
  if (!wide && value < 1n << 31n && !unsigned) return suffix.includes('l') ? LONG : INT;
  if (!wide && value < 1n << 32n && (unsigned || !decimal))
    return suffix.includes('l') ? UNSIGNED_LONG : UNSIGNED_INT;
  return unsigned || value >= 1n << 63n ? UNSIGNED_LONG_LONG : LONG_LONG;
}

function baseType(words: string[]): Type | null {
  const has = (word: string): boolean => words.includes(word);
  const unsigned = has('unsigned');
  const longs = words.filter((word) => word === 'long').length;
  if (has('void')) return VOID;
  if (has('float')) return FLOAT;
  if (has('double')) return longs > 0 ? LONG_DOUBLE : DOUBLE;
  if (has('char')) {
    if (unsigned) return UNSIGNED_CHAR;
    return has('signed')
      ? { kind: 'integer', name: 'signed char', size: 1, signed: true, isChar: true }
      : CHAR;
  }
  if (has('short')) return unsigned ? UNSIGNED_SHORT : SHORT;
  if (longs > 1) return unsigned ? UNSIGNED_LONG_LONG : LONG_LONG;
  if (longs === 1) return unsigned ? UNSIGNED_LONG : LONG;
  return unsigned ? UNSIGNED_INT : INT;
}
