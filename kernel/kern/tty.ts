// The terminal's line discipline (tty.c, tty_ttydisc.c).

import { EAGAIN, EIO, ENOTTY, EPERM } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import { POLLIN_ANY, POLLOUT } from '../sys/poll.js';
import type { Thread, session } from '../sys/proc.js';
import {
  SIGCONT,
  SIGHUP,
  SIGINT,
  SIGQUIT,
  SIGTSTP,
  SIGTTIN,
  SIGTTOU,
  SIGWINCH,
} from '../sys/signal.js';
import {
  BRKINT,
  CREAD,
  CS8,
  ECHO,
  ECHOCTL,
  ECHOE,
  ECHOK,
  ECHOKE,
  ECHONL,
  FIOASYNC,
  FIONBIO,
  FIONREAD,
  HUPCL,
  ICANON,
  ICRNL,
  IEXTEN,
  IGNCR,
  IMAXBEL,
  INLCR,
  ISIG,
  ISTRIP,
  IXANY,
  IXON,
  NCCS,
  NOFLSH,
  OCRNL,
  ONLCR,
  ONOCR,
  OPOST,
  TAB3,
  TIOCDRAIN,
  TIOCFLUSH,
  TIOCGETA,
  TIOCGETD,
  TIOCGPGRP,
  TIOCGSID,
  TIOCGWINSZ,
  TIOCNOTTY,
  TIOCOUTQ,
  TIOCSCTTY,
  TIOCSETA,
  TIOCSETAF,
  TIOCSETAW,
  TIOCSPGRP,
  TIOCSTART,
  TIOCSTI,
  TIOCSTOP,
  TIOCSWINSZ,
  TOSTOP,
  VDISABLE,
  VEOF,
  VEOL,
  VEOL2,
  VERASE,
  VERASE2,
  VINTR,
  VKILL,
  VLNEXT,
  VMIN,
  VQUIT,
  VREPRINT,
  VSTART,
  VSTOP,
  VSUSP,
  VTIME,
  VWERASE,
} from '../sys/ttycom.js';
import type { uio } from '../sys/uio.js';
import { copyin, copyout, copyout_words, fuword32 } from '../i386/support.js';
import { nanouptime } from './kern_clock.js';
import { pgsignal, psignal } from './kern_sig.js';
import { PCATCH, tsleep, wakeup } from './kern_synch.js';
import { uio_touch, uiomove_in, uiomove_out } from './subr_uio.js';
import { selwakeup } from './sys_generic.js';
import type { termios, tty, winsize } from './tty_types.js';

const MAX_LINE = 1024;
const CTRL = (c: string): number => c.charCodeAt(0) & 0x1f;

/** FreeBSD's defaults (sys/ttydefaults.h). */
function termios_init(): termios {
  const c_cc = new Uint8Array(NCCS).fill(VDISABLE);
  const set: readonly (readonly [number, number])[] = [
    [VEOF, CTRL('d')],
    [VERASE, 0x7f],
    [VERASE2, CTRL('h')],
    [VWERASE, CTRL('w')],
    [VKILL, CTRL('u')],
    [VREPRINT, CTRL('r')],
    [VINTR, CTRL('c')],
    [VQUIT, 0x1c],
    [VSUSP, CTRL('z')],
    [VSTART, CTRL('q')],
    [VSTOP, CTRL('s')],
    [VLNEXT, CTRL('v')],
    [VMIN, 1],
    [VTIME, 0],
  ];
  for (const [index, value] of set) c_cc[index] = value;
  return {
    c_iflag: BRKINT | ICRNL | IMAXBEL | IXON | IXANY,
    c_oflag: OPOST | ONLCR,
    c_cflag: CREAD | CS8 | HUPCL,
    c_lflag: ICANON | ISIG | IEXTEN | ECHO | ECHOE | ECHOKE | ECHOCTL,
    c_cc,
    c_ispeed: 9600,
    c_ospeed: 9600,
  };
}

export function tty_create(size: winsize): tty {
  return {
    t_termios: termios_init(),
    t_winsize: size,
    t_session: null,
    t_pgrp: null,
    t_inq: [],
    t_lines: [],
    t_edit: [],
    t_column: 0,
    t_stopped: false,
    t_literal: false,
  };
}

// Output.

