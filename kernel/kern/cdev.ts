// Character devices: null, zero, full, random, the terminal (kern/tty.ts), and /dev/fd.

import { EBUSY, EFAULT, EINVAL, ENOSPC, ENOTTY, ENXIO } from '../sys/errno.js';
import { O_NONBLOCK } from '../sys/fcntl.js';
import type { file } from '../sys/file.js';
import type { Kernel } from '../sys/kernel.js';
import type { Thread } from '../sys/proc.js';
import type { uio } from '../sys/uio.js';
import { disk_find } from '../vm/swap_pager_swap.js';
import type { vnode } from '../sys/vnode.js';
import {
  DEV_CONSOLE,
  DEV_FULL,
  DEV_NULL,
  DEV_RANDOM,
  DEV_SWAP,
  DEV_TTY,
  DEV_URANDOM,
  DEV_ZERO,
  devtoname,
} from '../fs/devfs.js';
import { bytes_of, copyout, copyout_words, fuword32 } from '../i386/support.js';
import { is_mem_device, mem_open, mem_rw } from './cdev_mem.js';
import { uiomove_in, uiomove_out } from './subr_uio.js';
import { tty_ioctl, tty_poll, tty_read, tty_write } from './tty.js';
import type { tty } from './tty_types.js';

const CHUNK = 4096;
const FIONBIO = 0x8004667e;
const FIODTYPE = 0x4004667a;
const FIODGNAME = 0x80086678;
const D_TTY = 4;

/** The terminal behind a device, if it is one. */
export function cdev_tty(k: Kernel, vp: vnode): tty | null {
  return vp.v_rdev === DEV_TTY || vp.v_rdev === DEV_CONSOLE ? k.vfs.console : null;
}

/** Opening the terminal fails where there is none. */
export function cdev_open(k: Kernel, td: Thread, vp: vnode): number {
  if (vp.v_rdev === DEV_TTY) {
    const s = td.td_proc.p_pgrp.pg_session;
    return k.vfs.console !== null && s.s_ttyp === k.vfs.console ? 0 : ENXIO;
  }
  if (disk_find(k, vp.v_rdev) !== null || vp.v_rdev === DEV_SWAP) return EBUSY;
  if (is_mem_device(vp.v_rdev)) return mem_open(vp.v_rdev, td.td_proc.p_ucred.cr_uid);
  return vp.v_rdev === DEV_CONSOLE && k.vfs.console === null ? ENXIO : 0;
}

function in_chunks(
  u: uio,
  move: (bytes: Uint8Array) => number,
  fill: (bytes: Uint8Array) => void,
): number {
  while (u.uio_resid > 0) {
    const bytes = new Uint8Array(Math.min(u.uio_resid, CHUNK));
    fill(bytes);
    const error = move(bytes);
    if (error) return error;
  }
  return 0;
}

export function cdev_read(k: Kernel, td: Thread, fp: file, u: uio): number {
  const vp = fp.f_vnode as vnode;
  const tp = cdev_tty(k, vp);
  if (tp !== null) return tty_read(k, td, tp, u, (fp.f_flag & O_NONBLOCK) !== 0);
  if (is_mem_device(vp.v_rdev)) return mem_rw(k, vp.v_rdev, u, false);
  switch (vp.v_rdev) {
    case DEV_NULL:
      return 0;
    case DEV_ZERO:
    case DEV_FULL:
      return in_chunks(
        u,
        (bytes) => uiomove_out(k, bytes, u),
        () => {},
      );
    case DEV_RANDOM:
    case DEV_URANDOM:
      return in_chunks(
        u,
        (bytes) => uiomove_out(k, bytes, u),
        (bytes) => k.host.entropy(bytes),
      );
    default:
      return ENXIO;
  }
}

export function cdev_write(k: Kernel, td: Thread, fp: file, u: uio): number {
  const vp = fp.f_vnode as vnode;
  const tp = cdev_tty(k, vp);
  if (tp !== null) return tty_write(k, td, tp, u);
  if (is_mem_device(vp.v_rdev)) return mem_rw(k, vp.v_rdev, u, true);
  if (vp.v_rdev === DEV_FULL) return ENOSPC;
  return in_chunks(
    u,
    (bytes) => uiomove_in(k, bytes, u),
    () => {},
  );
}

/** Name of the device into a struct fiodgname_arg: the room for it and its address. */
function give_name(k: Kernel, vp: vnode, arg: number): number {
  const [room, buf] = [fuword32(k, arg >>> 0), fuword32(k, (arg >>> 0) + 4)];
  if (room < 0 || buf < 0) return EFAULT;
  const name = bytes_of(`${devtoname(vp.v_rdev)}\0`);
  return name.length > room ? EINVAL : copyout(k, name, buf);
}

export function cdev_ioctl(k: Kernel, td: Thread, fp: file, cmd: number, arg: number): number {
  const tp = cdev_tty(k, fp.f_vnode as vnode);
  switch (cmd >>> 0) {
    case FIODTYPE:
      return copyout_words(k, [tp === null ? 0 : D_TTY], arg);
    case FIODGNAME:
      return give_name(k, fp.f_vnode as vnode, arg);
  }
  if (tp !== null) return tty_ioctl(k, td, tp, cmd, arg);
  return cmd === FIONBIO ? 0 : ENOTTY;
}

export function cdev_poll(k: Kernel, fp: file, events: number): number {
  const tp = cdev_tty(k, fp.f_vnode as vnode);
  return tp !== null ? tty_poll(k, tp, events) : events & 0x45;
}

export function cdev_close(_k: Kernel, _fp: file): void {}
