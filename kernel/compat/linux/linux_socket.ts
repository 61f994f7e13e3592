// Sockets (net/socket.c, net/unix/af_unix.c of Linux). There is no network and nothing to connect to:
// pairs of stream sockets are all there is.

import { copyout_words, fuword32, useracc_touch } from '../../i386/support.js';
import { fget } from '../../kern/kern_descrip.js';
import { fileops_of } from '../../kern/fileops.js';
import { copyin_view, copyout_view } from '../../kern/subr_buf.js';
import { copyiniov, uio_user } from '../../kern/subr_uio.js';
import { kern_shutdown, kern_socketpair, socketpair_broken } from '../../kern/uipc_socketpair.js';
import {
  EAFNOSUPPORT,
  EFAULT,
  EINVAL,
  EISCONN,
  ENOPROTOOPT,
  ENOTSOCK,
  EOPNOTSUPP,
  EPIPE,
  EPROTONOSUPPORT,
  ESOCKTNOSUPPORT,
} from '../../sys/errno.js';
import { O_NONBLOCK } from '../../sys/fcntl.js';
import { DTYPE_SOCKETPAIR } from '../../sys/file.js';
import type { file } from '../../sys/file.js';
import type { Kernel } from '../../sys/kernel.js';
import type { Thread } from '../../sys/proc.js';
import type { sy_call } from '../../sys/sysent.js';
import type { uio } from '../../sys/uio.js';
import { u } from './linux_calls.js';
import type { linux_call, linux_calls } from './linux_calls.js';

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_TYPE_MASK = 0xf;
const SOCK_TYPE_MAX = 10;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;

function bad_type(type: number): boolean {
  const kind = type & SOCK_TYPE_MASK;
  return (type & ~(SOCK_TYPE_MASK | SOCK_NONBLOCK | SOCK_CLOEXEC)) !== 0 || kind > SOCK_TYPE_MAX;
}

function socketpair(k: Kernel, td: Thread, a: Int32Array): number {
  const [domain, type, protocol, fds] = a;
  if (bad_type(type)) return EINVAL;
  if (domain !== AF_UNIX) return EAFNOSUPPORT;
  if (protocol !== 0 && protocol !== AF_UNIX) return EPROTONOSUPPORT;
  if ((type & SOCK_TYPE_MASK) === 0) return ESOCKTNOSUPPORT;
  // The other types keep the boundaries of messages, which a pipe does not.
  if ((type & SOCK_TYPE_MASK) !== SOCK_STREAM) return EOPNOTSUPP;
  const error =
    useracc_touch(k, u(fds), 8, true) ||
    kern_socketpair(k, td, type & SOCK_NONBLOCK ? O_NONBLOCK : 0, (type & SOCK_CLOEXEC) !== 0);
  if (error !== 0) return error;
  const pair = [td.td_retval[0], td.td_retval[1]];
  td.td_retval[0] = 0;
  return copyout_words(k, pair, fds);
}

/** Calls `f` with the socket of descriptor `n`. */
function with_socket(td: Thread, n: number, f: (fp: file) => number): number {
  const fp = fget(td, n);
  if (typeof fp === 'number') return fp;
  return fp.f_type === DTYPE_SOCKETPAIR ? f(fp) : ENOTSOCK;
}

/** A call that fails with `error` on any socket there is. */
const refused = (narg: number, error: number): linux_call => [
  narg,
  (_k, td, a) => with_socket(td, a[0], () => error),
];

// Moving bytes.

const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x40000000;

function transfer(
  k: Kernel,
  td: Thread,
  fp: file,
  flags: number,
  data: uio,
  sending: boolean,
): number {
  if (flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL | MSG_CMSG_CLOEXEC)) return EOPNOTSUPP;
  if (sending && flags & MSG_NOSIGNAL && socketpair_broken(fp)) return EPIPE;
  const open = flags & MSG_DONTWAIT ? { ...fp, f_flag: fp.f_flag | O_NONBLOCK } : fp;
  const total = data.uio_resid;
  const { fo_read, fo_write } = fileops_of(fp);
  const error = sending ? fo_write(k, td, open, data) : fo_read(k, td, open, data);
  if (error !== 0) return error;
  td.td_retval[0] = total - data.uio_resid;
  return 0;
}

