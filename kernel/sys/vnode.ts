// Vnodes: files as the kernel sees them (sys/vnode.h).

import type { vm_object } from '../vm/vm_types.js';
import type { mount } from './mount.js';

export const VNON = 0;
export const VREG = 1;
export const VDIR = 2;
export const VBLK = 3;
export const VCHR = 4;
export const VLNK = 5;
export const VSOCK = 6;
export const VFIFO = 7;
export const VBAD = 8;

/** A file in use. */
export interface vnode {
  v_id: number;
  v_type: number;
  /** File system kind: key into the tables of operations. */
  v_tag: string;
  /** The file system's own node. */
  v_data: object;
  v_mount: mount;
  /** Mounted here. */
  v_mountedhere: mount | null;
  /** Pages of the file; null for what has none. */
  v_object: vm_object | null;
  v_usecount: number;
  /** Opens for writing and writable shared mappings. */
  v_writecount: number;
  /** Open as a program's text: writing is ETXTBSY. */
  v_textcount: number;
  v_vflag: number;
  /** Name cache: where the file was last found, and as what. */
  v_dd: vnode | null;
  v_ddname: string;
  /** Device number of VCHR. */
  v_rdev: number;
  /** Advisory locks (kern_lockf). */
  v_lockf: object[];
  /** Pipe behind a fifo that is open. */
  v_fifoinfo: object | null;
}

/** The root of its mount. */
export const VV_ROOT = 0x1;

/** Attributes (struct vattr). Times in ns since 1970. */
export interface vattr {
  va_type: number;
  /** Permission bits, 0..0o7777. */
  va_mode: number;
  va_nlink: number;
  va_uid: number;
  va_gid: number;
  va_fsid: number;
  va_fileid: number;
  /** Bytes. */
  va_size: number;
  va_blocksize: number;
  va_atime: number;
  va_mtime: number;
  va_ctime: number;
  va_birthtime: number;
  va_rdev: number;
  va_flags: number;
}
