// Reading, writing and seeking; what is on its way to a disk (fs/read_write.c, fs/sync.c, fs/open.c,
// mm/fadvise.c of Linux).

import { ops, VOP_GETATTR } from '../../fs/vnode_if.js';
import { copyout_words, useracc_touch } from '../../i386/support.js';
import { cdev_tty } from '../../kern/cdev.js';
import { fget, fget_read, fget_write } from '../../kern/kern_descrip.js';
import { fileops_of } from '../../kern/fileops.js';
import { copyin_view, copyout_view, get_int64, int64, set_int64 } from '../../kern/subr_buf.js';
import { copyiniov, uio_kernel, uio_user } from '../../kern/subr_uio.js';
import { kern_readv, kern_writev } from '../../kern/sys_generic.js';
import { kern_fsync, kern_ftruncate, kern_lseek, kern_truncate } from '../../kern/vfs_kern.js';
import {
  EBADF,
  EFBIG,
  EINVAL,
  EISDIR,
  ENODEV,
  EOPNOTSUPP,
  EOVERFLOW,
  ESPIPE,
} from '../../sys/errno.js';
import { AT_FDCWD, O_APPEND } from '../../sys/fcntl.js';
import { DTYPE_EPOLL, DTYPE_EVENTFD, DTYPE_PIPE, FREAD, FWRITE } from '../../sys/file.js';
import type { file } from '../../sys/file.js';
import type { Kernel } from '../../sys/kernel.js';
import type { Thread } from '../../sys/proc.js';
import { RLIMIT_FSIZE } from '../../sys/resource.js';
import { SIGXFSZ } from '../../sys/signal.js';
import type { uio } from '../../sys/uio.js';
import { VCHR, VDIR, VREG } from '../../sys/vnode.js';
import type { vnode } from '../../sys/vnode.js';
import { psignal } from '../../kern/kern_sig.js';
import { clean_progress, vfs_msync, vm_object_clean_wait } from '../../vm/vm_object_clean.js';
import { nosys, u, with_path } from './linux_calls.js';
import type { linux_calls } from './linux_calls.js';
import { linux_is_path, with_fd_vnode } from './linux_namei.js';

/** Most bytes that one call moves (MAX_RW_COUNT). */
const MAX_RW_COUNT = 0x7ffff000;

type transfer = (k: Kernel, td: Thread, n: number, u: uio, offset?: number) => number;

/** One buffer: a length that is negative as a ssize_t is refused once the descriptor is known good. */
function one(
  k: Kernel,
  td: Thread,
  n: number,
  base: number,
  len: number,
  offset: number,
  move: transfer,
): number {
  if (len < 0) {
    const fp = move === kern_readv ? fget_read(td, n) : fget_write(td, n);
    return typeof fp === 'number' ? fp : EINVAL;
  }
  const iov = [{ iov_base: u(base), iov_len: Math.min(len, MAX_RW_COUNT) }];
  return move(k, td, n, uio_user(iov, 0), offset);
}

function vector(
  k: Kernel,
  td: Thread,
  n: number,
  iovp: number,
  count: number,
  offset: number,
  move: transfer,
): number {
  const fp = move === kern_readv ? fget_read(td, n) : fget_write(td, n);
  if (typeof fp === 'number') return fp;
  const iov = copyiniov(k, iovp, count);
  return typeof iov === 'number' ? iov : move(k, td, n, uio_user(iov, 0), offset);
}

/** preadv2 and pwritev2: offset -1 is the file's own; the flags are hints, but for RWF_NOWAIT and RWF_APPEND. */
const RWF_HINTS = 0x7;

function vector2(k: Kernel, td: Thread, a: Int32Array, move: transfer): number {
  const offset = int64(a[3], a[4]);
  if (a[5] & ~RWF_HINTS) return EOPNOTSUPP;
  return offset < -1 ? EINVAL : vector(k, td, a[0], a[1], a[2], offset, move);
}

function positioned(offset: number, f: () => number): number {
  return offset < 0 ? EINVAL : f();
}

// Seeking.

function seek(
  k: Kernel,
  td: Thread,
  n: number,
  offset: number,
  whence: number,
): number | { error: number } {
  const fp = fget(td, n);
  if (typeof fp === 'number') return { error: fp };
  if (linux_is_path(fp)) return { error: EBADF };
  if (u(whence) > 4) return { error: EINVAL };
  // Devices have no offset: the terminal cannot seek, for the others it stays 0 (null_lseek).
  if (fp.f_type === DTYPE_EPOLL || fp.f_type === DTYPE_EVENTFD) return 0;
  if (fp.f_vnode?.v_type === VCHR) return cdev_tty(k, fp.f_vnode) === null ? 0 : { error: ESPIPE };
  return kern_lseek(k, td, n, offset, whence);
}

