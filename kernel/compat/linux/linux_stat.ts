// Attributes of files and file systems in the structures of Linux/i386 (fs/stat.c, fs/statfs.c,
// arch/x86/include/uapi/asm/stat.h).

import { copyinstr } from '../../i386/support.js';
import { fget } from '../../kern/kern_descrip.js';
import { fileops_of } from '../../kern/fileops.js';
import { copyout_view, put_timespec, set_int64 } from '../../kern/subr_buf.js';
import { vn_stat } from '../../kern/vfs_vnops.js';
import { EINVAL, EOVERFLOW } from '../../sys/errno.js';
import { AT_FDCWD } from '../../sys/fcntl.js';
import type { Kernel } from '../../sys/kernel.js';
import type { mount } from '../../sys/mount.js';
import { MNT_RDONLY } from '../../sys/mount.js';
import type { Thread } from '../../sys/proc.js';
import { S_IFBLK, S_IFCHR, S_IFMT } from '../../sys/stat.js';
import type { stat } from '../../sys/stat.js';
import { VLNK, VREG, VV_ROOT } from '../../sys/vnode.js';
import type { vnode } from '../../sys/vnode.js';
import { swap_pager_blocks } from '../../vm/swap_pager_meta.js';
import { vm_page_lookup } from '../../vm/vm_page.js';
import { OBJT_SWAP } from '../../vm/vm_param.js';
import { LINUX_PATH_MAX } from './linux_calls.js';
import type { linux_call, linux_calls } from './linux_calls.js';
import {
  LINUX_AT_EMPTY_PATH,
  LINUX_AT_NO_AUTOMOUNT,
  LINUX_AT_SYMLINK_NOFOLLOW,
  linux_namei,
  target_of,
} from './linux_namei.js';
import type { linux_target } from './linux_namei.js';

/** A device of devfs as Linux numbers it (Documentation/admin-guide/devices.txt). */
function linux_rdev(s: stat): [major: number, minor: number] {
  const format = s.st_mode & S_IFMT;
  if (format !== S_IFCHR && format !== S_IFBLK) return [0, 0];
  // Memory devices are 1:3 (null) to 1:9 (urandom), tty and console 5:0 and 5:1.
  return s.st_rdev < 0x20 ? [s.st_rdev >> 4, s.st_rdev & 15] : [5, s.st_rdev & 15];
}

/** File systems without a device have major number 0. */
const dev_of = (s: stat): number => s.st_dev & 0xff;

const BLOCKS_PER_PAGE = 8;

/** Units of 512 bytes: the pages that a file has, in memory or in swap. */
function blocks_of(vp: vnode, size: number): number {
  const object = vp.v_object;
  if (vp.v_type !== VREG) return 0;
  if (object === null || object.type !== OBJT_SWAP) return Math.ceil(size / 4096) * BLOCKS_PER_PAGE;
  let pages = object.resident_page_count;
  for (const [pindex] of swap_pager_blocks(object)) {
    if (vm_page_lookup(object, pindex) === null) pages++;
  }
  return pages * BLOCKS_PER_PAGE;
}

/** Ids above 65535 in 16-bit fields. */
const id16 = (id: number): number => (id > 0xffff ? 65534 : id);

const blank = (bytes: number): DataView => new DataView(new ArrayBuffer(bytes));

type packer = (s: stat) => DataView | number;

/** struct stat: 64 bytes. */
function pack_stat(s: stat): DataView | number {
  if (s.st_size > 0x7fffffff) return EOVERFLOW;
  const view = blank(64);
  const [major, minor] = linux_rdev(s);
  view.setUint32(0, dev_of(s), true);
  view.setUint32(4, s.st_ino, true);
  view.setUint16(8, s.st_mode, true);
  view.setUint16(10, s.st_nlink, true);
  view.setUint16(12, id16(s.st_uid), true);
  view.setUint16(14, id16(s.st_gid), true);
  view.setUint32(16, (major << 8) | minor, true);
  view.setUint32(20, s.st_size, true);
  view.setUint32(24, s.st_blksize, true);
  view.setUint32(28, s.st_blocks, true);
  put_timespec(view, 32, s.st_atim);
  put_timespec(view, 40, s.st_mtim);
  put_timespec(view, 48, s.st_ctim);
  return view;
}

