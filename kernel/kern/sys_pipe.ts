// Pipes and fifos (sys_pipe.c). The buffer is kernel memory; a write of at most PIPE_BUF bytes is
// never split.

import { EAGAIN, EINVAL, ENOTTY, EPIPE } from '../sys/errno.js';
import { O_NONBLOCK } from '../sys/fcntl.js';
import { DTYPE_PIPE, FREAD, FWRITE } from '../sys/file.js';
import type { file } from '../sys/file.js';
import type { Kernel } from '../sys/kernel.js';
import { PIPE_BUF } from '../sys/param.js';
import { POLLERR, POLLHUP, POLLIN_ANY, POLLOUT } from '../sys/poll.js';
import type { Thread } from '../sys/proc.js';
import { SIGPIPE } from '../sys/signal.js';
import { S_IFIFO, anon_stat } from '../sys/stat.js';
import { copyout_words } from '../i386/support.js';
import { vrele } from '../fs/vfs_subr.js';
import { falloc, fdrop, finstall } from './kern_descrip.js';
import type { fileops } from './fileops.js';
import { nanotime } from './kern_clock.js';
import { psignal } from './kern_sig.js';
import { PCATCH, tsleep, wakeup } from './kern_synch.js';
import { uio_touch, uiomove_in, uiomove_out } from './subr_uio.js';
import { selwakeup } from './sys_generic.js';

const PIPE_SIZE = 65536;
const FIONREAD = 0x4004667f;
const FIONBIO = 0x8004667e;

export interface pipe {
  pipe_buffer: Uint8Array;
  /** First byte, and bytes in the buffer. */
  pipe_out: number;
  pipe_cnt: number;
  pipe_readers: number;
  pipe_writers: number;
  /** Counts of opens, for a fifo's open(2) to wait on. */
  pipe_ropens: number;
  pipe_wopens: number;
  pipe_ino: number;
  /** ns since 1970. */
  pipe_time: number;
  /** Writers wait for room on this, readers on the pipe itself. */
  pipe_room: object;
}

export function pipe_create(k: Kernel): pipe {
  return {
    pipe_buffer: new Uint8Array(PIPE_SIZE),
    pipe_out: 0,
    pipe_cnt: 0,
    pipe_readers: 0,
    pipe_writers: 0,
    pipe_ropens: 0,
    pipe_wopens: 0,
    pipe_ino: k.vfs.next_ino++,
    pipe_time: nanotime(k),
    pipe_room: {},
  };
}

/** Opens one end. */
export function pipe_open(k: Kernel, p: pipe, flag: number): void {
  if (flag & FREAD) {
    p.pipe_readers++;
    p.pipe_ropens++;
  }
  if (flag & FWRITE) {
    p.pipe_writers++;
    p.pipe_wopens++;
  }
  wakeup(k, p);
  wakeup(k, p.pipe_room);
}

/** pipe(2): descriptors in td_retval. */
export function kern_pipe(k: Kernel, td: Thread, flags: number, cloexec: boolean): number {
  const p = pipe_create(k);
  const reader = falloc(k, DTYPE_PIPE, FREAD | flags, null, p, `pipe:[${p.pipe_ino}]`);
  const writer = falloc(k, DTYPE_PIPE, FWRITE | flags, null, p, `pipe:[${p.pipe_ino}]`);
  pipe_open(k, p, FREAD);
  pipe_open(k, p, FWRITE);
  let error = finstall(k, td, reader, cloexec);
  if (error) {
    writer.f_count++;
    fdrop(k, writer);
    return error;
  }
  const first = td.td_retval[0];
  error = finstall(k, td, writer, cloexec);
  if (error) {
    const fd = td.td_proc.p_fd;
    if (fd !== null) fd.fd_ofiles[first] = null;
    fdrop(k, reader);
    return error;
  }
  td.td_retval[1] = td.td_retval[0];
  td.td_retval[0] = first;
  return 0;
}

const pipe_of = (fp: file): pipe => fp.f_data as pipe;

/** Copies `n` bytes out of the ring without consuming them. */
function ring_read(p: pipe, n: number): Uint8Array {
  const out = new Uint8Array(n);
  const first = Math.min(n, PIPE_SIZE - p.pipe_out);
  out.set(p.pipe_buffer.subarray(p.pipe_out, p.pipe_out + first));
  out.set(p.pipe_buffer.subarray(0, n - first), first);
  return out;
}

