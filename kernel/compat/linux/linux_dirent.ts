// Reading directories (fs/readdir.c). A directory is read from a list made when reading starts at its
// beginning, so that names removed in between do not move the others past the reader.

import { bytes_of, copyout, useracc_touch } from '../../i386/support.js';
import { ops } from '../../fs/vnode_if.js';
import type { dirent } from '../../fs/vnode_if.js';
import { fget_read } from '../../kern/kern_descrip.js';
import { set_int64 } from '../../kern/subr_buf.js';
import { EINVAL, ENOENT, ENOTDIR } from '../../sys/errno.js';
import type { file } from '../../sys/file.js';
import type { Kernel } from '../../sys/kernel.js';
import type { Thread } from '../../sys/proc.js';
import { VDIR } from '../../sys/vnode.js';
import type { vnode } from '../../sys/vnode.js';
import { u } from './linux_calls.js';
import type { linux_calls } from './linux_calls.js';

/** f_data of a directory that a Linux program reads. */
interface linux_dirlist {
  dl_entries: readonly dirent[];
}

function entries_of(k: Kernel, fp: file, vp: vnode): readonly dirent[] {
  if (fp.f_offset === 0 || fp.f_data === null) {
    fp.f_data = { dl_entries: ops(vp).vop_readdir(k, vp) } satisfies linux_dirlist;
  }
  return (fp.f_data as linux_dirlist).dl_entries;
}

function still_there(k: Kernel, vp: vnode, name: string): boolean {
  return name === '.' || name === '..' || ops(vp).vop_lookup(k, vp, name) !== null;
}

/** Writes an entry at `at`; `next` is the offset behind it. @returns its length. */
type packer = (view: DataView, at: number, entry: dirent, next: number) => number;

/** struct linux_dirent64: ino 8, off 8, reclen 2, type 1, name and NUL, padded to 8. */
const pack_dirent64: packer = (view, at, { d_fileno, d_type, d_name }, next) => {
  const reclen = (19 + d_name.length + 1 + 7) & ~7;
  if (at + reclen > view.byteLength) return -1;
  set_int64(view, at, d_fileno);
  set_int64(view, at + 8, next);
  view.setUint16(at + 16, reclen, true);
  view.setUint8(at + 18, d_type);
  new Uint8Array(view.buffer).set(bytes_of(d_name), at + 19);
  return reclen;
};

/** struct linux_dirent: ino 4, off 4, reclen 2, name and NUL; the type is the last byte. */
const pack_dirent: packer = (view, at, { d_fileno, d_type, d_name }, next) => {
  const reclen = (10 + d_name.length + 2 + 3) & ~3;
  if (at + reclen > view.byteLength) return -1;
  view.setUint32(at, d_fileno, true);
  view.setUint32(at + 4, next, true);
  view.setUint16(at + 8, reclen, true);
  new Uint8Array(view.buffer).set(bytes_of(d_name), at + 10);
  view.setUint8(at + reclen - 1, d_type);
  return reclen;
};

const MAX_BYTES = 65536;

function getdents(k: Kernel, td: Thread, a: Int32Array, pack: packer): number {
  const fp = fget_read(td, a[0]);
  if (typeof fp === 'number') return fp;
  const vp = fp.f_vnode;
  if (vp === null || vp.v_type !== VDIR) return ENOTDIR;
  // A directory that has been removed.
  if (ops(vp).vop_getattr(k, vp).va_nlink === 0) return ENOENT;
  const list = entries_of(k, fp, vp);
  const view = new DataView(new ArrayBuffer(Math.min(u(a[2]), MAX_BYTES)));
  let at = 0;
  let index = fp.f_offset;
  let full = false;
  for (; index < list.length && !full; index++) {
    if (!still_there(k, vp, list[index].d_name)) continue;
    const len = pack(view, at, list[index], index + 1);
    if (len < 0) {
      full = true;
      break;
    }
    at += len;
  }
  if (full && at === 0) return EINVAL;
  const bytes = new Uint8Array(view.buffer, 0, at);
  const error = useracc_touch(k, u(a[1]), at, true) || copyout(k, bytes, a[1]);
  if (error !== 0) return error;
  fp.f_offset = index;
  td.td_retval[0] = at;
  return 0;
}

export const linux_dirent_calls: linux_calls = {
  getdents: [3, (k, td, a) => getdents(k, td, a, pack_dirent)],
  getdents64: [3, (k, td, a) => getdents(k, td, a, pack_dirent64)],
};