/** struct __old_kernel_stat: 32 bytes. */
function pack_old_stat(s: stat): DataView | number {
  if (s.st_size > 0x7fffffff) return EOVERFLOW;
  const view = blank(32);
  const [major, minor] = linux_rdev(s);
  const shorts = [
    dev_of(s),
    s.st_ino,
    s.st_mode,
    s.st_nlink,
    id16(s.st_uid),
    id16(s.st_gid),
    (major << 8) | minor,
  ];
  shorts.forEach((value, i) => view.setUint16(2 * i, value, true));
  view.setUint32(16, s.st_size, true);
  [s.st_atim, s.st_mtim, s.st_ctim].forEach((ns, i) =>
    view.setInt32(20 + 4 * i, Math.floor(ns / 1e9), true),
  );
  return view;
}

/** struct stat64: 96 bytes. */
function pack_stat64(s: stat): DataView {
  const view = blank(96);
  const [major, minor] = linux_rdev(s);
  set_int64(view, 0, dev_of(s));
  view.setUint32(12, s.st_ino, true);
  view.setUint32(16, s.st_mode, true);
  view.setUint32(20, s.st_nlink, true);
  view.setUint32(24, s.st_uid, true);
  view.setUint32(28, s.st_gid, true);
  set_int64(view, 32, (major << 8) | minor);
  set_int64(view, 44, s.st_size);
  view.setUint32(52, s.st_blksize, true);
  set_int64(view, 56, s.st_blocks);
  put_timespec(view, 64, s.st_atim);
  put_timespec(view, 72, s.st_mtim);
  put_timespec(view, 80, s.st_ctim);
  set_int64(view, 88, s.st_ino);
  return view;
}

const STATX_BASIC_STATS = 0x7ff;
const STATX_BTIME = 0x800;
const STATX_MNT_ID = 0x1000;
const STATX_RESERVED = 0x80000000 | 0;
const AT_STATX_SYNC_TYPE = 0x6000;
const STATX_ATTR_MOUNT_ROOT = 0x2000;
/** Attributes that are known, if not set: automount, mount root, DAX. */
const STATX_ATTRIBUTES = 0x1000 | STATX_ATTR_MOUNT_ROOT | 0x200000;

/** struct statx: 256 bytes. */
function pack_statx(s: stat, target: linux_target, wanted: number): DataView {
  const view = blank(256);
  const mask = STATX_BASIC_STATS | STATX_MNT_ID | (target.vp !== null ? wanted & STATX_BTIME : 0);
  const [major, minor] = linux_rdev(s);
  const time = (at: number, ns: number): void => {
    const sec = Math.floor(ns / 1e9);
    set_int64(view, at, sec);
    view.setUint32(at + 8, Math.floor(ns - sec * 1e9), true);
  };
  const is_root = target.vp !== null && (target.vp.v_vflag & VV_ROOT) !== 0;
  view.setUint32(0, mask, true);
  view.setUint32(4, s.st_blksize, true);
  set_int64(view, 8, is_root ? STATX_ATTR_MOUNT_ROOT : 0);
  view.setUint32(16, s.st_nlink, true);
  view.setUint32(20, s.st_uid, true);
  view.setUint32(24, s.st_gid, true);
  view.setUint16(28, s.st_mode, true);
  set_int64(view, 32, s.st_ino);
  set_int64(view, 40, s.st_size);
  set_int64(view, 48, s.st_blocks);
  set_int64(view, 56, STATX_ATTRIBUTES);
  time(64, s.st_atim);
  if (mask & STATX_BTIME) time(80, s.st_birthtim);
  time(96, s.st_ctim);
  time(112, s.st_mtim);
  view.setUint32(128, major, true);
  view.setUint32(132, minor, true);
  view.setUint32(140, dev_of(s), true);
  set_int64(view, 144, target.vp?.v_mount.mnt_id ?? 0);
  return view;
}