function ring_write(p: pipe, bytes: Uint8Array): void {
  const at = (p.pipe_out + p.pipe_cnt) % PIPE_SIZE;
  const first = Math.min(bytes.length, PIPE_SIZE - at);
  p.pipe_buffer.set(bytes.subarray(0, first), at);
  p.pipe_buffer.set(bytes.subarray(first), 0);
  p.pipe_cnt += bytes.length;
}

/** A write that had to wait keeps how far it came. */
interface write_progress {
  written: number;
}

export const pipe_fileops: fileops = {
  fo_read(k, _td, fp, u) {
    const p = pipe_of(fp);
    if (u.uio_resid === 0) return 0;
    if (p.pipe_cnt === 0) {
      if (p.pipe_writers === 0) return 0;
      if (fp.f_flag & O_NONBLOCK) return EAGAIN;
      return tsleep(k, p, PCATCH, 'piperd');
    }
    const n = Math.min(u.uio_resid, p.pipe_cnt);
    const error = uio_touch(k, u, n, true) || uiomove_out(k, ring_read(p, n), u);
    if (error) return error;
    p.pipe_out = (p.pipe_out + n) % PIPE_SIZE;
    p.pipe_cnt -= n;
    wakeup(k, p.pipe_room);
    selwakeup(k);
    return 0;
  },

  fo_write(k, td, fp, u) {
    const p = pipe_of(fp);
    const total = u.uio_resid;
    // What earlier executions of this call have written is not written again.
    const before = td.td_progress as write_progress | null;
    if (before !== null) {
      u.uio_done += before.written;
      u.uio_resid -= before.written;
    }
    while (u.uio_resid > 0) {
      if (p.pipe_readers === 0) {
        psignal(k, td.td_proc, SIGPIPE);
        return EPIPE;
      }
      const room = PIPE_SIZE - p.pipe_cnt;
      const must = total <= PIPE_BUF ? u.uio_resid : 1;
      if (room < must) {
        if (fp.f_flag & O_NONBLOCK) return u.uio_resid < total ? 0 : EAGAIN;
        td.td_progress = { written: total - u.uio_resid } satisfies write_progress;
        const error = tsleep(k, p.pipe_room, PCATCH, 'pipewr');
        return u.uio_resid < total ? 0 : error;
      }
      const bytes = new Uint8Array(Math.min(room, u.uio_resid));
      const error = uiomove_in(k, bytes, u);
      if (error) return error;
      ring_write(p, bytes);
      td.td_progress = { written: total - u.uio_resid } satisfies write_progress;
      wakeup(k, p);
      selwakeup(k);
    }
    return 0;
  },

  fo_ioctl(k, _td, fp, cmd, arg) {
    if (cmd === FIONREAD) return copyout_words(k, [pipe_of(fp).pipe_cnt], arg);
    if (cmd === FIONBIO) return 0;
    return ENOTTY;
  },

  fo_poll(_k, fp, events) {
    const p = pipe_of(fp);
    let revents = 0;
    if (fp.f_flag & FREAD) {
      if (p.pipe_cnt > 0 || p.pipe_writers === 0) revents |= events & POLLIN_ANY;
      if (p.pipe_writers === 0) revents |= POLLHUP;
      if (p.pipe_writers === 0 && p.pipe_cnt === 0) revents &= ~POLLIN_ANY;
    }
    if (fp.f_flag & FWRITE) {
      if (p.pipe_readers === 0) revents |= POLLERR | (events & POLLOUT);
      else if (PIPE_SIZE - p.pipe_cnt >= PIPE_BUF) revents |= events & POLLOUT;
    }
    return revents;
  },

  fo_stat(_k, fp) {
    const p = pipe_of(fp);
    return {
      ...anon_stat(),
      st_ino: p.pipe_ino,
      st_mode: S_IFIFO | 0o600,
      st_atim: p.pipe_time,
      st_mtim: p.pipe_time,
      st_ctim: p.pipe_time,
      st_size: p.pipe_cnt,
    };
  },

  fo_truncate: () => EINVAL,

  fo_close(k, fp) {
    const p = pipe_of(fp);
    if (fp.f_flag & FREAD) p.pipe_readers--;
    if (fp.f_flag & FWRITE) p.pipe_writers--;
    wakeup(k, p);
    wakeup(k, p.pipe_room);
    selwakeup(k);
    if (fp.f_vnode !== null) {
      if (p.pipe_readers === 0 && p.pipe_writers === 0) fp.f_vnode.v_fifoinfo = null;
      vrele(k, fp.f_vnode);
    }
  },

  fo_seekable: () => false,
};
