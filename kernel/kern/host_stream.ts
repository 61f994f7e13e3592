// Standard input, output and error of the host when they are no terminal: to the guest a pipe or a
// file, as they are on the host.

import { EAGAIN, EBADF, EINVAL, ENOTTY, EPIPE } from '../sys/errno.js';
import { O_NONBLOCK } from '../sys/fcntl.js';
import { DTYPE_HOST, FREAD, FWRITE } from '../sys/file.js';
import type { file } from '../sys/file.js';
import type { Kernel } from '../sys/kernel.js';
import { POLLHUP, POLLIN_ANY, POLLOUT } from '../sys/poll.js';
import { SIGPIPE } from '../sys/signal.js';
import { S_IFCHR, S_IFIFO, S_IFREG, anon_stat } from '../sys/stat.js';
import { copyout_words } from '../i386/support.js';
import { falloc } from './kern_descrip.js';
import type { fileops } from './fileops.js';
import { psignal } from './kern_sig.js';
import { PCATCH, tsleep, wakeup } from './kern_synch.js';
import { uio_touch, uiomove_in, uiomove_out } from './subr_uio.js';
import { selwakeup } from './sys_generic.js';

const FIONREAD = 0x4004667f;
/** Bytes handed to the host at a time. */
const WRITE_CHUNK = 1 << 20;

/** How a stream looks to fstat(2). */
export type host_stream_kind = 'pipe' | 'file' | 'device';

export interface host_stream {
  /** 0, 1 or 2. */
  hs_fd: number;
  hs_kind: host_stream_kind;
  /** Input that has arrived and was not read. */
  hs_input: Uint8Array[];
  hs_eof: boolean;
  /** The guest waits for input: the host should be asked for more. */
  hs_wanted: boolean;
}

export function host_stream_create(fd: number, kind: host_stream_kind): host_stream {
  return { hs_fd: fd, hs_kind: kind, hs_input: [], hs_eof: fd !== 0, hs_wanted: false };
}

export function host_stream_file(k: Kernel, s: host_stream): file {
  return falloc(
    k,
    DTYPE_HOST,
    s.hs_fd === 0 ? FREAD : FWRITE,
    null,
    s,
    ['stdin', 'stdout', 'stderr'][s.hs_fd],
  );
}

function arrived(k: Kernel, s: host_stream): void {
  s.hs_wanted = false;
  wakeup(k, s);
  selwakeup(k);
}

/** Bytes from the host's standard input. */
export function stdin_input(k: Kernel, bytes: Uint8Array): void {
  const s = k.vfs.streams[0];
  if (s === null || bytes.length === 0) return;
  s.hs_input.push(bytes.slice());
  arrived(k, s);
}

/** The host's standard input has ended. */
export function stdin_eof(k: Kernel): void {
  const s = k.vfs.streams[0];
  if (s === null) return;
  s.hs_eof = true;
  arrived(k, s);
}

/** Whether a guest is waiting for standard input. */
export function stdin_wanted(k: Kernel): boolean {
  return k.vfs.streams[0]?.hs_wanted ?? false;
}

const stream_of = (fp: file): host_stream => fp.f_data as host_stream;

export const host_fileops: fileops = {
  fo_read(k, _td, fp, u) {
    const s = stream_of(fp);
    if (s.hs_fd !== 0) return EBADF;
    if (u.uio_resid === 0) return 0;
    const chunk = s.hs_input[0];
    if (chunk === undefined) {
      if (s.hs_eof) return 0;
      s.hs_wanted = true;
      if (fp.f_flag & O_NONBLOCK) return EAGAIN;
      return tsleep(k, s, PCATCH, 'ttyin');
    }
    const n = Math.min(u.uio_resid, chunk.length);
    const error = uio_touch(k, u, n, true) || uiomove_out(k, chunk.subarray(0, n), u);
    if (error) return error;
    if (n === chunk.length) s.hs_input.shift();
    else s.hs_input[0] = chunk.subarray(n);
    return 0;
  },

  fo_write(k, td, fp, u) {
    const s = stream_of(fp);
    if (s.hs_fd === 0) return EBADF;
    const touched = uio_touch(k, u, u.uio_resid, false);
    if (touched) return touched;
    while (u.uio_resid > 0) {
      const bytes = new Uint8Array(Math.min(u.uio_resid, WRITE_CHUNK));
      const error = uiomove_in(k, bytes, u);
      if (error) return error;
      const failed = k.host.consoleWrite(s.hs_fd === 2 ? 2 : 1, bytes) ?? 0;
      if (failed) {
        u.uio_resid += bytes.length;
        if (failed === EPIPE) psignal(k, td.td_proc, SIGPIPE);
        return failed;
      }
    }
    return 0;
  },

  fo_ioctl(k, _td, fp, cmd, arg) {
    if (cmd !== FIONREAD) return ENOTTY;
    return copyout_words(k, [stream_of(fp).hs_input.reduce((n, c) => n + c.length, 0)], arg);
  },

  fo_poll(_k, fp, events) {
    const s = stream_of(fp);
    if (s.hs_fd !== 0) return events & POLLOUT;
    if (s.hs_input.length > 0) return events & POLLIN_ANY;
    if (s.hs_eof) return (events & POLLIN_ANY) | (s.hs_kind === 'pipe' ? POLLHUP : 0);
    s.hs_wanted = true;
    return 0;
  },

  fo_stat(_k, fp) {
    const s = stream_of(fp);
    const format = s.hs_kind === 'pipe' ? S_IFIFO : s.hs_kind === 'file' ? S_IFREG : S_IFCHR;
    return {
      ...anon_stat(),
      st_ino: 1 + s.hs_fd,
      st_mode: format | 0o600,
    };
  },

  fo_truncate: () => EINVAL,
  fo_close() {},
  fo_seekable: () => false,
};