/** The user's path, where a null pointer with AT_EMPTY_PATH is an empty path. */
function optional_path(k: Kernel, uaddr: number, flags: number): string | number {
  return uaddr === 0 && flags & LINUX_AT_EMPTY_PATH ? '' : copyinstr(k, uaddr, LINUX_PATH_MAX);
}

function stat_of(k: Kernel, target: linux_target): stat {
  if (target.vp === null) return fileops_of(target.fp).fo_stat(k, target.fp);
  const s = vn_stat(k, target.vp);
  s.st_blocks = blocks_of(target.vp, s.st_size);
  // The mode of a link means nothing, and umask does not touch it.
  if (target.vp.v_type === VLNK) s.st_mode |= 0o777;
  return s;
}

/** The stat calls by path. */
function statat(
  k: Kernel,
  td: Thread,
  dirfd: number,
  pathp: number,
  flags: number,
  buf: number,
  pack: (s: stat, target: linux_target) => DataView | number,
): number {
  const path = optional_path(k, pathp, flags);
  if (typeof path === 'number') return path;
  const target = linux_namei(k, td, dirfd, path, flags);
  if (typeof target === 'number') return target;
  const view = pack(stat_of(k, target), target);
  return typeof view === 'number' ? view : copyout_view(k, view, buf);
}

const by_path = (pack: packer, flags: number): linux_call => [
  2,
  (k, td, a) => statat(k, td, AT_FDCWD, a[0], flags, a[1], pack),
];

const by_fd = (pack: packer): linux_call => [
  2,
  (k, td, a) => {
    const fp = fget(td, a[0]);
    if (typeof fp === 'number') return fp;
    const view = pack(stat_of(k, target_of(fp)));
    return typeof view === 'number' ? view : copyout_view(k, view, a[1]);
  },
];

function fstatat64(k: Kernel, td: Thread, a: Int32Array): number {
  const [dirfd, pathp, buf, flags] = a;
  if (flags & ~(LINUX_AT_SYMLINK_NOFOLLOW | LINUX_AT_NO_AUTOMOUNT | LINUX_AT_EMPTY_PATH)) {
    return EINVAL;
  }
  return statat(k, td, dirfd, pathp, flags, buf, pack_stat64);
}

function statx(k: Kernel, td: Thread, a: Int32Array): number {
  const [dirfd, pathp, flags, mask, buf] = a;
  const known =
    LINUX_AT_SYMLINK_NOFOLLOW | LINUX_AT_NO_AUTOMOUNT | LINUX_AT_EMPTY_PATH | AT_STATX_SYNC_TYPE;
  if (mask & STATX_RESERVED || flags & ~known) return EINVAL;
  if ((flags & AT_STATX_SYNC_TYPE) === AT_STATX_SYNC_TYPE) return EINVAL;
  return statat(k, td, dirfd, pathp, flags, buf, (s, target) => pack_statx(s, target, mask));
}

// File systems.

/** Magic numbers (include/uapi/linux/magic.h); devtmpfs is a tmpfs. */
const MAGIC: Record<string, number> = {
  tmpfs: 0x01021994,
  devfs: 0x01021994,
  procfs: 0x9fa0,
  hostfs: 0x00c0ffee,
};
const PIPEFS_MAGIC = 0x50495045;
const ST_VALID = 0x20;
const ST_RELATIME = 0x1000;
const FILES = 1e6;

interface statfs_fields {
  type: number;
  /** Pages. */
  blocks: number;
  free: number;
  files: number;
  id: number;
  flags: number;
}