function put(tp: tty, out: number[], c: number): void {
  const { c_oflag } = tp.t_termios;
  if ((c_oflag & OPOST) === 0) {
    out.push(c);
    return;
  }
  if (c === 0x0a && c_oflag & ONLCR) {
    out.push(0x0d, 0x0a);
    tp.t_column = 0;
  } else if (c === 0x0d && c_oflag & OCRNL) put_newline(tp, out);
  else if (c === 0x0d) {
    if (!(c_oflag & ONOCR && tp.t_column === 0)) out.push(c);
    tp.t_column = 0;
  } else if (c === 0x09 && c_oflag & TAB3) {
    do {
      out.push(0x20);
      tp.t_column++;
    } while (tp.t_column % 8 !== 0);
  } else {
    out.push(c);
    if (c === 0x09) tp.t_column += 8 - (tp.t_column % 8);
    else if (c === 0x08) tp.t_column = Math.max(0, tp.t_column - 1);
    else if (c >= 0x20 && c !== 0x7f) tp.t_column++;
    else if (c === 0x0a) tp.t_column = 0;
  }
}

function put_newline(tp: tty, out: number[]): void {
  out.push(0x0a);
  tp.t_column = 0;
}

function flush_output(k: Kernel, out: number[]): void {
  if (out.length > 0) k.host.consoleWrite(1, Uint8Array.from(out));
}

/** A background process may not use its controlling terminal: the group is signalled. */
function in_background(td: Thread, tp: tty): boolean {
  const { p_pgrp } = td.td_proc;
  return p_pgrp.pg_session === tp.t_session && p_pgrp !== tp.t_pgrp && tp.t_pgrp !== null;
}

function ignores(td: Thread, sig: number): boolean {
  const bit = 1 << (sig - 1);
  const { ps_sigignore } = td.td_proc.p_sigacts;
  return ((td.td_sigmask[0] | ps_sigignore[0]) & bit) !== 0;
}

/** Stops a background process that changes or reads the terminal. @returns 0 to go on, or an errno. */
export function tty_wait_background(k: Kernel, td: Thread, tp: tty, sig: number): number {
  if (!in_background(td, tp)) return 0;
  if (ignores(td, sig)) return sig === SIGTTOU ? 0 : EIO;
  if (td.td_proc.p_pgrp.pg_jobc === 0) return EIO;
  pgsignal(k, td.td_proc.p_pgrp, sig);
  return tsleep(k, tp, PCATCH, 'ttybg');
}

export function tty_write(k: Kernel, td: Thread, tp: tty, u: uio): number {
  if (tp.t_termios.c_lflag & TOSTOP) {
    const error = tty_wait_background(k, td, tp, SIGTTOU);
    if (error) return error;
  }
  if (tp.t_stopped) return tsleep(k, tp.t_termios, PCATCH, 'ttyout');
  const touched = uio_touch(k, u, u.uio_resid, false);
  if (touched) return touched;
  const bytes = new Uint8Array(u.uio_resid);
  const error = uiomove_in(k, bytes, u);
  if (error) return error;
  const out: number[] = [];
  for (const c of bytes) put(tp, out, c);
  flush_output(k, out);
  return 0;
}

// Input.

function echo(tp: tty, out: number[], c: number): void {
  const { c_lflag, c_cc } = tp.t_termios;
  if ((c_lflag & ECHO) === 0) {
    if (c === 0x0a && c_lflag & ECHONL) put(tp, out, c);
    return;
  }
  if (c_lflag & ECHOCTL && ((c < 0x20 && c !== 0x09 && c !== 0x0a) || c === 0x7f)) {
    put(tp, out, 0x5e);
    put(tp, out, c === 0x7f ? 0x3f : c + 0x40);
    if (c === c_cc[VEOF]) out.push(8, 8);
  } else put(tp, out, c);
}

/** Columns that a character of the line takes on the screen. */
function width(tp: tty, c: number): number {
  if ((c < 0x20 || c === 0x7f) && c !== 0x09) return tp.t_termios.c_lflag & ECHOCTL ? 2 : 0;
  return 1;
}

function rubout(tp: tty, out: number[]): void {
  const c = tp.t_edit.pop();
  if (c === undefined || (tp.t_termios.c_lflag & ECHO) === 0) return;
  if (tp.t_termios.c_lflag & ECHOE) for (let i = width(tp, c); i > 0; i--) out.push(8, 0x20, 8);
  else echo(tp, out, tp.t_termios.c_cc[VERASE]);
}

function end_line(tp: tty): void {
  tp.t_inq.push(...tp.t_edit);
  tp.t_lines.push(tp.t_edit.length);
  tp.t_edit = [];
}

