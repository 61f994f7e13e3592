// kern.proc.*: what ps and procstat ask for (kern_proc.c), in the structures of FreeBSD 11.0 for i386.

import { EINVAL, ENOMEM, EPERM, ESRCH } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import {
  P_CONTROLT,
  P_KPROC,
  P_STOPPED_SIG,
  P_SYSTEM,
  PRS_ZOMBIE,
  TDF_SINTR,
  TDS_RUNNING,
  TDS_RUNQ,
} from '../sys/proc.js';
import type { Proc, Thread } from '../sys/proc.js';
import { SIGSETOR } from '../sys/signal.js';
import { VNON, VREG, VDIR } from '../sys/vnode.js';
import { DEV_CONSOLE } from '../fs/devfs.js';
import { VOP_GETATTR } from '../fs/vnode_if.js';
import { vnode_path } from '../fs/vfs_cache.js';
import { vn_fullpath } from '../fs/vfs_lookup.js';
import { PG_PS, PG_V } from '../i386/pte.js';
import { rusage_zero } from '../sys/resource.js';
import { bytes_of, latin1 } from '../i386/support.js';
import {
  MAP_ENTRY_COW,
  MAP_ENTRY_GROWS_DOWN,
  MAP_ENTRY_GROWS_UP,
  MAP_ENTRY_NEEDS_COPY,
  MAP_ENTRY_NOCOREDUMP,
} from '../vm/vm_param.js';
import type { vm_map_entry } from '../vm/vm_types.js';
import { nanouptime } from './kern_clock.js';
import { proc_cputime, put_rusage, rufetch } from './kern_resource.js';
import { KVME_TYPE } from './kern_mib_stats.js';
import { mib_int, mib_string } from './subr_mib.js';
import type { sysctl_oid } from './subr_mib.js';
import { put_timeval, set_int64 } from './subr_buf.js';
import { vm_object_pages } from '../vm/vm_object.js';

const KINFO_PROC_SIZE = 768;
const KINFO_VMENTRY_SIZE = 1160;
const KI_NGROUPS = 16;

// ki_stat.
const SIDL = 1;
const SRUN = 2;
const SSLEEP = 3;
const SSTOP = 4;
const SZOMB = 5;
const SWAIT = 6;

// ki_kiflag.
const KI_CTTY = 1;
const KI_SLEADER = 2;

function put_string(bytes: Uint8Array, offset: number, room: number, text: string): void {
  bytes.set(bytes_of(text.slice(0, room - 1)), offset);
}

function stat_of(p: Proc, td: Thread | undefined): number {
  if (p.p_state === PRS_ZOMBIE) return SZOMB;
  if (p.p_flag & P_STOPPED_SIG) return SSTOP;
  if (td === undefined) return p.p_flag & P_SYSTEM ? SWAIT : SIDL;
  return td.td_state === TDS_RUNNING || td.td_state === TDS_RUNQ ? SRUN : SSLEEP;
}

