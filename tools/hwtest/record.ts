// Recorded cases: what a real processor did, for computers that have none. Brotli over plain words.
// Of the memory after a case only what differs from the memory before it is kept.

import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { CODE, REGISTER_COUNT, VECTOR_WORDS, pattern, vectorWords, vectorsOf } from './layout.js';
import type { Case, Patch, Result, Vectors } from './layout.js';

/** Memory as patches leave it, in the form of Result.memory. */
function patched(patches: readonly Patch[]): Set<number> {
  const bytes = new Map<number, number>();
  for (const patch of patches) patch.bytes.forEach((b, i) => bytes.set(patch.address + i, b));
  const entries = [...bytes].filter(([address, byte]) => byte !== pattern(address));
  return new Set(entries.map(([address, byte]) => ((address - CODE) << 8) | byte));
}

export interface RecordedCase {
  case: Case;
  result: Result;
}

/** Set in the first word: the cases have a state of x87, MMX and SSE. */
const WITH_VECTORS = 0x80000000;

// What may differ stands in the word of the undefined flags: how much is approximate in bits 30 and
// 31, the number of ignored ranges, which follow, in bits 24 to 27.
const APPROXIMATE = [undefined, 'reciprocal', 'transcendental'] as const;

function toleranceWords(c: Case): number[] {
  const ranges = c.ignored ?? [];
  const approximate = APPROXIMATE.indexOf(c.approximate);
  return [c.undefinedFlags | (ranges.length << 24) | (approximate << 30), ...ranges.flat()];
}

/** Words of a state that differ: a count, then number and value of each. */
function changedWords(before: Vectors, after: Vectors): number[] {
  const old = vectorWords(before);
  const changed = vectorWords(after).flatMap((word, i) => (word === old[i] ? [] : [i, word]));
  return [changed.length / 2, ...changed];
}

/**
 * Words in this order: registers, undefined flags and tolerances, patches, then what changed. Either all cases have
 * vectors or none has.
 */
export function encodeRecord(recorded: readonly RecordedCase[]): Uint8Array {
  const withVectors = recorded.some(({ case: c }) => c.vectors !== undefined);
  const words: number[] = [withVectors ? recorded.length | WITH_VECTORS : recorded.length];
  for (const { case: c, result: r } of recorded) {
    words.push(...c.registers, ...toleranceWords(c), c.patches.length);
    for (const { address, bytes } of c.patches) {
      words.push(address, bytes.length);
      for (let i = 0; i < bytes.length; i += 4) {
        words.push(
          bytes[i] |
            ((bytes[i + 1] ?? 0) << 8) |
            ((bytes[i + 2] ?? 0) << 16) |
            ((bytes[i + 3] ?? 0) << 24),
        );
      }
    }
    let changed = 0;
    for (let i = 0; i < REGISTER_COUNT; i++)
      if (r.registers[i] !== c.registers[i]) changed |= 1 << i;
    words.push(changed, r.vector, r.error, r.vector === 14 ? r.cr2 : 0);
    for (let i = 0; i < REGISTER_COUNT; i++) if (changed & (1 << i)) words.push(r.registers[i]);
    const before = patched(c.patches);
    const after = new Set(r.memory);
    for (const list of [
      r.memory.filter((m) => !before.has(m)),
      [...before].filter((m) => !after.has(m)),
    ]) {
      words.push(list.length, ...list);
    }
    if (c.vectors !== undefined && r.vectors !== undefined)
      words.push(...vectorWords(c.vectors), ...changedWords(c.vectors, r.vectors));
  }
  return brotliCompressSync(new Uint8Array(Uint32Array.from(words).buffer), {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 },
  });
}

export function decodeRecord(file: Uint8Array): RecordedCase[] {
  const bytes = brotliDecompressSync(file);
  const words = new Uint32Array(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
  );
  let at = 0;
  const next = (): number => words[at++];
  const take = (n: number): number[] => Array.from({ length: n }, next);
  const header = next();
  return Array.from({ length: header & ~WITH_VECTORS }, () => {
    const registers = take(REGISTER_COUNT);
    const tolerance = next();
    const ignored = Array.from(
      { length: (tolerance >>> 24) & 15 },
      () => [next(), next()] as const,
    );
    const patches = Array.from({ length: next() }, (): Patch => {
      const address = next();
      const length = next();
      const code: number[] = [];
      for (const word of take(Math.ceil(length / 4)))
        for (let i = 0; i < 4; i++) code.push((word >>> (8 * i)) & 0xff);
      return { address, bytes: code.slice(0, length) };
    });
    const [changed, vector, error, cr2] = take(4);
    const after = registers.map((register, i) => (changed & (1 << i) ? next() : register));
    const memory = patched(patches);
    for (const added of take(next())) memory.add(added);
    for (const removed of take(next())) memory.delete(removed);
    const recorded: RecordedCase = {
      case: { registers, patches, undefinedFlags: tolerance & 0xffffff },
      result: { registers: after, vector, error, cr2, memory: [...memory].sort((a, b) => a - b) },
    };
    if (ignored.length > 0) recorded.case.ignored = ignored;
    recorded.case.approximate = APPROXIMATE[tolerance >>> 30];
    if (header & WITH_VECTORS) {
      const state = take(VECTOR_WORDS);
      recorded.case.vectors = vectorsOf(state);
      for (let n = next(); n > 0; n--) {
        const index = next();
        state[index] = next();
      }
      recorded.result.vectors = vectorsOf(state);
    }
    return recorded;
  });
}
