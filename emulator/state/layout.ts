// Where everything lives in the machine's one WebAssembly.Memory. Interpreter and translated code
// use these offsets; nothing else may assume them.
//
//   0            CPU state (one page)
//   USER_TLB     2^20 words, one per virtual page, for accesses at CPL 3
//   SYSTEM_TLB   the same for accesses at CPL 0-2
//   RAM_BASE     guest physical memory
//
// Names ending in _BYTES are byte offsets; all others index 32-bit words.

export const PAGE_BYTES = 4096;

// General registers: register n is word n, in Intel's encoding order.
export const EAX = 0;
export const ECX = 1;
export const EDX = 2;
export const EBX = 3;
export const ESP = 4;
export const EBP = 5;
export const ESI = 6;
export const EDI = 7;
/** Always 0: the base or index of an address that has none. */
export const ZERO = 8;
export const EIP = 9;

/** Lazy arithmetic flags, see cpu/flags.ts. */
export const FLAG_RESULT = 10;
export const FLAG_AUX = 11;
/** EFLAGS without the six arithmetic flags; bit 1 is always set. */
export const EFLAGS_SYSTEM = 12;

/** Instructions that may still be executed before run() returns. */
export const BUDGET = 13;
/** Word index of the TLB in use: USER_TLB or SYSTEM_TLB. */
export const TLB_BASE = 14;
/** Mode of decoded code: operand size, stack size, flat segments (cpu/segments.ts). */
export const MODE = 15;
export const CPL = 16;

export const CR0 = 17;
export const CR2 = 18;
export const CR3 = 19;
export const CR4 = 20;

export const GDT_BASE = 21;
export const GDT_LIMIT = 22;
export const IDT_BASE = 23;
export const IDT_LIMIT = 24;
/**
 * SHADOW_* right behind an instruction that holds traps or interrupts off (SDM 3A §6.8.3). Outside of
 * single-stepping it is not cleared: it counts only while EIP is SHADOW_EIP.
 */
export const INTERRUPT_SHADOW = 25;
export const SHADOW_EIP = 26;
/** MOV SS, POP SS: neither traps nor interrupts. */
export const SHADOW_ALL = 1;
/** An event handler has been entered: the instruction that TF was set for is behind. */
export const SHADOW_TRAPS = 2;
/** STI: no interrupts. */
export const SHADOW_INTERRUPTS = 4;
/** IRET has loaded RF, for the next instruction. */
export const SHADOW_RESUME = 8;
/** What waits outside for the run loop to look: EVENT_* bits (cpu/interrupt.ts). */
export const EVENTS = 27;
/** Bits of DR6 that the running instruction's data breakpoints have earned. */
export const DEBUG_HITS = 28;

// Segment registers in Intel's order ES CS SS DS FS GS, then LDTR and TR: four arrays of eight.
export const SELECTOR = 32;
export const SEGMENT_BASE = 40;
export const SEGMENT_LIMIT = 48;
/** Access byte in bits 7-0, G/D/L/AVL in bits 15-12 (descriptor bits 55-40); 0 = unusable. */
export const SEGMENT_ATTRIBUTES = 56;

export const DR = 64;
export const TSC_OFFSET = 72;
/** Model-specific registers, SDM 4 chapter 2. */
export const SYSENTER_CS = 73;
export const SYSENTER_ESP = 74;
export const SYSENTER_EIP = 75;
export const PAT_LOW = 76;
export const PAT_HIGH = 77;

/** x87: eight registers of 16 bytes (significand in bytes 0-7, sign and exponent in 8-9). */
export const FPU_REGISTERS_BYTES = 512;
export const FPU_CONTROL = 160;
/** Status word with TOP in bits 13-11. */
export const FPU_STATUS = 161;
/** Full tag word, two bits a register. */
export const FPU_TAG = 162;
export const FPU_INSTRUCTION_OFFSET = 163;
export const FPU_INSTRUCTION_SELECTOR = 164;
export const FPU_DATA_OFFSET = 165;
export const FPU_DATA_SELECTOR = 166;
export const FPU_OPCODE = 167;

/** Room for the WebAssembly arithmetic helpers to pass operands and results. */
export const SCRATCH_BYTES = 1024;

/** SSE: eight XMM registers of 16 bytes, and behind them the control and status word. */
export const XMM_BYTES = 2048;
export const MXCSR = 544;
/** Room for the memory operands and results of vector instructions. */
export const VECTOR_SCRATCH_BYTES = 2304;

/** What belongs to a thread: general registers to EFLAGS_SYSTEM, segments; then x87, SSE. */
export const REGISTER_RANGES: readonly (readonly [first: number, words: number])[] = [
  [EAX, 8],
  [EIP, 4],
  [MODE, 2],
  [SELECTOR, 32],
];
export const FPU_RANGES: readonly (readonly [first: number, words: number])[] = [
  [FPU_REGISTERS_BYTES / 4, 32],
  [FPU_CONTROL, 8],
  [XMM_BYTES / 4, 33],
];
/** Words of a saved context (Machine.saveContext). */
export const CONTEXT_WORDS = 119;
/** Where parts of a context lie inside the saved array. */
export const CONTEXT_EIP = 8;
/** x87 registers (32 words), then the eight words from FPU_CONTROL on. */
export const CONTEXT_FPU = 46;
/** XMM registers (32 words), then MXCSR. */
export const CONTEXT_XMM = 86;

export const TLB_WORDS = 1 << 20;
export const USER_TLB = PAGE_BYTES / 4;
export const SYSTEM_TLB = USER_TLB + TLB_WORDS;
/** Byte offset of guest physical address 0. */
export const RAM_BASE = (SYSTEM_TLB + TLB_WORDS) * 4;