/** struct kinfo_proc. */
export function fill_kinfo_proc(k: Kernel, p: Proc): Uint8Array {
  const bytes = new Uint8Array(KINFO_PROC_SIZE);
  const view = new DataView(bytes.buffer);
  const td = p.p_threads[0];
  const cred = p.p_ucred;
  const { p_pgrp, p_vmspace } = p;
  const session = p_pgrp.pg_session;
  const words = (offset: number, ...values: number[]): void =>
    values.forEach((value, i) => view.setInt32(offset + 4 * i, value | 0, true));
  const ru = rusage_zero();
  rufetch(k, p, ru);
  words(0, KINFO_PROC_SIZE, 0);
  words(36, td?.td_wchan ? 1 : 0);
  words(40, p.p_pid, p.p_pptr?.p_pid ?? 0, p_pgrp.pg_id);
  const tty = session.s_ttyp as { t_pgrp?: { pg_id: number } | null } | null;
  words(52, tty?.t_pgrp?.pg_id ?? -1, session.s_sid, session.s_sid);
  view.setInt16(64, p_pgrp.pg_jobc, true);
  words(68, session.s_ttyp === null ? -1 : DEV_CONSOLE);
  const pending = p.p_sigqueue.sq_signals.slice();
  if (td !== undefined) SIGSETOR(pending, td.td_sigqueue.sq_signals);
  words(72, ...pending, ...(td?.td_sigmask ?? [0, 0, 0, 0]));
  words(104, ...p.p_sigacts.ps_sigignore, ...p.p_sigacts.ps_sigcatch);
  words(136, cred.cr_uid, cred.cr_ruid, cred.cr_svuid, cred.cr_rgid, cred.cr_svgid);
  const groups = cred.cr_groups.slice(0, KI_NGROUPS);
  view.setInt16(156, groups.length, true);
  words(160, ...groups);
  if (p_vmspace !== null) {
    const { vm_dsize, vm_map, vm_pmap, vm_ssize, vm_swrss, vm_tsize } = p_vmspace;
    words(224, vm_map.size, vm_pmap.resident_count, vm_swrss, vm_tsize, vm_dsize, vm_ssize);
  }
  view.setUint16(248, p.p_xstat, true);
  words(252, percent_cpu(k, p), Math.floor(td?.td_estcpu ?? 0), sleep_seconds(k, td));
  words(264, Math.floor((nanouptime(k) - p.p_start) / 1e9)); // ki_swtime
  set_int64(view, 272, Math.floor(proc_cputime(k, p) / 1000));
  put_timeval(view, 280, k.kern.boottime + p.p_start);
  put_timeval(view, 288, p.p_cru.ru_utime + p.p_cru.ru_stime);
  words(
    296,
    p.p_flag,
    (session.s_ttyp === null ? 0 : KI_CTTY) | (session.s_leader === p ? KI_SLEADER : 0),
  );
  view.setInt8(308, stat_of(p, td));
  view.setInt8(309, p.p_nice);
  if (td !== undefined) {
    view.setInt8(311, td.td_priority >> 2);
    put_string(bytes, 314, 17, td.td_name);
    if (td.td_wchan !== null) put_string(bytes, 331, 9, td.td_wmesg);
    words(520, td.td_tid);
    bytes.set([3, td.td_priority, td.td_priority, td.td_user_pri], 524);
  }
  put_string(bytes, 340, 18, session.s_login);
  put_string(bytes, 367, 20, p.p_comm);
  put_string(bytes, 387, 17, p.p_sysent.sv_name === 'linux' ? 'Linux ELF32' : 'FreeBSD ELF32');
  words(488, td?.td_state === TDS_RUNNING ? 0 : -1, 0);
  words(516, p.p_threads.length);
  put_rusage(view, 528, ru);
  put_rusage(view, 600, p.p_cru);
  words(760, 1, td !== undefined && td.td_flags & TDF_SINTR ? TDF_SINTR : 0); // PS_INMEM
  return bytes;
}

/** Share of the CPU since the process began, times FSCALE. */
function percent_cpu(k: Kernel, p: Proc): number {
  const age = nanouptime(k) - p.p_start;
  return age <= 0 ? 0 : Math.floor((2048 * proc_cputime(k, p)) / age);
}

