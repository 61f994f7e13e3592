// Pipes and fifos (sys_pipe.c). The buffer is kernel memory; a write of at most PIPE_BUF bytes is
// never split.

import { EAGAIN, EINVAL, ENOMEM, ENOTTY, EPIPE } from '../sys/errno.js';
import { O_NONBLOCK } from '../sys/fcntl.js';
import { DTYPE_PIPE, FREAD, FWRITE } from '../sys/file.js';
import type { file } from '../sys/file.js';
import type { Kernel } from '../sys/kernel.js';
import { PIPE_BUF, round_page } from '../sys/param.js';
import { KASSERT } from '../sys/panic.js';
import { POLLERR, POLLHUP, POLLIN_ANY, POLLOUT } from '../sys/poll.js';
import type { Thread } from '../sys/proc.js';
import { SIGPIPE } from '../sys/signal.js';
import { S_IFIFO, anon_stat } from '../sys/stat.js';
import { copyout_words } from '../i386/support.js';
import { vm_map_find, vm_map_remove } from '../vm/vm_map.js';
import { KERN_SUCCESS, VMFS_ANY_SPACE, VM_PROT_ALL } from '../vm/vm_param.js';
import type { vm_map } from '../vm/vm_types.js';
import { vrele } from '../fs/vfs_subr.js';
import { falloc, fdrop, finstall } from './kern_descrip.js';
import type { fileops } from './fileops.js';
import { nanotime } from './kern_clock.js';
import { psignal } from './kern_sig.js';
import { PCATCH, tsleep, wakeup } from './kern_synch.js';
import { uio_touch, uiomove_in, uiomove_out } from './subr_uio.js';
import { selwakeup } from './sys_generic.js';

/** Bytes of a pipe's buffer: at first, when addresses are scarce, at most. */
const PIPE_SIZE = 16384;
const SMALL_PIPE_SIZE = 4096;
const BIG_PIPE_SIZE = 65536;
const NOTHING = new Uint8Array(0);
const FIONREAD = 0x4004667f;
const FIONBIO = 0x8004667e;

