// The name space of a fresh machine: a root, /dev, /proc, /tmp, and what the host hands in.

import { EEXIST, ENOENT } from '../sys/errno.js';
import type { HostDirectory } from '../sys/host.js';
import type { Kernel } from '../sys/kernel.js';
import { VDIR, VLNK, VREG } from '../sys/vnode.js';
import type { vnode } from '../sys/vnode.js';
import { EV_BOOT } from '../sys/event.js';
import { devfs_mount_create } from './devfs.js';
import { procfs_mount_create } from './procfs.js';
import { tmpfs_add_host_file, tmpfs_mount_create } from './tmpfs.js';
import { vfs_domount } from './vfs_subr.js';
import { ops } from './vnode_if.js';
import { vn_write } from '../kern/vfs_vnops.js';
import { uio_kernel } from '../kern/subr_uio.js';

/** Directories that every root has. */
const DIRECTORIES: readonly (readonly [path: string, mode: number])[] = [
  ['dev', 0o755],
  ['proc', 0o555],
  ['tmp', 0o1777],
  ['bin', 0o755],
  ['etc', 0o755],
  ['usr', 0o755],
  ['var', 0o755],
  ['root', 0o700],
  ['home', 0o755],
];

function mounted(vp: vnode): vnode {
  return vp.v_mountedhere?.mnt_root ?? vp;
}

/** Mounts the root: memory, or a host directory below memory. Then /dev and /proc. */
export function vfs_mountroot(k: Kernel, host: HostDirectory | null, from: string): void {
  const root = tmpfs_mount_create(k, '/', host, from);
  k.vfs.rootvnode = root.mnt_root;
  const wanted = host === null ? DIRECTORIES : DIRECTORIES.slice(0, 3);
  for (const [path, mode] of wanted) make_directory(k, path, mode);
  vfs_domount(devfs_mount_create(k, '/dev'), lookup(k, 'dev') as vnode);
  vfs_domount(procfs_mount_create(k, '/proc'), lookup(k, 'proc') as vnode);
  if (k.events.mask & EV_BOOT) {
    k.events.emit({
      type: 'boot',
      line: `vfs_mountroot: ${host === null ? 'tmpfs' : `hostfs (${from})`} on /, devfs on /dev, procfs on /proc`,
    });
  }
}

/** The vnode at an absolute path without links, or null. */
function lookup(k: Kernel, path: string): vnode | null {
  let vp = k.vfs.rootvnode as vnode;
  for (const name of path.split('/').filter((p) => p !== '')) {
    if (vp.v_type !== VDIR) return null;
    const next = ops(vp).vop_lookup(k, vp, name);
    if (next === null) return null;
    if (next.v_type === VDIR) {
      next.v_dd = vp;
      next.v_ddname = name;
    }
    vp = mounted(next);
  }
  return vp;
}

/** The directory at `path`, made with its parents where it is missing; an errno otherwise. */
function make_directory(k: Kernel, path: string, mode: number): vnode | number {
  let vp = k.vfs.rootvnode as vnode;
  for (const name of path.split('/').filter((p) => p !== '')) {
    let next = ops(vp).vop_lookup(k, vp, name);
    // Only the root's own links are followed: they lead within the root (usr-merged systems).
    if (next?.v_type === VLNK) next = lookup(k, ops(next).vop_readlink(k, next));
    if (next === null) {
      const made = ops(vp).vop_create(k, vp, name, VDIR, mode, 0, 0, '', 0);
      if (typeof made === 'number') return made;
      next = made;
    }
    next.v_dd = vp;
    next.v_ddname = name;
    vp = mounted(next);
    if (vp.v_type !== VDIR) return EEXIST;
  }
  return vp;
}

/** Shows a directory of the host at guest path `path`. @returns an errno. */
export function vfs_mount_host(k: Kernel, path: string, host: HostDirectory, from: string): number {
  const covered = make_directory(k, path, 0o755);
  if (typeof covered === 'number') return covered;
  vfs_domount(tmpfs_mount_create(k, path, host, from), covered);
  return 0;
}

/** Puts a file into the guest's name space, with its directories. @returns an errno. */
export function vfs_write_file(k: Kernel, path: string, bytes: Uint8Array, mode: number): number {
  const slash = path.lastIndexOf('/');
  const dvp = make_directory(k, path.slice(0, slash), 0o755);
  if (typeof dvp === 'number') return dvp;
  const vp = ops(dvp).vop_create(k, dvp, path.slice(slash + 1), VREG, mode, 0, 0, '', 0);
  if (typeof vp === 'number') return vp;
  return vn_write(k, vp, uio_kernel(bytes, 0));
}

/**
 * Shows one file of the host at guest path `path`; the guest may change its own view of it.
 * `host` has it as its only entry, named like the path's last component. @returns an errno.
 */
export function vfs_host_file(k: Kernel, path: string, host: HostDirectory): number {
  const slash = path.lastIndexOf('/');
  const name = path.slice(slash + 1);
  const dvp = make_directory(k, path.slice(0, slash), 0o755);
  if (typeof dvp === 'number') return dvp;
  return tmpfs_add_host_file(k, dvp, name, host) ? 0 : ENOENT;
}
