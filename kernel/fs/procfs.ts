// A small process file system: what programs look up in /proc (self/exe, self/fd, self/cmdline,
// self/maps, meminfo, mounts ...). Contents are made when a file is opened.

import { EPERM } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import type { mount } from '../sys/mount.js';
import type { Proc } from '../sys/proc.js';
import { VDIR, VLNK, VREG, VV_ROOT } from '../sys/vnode.js';
import type { vattr, vnode } from '../sys/vnode.js';
import { nanotime, nanouptime } from '../kern/kern_clock.js';
import { swap_pager_used } from '../vm/swap_pager_space.js';
import { getnewvnode, vfs_mount_alloc } from './vfs_subr.js';
import type { dirent, vnodeops } from './vnode_if.js';

/** One file: process (0 for the system's) and name below it. */
export interface procfs_node {
  pf_pid: number;
  pf_name: string;
  pf_type: number;
}

export const PER_PROCESS: Record<string, number> = {
  exe: VLNK,
  cwd: VLNK,
  root: VLNK,
  fd: VDIR,
  cmdline: VREG,
  maps: VREG,
  stat: VREG,
  status: VREG,
  comm: VREG,
};
export const SYSTEM: Record<string, number> = {
  self: VLNK,
  meminfo: VREG,
  mounts: VREG,
  uptime: VREG,
  cpuinfo: VREG,
  version: VREG,
  stat: VREG,
  loadavg: VREG,
};

function node(k: Kernel, mp: mount, pid: number, name: string, type: number): vnode {
  const data: procfs_node = { pf_pid: pid, pf_name: name, pf_type: type };
  return getnewvnode(k, mp, 'procfs', type, data);
}

const node_of = (vp: vnode): procfs_node => vp.v_data as procfs_node;

export function procfs_mount_create(k: Kernel, on: string): mount {
  const mp = vfs_mount_alloc(k, 'procfs', 'procfs', on, {});
  const vp = node(k, mp, 0, '', VDIR);
  vp.v_vflag |= VV_ROOT;
  vp.v_usecount++;
  mp.mnt_root = vp;
  return mp;
}

const hex8 = (n: number): string => n.toString(16).padStart(8, '0');

/** Address ranges in the manner of Linux's /proc/PID/maps. */
function maps(p: Proc): string {
  const map = p.p_vmspace?.vm_map;
  if (!map) return '';
  let text = '';
  for (let e = map.header.next; e !== map.header; e = e.next) {
    const prot = `${e.protection & 1 ? 'r' : '-'}${e.protection & 2 ? 'w' : '-'}${e.protection & 4 ? 'x' : '-'}`;
    const shared = e.eflags & 4 || e.object === null || e.object.handle === null ? 'p' : 's';
    let bottom = e.object;
    while (bottom?.backing_object) bottom = bottom.backing_object;
    const path = bottom?.handle && bottom.handle === p.p_textvp ? p.p_textpath : '';
    text += `${hex8(e.start)}-${hex8(e.end)} ${prot}${shared} ${hex8(e.offset)} 00:00 0${path ? `          ${path}` : ''}\n`;
  }
  return text;
}

const KB = 4;

/** Text of a regular file of /proc. */
export function procfs_text(k: Kernel, vp: vnode): string {
  const { pf_pid, pf_name } = node_of(vp);
  return procfs_contents(k, pf_pid, pf_name);
}

/** The same by its process (0: the system's) and name. */
export function procfs_contents(k: Kernel, pf_pid: number, pf_name: string): string {
  if (pf_pid !== 0) {
    const p = k.kern.allproc.get(pf_pid);
    if (p === undefined) return '';
    switch (pf_name) {
      case 'cmdline':
        return p.p_args;
      case 'comm':
        return `${p.p_comm}\n`;
      case 'maps':
        return maps(p);
      case 'status':
        return `Name:\t${p.p_comm}\nPid:\t${p.p_pid}\nPPid:\t${p.p_pptr?.p_pid ?? 0}\nVmRSS:\t${(p.p_vmspace?.vm_pmap.resident_count ?? 0) * KB} kB\n`;
      default:
        return `${p.p_pid} (${p.p_comm}) R ${p.p_pptr?.p_pid ?? 0} ${p.p_pgrp.pg_id} ${p.p_pgrp.pg_session.s_sid} 0 -1 0 ${p.p_ru.ru_minflt} 0 ${p.p_ru.ru_majflt} 0 0 0 0 0 20 0 1 0 0 ${p.p_vmspace?.vm_map.size ?? 0} ${p.p_vmspace?.vm_pmap.resident_count ?? 0}\n`;
    }
  }
  const { cnt } = k.vm;
  switch (pf_name) {
    case 'meminfo':
      return `MemTotal:       ${cnt.v_page_count * KB} kB\nMemFree:        ${cnt.v_free_count * KB} kB\nMemAvailable:   ${(cnt.v_free_count + cnt.v_inactive_count) * KB} kB\nBuffers:        0 kB\nCached:         ${cnt.v_inactive_count * KB} kB\nSwapTotal:      ${k.vm.swap_total / 1024} kB\nSwapFree:       ${(k.vm.swap_total - swap_pager_used(k) * 4096) / 1024} kB\n`;
    case 'mounts':
      return k.vfs.mounts.map((m) => `${m.mnt_from} ${m.mnt_on} ${m.mnt_fstype} rw 0 0\n`).join('');
    case 'uptime':
      return `${(nanouptime(k) / 1e9).toFixed(2)} 0.00\n`;
    case 'version':
      return 'Faultline version 11.0\n';
    case 'loadavg':
      return '0.00 0.00 0.00 1/1 1\n';
    case 'stat':
      return `cpu  0 0 0 0 0 0 0 0 0 0\nbtime ${Math.floor(k.kern.boottime / 1e9)}\nprocesses ${k.kern.lastpid}\n`;
    default:
      return 'processor\t: 0\nvendor_id\t: GenuineIntel\n';
  }
}

