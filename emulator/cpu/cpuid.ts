// CPUID says what is implemented and nothing else (SDM 2A, CPUID).

import { i32 } from '../state/current.js';
import { EAX, EBX, ECX, EDX } from '../state/layout.js';

const FEATURE_FPU = 1 << 0;
const FEATURE_VME = 1 << 1;
const FEATURE_DE = 1 << 2;
const FEATURE_PSE = 1 << 3;
const FEATURE_TSC = 1 << 4;
const FEATURE_MSR = 1 << 5;
const FEATURE_CX8 = 1 << 8;
const FEATURE_SEP = 1 << 11;
const FEATURE_PGE = 1 << 13;
const FEATURE_CMOV = 1 << 15;
const FEATURE_PAT = 1 << 16;
const FEATURE_CLFSH = 1 << 19;
const FEATURE_MMX = 1 << 23;
const FEATURE_FXSR = 1 << 24;
const FEATURE_SSE = 1 << 25;
const FEATURE_SSE2 = 1 << 26;

/** Leaf 1, EDX. */
export const FEATURES =
  FEATURE_FPU |
  FEATURE_VME |
  FEATURE_DE |
  FEATURE_PSE |
  FEATURE_TSC |
  FEATURE_MSR |
  FEATURE_CX8 |
  FEATURE_SEP |
  FEATURE_PGE |
  FEATURE_CMOV |
  FEATURE_PAT |
  FEATURE_CLFSH |
  FEATURE_MMX |
  FEATURE_FXSR |
  FEATURE_SSE |
  FEATURE_SSE2;

/** Leaf 1, ECX: SSE3 and SSSE3. */
const FEATURES_MORE = (1 << 0) | (1 << 9);

/** Leaf 1, EBX: what CLFLUSH takes for a cache line, in units of 8 bytes. */
const CLFLUSH_LINE = 8 << 8;

/** Family 15, model 4, stepping 3: a Pentium 4 that has SSE3. */
export const SIGNATURE = 0xf43;

function word(text: string): number {
  return (
    text.charCodeAt(0) |
    (text.charCodeAt(1) << 8) |
    (text.charCodeAt(2) << 16) |
    (text.charCodeAt(3) << 24)
  );
}

/** C libraries ask for features only of vendors that they know (glibc's init_cpu_features). */
const VENDOR = 'GenuineIntel';
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
  } else if (leaf < 0x80000000) answer = [SIGNATURE, CLFLUSH_LINE, FEATURES_MORE, FEATURES];
  [i32[EAX], i32[EBX], i32[ECX], i32[EDX]] = answer;
}
