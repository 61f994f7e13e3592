// ioctl (fs/ioctl.c, drivers/tty/tty_ioctl.c, include/uapi/asm-generic/ioctls.h of Linux).

import { fuword32 } from '../../i386/support.js';
import { cdev_tty } from '../../kern/cdev.js';
import { fget } from '../../kern/kern_descrip.js';
import { copyin_view, copyout_view } from '../../kern/subr_buf.js';
import { kern_ioctl } from '../../kern/sys_generic.js';
import { tty_set_termios, tty_wait_background } from '../../kern/tty.js';
import type { tty } from '../../kern/tty_types.js';
import { EBADF, EFAULT, EINVAL, ENOTTY, EOPNOTSUPP, ESRCH } from '../../sys/errno.js';
import type { file } from '../../sys/file.js';
import type { Kernel } from '../../sys/kernel.js';
import type { Thread } from '../../sys/proc.js';
import { SIGTTOU } from '../../sys/signal.js';
import * as bsd from '../../sys/ttycom.js';
import { VCHR, VREG } from '../../sys/vnode.js';
import { u } from './linux_calls.js';
import type { linux_calls } from './linux_calls.js';
import { linux_is_path } from './linux_namei.js';
import {
  TERMIOS2_BYTES,
  TERMIOS_BYTES,
  linux_termios_pack,
  linux_termios_unpack,
} from './linux_termios.js';

const TCGETS = 0x5401;
const TCSETS = 0x5402;
const TCSETSW = 0x5403;
const TCSETSF = 0x5404;
const TCSBRK = 0x5409;
const TCXONC = 0x540a;
const TCFLSH = 0x540b;
const TIOCSPGRP = 0x5410;
const TIOCGPTN = 0x80045430;
const TCGETS2 = 0x802c542a;
const TCSETS2 = 0x402c542b;
const TCSETSW2 = 0x402c542c;
const TCSETSF2 = 0x402c542d;
const FICLONE = 0x40049409;
const FICLONERANGE = 0x4020940d;

/** Commands with FreeBSD's arguments under another number. */
const SAME = new Map([
  [0x540e, bsd.TIOCSCTTY],
  [0x540f, bsd.TIOCGPGRP],
  [TIOCSPGRP, bsd.TIOCSPGRP],
  [0x5411, bsd.TIOCOUTQ],
  [0x5412, bsd.TIOCSTI],
  [0x5413, bsd.TIOCGWINSZ],
  [0x5414, bsd.TIOCSWINSZ],
  [0x541b, bsd.FIONREAD],
  [0x5421, bsd.FIONBIO],
  [0x5422, bsd.TIOCNOTTY],
  [0x5424, bsd.TIOCGETD],
  [0x5429, bsd.TIOCGSID],
  [0x5450, 0x20006602], // FIONCLEX
  [0x5451, 0x20006601], // FIOCLEX
  [0x5452, bsd.FIOASYNC],
]);

function tty_of(k: Kernel, fp: file): tty | null {
  return fp.f_vnode?.v_type === VCHR ? cdev_tty(k, fp.f_vnode) : null;
}

function set_modes(
  k: Kernel,
  td: Thread,
  tp: tty,
  arg: number,
  bytes: number,
  flush: boolean,
): number {
  const error = tty_wait_background(k, td, tp, SIGTTOU);
  if (error !== 0) return error;
  const view = copyin_view(k, u(arg), bytes);
  if (typeof view === 'number') return view;
  tty_set_termios(k, tp, linux_termios_unpack(view, tp.t_termios), flush);
  return 0;
}

const TCOOFF = 0;
const TCOON = 1;
const TCION = 3;
const TCOFLUSH = 1;
const TCIOFLUSH = 2;

function tty_command(k: Kernel, td: Thread, tp: tty, n: number, cmd: number, arg: number): number {
  switch (cmd) {
    case TCGETS:
      return copyout_view(k, linux_termios_pack(tp.t_termios, TERMIOS_BYTES), u(arg));
    case TCGETS2:
      return copyout_view(k, linux_termios_pack(tp.t_termios, TERMIOS2_BYTES), u(arg));
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
      return set_modes(k, td, tp, arg, TERMIOS_BYTES, cmd === TCSETSF);
    case TCSETS2:
    case TCSETSW2:
    case TCSETSF2:
      return set_modes(k, td, tp, arg, TERMIOS2_BYTES, cmd === TCSETSF2);
    case TCSBRK:
      // Nothing is ever left to drain, and a break reaches nobody.
      return tty_wait_background(k, td, tp, SIGTTOU);
    case TCXONC:
      if (u(arg) > TCION) return EINVAL;
      // Characters to the other side, TCIOFF and TCION, reach nobody.
      if (arg > TCOON) return 0;
      return kern_ioctl(k, td, n, arg === TCOOFF ? bsd.TIOCSTOP : bsd.TIOCSTART, 0);
    case TCFLSH:
      if (u(arg) > TCIOFLUSH) return EINVAL;
      return arg === TCOFLUSH ? 0 : kern_ioctl(k, td, n, bsd.TIOCFLUSH, 0);
    case TIOCSPGRP:
      return set_pgrp(k, td, n, arg);
    case TIOCGPTN:
      return ENOTTY;
    default: {
      const same = SAME.get(cmd);
      return same === undefined ? ENOTTY : kern_ioctl(k, td, n, same, arg);
    }
  }
}

/** A group that does not exist is ESRCH, where FreeBSD says EPERM. */
function set_pgrp(k: Kernel, td: Thread, n: number, arg: number): number {
  const pgid = fuword32(k, u(arg));
  if (pgid < 0) return EFAULT;
  if ((pgid | 0) < 0) return EINVAL;
  const error = kern_ioctl(k, td, n, bsd.TIOCSPGRP, arg);
  return error !== 0 && error !== ENOTTY && !k.kern.pgrps.has(pgid) ? ESRCH : error;
}

function ioctl(k: Kernel, td: Thread, a: Int32Array): number {
  const [n, word, arg] = a;
  const cmd = u(word);
  const fp = fget(td, n);
  if (typeof fp === 'number') return fp;
  if (linux_is_path(fp)) return EBADF;
  const tp = tty_of(k, fp);
  if (tp !== null) return tty_command(k, td, tp, n, cmd, arg);
  if ((cmd === FICLONE || cmd === FICLONERANGE) && fp.f_vnode?.v_type === VREG) return EOPNOTSUPP;
  const same = SAME.get(cmd);
  return same === undefined ? ENOTTY : kern_ioctl(k, td, n, same, arg);
}

export const linux_ioctl_calls: linux_calls = { ioctl: [3, ioctl] };