function buffer(base: number, len: number): uio {
  return uio_user([{ iov_base: u(base), iov_len: u(len) }], 0);
}

/** sendto(fd, buf, len, flags, address, length): a connected socket takes no address. */
function sendto(k: Kernel, td: Thread, a: Int32Array): number {
  const [n, buf, len, flags, , length] = a;
  return with_socket(td, n, (fp) =>
    length !== 0 ? EISCONN : transfer(k, td, fp, flags, buffer(buf, len), true),
  );
}

/** recvfrom(fd, buf, len, flags, address, length): the other end has no name. */
function recvfrom(k: Kernel, td: Thread, a: Int32Array): number {
  const [n, buf, len, flags, address, length] = a;
  return with_socket(td, n, (fp) => {
    const touched = address !== 0 ? useracc_touch(k, u(length), 4, true) : 0;
    const error = touched || transfer(k, td, fp, flags, buffer(buf, len), false);
    return error || (address !== 0 ? copyout_words(k, [0], length) : 0);
  });
}

/** struct msghdr: name, length, iov, count, control, its length, flags. */
const MSGHDR_BYTES = 28;

function with_message(
  k: Kernel,
  td: Thread,
  n: number,
  msgp: number,
  f: (fp: file, view: DataView, data: uio) => number,
): number {
  return with_socket(td, n, (fp) => {
    const touched = useracc_touch(k, u(msgp), MSGHDR_BYTES, false);
    const view = copyin_view(k, u(msgp), MSGHDR_BYTES);
    if (touched !== 0 || typeof view === 'number') return EFAULT;
    const iov = copyiniov(k, view.getUint32(8, true), view.getInt32(12, true));
    return typeof iov === 'number' ? iov : f(fp, view, uio_user(iov, 0));
  });
}

function sendmsg(k: Kernel, td: Thread, a: Int32Array): number {
  return with_message(k, td, a[0], a[1], (fp, view, data) => {
    if (view.getUint32(0, true) !== 0 && view.getInt32(4, true) !== 0) return EISCONN;
    // Descriptors and credentials are not passed.
    if (view.getUint32(20, true) !== 0) return EOPNOTSUPP;
    return transfer(k, td, fp, a[2], data, true);
  });
}

function recvmsg(k: Kernel, td: Thread, a: Int32Array): number {
  return with_message(k, td, a[0], a[1], (fp, view, data) => {
    const error =
      useracc_touch(k, u(a[1]), MSGHDR_BYTES, true) || transfer(k, td, fp, a[2], data, false);
    if (error !== 0) return error;
    for (const at of [4, 20, 24]) view.setUint32(at, 0, true);
    return copyout_view(k, view, u(a[1]));
  });
}

// Names and options.

/** The address of a socket without a name is its family. */
function give_name(k: Kernel, td: Thread, a: Int32Array): number {
  const [n, address, lengthp] = a;
  return with_socket(td, n, () => {
    const room = fuword32(k, u(lengthp));
    if (room < 0) return EFAULT;
    if ((room | 0) < 0) return EINVAL;
    const name = new DataView(new ArrayBuffer(Math.min(room, 2)));
    if (room >= 2) name.setUint16(0, AF_UNIX, true);
    return copyout_view(k, name, u(address)) || copyout_words(k, [2], lengthp);
  });
}

const SOL_SOCKET = 1;
const SO_BUFFER = 212992;

