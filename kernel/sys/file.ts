// Open files and descriptor tables (sys/file.h, sys/filedesc.h).

import type { vnode } from './vnode.js';

export const FREAD = 1;
export const FWRITE = 2;

// Kinds of file: keys into the tables of file operations (kern/fileops.ts).
export const DTYPE_VNODE = 'vnode';
export const DTYPE_PIPE = 'pipe';
/** The host's standard input, output or error when it is not a terminal. */
export const DTYPE_HOST = 'host';
export const DTYPE_SOCKETPAIR = 'socketpair';
export const DTYPE_EVENTFD = 'eventfd';
export const DTYPE_EPOLL = 'epoll';
export const DTYPE_KQUEUE = 'kqueue';

export interface file {
  f_type: string;
  /** FREAD, FWRITE and the O_* status flags (O_APPEND, O_NONBLOCK ...). */
  f_flag: number;
  f_count: number;
  /** Bytes. */
  f_offset: number;
  f_vnode: vnode | null;
  /** What the kind needs: a pipe end, a host stream. */
  f_data: object | null;
  /** Path it was opened by, for display and /proc. */
  f_path: string;
}

export interface filedescent {
  fde_file: file;
  fde_cloexec: boolean;
}

export interface filedesc {
  fd_ofiles: (filedescent | null)[];
  fd_cdir: vnode;
  fd_rdir: vnode;
  /** umask. */
  fd_cmask: number;
  fd_refcnt: number;
}
