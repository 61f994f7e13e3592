// What can be done with an open file, by kind (sys/file.h struct fileops).

import type { file } from '../sys/file.js';
import type { Kernel } from '../sys/kernel.js';
import type { Thread } from '../sys/proc.js';
import type { stat } from '../sys/stat.js';
import type { uio } from '../sys/uio.js';
import { epoll_fileops } from './sys_epoll.js';
import { eventfd_fileops } from './sys_eventfd.js';
import { host_fileops } from './host_stream.js';
import { kqueue_fileops } from './kern_event.js';
import { pipe_fileops } from './sys_pipe.js';
import { vn_fileops } from './vfs_vnops.js';
import { socketpair_fileops } from './uipc_socketpair.js';

/** All return an errno (0 ok); transfers advance the uio. */
export interface fileops {
  fo_read(k: Kernel, td: Thread, fp: file, u: uio): number;
  fo_write(k: Kernel, td: Thread, fp: file, u: uio): number;
  /** Results go to td_retval[0]; `arg` is the raw argument word. */
  fo_ioctl(k: Kernel, td: Thread, fp: file, cmd: number, arg: number): number;
  /** POLL* bits that are set now. */
  fo_poll(k: Kernel, fp: file, events: number): number;
  fo_stat(k: Kernel, fp: file): stat;
  fo_truncate(k: Kernel, td: Thread, fp: file, length: number): number;
  /** The last reference has gone. */
  fo_close(k: Kernel, fp: file): void;
  /** Whether the file has an offset. */
  fo_seekable(fp: file): boolean;
}

const tables: Record<string, fileops> = {
  vnode: vn_fileops,
  pipe: pipe_fileops,
  host: host_fileops,
  socketpair: socketpair_fileops,
  eventfd: eventfd_fileops,
  epoll: epoll_fileops,
  kqueue: kqueue_fileops,
};

export function fileops_of(fp: file): fileops {
  return tables[fp.f_type];
}