/** Characters that make signals. @returns whether `c` was one. */
function signal_character(k: Kernel, tp: tty, out: number[], c: number): boolean {
  const { c_cc, c_lflag } = tp.t_termios;
  const sig =
    c === c_cc[VINTR] ? SIGINT : c === c_cc[VQUIT] ? SIGQUIT : c === c_cc[VSUSP] ? SIGTSTP : 0;
  if (sig === 0) return false;
  if ((c_lflag & NOFLSH) === 0) {
    tp.t_edit = [];
    tp.t_inq = [];
    tp.t_lines = [];
  }
  echo(tp, out, c);
  pgsignal(k, tp.t_pgrp, sig);
  return true;
}

/** Editing of the line. @returns whether `c` was an editing character. */
function edit_character(tp: tty, out: number[], c: number): boolean {
  const { c_cc, c_lflag } = tp.t_termios;
  if (c === c_cc[VERASE] || c === c_cc[VERASE2]) rubout(tp, out);
  else if (c === c_cc[VKILL]) {
    while (tp.t_edit.length > 0) rubout(tp, out);
    if (c_lflag & ECHOK && (c_lflag & ECHOKE) === 0) put(tp, out, 0x0a);
  } else if (c === c_cc[VWERASE] && c_lflag & IEXTEN) {
    while (tp.t_edit.at(-1) === 0x20 || tp.t_edit.at(-1) === 0x09) rubout(tp, out);
    while (tp.t_edit.length > 0 && tp.t_edit.at(-1) !== 0x20 && tp.t_edit.at(-1) !== 0x09)
      rubout(tp, out);
  } else if (c === c_cc[VREPRINT] && c_lflag & IEXTEN) {
    put(tp, out, 0x0a);
    for (const e of tp.t_edit) echo(tp, out, e);
  } else return false;
  return true;
}

function receive(k: Kernel, tp: tty, out: number[], raw: number): void {
  const { c_iflag, c_lflag, c_cc } = tp.t_termios;
  let c = c_iflag & ISTRIP ? raw & 0x7f : raw;
  if (tp.t_literal) {
    tp.t_literal = false;
    tp.t_edit.push(c);
    echo(tp, out, c);
    return;
  }
  if (c_lflag & IEXTEN && c === c_cc[VLNEXT] && c !== VDISABLE) {
    tp.t_literal = true;
    return;
  }
  if (c_lflag & ISIG && c !== VDISABLE && signal_character(k, tp, out, c)) return;
  if (c_iflag & IXON && (c === c_cc[VSTOP] || c === c_cc[VSTART])) {
    tp.t_stopped = c === c_cc[VSTOP];
    if (!tp.t_stopped) wakeup(k, tp.t_termios);
    return;
  }
  if (c === 0x0d) {
    if (c_iflag & IGNCR) return;
    if (c_iflag & ICRNL) c = 0x0a;
  } else if (c === 0x0a && c_iflag & INLCR) c = 0x0d;
  if ((c_lflag & ICANON) === 0) {
    tp.t_inq.push(c);
    echo(tp, out, c);
    return;
  }
  if (c !== VDISABLE && edit_character(tp, out, c)) return;
  if (c === c_cc[VEOF] && c !== VDISABLE) {
    end_line(tp);
    return;
  }
  if (tp.t_edit.length >= MAX_LINE - 1 && c !== 0x0a) {
    if (c_iflag & IMAXBEL) out.push(7);
    return;
  }
  tp.t_edit.push(c);
  echo(tp, out, c);
  if (c === 0x0a || (c === c_cc[VEOL] && c !== VDISABLE) || (c === c_cc[VEOL2] && c !== VDISABLE))
    end_line(tp);
}

/** Keys pressed at the host's terminal. */
export function tty_input(k: Kernel, bytes: Uint8Array): void {
  const tp = k.vfs.console;
  if (tp === null) return;
  const out: number[] = [];
  for (const c of bytes) receive(k, tp, out, c);
  flush_output(k, out);
  wakeup(k, tp);
  selwakeup(k);
}

/** The terminal has gone away. */
export function tty_hangup(k: Kernel): void {
  const tp = k.vfs.console;
  if (tp === null) return;
  end_line(tp);
  if (tp.t_session?.s_leader) psignal(k, tp.t_session.s_leader, SIGHUP);
  pgsignal(k, tp.t_pgrp, SIGCONT);
  wakeup(k, tp);
}

export function tty_resize(k: Kernel, size: winsize): void {
  const tp = k.vfs.console;
  if (tp === null) return;
  tp.t_winsize = size;
  pgsignal(k, tp.t_pgrp, SIGWINCH);
}

