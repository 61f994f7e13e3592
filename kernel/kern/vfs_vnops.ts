// Open vnodes (vfs_vnops.c): reading and writing go through the pages of the file's object, so that
// read, write and mmap see the same bytes.

import { EFBIG, EINVAL, EIO, EISDIR, ENOTTY } from '../sys/errno.js';
import { O_APPEND } from '../sys/fcntl.js';
import { FWRITE } from '../sys/file.js';
import type { file } from '../sys/file.js';
import type { Kernel } from '../sys/kernel.js';
import { POLLIN, POLLOUT, POLLRDNORM } from '../sys/poll.js';
import type { Thread } from '../sys/proc.js';
import { RLIMIT_FSIZE } from '../sys/resource.js';
import { SIGXFSZ } from '../sys/signal.js';
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK } from '../sys/stat.js';
import type { stat } from '../sys/stat.js';
import { SV_LINUX } from '../sys/sysent.js';
import type { uio } from '../sys/uio.js';
import { VCHR, VDIR, VREG } from '../sys/vnode.js';
import type { vattr, vnode } from '../sys/vnode.js';
import { procfs_text } from '../fs/procfs.js';
import { VOP_GETATTR, ops } from '../fs/vnode_if.js';
import { vrele } from '../fs/vfs_subr.js';
import { copyout_words } from '../i386/support.js';
import { pmap_zero_page } from '../vm/pmap.js';
import {
  vm_page_activate,
  vm_page_alloc,
  vm_page_busied,
  vm_page_busy_sleep,
  vm_page_dirty,
  vm_page_free,
  vm_page_lookup,
  vm_page_xbusy,
  vm_page_xunbusy,
  vm_wait,
} from '../vm/vm_page.js';
import { vm_object_set_writeable_dirty } from '../vm/vm_object.js';
import { vm_pager_get_pages, vm_pager_haspage_run } from '../vm/vm_pager.js';
import { pager_waited } from '../vm/vm_pager_read.js';
import {
  OBJT_SWAP,
  PG_CACHED,
  VM_ALLOC_NORMAL,
  VM_PAGER_OK,
  VM_PAGER_PEND,
  VM_PAGE_BITS_ALL,
} from '../vm/vm_param.js';
import { swap_pager_unswapped } from '../vm/swap_pager.js';
import type { vm_object, vm_page } from '../vm/vm_types.js';
import { cdev_close, cdev_ioctl, cdev_poll, cdev_read, cdev_write } from './cdev.js';
import type { fileops } from './fileops.js';
import { nanotime } from './kern_clock.js';
import { lf_release } from './kern_lockf.js';
import { psignal } from './kern_sig.js';
import { SLEEP } from './kern_synch.js';
import { uio_touch, uiomove_in, uiomove_out } from './subr_uio.js';

const PAGE_SIZE = 4096;

/** How far a read or write had come when it had to sleep. */
interface transfer_progress {
  transferred: number;
  offset: number;
}
const READ_AHEAD = 15;
const FIONREAD = 0x4004667f;
const FIONBIO = 0x8004667e;

/**
 * The page of a file at `pindex`, valid. Reads it, or makes a zero page where there is nothing.
 * @returns null on a read error. Sleeps when the page is busy or memory is short.
 */
export function vn_page(k: Kernel, object: vm_object, pindex: number): vm_page | null {
  const resident = vm_page_lookup(object, pindex);
  if (resident !== null) {
    if (vm_page_busied(resident)) vm_page_busy_sleep(k, resident, 'vmpfw');
    pager_waited(k, object, pindex);
    if (resident.flags & PG_CACHED) vm_page_activate(k, resident);
    if (resident.valid === VM_PAGE_BITS_ALL) return resident;
    // Truncation leaves a wired page in place, without contents (vm_object_page_remove).
    vm_page_xbusy(resident);
  }
  const m = resident ?? vm_page_alloc(k, object, pindex, VM_ALLOC_NORMAL) ?? vm_wait(k, 'pfault');
  const run = vm_pager_haspage_run(k, object, pindex);
  if (run === null) {
    pmap_zero_page(k, m);
    m.valid = VM_PAGE_BITS_ALL;
  } else if (!read_page(k, object, m, Math.min(run.after, READ_AHEAD))) {
    if (m.wire_count > 0) vm_page_xunbusy(k, m);
    else vm_page_free(k, m);
    return null;
  }
  vm_page_activate(k, m);
  vm_page_xunbusy(k, m);
  return m;
}

