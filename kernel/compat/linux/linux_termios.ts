// The terminal's modes in Linux's struct termios (include/uapi/asm-generic/termbits.h). What FreeBSD's
// terminal has no counterpart for reads as off.

import type { termios } from '../../kern/tty_types.js';
import * as bsd from '../../sys/ttycom.js';

type pairs = readonly (readonly [linux: number, bsd: number])[];

const IFLAGS: pairs = [
  [0x1, 0x1], // IGNBRK
  [0x2, bsd.BRKINT],
  [0x4, 0x4], // IGNPAR
  [0x8, 0x8], // PARMRK
  [0x10, 0x10], // INPCK
  [0x20, bsd.ISTRIP],
  [0x40, bsd.INLCR],
  [0x80, bsd.IGNCR],
  [0x100, bsd.ICRNL],
  [0x400, bsd.IXON],
  [0x800, bsd.IXANY],
  [0x1000, 0x400], // IXOFF
  [0x2000, bsd.IMAXBEL],
  [0x4000, 0x4000], // IUTF8, of later FreeBSD
];

const OFLAGS: pairs = [
  [0x1, bsd.OPOST],
  [0x4, bsd.ONLCR],
  [0x8, bsd.OCRNL],
  [0x10, bsd.ONOCR],
  [0x20, bsd.ONLRET],
  [0x1800, bsd.TAB3], // XTABS
];

const CFLAGS: pairs = [
  [0x40, 0x400], // CSTOPB
  [0x80, bsd.CREAD],
  [0x100, 0x1000], // PARENB
  [0x200, 0x2000], // PARODD
  [0x400, bsd.HUPCL],
  [0x800, 0x8000], // CLOCAL
  [0x80000000, 0x30000], // CRTSCTS
];

const LFLAGS: pairs = [
  [0x1, bsd.ISIG],
  [0x2, bsd.ICANON],
  [0x8, bsd.ECHO],
  [0x10, bsd.ECHOE],
  [0x20, bsd.ECHOK],
  [0x40, bsd.ECHONL],
  [0x80, bsd.NOFLSH],
  [0x100, bsd.TOSTOP],
  [0x200, bsd.ECHOCTL],
  [0x400, 0x20], // ECHOPRT
  [0x800, bsd.ECHOKE],
  [0x1000, 0x800000], // FLUSHO
  [0x4000, 0x20000000], // PENDIN
  [0x8000, bsd.IEXTEN],
];

function to_linux(flags: number, table: pairs): number {
  let out = 0;
  for (const [linux, native] of table) if ((flags & native) >>> 0 === native) out |= linux;
  return out >>> 0;
}

function to_bsd(flags: number, table: pairs): number {
  let out = 0;
  for (const [linux, native] of table) if ((flags & linux) >>> 0 === linux) out |= native;
  return out >>> 0;
}

/** Line speeds by Linux's number (CBAUD): 0 to 15, then from CBAUDEX on. */
const SPEEDS = [
  0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400,
];
const CBAUDEX = 0x1000;
const EXTENDED_SPEEDS = [
  57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000, 1152000, 1500000, 2000000,
  2500000, 3000000, 3500000, 4000000,
];
const CBAUD = 0x100f;
const BOTHER = CBAUDEX;
const CSIZE = 0x30;

function speed_bits(speed: number): number {
  const index = SPEEDS.indexOf(speed);
  if (index >= 0) return index;
  const extended = EXTENDED_SPEEDS.indexOf(speed);
  return extended >= 0 ? CBAUDEX + 1 + extended : BOTHER;
}

function speed_of(cflag: number, given: number): number {
  const bits = cflag & CBAUD;
  if (bits === BOTHER) return given;
  return bits & CBAUDEX ? EXTENDED_SPEEDS[(bits & 15) - 1] : SPEEDS[bits];
}

/** FreeBSD's special characters by Linux's index; -1 for VSWTC, which it has not. */
const SPECIAL = [
  bsd.VINTR,
  bsd.VQUIT,
  bsd.VERASE,
  bsd.VKILL,
  bsd.VEOF,
  bsd.VTIME,
  bsd.VMIN,
  -1,
  bsd.VSTART,
  bsd.VSTOP,
  bsd.VSUSP,
  bsd.VEOL,
  bsd.VREPRINT,
  bsd.VDISCARD,
  bsd.VWERASE,
  bsd.VLNEXT,
  bsd.VEOL2,
];

const is_count = (index: number): boolean => index === bsd.VMIN || index === bsd.VTIME;

/** Bytes of struct termios and, with the speeds in numbers, of struct termios2. */
export const TERMIOS_BYTES = 36;
export const TERMIOS2_BYTES = 44;
const LINUX_NCCS = 19;
const CC = 17;

/** `t` as struct termios or termios2, by `bytes`. */
export function linux_termios_pack(t: termios, bytes: number): DataView {
  const view = new DataView(new ArrayBuffer(bytes));
  const size = ((t.c_cflag >>> 8) & 3) << 4;
  view.setUint32(0, to_linux(t.c_iflag, IFLAGS), true);
  view.setUint32(4, to_linux(t.c_oflag, OFLAGS), true);
  view.setUint32(8, to_linux(t.c_cflag, CFLAGS) | size | speed_bits(t.c_ospeed), true);
  view.setUint32(12, to_linux(t.c_lflag, LFLAGS), true);
  SPECIAL.forEach((index, i) => {
    if (index < 0) return;
    const c = t.c_cc[index];
    // A character that is switched off is 0 there.
    view.setUint8(CC + i, c === bsd.VDISABLE && !is_count(index) ? 0 : c);
  });
  if (bytes === TERMIOS2_BYTES) {
    view.setUint32(CC + LINUX_NCCS, t.c_ispeed, true);
    view.setUint32(CC + LINUX_NCCS + 4, t.c_ospeed, true);
  }
  return view;
}

/** The modes in a struct termios or termios2; what Linux cannot say stays as in `old`. */
export function linux_termios_unpack(view: DataView, old: termios): termios {
  const cflag = view.getUint32(8, true);
  const two = view.byteLength === TERMIOS2_BYTES;
  const speed = speed_of(cflag, two ? view.getUint32(CC + LINUX_NCCS + 4, true) : old.c_ospeed);
  const c_cc = old.c_cc.slice();
  SPECIAL.forEach((index, i) => {
    if (index < 0) return;
    const c = view.getUint8(CC + i);
    c_cc[index] = c === 0 && !is_count(index) ? bsd.VDISABLE : c;
  });
  // One character erases.
  c_cc[bsd.VERASE2] = bsd.VDISABLE;
  return {
    c_iflag: to_bsd(view.getUint32(0, true), IFLAGS),
    c_oflag: to_bsd(view.getUint32(4, true), OFLAGS),
    c_cflag: to_bsd(cflag, CFLAGS) | ((cflag & CSIZE) << 4),
    c_lflag: to_bsd(view.getUint32(12, true), LFLAGS),
    c_cc,
    c_ispeed: speed,
    c_ospeed: speed,
  };
}
