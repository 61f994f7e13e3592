// FreeBSD's calls about file systems (statfs, pathconf), times of files, and attributes that no file
// system here has (flags, access control lists, extended attributes).

import { EBADF, EINVAL, EJUSTRETURN, EOPNOTSUPP } from '../sys/errno.js';
import { AT_EACCESS, AT_FDCWD } from '../sys/fcntl.js';
import type { Kernel } from '../sys/kernel.js';
import type { mount } from '../sys/mount.js';
import { MAXPATHLEN, PIPE_BUF } from '../sys/param.js';
import type { Thread } from '../sys/proc.js';
import type { sy_call, sysent } from '../sys/sysent.js';
import { VCHR, VFIFO } from '../sys/vnode.js';
import type { vnode } from '../sys/vnode.js';
import { VOP_GETATTR } from '../fs/vnode_if.js';
import { bytes_of, copyout, fuword32, useracc_touch } from '../i386/support.js';
import { follows, with_fd_vnode, with_path, with_vnode } from './file_sysent.js';
import { exec_copyin_strings, kern_execve } from './kern_exec.js';
import { fget } from './kern_descrip.js';
import { get_pair } from './select_sysent.js';
import { set_int64 } from './subr_buf.js';
import { kern_accessat, kern_mknodat, setfmode, setutimes } from './vfs_kern.js';

const call = (sy_name: string, sy_narg: number, sy_call: sy_call): sysent => ({
  sy_name,
  sy_narg,
  sy_call,
});

// struct statfs of FreeBSD 11.
const STATFS_BYTES = 472;
const STATFS_VERSION = 0x20030518;
const NAME_MAX = 255;
const BLOCK = 4096;

function pack_statfs(k: Kernel, mp: mount): Uint8Array {
  const bytes = new Uint8Array(STATFS_BYTES);
  const view = new DataView(bytes.buffer);
  const { cnt } = k.vm;
  view.setUint32(0, STATFS_VERSION, true);
  set_int64(view, 8, mp.mnt_flag);
  set_int64(view, 16, BLOCK);
  set_int64(view, 24, BLOCK);
  set_int64(view, 32, cnt.v_page_count + k.vm.swap_total / BLOCK);
  set_int64(view, 40, cnt.v_free_count);
  set_int64(view, 48, cnt.v_free_count);
  set_int64(view, 56, 1e6);
  set_int64(view, 64, 1e6);
  view.setUint32(184, NAME_MAX, true);
  view.setUint32(192, mp.mnt_id, true);
  bytes.set(bytes_of(mp.mnt_fstype).subarray(0, 15), 280);
  bytes.set(bytes_of(mp.mnt_from).subarray(0, 87), 296);
  bytes.set(bytes_of(mp.mnt_on).subarray(0, 87), 384);
  return bytes;
}

/** getfsstat(buf, bufsize, mode): as many file systems as fit, or without a buffer their number. */
function getfsstat(k: Kernel, td: Thread, buf: number, size: number): number {
  if (size < 0) return EINVAL;
  const { mounts } = k.vfs;
  const room = buf === 0 ? mounts.length : Math.floor(size / STATFS_BYTES);
  const given = mounts.slice(0, room);
  td.td_retval[0] = given.length;
  if (buf === 0 || given.length === 0) return 0;
  const bytes = new Uint8Array(given.length * STATFS_BYTES);
  given.forEach((mp, i) => bytes.set(pack_statfs(k, mp), i * STATFS_BYTES));
  return copyout(k, bytes, buf);
}

/** Limits by _PC_* (sys/unistd.h; tmpfs_pathconf, vop_stdpathconf). */
const PATHCONF: Readonly<Record<number, number>> = {
  1: 32767, // LINK_MAX
  2: 255, // MAX_CANON
  3: 255, // MAX_INPUT
  4: NAME_MAX,
  5: MAXPATHLEN,
  6: PIPE_BUF,
  7: 1, // CHOWN_RESTRICTED
  8: 1, // NO_TRUNC
  9: 0xff, // VDISABLE
  12: 64, // FILESIZEBITS
  53: 0, // ASYNC_IO
  55: 1, // SYNC_IO
};

function pathconf(td: Thread, name: number): number {
  if (!(name in PATHCONF)) return EINVAL;
  td.td_retval[0] = PATHCONF[name];
  return 0;
}

/** For what no file system here has: EOPNOTSUPP, once the file has been found. */
const unsupported_at = (k: Kernel, td: Thread, dirfd: number, path: number, follow: boolean) =>
  with_vnode(k, td, dirfd, path, follow, () => EOPNOTSUPP);
const unsupported_file: sy_call = (k, td, a) => unsupported_at(k, td, AT_FDCWD, a[0], true);
const unsupported_link: sy_call = (k, td, a) => unsupported_at(k, td, AT_FDCWD, a[0], false);
const unsupported_fd: sy_call = (_k, td, a) => with_fd_vnode(td, a[0], () => EOPNOTSUPP);

/** fexecve(fd, argv, envv): by the path that the file was opened by. */
function sys_fexecve(k: Kernel, td: Thread, a: Int32Array): number {
  const fp = fget(td, a[0]);
  if (typeof fp === 'number') return fp;
  if (fp.f_vnode === null) return EBADF;
  const args = exec_copyin_strings(k, fp.f_path, a[1], a[2]);
  if (typeof args === 'number') return args;
  const error = kern_execve(k, td, args);
  return error === 0 ? EJUSTRETURN : error;
}

// Times of utimes and utimensat.

const UTIME_NOW = -1;
const UTIME_OMIT = -2;

