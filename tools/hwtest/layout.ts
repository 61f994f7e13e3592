// What the native harness (native.c) and the emulated one agree on: where memory lies, what is in
// it, and how cases and results look.

export const CODE = 0x10000000;
export const DATA = 0x10010000;
export const STACK = 0x10020000;
/** Writable (and executable) bytes of each area; pages around them are not mapped. */
export const AREA_BYTES = 0x2000;
/** Behind the data area lies one page that can only be read. */
export const READ_ONLY = DATA + AREA_BYTES;
export const AREAS = [CODE, DATA, STACK] as const;

export const USER_CS = 0x23;
export const USER_DS = 0x2b;

/** The byte at an address before a case. */
export function pattern(address: number): number {
  return Math.imul(address, 0x9e3779b1) >>> 24;
}

/** A local descriptor: base, limit and attributes as cached (access byte, then G D L AVL). */
export interface LocalDescriptor {
  selector: number;
  base: number;
  limit: number;
  attributes: number;
}

/** The LDT that native.c installs; attributes are what Linux makes of modify_ldt's flags. */
export const localDescriptors: readonly LocalDescriptor[] = [
  { selector: 0x07, base: DATA, limit: 0xfff, attributes: 0x50f3 },
  { selector: 0x0f, base: CODE, limit: 0x1fff, attributes: 0x50fb },
  { selector: 0x17, base: CODE, limit: 0x1fff, attributes: 0x10fb },
  { selector: 0x1f, base: DATA, limit: 0xff, attributes: 0x50f7 },
  { selector: 0x27, base: DATA, limit: 0xff, attributes: 0x10f7 },
  { selector: 0x2f, base: DATA, limit: 0xfff, attributes: 0x50f1 },
  { selector: 0x37, base: CODE, limit: 0x1fff, attributes: 0x50f9 },
  { selector: 0x3f, base: DATA, limit: 0xfff, attributes: 0x5073 },
  { selector: 0x47, base: STACK, limit: 0x1fff, attributes: 0x10f3 },
  { selector: 0x4f, base: CODE, limit: 0x1fff, attributes: 0x507f },
  { selector: 0x57, base: 0, limit: 0x1ffff, attributes: 0xd0f3 },
];

// Registers of a case, in the order of the record. Segments follow Intel's order.
export const R_EIP = 8;
export const R_EFLAGS = 9;
export const R_SEGMENTS = 10;
export const REGISTER_COUNT = 16;
export const REGISTER_NAMES = [
  'eax',
  'ecx',
  'edx',
  'ebx',
  'esp',
  'ebp',
  'esi',
  'edi',
  'eip',
  'eflags',
  'es',
  'cs',
  'ss',
  'ds',
  'fs',
  'gs',
];

/** Bytes put into memory before a case; at most 32. */
export interface Patch {
  address: number;
  bytes: number[];
}

/** The state of x87, MMX and SSE. */
export interface Vectors {
  mxcsr: number;
  control: number;
  status: number;
  /** Two bits a physical register; of a result, 3 for an empty one and 0 for any other. */
  tags: number;
  /** 32 words. */
  xmm: number[];
  /** ST(0) to ST(7): low and high word of the significand, sign and exponent. */
  stack: number[];
}

/** One instruction (with TF set in eflags) or a straight line of them up to a hlt (without). */
export interface Case {
  /** GPRs, eip, eflags, es cs ss ds fs gs; unsigned. */
  registers: number[];
  /** The code first; up to two more. */
  patches: Patch[];
  /** EFLAGS bits that the architecture leaves undefined after it. */
  undefinedFlags: number;
  vectors?: Vectors;
  /** Bytes of memory that may differ, from one address up to another: what FXSAVE stores of its model. */
  ignored?: readonly (readonly [number, number])[];
  /** What need only agree within the error that Intel allows: explained.ts says how much. */
  approximate?: 'reciprocal' | 'transcendental';
}

export interface Result {
  registers: number[];
  vector: number;
  error: number;
  cr2: number;
  /** (address - CODE) << 8 | byte, ascending. */
  memory: number[];
  vectors?: Vectors;
}

export const CASE_WORDS = 112;
const VECTOR_AT = 46;
const PATCH_WORDS = [16, 26, 36];

/** A state as words, and back. */
export function vectorWords(v: Vectors): number[] {
  return [v.mxcsr, v.control, v.status, v.tags, ...v.xmm, ...v.stack];
}
export const VECTOR_WORDS = 60;
export function vectorsOf(words: readonly number[]): Vectors {
  const [mxcsr, control, status, tags] = words;
  return { mxcsr, control, status, tags, xmm: words.slice(4, 36), stack: words.slice(36, 60) };
}

/** A tag word that only says which registers are empty. */
export function emptyOrNot(tags: number): number {
  const empty = tags & (tags >> 1) & 0x5555;
  return empty | (empty << 1);
}

/** Cases as native.c reads them. */
export function encodeCases(cases: readonly Case[]): Uint8Array {
  const words = new Uint32Array(cases.length * CASE_WORDS);
  const bytes = new Uint8Array(words.buffer);
  cases.forEach((c, i) => {
    const at = i * CASE_WORDS;
    words.set(c.registers, at);
    c.patches.forEach((patch, p) => {
      words[at + PATCH_WORDS[p]] = patch.address;
      words[at + PATCH_WORDS[p] + 1] = patch.bytes.length;
      bytes.set(patch.bytes, (at + PATCH_WORDS[p] + 2) * 4);
    });
    if (c.vectors !== undefined) words.set([1, ...vectorWords(c.vectors)], at + VECTOR_AT);
  });
  return bytes;
}

/** Results as native.c writes them. */
export function decodeResults(output: Uint8Array): Result[] {
  const words = new Uint32Array(output.slice().buffer);
  const results: Result[] = [];
  for (let at = 0; at < words.length;) {
    const vectors = words[at + 19];
    const end = at + 20 + vectors;
    const diffs = words[end];
    const result: Result = {
      registers: [...words.subarray(at, at + 16)],
      vector: words[at + 16],
      error: words[at + 17],
      cr2: words[at + 18],
      memory: [...words.subarray(end + 1, end + 1 + diffs)],
    };
    if (vectors > 0) {
      result.vectors = vectorsOf([...words.subarray(at + 20, end)]);
      result.vectors.tags = emptyOrNot(result.vectors.tags);
    }
    results.push(result);
    at = end + 1 + diffs;
  }
  return results;
}
