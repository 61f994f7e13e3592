// CPUID says what is implemented and nothing else (SDM 2A, CPUID).

import { i32 } from '../state/current.js';
import { EAX, EBX, ECX, EDX } from '../state/layout.js';

const FEATURE_FPU = 1 << 0;
const FEATURE_PSE = 1 << 3;
const FEATURE_TSC = 1 << 4;
const FEATURE_CX8 = 1 << 8;
const FEATURE_PGE = 1 << 13;
const FEATURE_CMOV = 1 << 15;

/** Leaf 1, EDX. */
export const FEATURES =
  FEATURE_FPU | FEATURE_PSE | FEATURE_TSC | FEATURE_CX8 | FEATURE_PGE | FEATURE_CMOV;

/** Family 6, model 1, stepping 1: the smallest CPU with CMOV. */
const SIGNATURE = 0x611;

function word(text: string): number {
  return (
    text.charCodeAt(0) |
    (text.charCodeAt(1) << 8) |
    (text.charCodeAt(2) << 16) |
    (text.charCodeAt(3) << 24)
  );
}

const VENDOR = 'FaultlineCPU';
const BRAND = 'Faultline i686 in TypeScript'.padEnd(48, '\0');

/** Answers the leaf in EAX in EAX, EBX, ECX and EDX. */
export function cpuid(): void {
  const leaf = i32[EAX] >>> 0;
  let answer = [0, 0, 0, 0];
  if (leaf === 0) answer = [1, word(VENDOR), word(VENDOR.slice(8)), word(VENDOR.slice(4))];
  else if (leaf === 0x80000000) answer = [0x80000004, 0, 0, 0];
  else if (leaf >= 0x80000002 && leaf <= 0x80000004) {
    const at = (leaf - 0x80000002) * 16;
    answer = [0, 4, 8, 12].map((i) => word(BRAND.slice(at + i)));
  } else if (leaf < 0x80000000) answer = [SIGNATURE, 0, 0, FEATURES];
  [i32[EAX], i32[EBX], i32[ECX], i32[EDX]] = answer;
}