function lseek(k: Kernel, td: Thread, a: Int32Array): number {
  const to = seek(k, td, a[0], a[1], a[2]);
  if (typeof to !== 'number') return to.error;
  if (to > 0x7fffffff) return EOVERFLOW;
  td.td_retval[0] = to;
  return 0;
}

/** _llseek(fd, high, low, result, whence). */
function llseek(k: Kernel, td: Thread, a: Int32Array): number {
  const touched = useracc_touch(k, u(a[3]), 8, true);
  const to = seek(k, td, a[0], int64(a[2], a[1]), a[4]);
  if (typeof to !== 'number') return to.error;
  td.td_retval[0] = 0;
  return touched || copyout_words(k, [to | 0, Math.floor(to / 0x100000000)], a[3]);
}

// Sizes.

/** Growing a file past RLIMIT_FSIZE is EFBIG and a signal (inode_newsize_ok). */
function check_limit(k: Kernel, td: Thread, size: number): number {
  if (size <= td.td_proc.p_limit.pl_rlimit[RLIMIT_FSIZE].rlim_cur) return 0;
  psignal(k, td.td_proc, SIGXFSZ);
  return EFBIG;
}

function truncate(k: Kernel, td: Thread, uaddr: number, length: number): number {
  if (length < 0) return EINVAL;
  return with_path(
    k,
    uaddr,
    (path) => check_limit(k, td, length) || kern_truncate(k, td, path, length, AT_FDCWD),
  );
}

function ftruncate(k: Kernel, td: Thread, n: number, length: number): number {
  if (length < 0) return EINVAL;
  const fp = fget(td, n);
  if (typeof fp === 'number') return fp;
  if (linux_is_path(fp)) return EBADF;
  return check_limit(k, td, length) || kern_ftruncate(k, td, n, length);
}

const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;
const FALLOC_FL_ZERO_RANGE = 0x10;

/** Files here take memory when they are written: allocating is setting the size, a hole is zeroes. */
function fallocate(k: Kernel, td: Thread, a: Int32Array): number {
  const [n, mode] = a;
  const offset = int64(a[2], a[3]);
  const len = int64(a[4], a[5]);
  const fp = fget(td, n);
  if (typeof fp === 'number') return fp;
  if (linux_is_path(fp)) return EBADF;
  if (offset < 0 || len <= 0) return EINVAL;
  if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) {
    return EOPNOTSUPP;
  }
  const punch = (mode & FALLOC_FL_PUNCH_HOLE) !== 0;
  if (punch && mode !== (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)) return EOPNOTSUPP;
  if ((fp.f_flag & FWRITE) === 0) return EBADF;
  const vp = fp.f_vnode;
  if (fp.f_type === DTYPE_PIPE) return ESPIPE;
  if (vp?.v_type === VDIR) return EISDIR;
  if (vp?.v_type !== VREG) return ENODEV;
  const { va_size } = VOP_GETATTR(k, vp);
  if (punch || mode & FALLOC_FL_ZERO_RANGE) {
    const error = write_zeroes(k, td, fp, offset, Math.min(offset + len, va_size));
    if (error !== 0) return error;
  }
  if (mode & FALLOC_FL_KEEP_SIZE || offset + len <= va_size) return 0;
  return check_limit(k, td, offset + len) || ops(vp).vop_setattr(k, vp, { va_size: offset + len });
}

const CHUNK = 65536;

function write_zeroes(k: Kernel, td: Thread, fp: file, from: number, to: number): number {
  const plain = { ...fp, f_flag: fp.f_flag & ~O_APPEND };
  for (let at = from; at < to; at += CHUNK) {
    const zeroes = uio_kernel(new Uint8Array(Math.min(CHUNK, to - at)), at);
    const error = fileops_of(fp).fo_write(k, td, plain, zeroes);
    if (error !== 0) return error;
  }
  return 0;
}

// Copying within the kernel.

/** What one call moves at most: short counts are allowed, and so little can be done twice. */
const MAX_COPY = 0x100000;

