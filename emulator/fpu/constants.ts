// Bits of the x87 control and status words (SDM 1 §8.1), and what the arithmetic helpers return.

/** Exception flags of the status word; the same bits of the control word mask them. */
export const IE = 0x01;
export const DE = 0x02;
export const ZE = 0x04;
export const OE = 0x08;
export const UE = 0x10;
export const PE = 0x20;
export const SF = 0x40;
export const EXCEPTIONS = 0x3f;
/** Error summary and busy, which always agrees with it. */
export const SUMMARY = 0x8080;
export const C0 = 0x100;
export const C1 = 0x200;
export const C2 = 0x400;
export const C3 = 0x4000;
export const CONDITIONS = C0 | C1 | C2 | C3;

/** Returned by a helper: an unmasked exception left the destination as it was. */
export const ABORT = 0x10000;

/** Returned by `remainder`: there is no quotient, and its condition bits stay what they were. */
export const NO_QUOTIENT = 0x20000;

// Rounding control, in place.
export const RC_MASK = 0xc00;
export const RC_DOWN = 0x400;
export const RC_UP = 0x800;
export const RC_ZERO = 0xc00;
// Precision control, in place.
export const PC_MASK = 0x300;
export const PC_24 = 0;
export const PC_53 = 0x200;

// What classify() tells of a value. From CLASS_QNAN on, arithmetic has nothing to compute.
export const CLASS_NORMAL = 0;
export const CLASS_ZERO = 1;
/** Denormal or pseudo-denormal. */
export const CLASS_DENORMAL = 2;
export const CLASS_INFINITY = 3;
export const CLASS_QNAN = 4;
export const CLASS_SNAN = 5;
/** Unnormal, pseudo-NaN or pseudo-infinity: encodings that the 387 and its successors refuse. */
export const CLASS_UNSUPPORTED = 6;

/** Exponent bias of the extended format. */
export const BIAS = 0x3fff;
/** What an unmasked overflow or underflow takes from or adds to the exponent (SDM 1 §4.9.1.5). */
export const WRAP = 0x6000;
