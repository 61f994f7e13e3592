// Trap numbers as programs see them in si_trapno and mc_trapno (i386/include/trap.h).

export const T_PRIVINFLT = 1;
export const T_BPTFLT = 3;
export const T_ARITHTRAP = 6;
export const T_PROTFLT = 9;
export const T_TRCTRAP = 10;
export const T_PAGEFLT = 12;
export const T_ALIGNFLT = 14;
export const T_DIVIDE = 18;
export const T_NMI = 19;
export const T_OFLOW = 20;
export const T_BOUND = 21;
export const T_DNA = 22;
export const T_DOUBLEFLT = 23;
export const T_FPOPFLT = 24;
export const T_TSSFLT = 25;
export const T_SEGNPFLT = 26;
export const T_STKFLT = 27;
export const T_MCHK = 28;
export const T_XMMFLT = 29;
