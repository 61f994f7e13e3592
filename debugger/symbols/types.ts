// C types as DWARF describes them.

import * as D from './dwarf_constants.js';
import type { Die, DwarfInfo } from './dwarf_info.js';

export interface Member {
  name: string;
  type: Type;
  /** Bytes from the start of the structure. */
  offset: number;
  /** Of a bit field: its width, and its lowest bit counted from bit 0 of the byte at `offset`. */
  bits: { width: number; shift: number } | null;
}

export type Type =
  | { kind: 'void' }
  | { kind: 'integer'; name: string; size: number; signed: boolean; isChar: boolean }
  | { kind: 'boolean'; name: string; size: number }
  | { kind: 'float'; name: string; size: number }
  | { kind: 'pointer'; target: Type }
  | { kind: 'array'; element: Type; count: number | null }
  | {
      kind: 'struct';
      keyword: 'struct' | 'union' | 'class';
      name: string;
      size: number;
      members: Member[];
      /** Only declared. */
      incomplete: boolean;
    }
  | {
      kind: 'enum';
      name: string;
      size: number;
      signed: boolean;
      enumerators: { name: string; value: number }[];
    }
  | { kind: 'typedef'; name: string; target: Type }
  | { kind: 'qualified'; qualifier: string; target: Type }
  | {
      kind: 'function';
      returns: Type;
      parameters: Type[];
      prototyped: boolean;
      variadic: boolean;
    };

const integer = (name: string, size: number, signed: boolean, isChar = false): Type => ({
  kind: 'integer',
  name,
  size,
  signed,
  isChar,
});

export const VOID: Type = { kind: 'void' };
export const CHAR = integer('char', 1, true, true);
export const UNSIGNED_CHAR = integer('unsigned char', 1, false, true);
export const SHORT = integer('short', 2, true);
export const UNSIGNED_SHORT = integer('unsigned short', 2, false);
export const INT = integer('int', 4, true);
export const UNSIGNED_INT = integer('unsigned int', 4, false);
export const LONG = integer('long', 4, true);
export const UNSIGNED_LONG = integer('unsigned long', 4, false);
export const LONG_LONG = integer('long long', 8, true);
export const UNSIGNED_LONG_LONG = integer('unsigned long long', 8, false);
export const FLOAT: Type = { kind: 'float', name: 'float', size: 4 };
export const DOUBLE: Type = { kind: 'float', name: 'double', size: 8 };
export const LONG_DOUBLE: Type = { kind: 'float', name: 'long double', size: 12 };
export const pointerTo = (target: Type): Type => ({ kind: 'pointer', target });
const vector = (element: Type, count: number): Type => ({ kind: 'array', element, count });
/** A register of SSE, as gdb shows it. */
export const VEC128: Type = {
  kind: 'struct',
  keyword: 'union',
  name: 'vec128',
  size: 16,
  members: [
    { name: 'v4_float', type: vector(FLOAT, 4), offset: 0, bits: null },
    { name: 'v2_double', type: vector(DOUBLE, 2), offset: 0, bits: null },
    { name: 'v16_int8', type: vector(integer('int8_t', 1, true), 16), offset: 0, bits: null },
    { name: 'v8_int16', type: vector(SHORT, 8), offset: 0, bits: null },
    { name: 'v4_int32', type: vector(INT, 4), offset: 0, bits: null },
    { name: 'v2_int64', type: vector(LONG_LONG, 2), offset: 0, bits: null },
  ],
  incomplete: false,
};
/** Code of a function of which nothing is known, as gdb names it. */
export const CODE: Type = {
  kind: 'function',
  returns: VOID,
  parameters: [],
  prototyped: false,
  variadic: false,
};

/** The type without typedefs and qualifiers. */
export function strip(type: Type): Type {
  let t = type;
  for (let hops = 0; hops < 64 && (t.kind === 'typedef' || t.kind === 'qualified'); hops++)
    t = t.target;
  return t;
}

/** Bytes of an object of the type; 1 for void and functions, as GNU C has it. */
export function sizeOf(type: Type): number {
  const t = strip(type);
  switch (t.kind) {
    case 'pointer':
      return 4;
    case 'array':
      return sizeOf(t.element) * (t.count ?? 0);
    case 'void':
    case 'function':
    case 'typedef':
    case 'qualified':
      return 1;
    default:
      return t.size;
  }
}

/** The type in C, around `inner`, which is a declarator or empty. */
export function typeName(type: Type, inner = ''): string {
  const spaced = inner === '' || inner.startsWith('[') ? inner && ` ${inner}` : ` ${inner}`;
  switch (type.kind) {
    case 'void':
      return `void${spaced}`;
    case 'integer':
    case 'boolean':
    case 'float':
    case 'typedef':
      return `${type.name}${spaced}`;
    case 'struct':
      return `${type.keyword} ${type.name || '{...}'}${spaced}`;
    case 'enum':
      return `enum ${type.name || '{...}'}${spaced}`;
    case 'pointer': {
      const { target } = type;
      const wrap = target.kind === 'array' || target.kind === 'function';
      return typeName(target, wrap ? `(*${inner})` : `*${inner}`);
    }
    case 'array':
      return typeName(type.element, `${inner}[${type.count ?? ''}]`);
    case 'qualified':
      // Of a pointer the qualifier belongs behind the star.
      return type.target.kind === 'pointer'
        ? typeName(type.target, ` ${type.qualifier}${inner === '' ? '' : ` ${inner}`}`)
        : `${type.qualifier} ${typeName(type.target, inner)}`;
    case 'function': {
      const names = type.parameters.map((p) => typeName(p));
      if (type.variadic) names.push('...');
      const list = names.length > 0 ? names.join(', ') : type.prototyped ? 'void' : '';
      return typeName(type.returns, `${inner === '' ? '' : inner}(${list})`);
    }
  }
}