/** Target of a symbolic link of /proc, by its process and name. */
export function procfs_link(k: Kernel, pf_pid: number, pf_name: string): string {
  if (pf_pid === 0) return String(k.kern.curthread?.td_proc.p_pid ?? 0);
  const p = k.kern.allproc.get(pf_pid);
  if (pf_name === 'exe') return p?.p_textpath ?? '';
  if (pf_name.startsWith('fd/'))
    return p?.p_fd?.fd_ofiles[Number(pf_name.slice(3))]?.fde_file.f_path ?? '';
  return '/';
}

export const procfs_vnodeops: vnodeops = {
  vop_lookup(k, dvp, name) {
    const { pf_pid, pf_name } = node_of(dvp);
    const mp = dvp.v_mount;
    if (pf_pid === 0) {
      if (name in SYSTEM) return node(k, mp, 0, name, SYSTEM[name]);
      if (/^\d+$/.test(name) && k.kern.allproc.has(Number(name)))
        return node(k, mp, Number(name), '', VDIR);
      return null;
    }
    if (pf_name === '')
      return name in PER_PROCESS ? node(k, mp, pf_pid, name, PER_PROCESS[name]) : null;
    if (pf_name === 'fd' && k.kern.allproc.get(pf_pid)?.p_fd?.fd_ofiles[Number(name)])
      return node(k, mp, pf_pid, `fd/${Number(name)}`, VLNK);
    return null;
  },
  vop_create: () => EPERM,
  vop_remove: () => EPERM,
  vop_rmdir: () => EPERM,
  vop_link: () => EPERM,
  vop_rename: () => EPERM,
  vop_readdir(k, vp) {
    const { pf_pid, pf_name } = node_of(vp);
    const list: dirent[] = [
      { d_fileno: 2, d_type: 4, d_name: '.' },
      { d_fileno: 2, d_type: 4, d_name: '..' },
    ];
    let names: string[];
    if (pf_pid === 0) names = [...Object.keys(SYSTEM), ...[...k.kern.allproc.keys()].map(String)];
    else if (pf_name === '') names = Object.keys(PER_PROCESS);
    else
      names = (k.kern.allproc.get(pf_pid)?.p_fd?.fd_ofiles ?? []).flatMap((f, i) =>
        f === null ? [] : [String(i)],
      );
    for (const d_name of names) list.push({ d_fileno: 1000 + list.length, d_type: 0, d_name });
    return list;
  },
  vop_readlink(k, vp) {
    const { pf_pid, pf_name } = node_of(vp);
    return procfs_link(k, pf_pid, pf_name);
  },
  vop_getattr(k, vp): vattr {
    const { pf_type, pf_pid } = node_of(vp);
    const now = nanotime(k);
    return {
      va_type: pf_type,
      va_mode: pf_type === VREG ? 0o444 : pf_type === VLNK ? 0o777 : 0o555,
      va_nlink: 1,
      va_uid: 0,
      va_gid: 0,
      va_fsid: vp.v_mount.mnt_id,
      va_fileid: 2 + pf_pid * 64,
      va_size: 0,
      va_blocksize: 4096,
      va_atime: now,
      va_mtime: now,
      va_ctime: now,
      va_birthtime: now,
      va_rdev: 0,
      va_flags: 0,
    };
  },
  vop_setattr: () => EPERM,
  vop_getbytes: () => -1,
  vop_putbytes: () => false,
  vop_inactive() {},
};