/** Bytes that a read would get now; -1 when it has to wait. */
function readable(tp: tty): number {
  if (tp.t_termios.c_lflag & ICANON) return tp.t_lines.length > 0 ? tp.t_lines[0] : -1;
  const least = tp.t_termios.c_cc[VMIN];
  return tp.t_inq.length > 0 && tp.t_inq.length >= Math.min(least, 1) ? tp.t_inq.length : -1;
}

export function tty_read(k: Kernel, td: Thread, tp: tty, u: uio, nonblock: boolean): number {
  const stopped = tty_wait_background(k, td, tp, SIGTTIN);
  if (stopped) return stopped;
  if (u.uio_resid === 0) return 0;
  const canonical = (tp.t_termios.c_lflag & ICANON) !== 0;
  const { c_cc } = tp.t_termios;
  let n = readable(tp);
  const short = !canonical && n >= 0 && n < Math.min(c_cc[VMIN], u.uio_resid);
  if (n < 0 || short) {
    if (!canonical && c_cc[VMIN] === 0 && c_cc[VTIME] === 0) return 0;
    if (nonblock) return EAGAIN;
    const timed = !canonical && c_cc[VTIME] > 0 && (c_cc[VMIN] === 0 || n > 0);
    const progress = (td.td_progress ??= {
      deadline: timed ? nanouptime(k) + c_cc[VTIME] * 1e8 : 0,
    }) as { deadline: number };
    const error = tsleep(k, tp, PCATCH, 'ttyin', progress.deadline);
    if (error !== EAGAIN) return error;
    if (n < 0) return 0; // VTIME has passed without a byte
  }
  n = Math.min(n, u.uio_resid);
  const bytes = Uint8Array.from(tp.t_inq.slice(0, n));
  const error = uio_touch(k, u, n, true) || uiomove_out(k, bytes, u);
  if (error) return error;
  tp.t_inq.splice(0, n);
  if (canonical) {
    tp.t_lines[0] -= n;
    if (tp.t_lines[0] === 0) tp.t_lines.shift();
  }
  return 0;
}

export function tty_poll(_k: Kernel, tp: tty, events: number): number {
  const ready = readable(tp) >= 0;
  return (ready ? events & POLLIN_ANY : 0) | (events & POLLOUT);
}

// ioctl.

const TERMIOS_BYTES = 44;

export function termios_pack(t: termios): Uint8Array {
  const bytes = new Uint8Array(TERMIOS_BYTES);
  const view = new DataView(bytes.buffer);
  [t.c_iflag, t.c_oflag, t.c_cflag, t.c_lflag].forEach((v, i) =>
    view.setUint32(i * 4, v >>> 0, true),
  );
  bytes.set(t.c_cc, 16);
  view.setUint32(36, t.c_ispeed, true);
  view.setUint32(40, t.c_ospeed, true);
  return bytes;
}

export function termios_unpack(bytes: Uint8Array): termios {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return {
    c_iflag: view.getUint32(0, true),
    c_oflag: view.getUint32(4, true),
    c_cflag: view.getUint32(8, true),
    c_lflag: view.getUint32(12, true),
    c_cc: bytes.slice(16, 16 + NCCS),
    c_ispeed: view.getUint32(36, true),
    c_ospeed: view.getUint32(40, true),
  };
}

/** Changes modes; leaving canonical mode makes what was typed readable. */
export function tty_set_termios(k: Kernel, tp: tty, t: termios, flush: boolean): void {
  const was = tp.t_termios.c_lflag & ICANON;
  Object.assign(tp.t_termios, t);
  if (flush) {
    tp.t_inq = [];
    tp.t_lines = [];
    tp.t_edit = [];
  }
  if (was && (t.c_lflag & ICANON) === 0) {
    tp.t_inq.push(...tp.t_edit);
    tp.t_edit = [];
    tp.t_lines = [];
  } else if (!was && t.c_lflag & ICANON && tp.t_inq.length > 0) tp.t_lines = [tp.t_inq.length];
  wakeup(k, tp);
}

/** tcsetpgrp: `pgid` must be a group of the terminal's session. */
export function tty_set_pgrp(k: Kernel, td: Thread, tp: tty, pgid: number): number {
  if (tp.t_session !== td.td_proc.p_pgrp.pg_session) return ENOTTY;
  const pg = k.kern.pgrps.get(pgid);
  if (pg === undefined || pg.pg_session !== tp.t_session) return EPERM;
  tp.t_pgrp = pg;
  return 0;
}