/** Values of options that can be asked for. */
const OPTIONS = new Map([
  [3, SOCK_STREAM], // SO_TYPE
  [4, 0], // SO_ERROR
  [7, SO_BUFFER], // SO_SNDBUF
  [8, SO_BUFFER], // SO_RCVBUF
  [30, 0], // SO_ACCEPTCONN
  [38, 0], // SO_PROTOCOL
  [39, AF_UNIX], // SO_DOMAIN
]);

function getsockopt(k: Kernel, td: Thread, a: Int32Array): number {
  const [n, level, name, value, lengthp] = a;
  return with_socket(td, n, () => {
    if (level !== SOL_SOCKET) return EOPNOTSUPP;
    const option = OPTIONS.get(name);
    if (option === undefined) return ENOPROTOOPT;
    const room = fuword32(k, u(lengthp));
    if (room < 0) return EFAULT;
    if ((room | 0) < 0) return EINVAL;
    const view = new DataView(new ArrayBuffer(4));
    view.setInt32(0, option, true);
    const bytes = new DataView(view.buffer.slice(0, Math.min(room, 4)));
    return copyout_view(k, bytes, u(value)) || copyout_words(k, [bytes.byteLength], lengthp);
  });
}

/** Sizes of buffers and the like: nothing here depends on them. */
function setsockopt(td: Thread, a: Int32Array): number {
  return with_socket(td, a[0], () => (a[1] === SOL_SOCKET ? 0 : EOPNOTSUPP));
}

const send: sy_call = (k, td, a) => sendto(k, td, Int32Array.of(a[0], a[1], a[2], a[3], 0, 0));
const recv: sy_call = (k, td, a) => recvfrom(k, td, Int32Array.of(a[0], a[1], a[2], a[3], 0, 0));

const calls: linux_calls = {
  socket: [3, (_k, _td, a) => (bad_type(a[1]) ? EINVAL : EAFNOSUPPORT)],
  bind: refused(3, EINVAL),
  connect: refused(3, EISCONN),
  listen: refused(2, EINVAL),
  accept4: refused(4, EINVAL),
  getsockname: [3, give_name],
  getpeername: [3, give_name],
  socketpair: [4, socketpair],
  sendto: [6, sendto],
  recvfrom: [6, recvfrom],
  shutdown: [2, (k, td, a) => with_socket(td, a[0], (fp) => kern_shutdown(k, fp, a[1]))],
  setsockopt: [5, (_k, td, a) => setsockopt(td, a)],
  getsockopt: [5, getsockopt],
  sendmsg: [3, sendmsg],
  recvmsg: [3, recvmsg],
  recvmmsg: refused(5, EOPNOTSUPP),
  recvmmsg_time64: refused(5, EOPNOTSUPP),
  sendmmsg: refused(4, EOPNOTSUPP),
};

/** The calls of socketcall(2) by number (include/uapi/linux/net.h). */
const SOCKETCALLS: readonly linux_call[] = [
  calls['socket'],
  calls['bind'],
  calls['connect'],
  calls['listen'],
  refused(3, EINVAL), // accept
  calls['getsockname'],
  calls['getpeername'],
  calls['socketpair'],
  [4, send],
  [4, recv],
  calls['sendto'],
  calls['recvfrom'],
  calls['shutdown'],
  calls['setsockopt'],
  calls['getsockopt'],
  calls['sendmsg'],
  calls['recvmsg'],
  calls['accept4'],
  calls['recvmmsg'],
  calls['sendmmsg'],
];

/** socketcall(call, args): the arguments lie in memory. */
function socketcall(k: Kernel, td: Thread, a: Int32Array): number {
  if (a[0] < 1 || a[0] > SOCKETCALLS.length) return EINVAL;
  const [narg, sy_call] = SOCKETCALLS[a[0] - 1];
  const view = copyin_view(k, u(a[1]), 4 * narg);
  return typeof view === 'number' ? view : sy_call(k, td, new Int32Array(view.buffer));
}

export const linux_socket_calls: linux_calls = { ...calls, socketcall: [2, socketcall] };
