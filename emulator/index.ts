// The public surface of the machine: all that the kernel and the tools may use.

export { Machine } from './machine.js';
export type { MachineImage, MachineOptions } from './machine.js';
export type { Platform, Ports } from './platform.js';
export { Pc } from './devices/pc.js';
export type { PcOptions } from './devices/pc.js';
export { memoryDisk } from './devices/ata.js';
export type { DiskImage } from './devices/ata.js';
export { Cpu } from './cpu.js';
export type { SegmentView } from './cpu.js';
export type { PageWalk } from './mmu/walk.js';
export type { WatchState, WatchedAccess } from './mmu/watch.js';
export * from './exit.js';
export {
  ACCESS_FETCH,
  ACCESS_READ,
  ACCESS_USER,
  ACCESS_WRITE,
  CR0_AM,
  CR0_EM,
  CR0_MP,
  CR0_NE,
  CR0_PE,
  CR0_PG,
  CR0_TS,
  CR0_WP,
  CR4_OSFXSR,
  CR4_OSXMMEXCPT,
  CR4_PGE,
  CR4_PSE,
  CR4_TSD,
} from './mmu/walk.js';
export {
  ARITHMETIC_FLAGS,
  FLAG_AC,
  FLAG_AF,
  FLAG_CF,
  FLAG_DF,
  FLAG_ID,
  FLAG_IF,
  FLAG_IOPL,
  FLAG_NT,
  FLAG_OF,
  FLAG_PF,
  FLAG_RF,
  FLAG_SF,
  FLAG_TF,
  FLAG_VIF,
  FLAG_VIP,
  FLAG_VM,
  FLAG_ZF,
} from './cpu/flags.js';
export { FEATURES as CPU_FEATURES } from './cpu/cpuid.js';
export { CS, DS, ES, FS, GS, LDTR, SS, TR } from './cpu/segments.js';
export {
  BUDGET,
  CONTEXT_EIP,
  CONTEXT_FPU,
  CONTEXT_WORDS,
  CONTEXT_XMM,
  EAX,
  EBP,
  EBX,
  ECX,
  EDI,
  EDX,
  ESI,
  ESP,
} from './state/layout.js';
