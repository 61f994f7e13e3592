// Why run() returned.

// Exception vectors, SDM 3A table 6-1.
export const VECTOR_DE = 0;
export const VECTOR_DB = 1;
export const VECTOR_NMI = 2;
export const VECTOR_BP = 3;
export const VECTOR_OF = 4;
export const VECTOR_BR = 5;
export const VECTOR_UD = 6;
export const VECTOR_NM = 7;
export const VECTOR_DF = 8;
export const VECTOR_TS = 10;
export const VECTOR_NP = 11;
export const VECTOR_SS = 12;
export const VECTOR_GP = 13;
export const VECTOR_PF = 14;
export const VECTOR_MF = 16;
export const VECTOR_AC = 17;
export const VECTOR_XM = 19;

/** #PF error code, SDM 3A §4.7. */
export const PF_PRESENT = 1;
export const PF_WRITE = 2;
export const PF_USER = 4;
export const PF_RESERVED = 8;

export type ExitKind =
  'trap' | 'softint' | 'budget' | 'halt' | 'breakpoint' | 'shutdown' | 'stopped';

/**
 * Why the machine stopped; one object per machine, overwritten by every run().
 *
 * trap: exception `vector`; eip is that of the faulting instruction (for #BP, #OF and single-step
 * #DB of the next one). softint: `int vector` at CPL 3, eip behind it. budget: the instructions
 * asked for were executed. halt: hlt at CPL 0. breakpoint: eip is that of an instruction with a
 * breakpoint, which has not been executed; with EFLAGS.RF set the next run() executes it.
 *
 * A machine that delivers interrupts itself has no trap and softint. halt: nothing is going to wake
 * it. shutdown: a fault while a double fault was delivered (SDM 3A §6.15). stopped: machine.stop().
 */
export interface Exit {
  kind: ExitKind;
  vector: number;
  hasError: boolean;
  error: number;
  /** Faulting linear address of a #PF, int32; undefined otherwise. */
  cr2: number;
}