/** Makes types of entries, each once. */
export class TypeReader {
  readonly #info: DwarfInfo;
  readonly #known = new Map<number, Type>();

  constructor(info: DwarfInfo) {
    this.#info = info;
  }

  /** The type that an entry's DW_AT_type names; void when it has none. */
  of(die: Die): Type {
    const target = this.#info.reference(die, D.AT_type);
    return target === null ? VOID : this.type(target);
  }

  type(die: Die): Type {
    const known = this.#known.get(die.offset);
    if (known !== undefined) return known;
    // What refers to itself other than through a structure is damaged.
    this.#known.set(die.offset, VOID);
    const type = this.#make(die);
    this.#known.set(die.offset, type);
    return type;
  }

  /** The function type of a subprogram. */
  function(die: Die): Type {
    const info = this.#info;
    const parameters: Type[] = [];
    let variadic = false;
    for (const child of die.children) {
      if (child.tag === D.TAG_formal_parameter) parameters.push(this.of(child));
      if (child.tag === D.TAG_unspecified_parameters) variadic = true;
    }
    const prototyped = info.attribute(die, D.AT_prototyped) !== null;
    return { kind: 'function', returns: this.of(die), parameters, prototyped, variadic };
  }

  #make(die: Die): Type {
    const info = this.#info;
    const name = info.string(die, D.AT_name);
    const size = info.number(die, D.AT_byte_size) ?? 4;
    switch (die.tag) {
      case D.TAG_base_type:
        return baseType(name, size, info.number(die, D.AT_encoding) ?? D.ATE_signed);
      case D.TAG_pointer_type:
      case D.TAG_reference_type:
        return pointerTo(this.of(die));
      case D.TAG_typedef:
        return { kind: 'typedef', name, target: this.of(die) };
      case D.TAG_const_type:
        return { kind: 'qualified', qualifier: 'const', target: this.of(die) };
      case D.TAG_volatile_type:
        return { kind: 'qualified', qualifier: 'volatile', target: this.of(die) };
      case D.TAG_restrict_type:
        return { kind: 'qualified', qualifier: 'restrict', target: this.of(die) };
      case D.TAG_atomic_type:
        return { kind: 'qualified', qualifier: '_Atomic', target: this.of(die) };
      case D.TAG_subroutine_type:
        return this.function(die);
      case D.TAG_array_type:
        return this.#array(die);
      case D.TAG_enumeration_type:
        return this.#enum(die, name, size);
      case D.TAG_structure_type:
        return this.#struct(die, 'struct', name);
      case D.TAG_union_type:
        return this.#struct(die, 'union', name);
      case D.TAG_class_type:
        return this.#struct(die, 'class', name);
      default:
        return VOID;
    }
  }

  #array(die: Die): Type {
    const info = this.#info;
    const dimensions = die.children
      .filter(({ tag }) => tag === D.TAG_subrange_type)
      .map((range) => {
        const count = info.number(range, D.AT_count);
        if (count !== null) return count;
        const last = info.number(range, D.AT_upper_bound);
        // GCC writes a flexible array's bound as -1 or leaves it out.
        return last === null ? null : last === 0xffffffff ? 0 : last + 1;
      });
    return dimensions.reduceRight<Type>(
      (element, count) => ({ kind: 'array', element, count }),
      this.of(die),
    );
  }

  #enum(die: Die, name: string, size: number): Type {
    const info = this.#info;
    const enumerators = die.children
      .filter(({ tag }) => tag === D.TAG_enumerator)
      .map((e) => ({
        name: info.string(e, D.AT_name),
        value: info.number(e, D.AT_const_value) ?? 0,
      }));
    const signed = enumerators.some(({ value }) => value < 0);
    return { kind: 'enum', name, size, signed, enumerators };
  }

  #struct(die: Die, keyword: 'struct' | 'union' | 'class', name: string): Type {
    const info = this.#info;
    const incomplete = info.attribute(die, D.AT_declaration) !== null;
    const members: Member[] = [];
    const size = info.number(die, D.AT_byte_size) ?? 0;
    const type: Type = { kind: 'struct', keyword, name, size, members, incomplete };
    this.#known.set(die.offset, type);
    for (const child of die.children) {
      if (child.tag !== D.TAG_member) continue;
      const memberType = this.of(child);
      const at = this.#info.number(child, D.AT_data_member_location) ?? 0;
      members.push({
        name: info.string(child, D.AT_name),
        type: memberType,
        ...this.#place(child, at, memberType),
      });
    }
    return type;
  }

  #place(die: Die, offset: number, type: Type): Pick<Member, 'offset' | 'bits'> {
    const info = this.#info;
    const width = info.number(die, D.AT_bit_size);
    if (width === null) return { offset, bits: null };
    const first = info.number(die, D.AT_data_bit_offset);
    if (first !== null) return { offset: first >> 3, bits: { width, shift: first & 7 } };
    // DWARF 2 and 3 count from the most significant bit of the storage unit.
    const storage = (info.number(die, D.AT_byte_size) ?? sizeOf(type)) * 8;
    const fromTop = info.number(die, D.AT_bit_offset) ?? 0;
    return { offset, bits: { width, shift: storage - fromTop - width } };
  }
}

function baseType(name: string, size: number, encoding: number): Type {
  if (encoding === D.ATE_float) return { kind: 'float', name, size };
  if (encoding === D.ATE_boolean) return { kind: 'boolean', name, size };
  const isChar = encoding === D.ATE_signed_char || encoding === D.ATE_unsigned_char;
  const signed = encoding === D.ATE_signed || encoding === D.ATE_signed_char;
  return integer(name, size, signed, isChar && size === 1);
}
