// A counter that can be waited for (sys_eventfd.c of FreeBSD 13, fs/eventfd.c of Linux).

import { EAGAIN, EINVAL, ENOTTY } from '../sys/errno.js';
import { O_NONBLOCK } from '../sys/fcntl.js';
import { DTYPE_EVENTFD, FREAD, FWRITE } from '../sys/file.js';
import type { file } from '../sys/file.js';
import type { Kernel } from '../sys/kernel.js';
import { POLLIN_ANY, POLLOUT } from '../sys/poll.js';
import type { Thread } from '../sys/proc.js';
import { anon_stat } from '../sys/stat.js';
import type { fileops } from './fileops.js';
import { falloc, finstall } from './kern_descrip.js';
import { PCATCH, tsleep, wakeup } from './kern_synch.js';
import { uio_touch, uiomove_in, uiomove_out } from './subr_uio.js';
import { selwakeup } from './sys_generic.js';

interface eventfd {
  efd_count: bigint;
  /** Reading takes one and not all. */
  efd_semaphore: boolean;
}

const MAX_COUNT = 0xfffffffffffffffen;
const BYTES = 8;

const eventfd_of = (fp: file): eventfd => fp.f_data as eventfd;

/** eventfd(2); the descriptor is in td_retval[0]. `flags` is O_NONBLOCK or 0. @returns an errno. */
export function kern_eventfd(
  k: Kernel,
  td: Thread,
  initval: number,
  semaphore: boolean,
  flags: number,
  cloexec: boolean,
): number {
  const data: eventfd = { efd_count: BigInt(initval), efd_semaphore: semaphore };
  const fp = falloc(k, DTYPE_EVENTFD, FREAD | FWRITE | flags, null, data, 'anon_inode:[eventfd]');
  return finstall(k, td, fp, cloexec);
}

export const eventfd_fileops: fileops = {
  fo_read(k, _td, fp, u) {
    const efd = eventfd_of(fp);
    if (u.uio_resid < BYTES) return EINVAL;
    if (efd.efd_count === 0n) {
      return fp.f_flag & O_NONBLOCK ? EAGAIN : tsleep(k, efd, PCATCH, 'efdrd');
    }
    const value = efd.efd_semaphore ? 1n : efd.efd_count;
    const bytes = new Uint8Array(new BigUint64Array([value]).buffer);
    const error = uio_touch(k, u, BYTES, true) || uiomove_out(k, bytes, u);
    if (error !== 0) return error;
    efd.efd_count -= value;
    wakeup(k, efd);
    selwakeup(k);
    return 0;
  },

  fo_write(k, _td, fp, u) {
    const efd = eventfd_of(fp);
    if (u.uio_resid < BYTES) return EINVAL;
    const touched = uio_touch(k, u, BYTES, false);
    if (touched !== 0) return touched;
    // Not yet taken from the buffer: the call may have to wait and start again.
    const probe = { ...u };
    const bytes = new Uint8Array(BYTES);
    const error = uiomove_in(k, bytes, probe);
    if (error !== 0) return error;
    const [value] = new BigUint64Array(bytes.buffer);
    if (value > MAX_COUNT) return EINVAL;
    if (MAX_COUNT - efd.efd_count < value) {
      return fp.f_flag & O_NONBLOCK ? EAGAIN : tsleep(k, efd, PCATCH, 'efdwr');
    }
    uiomove_in(k, bytes, u);
    efd.efd_count += value;
    wakeup(k, efd);
    selwakeup(k);
    return 0;
  },

  fo_ioctl: () => ENOTTY,
  fo_poll(_k, fp, events) {
    const { efd_count } = eventfd_of(fp);
    return (
      (efd_count > 0n ? events & POLLIN_ANY : 0) | (efd_count < MAX_COUNT ? events & POLLOUT : 0)
    );
  },
  fo_stat: anon_stat,
  fo_truncate: () => EINVAL,
  fo_close() {},
  fo_seekable: () => false,
};