/** Makes the terminal the controlling one of a session leader. */
export function tty_set_session(td: Thread, tp: tty): number {
  const p = td.td_proc;
  const s = p.p_pgrp.pg_session;
  if (
    s.s_leader !== p ||
    (s.s_ttyp !== null && s.s_ttyp !== tp) ||
    (tp.t_session !== null && tp.t_session !== s)
  )
    return EPERM;
  s.s_ttyp = tp;
  tp.t_session = s;
  tp.t_pgrp = p.p_pgrp;
  return 0;
}

function drop_session(td: Thread, tp: tty): number {
  const s = td.td_proc.p_pgrp.pg_session;
  if (s.s_leader === td.td_proc) {
    s.s_ttyp = null;
    tp.t_session = null;
    tp.t_pgrp = null;
  }
  return 0;
}

const CHANGES_TERMINAL = [
  TIOCSETA,
  TIOCSETAW,
  TIOCSETAF,
  TIOCSPGRP,
  TIOCSTI,
  TIOCFLUSH,
  TIOCSWINSZ,
];

export function tty_ioctl(k: Kernel, td: Thread, tp: tty, command: number, arg: number): number {
  const cmd = command >>> 0;
  if (CHANGES_TERMINAL.includes(cmd)) {
    const error = tty_wait_background(k, td, tp, SIGTTOU);
    if (error) return error;
  }
  switch (cmd) {
    case TIOCGETA:
      return copyout(k, termios_pack(tp.t_termios), arg >>> 0);
    case TIOCSETA:
    case TIOCSETAW:
    case TIOCSETAF: {
      const bytes = new Uint8Array(TERMIOS_BYTES);
      const error = copyin(k, arg >>> 0, bytes);
      if (error) return error;
      tty_set_termios(k, tp, termios_unpack(bytes), cmd === TIOCSETAF);
      return 0;
    }
    case TIOCGWINSZ: {
      const { ws_row, ws_col, ws_xpixel, ws_ypixel } = tp.t_winsize;
      return copyout_words(k, [ws_row | (ws_col << 16), ws_xpixel | (ws_ypixel << 16)], arg);
    }
    case TIOCSWINSZ: {
      const bytes = new Uint8Array(8);
      const error = copyin(k, arg >>> 0, bytes);
      if (error) return error;
      const [ws_row, ws_col, ws_xpixel, ws_ypixel] = new Uint16Array(bytes.buffer);
      tty_resize(k, { ws_row, ws_col, ws_xpixel, ws_ypixel });
      return 0;
    }
    case TIOCGPGRP:
      return tp.t_session === td.td_proc.p_pgrp.pg_session
        ? copyout_words(k, [tp.t_pgrp?.pg_id ?? 99999], arg)
        : ENOTTY;
    case TIOCSPGRP:
      return tty_set_pgrp(k, td, tp, fuword32(k, arg >>> 0) | 0);
    case TIOCGSID:
      return tp.t_session !== null ? copyout_words(k, [tp.t_session.s_sid], arg) : ENOTTY;
    case TIOCSCTTY:
      return tty_set_session(td, tp);
    case TIOCNOTTY:
      return drop_session(td, tp);
    case TIOCFLUSH:
      tp.t_inq = [];
      tp.t_lines = [];
      tp.t_edit = [];
      return 0;
    case FIONREAD:
      return copyout_words(k, [Math.max(0, readable(tp))], arg);
    case TIOCOUTQ:
    case TIOCGETD:
      return copyout_words(k, [0], arg);
    case TIOCSTI: {
      const c = new Uint8Array(1);
      const error = copyin(k, arg >>> 0, c);
      if (error) return error;
      tty_input(k, c);
      return 0;
    }
    case TIOCSTOP:
    case TIOCSTART:
      tp.t_stopped = cmd === TIOCSTOP;
      if (!tp.t_stopped) wakeup(k, tp.t_termios);
      return 0;
    case TIOCDRAIN:
    case FIONBIO:
    case FIOASYNC:
      return 0;
    default:
      return ENOTTY;
  }
}

/** The leader of the session that the terminal controls has exited: hang up (kern_exit.c). */
export function tty_session_leader_exit(k: Kernel, session: session): void {
  const tp = session.s_ttyp as tty;
  pgsignal(k, tp.t_pgrp, SIGHUP);
  session.s_ttyp = null;
  tp.t_session = null;
  tp.t_pgrp = null;
  wakeup(k, tp);
}
