// Nodes of the memory file system, and of host directories shown through it (fs/tmpfs/tmpfs.h). A
// node that comes from the host is filled in when it is first looked at; whatever a guest changes
// stays in memory, so the host's own files are never written.

import type { HostDirectory, HostStat } from '../sys/host.js';
import type { Kernel } from '../sys/kernel.js';
import type { mount } from '../sys/mount.js';
import { nanotime } from '../kern/kern_clock.js';
import { VDIR, VLNK, VNON, VREG, VV_ROOT } from '../sys/vnode.js';
import type { vnode } from '../sys/vnode.js';
import { vnode_create_vobject } from '../vm/vnode_pager.js';
import { vm_object_allocate } from '../vm/vm_object.js';
import {
  OBJT_SWAP,
  OBJ_NOSPLIT,
  OBJ_ONEMAPPING,
  OBJ_TMPFS,
  OBJ_TMPFS_NODE,
} from '../vm/vm_param.js';
import { getnewvnode, vfs_mount_alloc } from './vfs_subr.js';

const PAGE_SIZE = 4096;

/** A file, directory, link, fifo or device. */
export interface tmpfs_node {
  tn_id: number;
  tn_type: number;
  tn_mode: number;
  tn_uid: number;
  tn_gid: number;
  tn_nlink: number;
  tn_size: number;
  /** ns since 1970. */
  tn_atime: number;
  tn_mtime: number;
  tn_ctime: number;
  tn_birthtime: number;
  tn_rdev: number;
  /** Target of a symbolic link. */
  tn_link: string;
  /** Entries of a directory; null while a host directory has not been read. */
  tn_dir: Map<string, tmpfs_node> | null;
  tn_parent: tmpfs_node | null;
  tn_vnode: vnode | null;
  /** Key of the host directory the node comes from, when it is not its mount's. */
  tn_source: object | null;
  /** Path below the host directory; null for what was made in memory. */
  tn_host: string | null;
  /** Pages of a host file that were changed and paged out, by index. */
  tn_upper: Map<number, Uint8Array> | null;
  /** Bytes of the host file that are still its own: truncation hides the rest for ever. */
  tn_host_size: number;
}

export interface tmpfs_mount {
  tm_root: tmpfs_node;
}

/** Directories of the host by mount id: host handles stay out of the kernel's saved state. */
const host_directories = new WeakMap<object, HostDirectory>();

export function host_of(mp: mount, node: tmpfs_node): HostDirectory | null {
  return host_directories.get(node.tn_source ?? mp.mnt_data) ?? null;
}

export function tmpfs_node_create(
  k: Kernel,
  type: number,
  mode: number,
  uid: number,
  gid: number,
): tmpfs_node {
  const now = nanotime(k);
  return {
    tn_id: k.vfs.next_ino++,
    tn_type: type,
    tn_mode: mode,
    tn_uid: uid,
    tn_gid: gid,
    tn_nlink: type === VDIR ? 2 : 1,
    tn_size: 0,
    tn_atime: now,
    tn_mtime: now,
    tn_ctime: now,
    tn_birthtime: now,
    tn_rdev: 0,
    tn_link: '',
    tn_dir: type === VDIR ? new Map() : null,
    tn_parent: null,
    tn_vnode: null,
    tn_source: null,
    tn_host: null,
    tn_upper: null,
    tn_host_size: 0,
  };
}

const TYPES: Record<HostStat['kind'], number> = {
  file: VREG,
  directory: VDIR,
  symlink: VLNK,
  other: VNON,
};

function from_host(k: Kernel, s: HostStat, path: string): tmpfs_node {
  const node = tmpfs_node_create(k, TYPES[s.kind], s.mode, s.uid, s.gid);
  node.tn_nlink = s.nlink;
  node.tn_size = node.tn_host_size = s.kind === 'file' || s.kind === 'symlink' ? s.size : 0;
  node.tn_atime = s.atimeNs;
  node.tn_mtime = s.mtimeNs;
  node.tn_ctime = node.tn_birthtime = s.ctimeNs;
  node.tn_host = path;
  node.tn_dir = null;
  return node;
}

/** The entries of a directory, read from the host the first time. */
export function tmpfs_dir(k: Kernel, mp: mount, node: tmpfs_node): Map<string, tmpfs_node> {
  if (node.tn_dir !== null) return node.tn_dir;
  const dir = new Map<string, tmpfs_node>();
  node.tn_dir = dir;
  const host = host_of(mp, node);
  const path = node.tn_host;
  if (host === null || path === null) return dir;
  for (const name of (host.readdir(path) ?? []).sort()) {
    const child = path === '' ? name : `${path}/${name}`;
    const s = host.lstat(child);
    if (s === null || s.kind === 'other') continue;
    const entry = from_host(k, s, child);
    entry.tn_parent = node;
    if (s.kind === 'symlink') entry.tn_link = host.readlink(child) ?? '';
    dir.set(name, entry);
  }
  return dir;
}

/** The vnode of a node, made when it is first used. */
export function tmpfs_vnode(k: Kernel, mp: mount, node: tmpfs_node): vnode {
  if (node.tn_vnode !== null) return node.tn_vnode;
  const vp = getnewvnode(k, mp, 'tmpfs', node.tn_type, node);
  vp.v_rdev = node.tn_rdev;
  node.tn_vnode = vp;
  if (node.tn_type === VREG) {
    if (node.tn_host !== null) vnode_create_vobject(k, vp, node.tn_size);
    else {
      const object = vm_object_allocate(k, OBJT_SWAP, Math.ceil(node.tn_size / PAGE_SIZE));
      object.flags = (object.flags | OBJ_NOSPLIT | OBJ_TMPFS | OBJ_TMPFS_NODE) & ~OBJ_ONEMAPPING;
      vp.v_object = object;
    }
  }
  return vp;
}

/** Adds the file `name` of `host` to a directory of memory. @returns whether the host has it. */
export function tmpfs_add_host_file(
  k: Kernel,
  dvp: vnode,
  name: string,
  host: HostDirectory,
): boolean {
  const s = host.lstat(name);
  if (s === null || s.kind !== 'file') return false;
  const parent = dvp.v_data as tmpfs_node;
  const node = from_host(k, s, name);
  node.tn_source = {};
  node.tn_parent = parent;
  host_directories.set(node.tn_source, host);
  tmpfs_dir(k, dvp.v_mount, parent).set(name, node);
  return true;
}

/** A memory file system; with `host` one that begins with what that directory has. */
export function tmpfs_mount_create(
  k: Kernel,
  on: string,
  host: HostDirectory | null,
  from: string,
  mode = 0o755,
): mount {
  const s = host?.lstat('') ?? null;
  const root = s !== null ? from_host(k, s, '') : tmpfs_node_create(k, VDIR, mode, 0, 0);
  const data: tmpfs_mount = { tm_root: root };
  const mp = vfs_mount_alloc(k, host === null ? 'tmpfs' : 'hostfs', from, on, data);
  if (host !== null) host_directories.set(data, host);
  const vp = tmpfs_vnode(k, mp, root);
  vp.v_vflag |= VV_ROOT;
  vp.v_usecount++;
  mp.mnt_root = vp;
  return mp;
}