function set_times(k: Kernel, td: Thread, vp: vnode, times: number, scale: number): number {
  if (times === 0) return setutimes(k, td, vp, null, null);
  const error = useracc_touch(k, times >>> 0, 16, false);
  if (error) return error;
  const before = VOP_GETATTR(k, vp);
  const read = (at: number, old: number): number | null => {
    const fraction = fuword32(k, at + 4) | 0;
    if (scale === 1 && fraction === UTIME_NOW) return null;
    if (scale === 1 && fraction === UTIME_OMIT) return old;
    return get_pair(k, at, scale);
  };
  return setutimes(
    k,
    td,
    vp,
    read(times >>> 0, before.va_atime),
    read((times >>> 0) + 8, before.va_mtime),
  );
}

const S_IFMT = 0o170000;
const S_IFIFO = 0o010000;

/** Calls by number (sys/kern/syscalls.master). */
export const vfs_sysent: Record<number, sysent> = {
  34: call('chflags', 2, unsupported_file),
  35: call('fchflags', 2, unsupported_fd),
  191: call('pathconf', 2, (k, td, a) =>
    with_vnode(k, td, AT_FDCWD, a[0], true, () => pathconf(td, a[1])),
  ),
  192: call('fpathconf', 2, (_k, td, a) => {
    const fp = fget(td, a[0]);
    return typeof fp === 'number' ? fp : pathconf(td, a[1]);
  }),
  274: call('lchmod', 2, (k, td, a) =>
    with_vnode(k, td, AT_FDCWD, a[0], false, (vp) => setfmode(k, td, vp, a[1])),
  ),
  347: call('__acl_get_file', 3, unsupported_file),
  348: call('__acl_set_file', 3, unsupported_file),
  349: call('__acl_get_fd', 3, unsupported_fd),
  350: call('__acl_set_fd', 3, unsupported_fd),
  351: call('__acl_delete_file', 2, unsupported_file),
  352: call('__acl_delete_fd', 2, unsupported_fd),
  353: call('__acl_aclcheck_file', 3, unsupported_file),
  354: call('__acl_aclcheck_fd', 3, unsupported_fd),
  356: call('extattr_set_file', 5, unsupported_file),
  357: call('extattr_get_file', 5, unsupported_file),
  358: call('extattr_delete_file', 3, unsupported_file),
  371: call('extattr_set_fd', 5, unsupported_fd),
  372: call('extattr_get_fd', 5, unsupported_fd),
  373: call('extattr_delete_fd', 3, unsupported_fd),
  376: call('eaccess', 2, (k, td, a) =>
    with_path(k, a[0], (p) => kern_accessat(k, td, AT_FDCWD, p, AT_EACCESS, a[1])),
  ),
  391: call('lchflags', 2, unsupported_link),
  395: call('getfsstat', 3, (k, td, a) => getfsstat(k, td, a[0] >>> 0, a[1])),
  396: call('statfs', 2, (k, td, a) =>
    with_vnode(k, td, AT_FDCWD, a[0], true, (vp) =>
      copyout(k, pack_statfs(k, vp.v_mount), a[1] >>> 0),
    ),
  ),
  397: call('fstatfs', 2, (k, td, a) =>
    with_fd_vnode(td, a[0], (vp) => copyout(k, pack_statfs(k, vp.v_mount), a[1] >>> 0)),
  ),
  412: call('extattr_set_link', 5, unsupported_link),
  413: call('extattr_get_link', 5, unsupported_link),
  414: call('extattr_delete_link', 3, unsupported_link),
  425: call('__acl_get_link', 3, unsupported_link),
  426: call('__acl_set_link', 3, unsupported_link),
  427: call('__acl_delete_link', 2, unsupported_link),
  428: call('__acl_aclcheck_link', 3, unsupported_link),
  437: call('extattr_list_fd', 4, unsupported_fd),
  438: call('extattr_list_file', 4, unsupported_file),
  439: call('extattr_list_link', 4, unsupported_link),
  492: call('fexecve', 3, sys_fexecve),
  498: call('mknodat', 4, (k, td, a) =>
    with_path(k, a[1], (p) =>
      kern_mknodat(k, td, a[0], p, (a[2] & S_IFMT) === S_IFIFO ? VFIFO : VCHR, a[2]),
    ),
  ),
  513: call('lpathconf', 2, (k, td, a) =>
    with_vnode(k, td, AT_FDCWD, a[0], false, () => pathconf(td, a[1])),
  ),
  540: call('chflagsat', 4, (k, td, a) => unsupported_at(k, td, a[0], a[1], follows(a[3]))),
  138: call('utimes', 2, (k, td, a) =>
    with_vnode(k, td, AT_FDCWD, a[0], true, (vp) => set_times(k, td, vp, a[1], 1000)),
  ),
  206: call('futimes', 2, (k, td, a) =>
    with_fd_vnode(td, a[0], (vp) => set_times(k, td, vp, a[1], 1000)),
  ),
  276: call('lutimes', 2, (k, td, a) =>
    with_vnode(k, td, AT_FDCWD, a[0], false, (vp) => set_times(k, td, vp, a[1], 1000)),
  ),
  494: call('futimesat', 3, (k, td, a) =>
    with_vnode(k, td, a[0], a[1], true, (vp) => set_times(k, td, vp, a[2], 1000)),
  ),
  546: call('futimens', 2, (k, td, a) =>
    with_fd_vnode(td, a[0], (vp) => set_times(k, td, vp, a[1], 1)),
  ),
  547: call('utimensat', 4, (k, td, a) =>
    with_vnode(k, td, a[0], a[1], follows(a[3]), (vp) => set_times(k, td, vp, a[2], 1)),
  ),
};
