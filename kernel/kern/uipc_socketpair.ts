// Socket pairs as two pipes: enough for programs that use them as a two-way pipe.

import { EINVAL } from '../sys/errno.js';
import { DTYPE_SOCKETPAIR, FREAD, FWRITE } from '../sys/file.js';
import type { file } from '../sys/file.js';
import type { Kernel } from '../sys/kernel.js';
import { POLLHUP, POLLIN_ANY, POLLOUT } from '../sys/poll.js';
import type { Thread } from '../sys/proc.js';
import { S_IFSOCK } from '../sys/stat.js';
import { falloc, fdrop, finstall } from './kern_descrip.js';
import type { fileops } from './fileops.js';
import { pipe_create, pipe_fileops, pipe_open } from './sys_pipe.js';
import type { pipe } from './sys_pipe.js';

interface socketpair_end {
  incoming: pipe;
  outgoing: pipe;
}

const end_of = (fp: file): socketpair_end => fp.f_data as socketpair_end;

/** One direction as a file that the pipe code understands. */
const half = (fp: file, data: pipe, flag: number): file => ({
  ...fp,
  f_data: data,
  f_flag: (fp.f_flag & ~(FREAD | FWRITE)) | flag,
  f_vnode: null,
});

/** socketpair(2): descriptors in td_retval. */
export function kern_socketpair(k: Kernel, td: Thread, flags: number, cloexec: boolean): number {
  const a = pipe_create(k, true);
  const b = pipe_create(k, true);
  for (const p of [a, b]) {
    pipe_open(k, p, FREAD);
    pipe_open(k, p, FWRITE);
  }
  const first = falloc(
    k,
    DTYPE_SOCKETPAIR,
    FREAD | FWRITE | flags,
    null,
    { incoming: a, outgoing: b },
    'socket:',
  );
  const second = falloc(
    k,
    DTYPE_SOCKETPAIR,
    FREAD | FWRITE | flags,
    null,
    { incoming: b, outgoing: a },
    'socket:',
  );
  const error = finstall(k, td, first, cloexec);
  if (error) {
    second.f_count++;
    fdrop(k, second);
    return error;
  }
  const n = td.td_retval[0];
  const error2 = finstall(k, td, second, cloexec);
  td.td_retval[1] = td.td_retval[0];
  td.td_retval[0] = n;
  return error2;
}

export const socketpair_fileops: fileops = {
  fo_read: (k, td, fp, u) => pipe_fileops.fo_read(k, td, half(fp, end_of(fp).incoming, FREAD), u),
  fo_write: (k, td, fp, u) =>
    pipe_fileops.fo_write(k, td, half(fp, end_of(fp).outgoing, FWRITE), u),
  fo_ioctl(k, td, fp, cmd, arg) {
    return pipe_fileops.fo_ioctl(k, td, half(fp, end_of(fp).incoming, FREAD), cmd, arg);
  },
  /** An end that is closed is readable and writable (sopoll_generic). */
  fo_poll(k, fp, events) {
    const { incoming, outgoing } = end_of(fp);
    const ended = incoming.pipe_writers === 0;
    const broken = outgoing.pipe_readers === 0;
    const readable = ended || incoming.pipe_cnt > 0;
    const polled = pipe_fileops.fo_poll(k, half(fp, outgoing, FWRITE), events);
    return (
      (readable ? events & POLLIN_ANY : 0) | (polled & POLLOUT) | (ended && broken ? POLLHUP : 0)
    );
  },
  fo_stat: (k, fp) => ({
    ...pipe_fileops.fo_stat(k, half(fp, end_of(fp).incoming, FREAD)),
    st_mode: S_IFSOCK | 0o777,
  }),
  fo_truncate: () => EINVAL,
  fo_close(k, fp) {
    pipe_fileops.fo_close(k, half(fp, end_of(fp).incoming, FREAD));
    pipe_fileops.fo_close(k, half(fp, end_of(fp).outgoing, FWRITE));
  },
  fo_seekable: () => false,
};

const SHUT_RD = 0;
const SHUT_RDWR = 2;

/**
 * shutdown(2) of one end: `how` 0 reading, 1 writing, 2 both. What is closed is replaced by a pipe
 * whose other end is not there: reading it finds its end, writing it EPIPE.
 */
export function kern_shutdown(k: Kernel, fp: file, how: number): number {
  const end = end_of(fp);
  if (how < SHUT_RD || how > SHUT_RDWR) return EINVAL;
  if (how !== 1) {
    pipe_fileops.fo_close(k, half(fp, end.incoming, FREAD));
    end.incoming = pipe_create(k, true);
    pipe_open(k, end.incoming, FREAD);
  }
  if (how !== SHUT_RD) {
    pipe_fileops.fo_close(k, half(fp, end.outgoing, FWRITE));
    end.outgoing = pipe_create(k, true);
    pipe_open(k, end.outgoing, FWRITE);
  }
  return 0;
}

/** Whether nobody is left to read what is written. */
export function socketpair_broken(fp: file): boolean {
  return end_of(fp).outgoing.pipe_readers === 0;
}