/** Reads a busy page, or learns how the transfer ended that was waited for. @returns success. */
function read_page(k: Kernel, object: vm_object, m: vm_page, ahead: number): boolean {
  const waited = pager_waited(k, object, m.pindex);
  if (waited !== null && waited.error !== 0) return false;
  const result = vm_pager_get_pages(k, object, m, 0, ahead);
  if (result === VM_PAGER_PEND) vm_page_busy_sleep(k, m, 'vnread');
  return result === VM_PAGER_OK;
}

/** read(2) of a regular file. */
export function vn_read(k: Kernel, vp: vnode, u: uio): number {
  const object = vp.v_object;
  const { va_size } = VOP_GETATTR(k, vp);
  if (object === null) return read_text(k, vp, u);
  while (u.uio_resid > 0 && u.uio_offset < va_size) {
    const m = vn_page(k, object, Math.floor(u.uio_offset / PAGE_SIZE));
    if (m === null) return EIO;
    const base = u.uio_offset % PAGE_SIZE;
    const n = Math.min(u.uio_resid, PAGE_SIZE - base, va_size - u.uio_offset);
    const at = m.phys_addr + base;
    // The copy may fault and even page: hold on to the page.
    m.hold_count++;
    let error: number;
    try {
      error = uiomove_out(k, k.machine.ram8.subarray(at, at + n), u);
    } finally {
      m.hold_count--;
    }
    if (error) return error;
  }
  return 0;
}

/** Files of /proc are made as they are read. */
function read_text(k: Kernel, vp: vnode, u: uio): number {
  const text = procfs_text(k, vp);
  const bytes = new Uint8Array(Math.max(0, Math.min(u.uio_resid, text.length - u.uio_offset)));
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(u.uio_offset + i);
  return uiomove_out(k, bytes, u);
}

/**
 * Bytes of a write that RLIMIT_FSIZE permits, or -1 after a signal. FreeBSD refuses a write that goes
 * beyond the limit (vn_rlimit_fsize), Linux does what fits of it (generic_write_check_limits).
 */
function fsize_room(k: Kernel, u: uio): number {
  const p = k.kern.curthread?.td_proc;
  const limit = p?.p_limit.pl_rlimit[RLIMIT_FSIZE].rlim_cur ?? Infinity;
  if (p === undefined || u.uio_resid === 0 || u.uio_offset + u.uio_resid <= limit) {
    return u.uio_resid;
  }
  if (p.p_sysent.sv_flags & SV_LINUX && u.uio_offset < limit) return limit - u.uio_offset;
  psignal(k, p, SIGXFSZ);
  return -1;
}

/** write(2) of a regular file; extends it as needed. */
export function vn_write(k: Kernel, vp: vnode, u: uio): number {
  const object = vp.v_object;
  if (object === null) return EINVAL;
  const room = fsize_room(k, u);
  if (room < 0) return EFBIG;
  const rest = u.uio_resid - room;
  while (u.uio_resid > rest) {
    const base = u.uio_offset % PAGE_SIZE;
    const n = Math.min(u.uio_resid - rest, PAGE_SIZE - base);
    const bytes = new Uint8Array(n);
    const end = u.uio_offset + n;
    const pindex = Math.floor(u.uio_offset / PAGE_SIZE);
    // Taken from the buffer only when nothing can sleep any more.
    const error = uio_touch(k, u, n, false);
    if (error) return error;
    if (end > VOP_GETATTR(k, vp).va_size) {
      const grown = ops(vp).vop_setattr(k, vp, { va_size: end });
      if (grown) return grown;
    }
    const m = vn_page(k, object, pindex);
    if (m === null) return EIO;
    const moved = uiomove_in(k, bytes, u);
    if (moved) return moved;
    k.machine.ram8.set(bytes, m.phys_addr + base);
    k.machine.physStored(m.phys_addr + base, n);
    vm_page_dirty(m);
    vm_object_set_writeable_dirty(object);
    if (object.type === OBJT_SWAP) swap_pager_unswapped(k, m);
  }
  ops(vp).vop_setattr(k, vp, { va_mtime: nanotime(k) });
  return 0;
}