export interface pipe {
  pipe_buffer: Uint8Array;
  /** Its address in pipe_map; 0 for none, and for sockets, which take none there. */
  pipe_va: number;
  pipe_socket: boolean;
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

/**
 * Gives the pipe a buffer of `size` bytes, or more if it holds more: addresses in pipe_map, whose memory
 * the process that made them is charged for (pipespace_new). @returns false when there is no room.
 */
function pipespace(k: Kernel, p: pipe, size: number): boolean {
  const map = k.vm.pipe_map;
  KASSERT(map !== null, () => 'pipespace: no pipe_map');
  let bytes = round_page(Math.max(size, p.pipe_cnt));
  const find = (): { result: number; address: number } =>
    vm_map_find(
      k, map, null, 0, map.min_offset, bytes, 0, VMFS_ANY_SPACE, VM_PROT_ALL, VM_PROT_ALL, 0,
    ); // prettier-ignore
  let found = find();
  if (found.result !== KERN_SUCCESS && p.pipe_va === 0 && bytes > SMALL_PIPE_SIZE) {
    bytes = SMALL_PIPE_SIZE;
    found = find();
  }
  if (found.result !== KERN_SUCCESS) {
    if (p.pipe_va === 0) k.host.log('kern.ipc.maxpipekva exceeded; see tuning(7)');
    return false;
  }
  const buffer = new Uint8Array(bytes);
  if (p.pipe_cnt > 0) buffer.set(ring_read(p, p.pipe_cnt));
  pipe_free_kmem(k, p);
  p.pipe_buffer = buffer;
  p.pipe_out = 0;
  p.pipe_va = found.address;
  k.kern.amountpipekva += bytes;
  return true;
}

function pipe_free_kmem(k: Kernel, p: pipe): void {
  if (p.pipe_va === 0) return;
  const bytes = p.pipe_buffer.length;
  vm_map_remove(k, k.vm.pipe_map as vm_map, p.pipe_va, p.pipe_va + bytes);
  k.kern.amountpipekva -= bytes;
  p.pipe_va = 0;
  p.pipe_buffer = NOTHING;
}

/** Shares of the addresses for pipes: beyond a half none grows, beyond three quarters they shrink. */
const beyond = (k: Kernel, share: number): boolean =>
  k.kern.amountpipekva > share * k.kern.maxpipekva;

/** Bytes that the buffer may have when so many are to be written to it. */
function pipe_size_for(k: Kernel, p: pipe, bytes: number): number {
  const size = p.pipe_buffer.length;
  if (p.pipe_socket) return size;
  let wanted = Math.max(SMALL_PIPE_SIZE, size);
  while (wanted < p.pipe_cnt + bytes && !beyond(k, 1 / 2) && wanted < BIG_PIPE_SIZE) wanted *= 2;
  return wanted;
}

/** A full map gives back what pipes that hold little do not need. */
function pipe_shrinks(k: Kernel, p: pipe): boolean {
  return (
    p.pipe_buffer.length > SMALL_PIPE_SIZE &&
    p.pipe_cnt <= SMALL_PIPE_SIZE &&
    !p.pipe_socket &&
    beyond(k, 3 / 4)
  );
}

/** Room for a writer, counting what the buffer can grow by. */
export function pipe_space(k: Kernel, p: pipe): number {
  return Math.max(p.pipe_buffer.length, pipe_size_for(k, p, BIG_PIPE_SIZE)) - p.pipe_cnt;
}

/** A pipe without ends; a socket's buffer has no addresses in pipe_map. */
export function pipe_create(k: Kernel, socket = false): pipe {
  const p = {
    pipe_buffer: socket ? new Uint8Array(BIG_PIPE_SIZE) : NOTHING,
    pipe_va: 0,
    pipe_socket: socket,
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
  // A failure shows when something is written.
  if (!socket) pipespace(k, p, beyond(k, 1 / 2) ? SMALL_PIPE_SIZE : PIPE_SIZE);
  return p;
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
  const first = Math.min(n, p.pipe_buffer.length - p.pipe_out);
  out.set(p.pipe_buffer.subarray(p.pipe_out, p.pipe_out + first));
  out.set(p.pipe_buffer.subarray(0, n - first), first);
  return out;
}

function ring_write(p: pipe, bytes: Uint8Array): void {
  const size = p.pipe_buffer.length;
  const at = (p.pipe_out + p.pipe_cnt) % size;
  const first = Math.min(bytes.length, size - at);
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
    if (pipe_shrinks(k, p)) pipespace(k, p, SMALL_PIPE_SIZE);
    if (p.pipe_cnt === 0) {
      if (p.pipe_writers === 0) return 0;
      if (fp.f_flag & O_NONBLOCK) return EAGAIN;
      return tsleep(k, p, PCATCH, 'piperd');
    }
    const n = Math.min(u.uio_resid, p.pipe_cnt);
    const error = uio_touch(k, u, n, true) || uiomove_out(k, ring_read(p, n), u);
    if (error) return error;
    p.pipe_out = (p.pipe_out + n) % p.pipe_buffer.length;
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
    const wanted = pipe_shrinks(k, p) ? SMALL_PIPE_SIZE : pipe_size_for(k, p, u.uio_resid);
    if (p.pipe_readers > 0 && wanted !== p.pipe_buffer.length) pipespace(k, p, wanted);
    while (u.uio_resid > 0) {
      if (p.pipe_readers === 0) {
        psignal(k, td.td_proc, SIGPIPE);
        return EPIPE;
      }
      const room = p.pipe_buffer.length - p.pipe_cnt;
      if (p.pipe_buffer.length === 0) return ENOMEM;
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

  fo_poll(k, fp, events) {
    const p = pipe_of(fp);
    let revents = 0;
    if (fp.f_flag & FREAD) {
      if (p.pipe_cnt > 0 || p.pipe_writers === 0) revents |= events & POLLIN_ANY;
      if (p.pipe_writers === 0) revents |= POLLHUP;
      if (p.pipe_writers === 0 && p.pipe_cnt === 0) revents &= ~POLLIN_ANY;
    }
    if (fp.f_flag & FWRITE) {
      if (p.pipe_readers === 0) revents |= POLLERR | (events & POLLOUT);
      else if (pipe_space(k, p) >= PIPE_BUF) revents |= events & POLLOUT;
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
    if (p.pipe_readers === 0 && p.pipe_writers === 0) pipe_free_kmem(k, p);
    if (fp.f_vnode !== null) {
      if (p.pipe_readers === 0 && p.pipe_writers === 0) fp.f_vnode.v_fifoinfo = null;
      vrele(k, fp.f_vnode);
    }
  },

  fo_seekable: () => false,
};
