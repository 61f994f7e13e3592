// Operations on vnodes, by file system (kern/vnode_if.src). A file system is a table; a vnode names
// its table by v_tag.

import { devfs_vnodeops } from './devfs.js';
import { procfs_vnodeops } from './procfs.js';
import { tmpfs_vnodeops } from './tmpfs_vnops.js';
import type { Kernel } from '../sys/kernel.js';
import type { vattr, vnode } from '../sys/vnode.js';

export interface dirent {
  d_fileno: number;
  d_type: number;
  d_name: string;
}

/** Attributes to change; absent ones stay. */
export type vattr_change = Partial<
  Pick<vattr, 'va_mode' | 'va_uid' | 'va_gid' | 'va_size' | 'va_atime' | 'va_mtime'>
>;

/** Results: an errno where a number is returned beside another type. */
export interface vnodeops {
  /** The vnode of `name` in directory `dvp`, or null. */
  vop_lookup(k: Kernel, dvp: vnode, name: string): vnode | null;
  /** Creates a file, directory, fifo, device or symbolic link (`target`). */
  vop_create(
    k: Kernel,
    dvp: vnode,
    name: string,
    type: number,
    mode: number,
    uid: number,
    gid: number,
    target: string,
    rdev: number,
  ): vnode | number;
  vop_remove(k: Kernel, dvp: vnode, vp: vnode, name: string): number;
  vop_rmdir(k: Kernel, dvp: vnode, vp: vnode, name: string): number;
  vop_link(k: Kernel, dvp: vnode, vp: vnode, name: string): number;
  vop_rename(
    k: Kernel,
    fdvp: vnode,
    fvp: vnode,
    fname: string,
    tdvp: vnode,
    tvp: vnode | null,
    tname: string,
  ): number;
  vop_readdir(k: Kernel, vp: vnode): dirent[];
  vop_readlink(k: Kernel, vp: vnode): string;
  vop_getattr(k: Kernel, vp: vnode): vattr;
  vop_setattr(k: Kernel, vp: vnode, change: vattr_change): number;
  /** Backing bytes for the pager. @returns bytes read, or -1. */
  vop_getbytes(k: Kernel, vp: vnode, offset: number, into: Uint8Array): number;
  vop_putbytes(k: Kernel, vp: vnode, offset: number, bytes: Uint8Array): boolean;
  /** The last reference has gone. */
  vop_inactive(k: Kernel, vp: vnode): void;
}

const tables: Record<string, vnodeops> = {
  tmpfs: tmpfs_vnodeops,
  devfs: devfs_vnodeops,
  procfs: procfs_vnodeops,
};

export function ops(vp: vnode): vnodeops {
  return tables[vp.v_tag];
}

export function VOP_GETATTR(k: Kernel, vp: vnode): vattr {
  return ops(vp).vop_getattr(k, vp);
}

export function VOP_GETBYTES(k: Kernel, vp: vnode, offset: number, into: Uint8Array): number {
  return ops(vp).vop_getbytes(k, vp, offset, into);
}

export function VOP_PUTBYTES(k: Kernel, vp: vnode, offset: number, bytes: Uint8Array): boolean {
  return ops(vp).vop_putbytes(k, vp, offset, bytes);
}
