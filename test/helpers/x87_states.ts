// Random x87 states and instructions: any TOP, tags, masks, rounding and precision, pending
// exceptions, operands of every class. The same seed gives the same cases for ever: results that
// were recorded depend on it.

import { random } from './random.js';

export const IMAGE = 108;
export const MEM = 112;
/** Bytes of a case as record.c reads it. */
export const CASE_BYTES = 24 + IMAGE + MEM;
/** Bytes of a result as record.c writes it. */
export const RESULT_BYTES = 12 + IMAGE + MEM;

const SIGNIFICANDS = [
  0n,
  1n,
  0x8000000000000000n,
  0x8000000000000001n,
  0xffffffffffffffffn,
  0xc000000000000000n,
  0xc000000000000001n,
  0x4000000000000000n,
  0x7fffffffffffffffn,
  0xbfffffffffffffffn,
  0xfffffffffffff800n,
  0xfffffffffffffc00n,
  0x8000000000000400n,
  0xffffff0000000000n,
  0xffffff8000000000n,
  0x8000008000000000n,
];
// prettier-ignore
const EXPONENTS = [
  0, 1, 2, 3, 64, 0x3bcd, 0x3bff, 0x3c00, 0x3c01, 0x3f6a, 0x3f80, 0x3f81, 0x3fbf, 0x3fc0, 0x3ffd,
  0x3ffe, 0x3fff, 0x4000, 0x4001, 0x400d, 0x400e, 0x401d, 0x401e, 0x403b, 0x403c, 0x403d, 0x403e,
  0x403f, 0x407e, 0x407f, 0x43fe, 0x43ff, 0x5fff, 0x6000, 0x7ffc, 0x7ffd, 0x7ffe, 0x7fff,
];
const PRECISIONS = [0, 1, 2, 3, 3, 3];

/** `count` cases, CASE_BYTES each. */
export function x87Cases(seed: number, count: number): Uint8Array {
  const next = random(seed);
  const pick = <T>(from: readonly T[]): T => from[next() % from.length];
  const bytes = new Uint8Array(CASE_BYTES * count);
  const value = (view: DataView, at: number, near: number): number => {
    let exponent = next() % 3 ? pick(EXPONENTS) : next() % 0x8000;
    if (near >= 0 && next() % 2) exponent = near + (next() % 140) - 70;
    exponent = Math.max(0, Math.min(0x7fff, exponent));
    const integer = next() % 16 ? 1n << 63n : 0n;
    let significand = next() % 2 ? pick(SIGNIFICANDS) : wide(next(), next()) | integer;
    if (next() % 4 === 0)
      significand = BigInt.asUintN(64, significand << BigInt(next() % 64)) | integer;
    view.setBigUint64(at, significand, true);
    view.setUint16(at + 8, exponent | (next() & 1 ? 0x8000 : 0), true);
    return exponent;
  };
  for (let i = 0; i < count; i++) {
    const view = new DataView(bytes.buffer, i * CASE_BYTES, CASE_BYTES);
    const opcode = 0xd8 + (next() % 8);
    const modrm = next() % 3 ? 0xc0 | (next() % 64) : ((next() % 8) << 3) | 7;
    const code = next() % 8 === 0 ? [0x66, opcode, modrm] : [opcode, modrm];
    view.setUint8(0, code.length);
    code.forEach((byte, k) => view.setUint8(1 + k, byte));
    view.setUint32(16, next() & 0x8d5, true);
    view.setUint32(20, next() & 0x7fffffff, true);
    const image = 24;
    let control = next() % 10 < 6 ? 0x3f : next() % 3 ? 0x3f & ~(1 << (next() % 6)) : next() & 0x3f;
    control |= (pick(PRECISIONS) << 8) | ((next() % 4) << 10);
    const top = next() % 8;
    let status = (next() & 0x4700) | (top << 11);
    if (next() % 6 === 0) status |= next() & 0x7f;
    let tags = 0;
    for (let k = 0; k < 8; k++) if (next() % 12 === 0) tags |= 3 << (2 * k);
    if (next() % 3) {
      // A stack that suits most instructions: two registers used, and room for one more.
      tags |= 3 << (2 * ((top + 7) & 7));
      tags &= ~((3 << (2 * top)) | (3 << (2 * ((top + 1) & 7))));
    }
    view.setUint32(image, control, true);
    view.setUint32(image + 4, status, true);
    view.setUint32(image + 8, tags, true);
    let near = -1;
    for (let k = 0; k < 8; k++) near = value(view, image + 28 + 10 * k, near);
    const mem = image + IMAGE;
    for (let k = 0; k < MEM; k += 4) view.setUint32(mem + k, next(), true);
    const sign = next() & 1 ? 0x80000000 : 0;
    switch (next() % 5) {
      case 0: {
        const exponent = pick([0, 1, 2, 126, 127, 128, 150, 254, 255, next() & 255]);
        const fraction = next() % 3 ? next() & 0x7fffff : pick([0, 1, 0x400000, 0x7fffff]);
        view.setUint32(mem, (sign | (exponent << 23) | fraction) >>> 0, true);
        break;
      }
      case 1: {
        const exponent = pick([0, 1, 2, 1022, 1023, 1024, 1075, 2046, 2047, next() & 2047]);
        const fraction = next() % 3 ? next() & 0xfffff : pick([0, 1, 0x80000, 0xfffff]);
        view.setUint32(mem + 4, (sign | (exponent << 20) | fraction) >>> 0, true);
        if (next() % 3 === 0) view.setUint32(mem, pick([0, 1, 0xffffffff]), true);
        break;
      }
      case 2:
        value(view, mem, -1);
        break;
      case 3:
        for (let k = 0; k < 3; k++) view.setUint16(mem + 4 * k, next() & 0xffff, true);
        break;
    }
  }
  return bytes;
}

function wide(high: number, low: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

/** Whether the instruction is a transcendental, whose values differ between processors. */
export function isTranscendental(opcode: number, modrm: number): boolean {
  return opcode === 0xd9 && [0xf0, 0xf1, 0xf2, 0xf3, 0xf9, 0xfb, 0xfe, 0xff].includes(modrm);
}