/**
 * Moves up to `count` bytes from one open file to another. A call that has to sleep starts again
 * from the same offsets: nothing but the destination's bytes has changed by then.
 * @returns the bytes moved, or an errno.
 */
function copy_file(
  k: Kernel,
  td: Thread,
  from: file,
  from_offset: number,
  to: file,
  to_offset: number,
  count: number,
): number | { error: number } {
  const bytes = new Uint8Array(Math.min(count, to.f_type === 'vnode' ? MAX_COPY : CHUNK));
  const source = uio_kernel(bytes, from_offset);
  const failed = fileops_of(from).fo_read(k, td, from, source);
  if (source.uio_done === 0) return failed !== 0 ? { error: failed } : 0;
  const sink = uio_kernel(bytes.subarray(0, source.uio_done), to_offset);
  const error = fileops_of(to).fo_write(k, td, to, sink);
  return error !== 0 && sink.uio_done === 0 ? { error } : sink.uio_done;
}

/** The offset at `uaddr` (0: the file's own), or an errno as a negative number. */
function copyin_offset(k: Kernel, uaddr: number, fp: file, wide: boolean): number {
  if (uaddr === 0) return fp.f_offset;
  const touched = useracc_touch(k, u(uaddr), wide ? 8 : 4, true);
  const view = copyin_view(k, u(uaddr), wide ? 8 : 4);
  if (touched !== 0 || typeof view === 'number') return -(touched || (view as number));
  const offset = wide ? get_int64(view, 0) : view.getInt32(0, true);
  return offset < 0 ? -EINVAL : offset;
}

function give_offset(k: Kernel, uaddr: number, fp: file, offset: number, wide: boolean): number {
  if (uaddr === 0) {
    if (fileops_of(fp).fo_seekable(fp)) fp.f_offset = offset;
    return 0;
  }
  const view = new DataView(new ArrayBuffer(wide ? 8 : 4));
  if (wide) set_int64(view, 0, offset);
  else view.setInt32(0, offset, true);
  return copyout_view(k, view, u(uaddr));
}

/** sendfile(out, in, offset, count): from a file that has an offset. */
function sendfile(k: Kernel, td: Thread, a: Int32Array, wide: boolean): number {
  const [out, n, offsetp, count] = a;
  const from = fget_read(td, n);
  if (typeof from === 'number') return from;
  const offset = copyin_offset(k, offsetp, from, wide);
  if (offset < 0) return -offset;
  if (!fileops_of(from).fo_seekable(from)) return offsetp === 0 ? EINVAL : ESPIPE;
  if (from.f_vnode?.v_type === VDIR) return EINVAL;
  const to = fget_write(td, out);
  if (typeof to === 'number') return to;
  if (to.f_flag & O_APPEND || count < 0) return EINVAL;
  if (count === 0) return 0;
  const done = copy_file(k, td, from, offset, to, to.f_offset, count);
  if (typeof done !== 'number') return done.error;
  if (fileops_of(to).fo_seekable(to)) to.f_offset += done;
  td.td_retval[0] = done;
  return give_offset(k, offsetp, from, offset + done, wide);
}

const regular = (fp: file): vnode | null => (fp.f_vnode?.v_type === VREG ? fp.f_vnode : null);

/** copy_file_range(in, off_in, out, off_out, len, flags): between regular files. */
function copy_file_range(k: Kernel, td: Thread, a: Int32Array): number {
  const [n, in_p, out, out_p, len, flags] = a;
  const from = fget(td, n);
  const to = fget(td, out);
  if (typeof from === 'number') return from;
  if (typeof to === 'number') return to;
  const from_offset = copyin_offset(k, in_p, from, true);
  const to_offset = copyin_offset(k, out_p, to, true);
  if (from_offset < 0 || to_offset < 0) return -Math.min(from_offset, to_offset);
  if (flags !== 0) return EINVAL;
  if (from.f_vnode?.v_type === VDIR || to.f_vnode?.v_type === VDIR) return EISDIR;
  if (regular(from) === null || regular(to) === null) return EINVAL;
  if ((from.f_flag & FREAD) === 0 || (to.f_flag & FWRITE) === 0) return EBADF;
  if (to.f_flag & O_APPEND) return EBADF;
  const count = Math.min(u(len), MAX_RW_COUNT);
  const distance = Math.abs(from_offset - to_offset);
  if (from.f_vnode === to.f_vnode && distance < count) return EINVAL;
  if (count === 0) return 0;
  const done = copy_file(k, td, from, from_offset, to, to_offset, count);
  if (typeof done !== 'number') return done.error;
  td.td_retval[0] = done;
  return (
    give_offset(k, in_p, from, from_offset + done, true) ||
    give_offset(k, out_p, to, to_offset + done, true)
  );
}