const FMT = [0, S_IFREG, S_IFDIR, S_IFBLK, S_IFCHR, S_IFLNK, S_IFSOCK, S_IFIFO];

export function vattr_to_stat(a: vattr): stat {
  return {
    st_dev: a.va_fsid,
    st_ino: a.va_fileid,
    st_mode: FMT[a.va_type] | a.va_mode,
    st_nlink: a.va_nlink,
    st_uid: a.va_uid,
    st_gid: a.va_gid,
    st_rdev: a.va_rdev,
    st_atim: a.va_atime,
    st_mtim: a.va_mtime,
    st_ctim: a.va_ctime,
    st_birthtim: a.va_birthtime,
    st_size: a.va_size,
    st_blocks: Math.ceil(a.va_size / 512),
    st_blksize: a.va_blocksize,
  };
}

export function vn_stat(k: Kernel, vp: vnode): stat {
  return vattr_to_stat(VOP_GETATTR(k, vp));
}

const vnode_of = (fp: file): vnode => fp.f_vnode as vnode;

/**
 * A transfer goes on where it had to sleep: one larger than memory would never be done if each wait
 * for pages sent it back to its beginning.
 */
function resumable(td: Thread, u: uio, move: () => number): number {
  if (u.uio_kernel !== null) return move();
  const progress = td.td_progress as transfer_progress | null;
  if (progress !== null) {
    u.uio_done = progress.transferred;
    u.uio_resid -= progress.transferred;
    u.uio_offset = progress.offset;
  }
  try {
    return move();
  } catch (thrown) {
    const { uio_done: transferred, uio_offset: offset } = u;
    if (thrown === SLEEP) {
      td.td_progress = { transferred, offset } satisfies transfer_progress;
    }
    throw thrown;
  }
}

export const vn_fileops: fileops = {
  fo_read(k, td, fp, u) {
    const vp = vnode_of(fp);
    if (vp.v_type === VCHR) return cdev_read(k, td, fp, u);
    if (vp.v_type === VDIR) return EISDIR;
    return resumable(td, u, () => vn_read(k, vp, u));
  },

  fo_write(k, td, fp, u) {
    const vp = vnode_of(fp);
    if (vp.v_type === VCHR) return cdev_write(k, td, fp, u);
    // What goes on after a sleep goes on where it was, not behind what it has written.
    if (fp.f_flag & O_APPEND && td.td_progress === null) u.uio_offset = VOP_GETATTR(k, vp).va_size;
    return resumable(td, u, () => vn_write(k, vp, u));
  },

  fo_ioctl(k, td, fp, cmd, arg) {
    const vp = vnode_of(fp);
    if (vp.v_type === VCHR) return cdev_ioctl(k, td, fp, cmd, arg);
    if (cmd === FIONREAD && vp.v_type === VREG) {
      return copyout_words(k, [VOP_GETATTR(k, vp).va_size - fp.f_offset], arg);
    }
    return cmd === FIONBIO ? 0 : ENOTTY;
  },

  fo_poll(k, fp, events) {
    const vp = vnode_of(fp);
    if (vp.v_type === VCHR) return cdev_poll(k, fp, events);
    return events & (POLLIN | POLLRDNORM | POLLOUT);
  },

  fo_stat: (k, fp) => vn_stat(k, vnode_of(fp)),

  fo_truncate(k, _td, fp, length) {
    const vp = vnode_of(fp);
    if (vp.v_type !== VREG || (fp.f_flag & FWRITE) === 0) return EINVAL;
    return ops(vp).vop_setattr(k, vp, { va_size: length });
  },

  fo_close(k, fp) {
    const vp = vnode_of(fp);
    if (fp.f_flag & FWRITE) vp.v_writecount--;
    lf_release(k, vp, fp);
    if (vp.v_type === VCHR) cdev_close(k, fp);
    vrele(k, vp);
  },

  fo_seekable(fp) {
    const { v_type } = vnode_of(fp);
    return v_type === VREG || v_type === VDIR || (v_type === VCHR && fp.f_data === null);
  },
};