function statfs_fields(k: Kernel, mp: mount | null): statfs_fields {
  if (mp === null || mp.mnt_fstype === 'procfs') {
    const type = mp === null ? PIPEFS_MAGIC : MAGIC['procfs'];
    return { type, blocks: 0, free: 0, files: 0, id: 0, flags: ST_VALID | ST_RELATIME };
  }
  const { cnt } = k.vm;
  return {
    type: MAGIC[mp.mnt_fstype] ?? MAGIC['tmpfs'],
    blocks: cnt.v_page_count + k.vm.swap_total / 4096,
    free: cnt.v_free_count,
    files: FILES,
    id: mp.mnt_id,
    flags: ST_VALID | ST_RELATIME | (mp.mnt_flag & MNT_RDONLY),
  };
}

/** struct statfs: 64 bytes. */
function pack_statfs(f: statfs_fields): DataView {
  const view = blank(64);
  const words = [
    f.type,
    4096,
    f.blocks,
    f.free,
    f.free,
    f.files,
    f.files,
    f.id,
    0,
    255,
    4096,
    f.flags,
  ];
  words.forEach((word, i) => view.setUint32(4 * i, word, true));
  return view;
}

const STATFS64_BYTES = 84;

/** struct statfs64: 84 bytes. */
function pack_statfs64(f: statfs_fields): DataView {
  const view = blank(STATFS64_BYTES);
  view.setUint32(0, f.type, true);
  view.setUint32(4, 4096, true);
  [f.blocks, f.free, f.free, f.files, f.files].forEach((n, i) => set_int64(view, 8 + 8 * i, n));
  [f.id, 0, 255, 4096, f.flags].forEach((n, i) => view.setUint32(48 + 4 * i, n, true));
  return view;
}

function statfs(
  k: Kernel,
  td: Thread,
  pathp: number,
  buf: number,
  pack: (f: statfs_fields) => DataView,
): number {
  const path = copyinstr(k, pathp, LINUX_PATH_MAX);
  if (typeof path === 'number') return path;
  const target = linux_namei(k, td, AT_FDCWD, path, 0);
  if (typeof target === 'number') return target;
  return copyout_view(k, pack(statfs_fields(k, target.vp?.v_mount ?? null)), buf);
}

function fstatfs(
  k: Kernel,
  td: Thread,
  n: number,
  buf: number,
  pack: (f: statfs_fields) => DataView,
): number {
  const fp = fget(td, n);
  if (typeof fp === 'number') return fp;
  return copyout_view(k, pack(statfs_fields(k, fp.f_vnode?.v_mount ?? null)), buf);
}

export const linux_stat_calls: linux_calls = {
  oldstat: by_path(pack_old_stat, 0),
  oldlstat: by_path(pack_old_stat, LINUX_AT_SYMLINK_NOFOLLOW),
  oldfstat: by_fd(pack_old_stat),
  stat: by_path(pack_stat, 0),
  lstat: by_path(pack_stat, LINUX_AT_SYMLINK_NOFOLLOW),
  fstat: by_fd(pack_stat),
  stat64: by_path(pack_stat64, 0),
  lstat64: by_path(pack_stat64, LINUX_AT_SYMLINK_NOFOLLOW),
  fstat64: by_fd(pack_stat64),
  fstatat64: [4, fstatat64],
  statx: [5, statx],
  statfs: [2, (k, td, a) => statfs(k, td, a[0], a[1], pack_statfs)],
  fstatfs: [2, (k, td, a) => fstatfs(k, td, a[0], a[1], pack_statfs)],
  statfs64: [
    3,
    (k, td, a) => (a[1] === STATFS64_BYTES ? statfs(k, td, a[0], a[2], pack_statfs64) : EINVAL),
  ],
  fstatfs64: [
    3,
    (k, td, a) => (a[1] === STATFS64_BYTES ? fstatfs(k, td, a[0], a[2], pack_statfs64) : EINVAL),
  ],
};