// Writing to the disk.

/** sync(2) waits for what it has begun, as it does not in FreeBSD. */
function sync(k: Kernel): number {
  const progress = clean_progress(k);
  if (progress.clean_at === 0) progress.clean_bios = vfs_msync(k);
  progress.clean_at = -1;
  vm_object_clean_wait(k, progress);
  return 0;
}

function fsync(k: Kernel, td: Thread, n: number): number {
  return with_fd_vnode(td, n, (vp) => kern_fsync(k, vp));
}

const POSIX_FADV_NOREUSE = 5;

function fadvise(td: Thread, n: number, len: number, advice: number): number {
  const fp = fget(td, n);
  if (typeof fp === 'number') return fp;
  if (linux_is_path(fp)) return EBADF;
  if (fp.f_type === DTYPE_PIPE) return ESPIPE;
  return len < 0 || u(advice) > POSIX_FADV_NOREUSE ? EINVAL : 0;
}

function readahead(td: Thread, n: number): number {
  const fp = fget_read(td, n);
  if (typeof fp === 'number') return fp;
  return regular(fp) === null ? EINVAL : 0;
}

export const linux_rw_calls: linux_calls = {
  read: [3, (k, td, a) => one(k, td, a[0], a[1], a[2], -1, kern_readv)],
  write: [3, (k, td, a) => one(k, td, a[0], a[1], a[2], -1, kern_writev)],
  readv: [3, (k, td, a) => vector(k, td, a[0], a[1], a[2], -1, kern_readv)],
  writev: [3, (k, td, a) => vector(k, td, a[0], a[1], a[2], -1, kern_writev)],
  pread64: [
    5,
    (k, td, a) => {
      const offset = int64(a[3], a[4]);
      return positioned(offset, () => one(k, td, a[0], a[1], a[2], offset, kern_readv));
    },
  ],
  pwrite64: [
    5,
    (k, td, a) => {
      const offset = int64(a[3], a[4]);
      return positioned(offset, () => one(k, td, a[0], a[1], a[2], offset, kern_writev));
    },
  ],
  preadv: [
    5,
    (k, td, a) => {
      const offset = int64(a[3], a[4]);
      return positioned(offset, () => vector(k, td, a[0], a[1], a[2], offset, kern_readv));
    },
  ],
  pwritev: [
    5,
    (k, td, a) => {
      const offset = int64(a[3], a[4]);
      return positioned(offset, () => vector(k, td, a[0], a[1], a[2], offset, kern_writev));
    },
  ],
  preadv2: [6, (k, td, a) => vector2(k, td, a, kern_readv)],
  pwritev2: [6, (k, td, a) => vector2(k, td, a, kern_writev)],
  lseek: [3, lseek],
  _llseek: [5, llseek],
  truncate: [2, (k, td, a) => truncate(k, td, a[0], a[1])],
  truncate64: [3, (k, td, a) => truncate(k, td, a[0], int64(a[1], a[2]))],
  ftruncate: [2, (k, td, a) => ftruncate(k, td, a[0], a[1])],
  ftruncate64: [3, (k, td, a) => ftruncate(k, td, a[0], int64(a[1], a[2]))],
  fallocate: [6, fallocate],
  sendfile: [4, (k, td, a) => sendfile(k, td, a, false)],
  sendfile64: [4, (k, td, a) => sendfile(k, td, a, true)],
  copy_file_range: [6, copy_file_range],
  sync: [0, (k) => sync(k)],
  fsync: [1, (k, td, a) => fsync(k, td, a[0])],
  fdatasync: [1, (k, td, a) => fsync(k, td, a[0])],
  syncfs: [1, (k, td, a) => with_fd_vnode(td, a[0], () => sync(k), 0)],
  sync_file_range: [6, (_k, td, a) => with_fd_vnode(td, a[0], () => 0, ESPIPE)],
  fadvise64: [5, (_k, td, a) => fadvise(td, a[0], a[3], a[4])],
  fadvise64_64: [6, (_k, td, a) => fadvise(td, a[0], int64(a[3], a[4]), a[5])],
  readahead: [4, (_k, td, a) => readahead(td, a[0])],
  splice: nosys,
  tee: nosys,
  vmsplice: nosys,
};