function sleep_seconds(k: Kernel, td: Thread | undefined): number {
  if (td === undefined || td.td_wchan === null) return 0;
  return Math.floor((nanouptime(k) - td.td_slptime) / 1e9);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function procs(k: Kernel, wanted: (p: Proc) => boolean): Uint8Array {
  const all = [...k.kern.allproc.values()].filter(wanted).sort((a, b) => a.p_pid - b.p_pid);
  return concat(all.map((p) => fill_kinfo_proc(k, p)));
}

const is_user = (p: Proc): boolean => (p.p_flag & P_KPROC) === 0;

/** A variable about one process, named by the number behind it; -1 is the caller. */
function per_process(
  name: string,
  number: number,
  fmt: string,
  get: (k: Kernel, p: Proc, td: Thread) => Uint8Array | number,
): sysctl_oid {
  return {
    name: `kern.proc.${name}`,
    number,
    fmt: `N,${fmt}`,
    get(k, td, rest) {
      if (rest.length !== 1) return EINVAL;
      const p = rest[0] === -1 ? td.td_proc : k.kern.allproc.get(rest[0]);
      return p === undefined ? ESRCH : get(k, p, td);
    },
  };
}

/** A list of the processes for which `of(p)` is the number behind. */
function selection(name: string, number: number, of: (p: Proc) => number): sysctl_oid {
  return {
    name: `kern.proc.${name}`,
    number,
    fmt: 'N,proc',
    get: (k, _td, rest) =>
      rest.length === 1 ? procs(k, (p) => is_user(p) && of(p) === rest[0]) : EINVAL,
  };
}

// kve_flags by entry flag, and for a range with a 4 MB mapping in it.
const KVME_FLAG_SUPER = 8;
const KVME_FLAGS: readonly [eflag: number, flag: number][] = [
  [MAP_ENTRY_COW, 1],
  [MAP_ENTRY_NEEDS_COPY, 2],
  [MAP_ENTRY_NOCOREDUMP, 4],
  [MAP_ENTRY_GROWS_UP, 0x10],
  [MAP_ENTRY_GROWS_DOWN, 0x20],
];
const KF_VTYPE = [0, 1, 2, 3, 4, 5, 6, 7, 8];

/** struct kinfo_vmentry, cut after the path. */
function fill_vmentry(k: Kernel, p: Proc, entry: vm_map_entry): Uint8Array {
  let bottom = entry.object;
  while (bottom !== null && bottom.backing_object !== null) bottom = bottom.backing_object;
  const vp = bottom?.handle ?? null;
  const path = vp === null ? '' : vp === p.p_textvp ? p.p_textpath : vnode_path(vp);
  const size = Math.ceil((136 + path.length + 1) / 8) * 8;
  const bytes = new Uint8Array(Math.min(size, KINFO_VMENTRY_SIZE));
  const view = new DataView(bytes.buffer);
  view.setInt32(0, bytes.length, true);
  view.setInt32(4, bottom === null ? 0 : (KVME_TYPE[bottom.type] ?? 255), true);
  set_int64(view, 8, entry.start);
  set_int64(view, 16, entry.end);
  set_int64(view, 24, entry.offset);
  if (vp !== null && vp.v_type !== VNON) {
    const attributes = VOP_GETATTR(k, vp);
    set_int64(view, 32, attributes.va_fileid);
    view.setInt32(40, attributes.va_fsid, true);
    view.setInt32(68, vp.v_type === VREG || vp.v_type === VDIR ? KF_VTYPE[vp.v_type] : 0, true);
    set_int64(view, 72, attributes.va_size);
    view.setUint16(84, attributes.va_mode, true);
  }
  const flags = KVME_FLAGS.filter(([eflag]) => entry.eflags & eflag);
  const large = has_superpage(k, p, entry) ? KVME_FLAG_SUPER : 0;
  view.setInt32(44, flags.reduce((sum, [, flag]) => sum | flag, large), true); // prettier-ignore
  view.setInt32(48, resident_pages(entry), true);
  const top = entry.object;
  const own = top !== null && top.backing_object === null ? top.resident_page_count : 0;
  view.setInt32(52, own, true);
  view.setInt32(56, entry.protection & 7, true);
  view.setInt32(60, bottom?.ref_count ?? 0, true);
  view.setInt32(64, bottom?.shadow_count ?? 0, true);
  put_string(bytes, 136, bytes.length - 136, path);
  return bytes;
}

/** Whether a directory entry maps 4 MB of the range. */
function has_superpage(k: Kernel, p: Proc, entry: vm_map_entry): boolean {
  const pmap = p.p_vmspace?.vm_pmap;
  if (pmap === undefined) return false;
  for (let pdi = entry.start >>> 22; pdi <= (entry.end - 1) >>> 22; pdi++) {
    const pde = k.machine.ram32[(pmap.pm_pdir >>> 2) + pdi];
    if ((pde & (PG_V | PG_PS)) === (PG_V | PG_PS)) return true;
  }
  return false;
}

/** Pages of the range that are in memory, anywhere in the chain. */
function resident_pages(entry: vm_map_entry): number {
  const first = entry.offset / 4096;
  const end = first + (entry.end - entry.start) / 4096;
  const seen = new Set<number>();
  let shift = 0;
  for (let object = entry.object; object !== null; object = object.backing_object) {
    for (const { pindex } of vm_object_pages(object, 0, 0)) {
      const at = pindex - shift;
      if (at >= first && at < end) seen.add(at);
    }
    shift += object.backing_object_offset / 4096;
  }
  return seen.size;
}

function vmmap(k: Kernel, p: Proc): Uint8Array | number {
  if (p.p_vmspace === null) return ESRCH;
  const { header } = p.p_vmspace.vm_map;
  const rows: Uint8Array[] = [];
  for (let entry = header.next; entry !== header; entry = entry.next) {
    rows.push(fill_vmentry(k, p, entry));
  }
  return concat(rows);
}

function cwd(k: Kernel, p: Proc): Uint8Array | number {
  if (p.p_fd === null) return ESRCH;
  const path = vn_fullpath(k, p.p_fd, p.p_fd.fd_cdir);
  return typeof path === 'number' ? path : mib_string(path);
}

/** Fixed structures hold the limit; see kern_getrlimit for the call. */
function may_see(td: Thread, p: Proc): boolean {
  const { cr_uid } = td.td_proc.p_ucred;
  return cr_uid === 0 || cr_uid === p.p_ucred.cr_uid;
}

/** setproctitle(3): the caller's own arguments, as ps shows them. */
function set_args(k: Kernel, td: Thread, value: Uint8Array, rest: readonly number[]): number {
  if (rest[0] !== -1 && rest[0] !== td.td_proc.p_pid) return EPERM;
  if (value.length > k.kern.ps_arg_cache_limit) return ENOMEM;
  td.td_proc.p_args = latin1(value, 0, value.length);
  return 0;
}

export const proc_mib: readonly sysctl_oid[] = [
  { name: 'kern.proc.all', number: 0, fmt: 'S,proc', get: (k) => procs(k, () => true) },
  per_process('pid', 1, 'proc', (k, p) => fill_kinfo_proc(k, p)),
  selection('pgrp', 2, (p) => p.p_pgrp.pg_id),
  selection('sid', 3, (p) => p.p_pgrp.pg_session.s_sid),
  selection('tty', 4, (p) => (p.p_flag & P_CONTROLT ? DEV_CONSOLE : -1)),
  selection('uid', 5, (p) => p.p_ucred.cr_uid),
  selection('ruid', 6, (p) => p.p_ucred.cr_ruid),
  {
    ...per_process('args', 7, 'args', (_k, p) => bytes_of(p.p_args)),
    set: set_args,
    anybody: true,
  },
  {
    name: 'kern.proc.proc',
    number: 8,
    fmt: 'N,proc',
    get: (k) => procs(k, () => true),
  },
  per_process('sv_name', 9, 'A', (_k, p) =>
    mib_string(p.p_sysent.sv_name === 'linux' ? 'Linux ELF32' : 'FreeBSD ELF32'),
  ),
  selection('rgid', 10, (p) => p.p_ucred.cr_rgid),
  selection('gid', 11, (p) => p.p_ucred.cr_groups[0]),
  per_process('pathname', 12, 'A', (_k, p) => mib_string(p.p_textpath)),
  per_process('vmmap', 32, 'vmmap', (k, p, td) => (may_see(td, p) ? vmmap(k, p) : EPERM)),
  per_process('groups', 34, 'groups', (_k, p) => mib_int(...p.p_ucred.cr_groups)),
  per_process('ps_strings', 38, 'ps_strings', (_k, p) => mib_int(p.p_psstrings)),
  per_process('umask', 39, 'SU', (_k, p) => {
    const mask = p.p_fd?.fd_cmask ?? 0;
    return new Uint8Array([mask & 0xff, mask >> 8]);
  }),
  per_process('osrel', 40, 'I', (_k, p) => mib_int(p.p_osrel)),
  per_process('cwd', 42, 'A', cwd),
  per_process('nfds', 43, 'I', (_k, p) =>
    mib_int(p.p_fd?.fd_ofiles.filter((fde) => fde !== null).length ?? 0),
  ),
];
