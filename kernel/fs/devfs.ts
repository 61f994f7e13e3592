// The device file system (fs/devfs): a fixed set of names. What a device does is in kern/cdev.ts.

import { EPERM } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import type { mount } from '../sys/mount.js';
import type { Proc } from '../sys/proc.js';
import { VCHR, VDIR, VLNK, VV_ROOT } from '../sys/vnode.js';
import type { vattr, vnode } from '../sys/vnode.js';
import { getnewvnode, vfs_mount_alloc } from './vfs_subr.js';
import type { vnodeops } from './vnode_if.js';

// Device numbers.
export const DEV_MEM = 0x12;
export const DEV_NULL = 0x13;
export const DEV_ZERO = 0x15;
export const DEV_FULL = 0x17;
export const DEV_RANDOM = 0x18;
export const DEV_URANDOM = 0x19;
export const DEV_TTY = 0x20;
export const DEV_CONSOLE = 0x21;
export const DEV_FB0 = 0x22;
/** Where pages go that find no room: named in swapinfo, and not to be opened. */
export const DEV_SWAP = 0x100;
/** fd/0 is DEV_FD, fd/1 the next ... */
export const DEV_FD = 0x1000;

interface devfs_dirent {
  de_ino: number;
  de_type: number;
  de_mode: number;
  de_rdev: number;
  de_link: string;
  de_dir: Map<string, devfs_dirent> | null;
  de_parent: devfs_dirent | null;
  de_vnode: vnode | null;
  /** ns since 1970. */
  de_time: number;
}

function entry(k: Kernel, type: number, mode: number, rdev: number, link = ''): devfs_dirent {
  return {
    de_ino: k.vfs.next_ino++,
    de_type: type,
    de_mode: mode,
    de_rdev: rdev,
    de_link: link,
    de_dir: type === VDIR ? new Map() : null,
    de_parent: null,
    de_vnode: null,
    de_time: k.kern.boottime,
  };
}

const node_of = (vp: vnode): devfs_dirent => vp.v_data as devfs_dirent;

function vnode_for(k: Kernel, mp: mount, de: devfs_dirent): vnode {
  if (de.de_vnode !== null) return de.de_vnode;
  const vp = getnewvnode(k, mp, 'devfs', de.de_type, de);
  vp.v_rdev = de.de_rdev;
  de.de_vnode = vp;
  return vp;
}

const DEVICES: readonly (readonly [name: string, rdev: number])[] = [
  ['null', DEV_NULL],
  ['zero', DEV_ZERO],
  ['full', DEV_FULL],
  ['random', DEV_RANDOM],
  ['urandom', DEV_URANDOM],
  ['tty', DEV_TTY],
  ['console', DEV_CONSOLE],
  ['swap', DEV_SWAP],
  ['mem', DEV_MEM],
  ['fb0', DEV_FB0],
];

/** Name of a device below /dev. */
export function devtoname(rdev: number): string {
  const name = DEVICES.find(([, number]) => number === rdev)?.[0];
  if (name !== undefined) return name;
  return rdev > DEV_SWAP && rdev < DEV_FD ? `swap${rdev - DEV_SWAP}` : `#C:${rdev.toString(16)}`;
}

export function devfs_mount_create(k: Kernel, on: string): mount {
  const root = entry(k, VDIR, 0o555, 0);
  const mp = vfs_mount_alloc(k, 'devfs', 'devfs', on, root);
  const add = (dir: devfs_dirent, name: string, de: devfs_dirent): void => {
    de.de_parent = dir;
    dir.de_dir?.set(name, de);
  };
  for (const [name, rdev] of DEVICES)
    add(root, name, entry(k, VCHR, rdev === DEV_MEM ? 0o640 : 0o666, rdev));
  // The first disk for swap has its name even where there is none.
  for (const d of k.vm.disks.slice(2)) add(root, d.d_name, entry(k, VCHR, 0o640, d.d_rdev));
  const fd = entry(k, VDIR, 0o555, 0);
  add(root, 'fd', fd);
  for (const [n, name] of ['stdin', 'stdout', 'stderr'].entries()) {
    add(fd, String(n), entry(k, VCHR, 0o666, DEV_FD + n));
    add(root, name, entry(k, VLNK, 0o755, 0, `fd/${n}`));
  }
  const vp = vnode_for(k, mp, root);
  vp.v_vflag |= VV_ROOT;
  vp.v_usecount++;
  mp.mnt_root = vp;
  return mp;
}

/** Adds an empty directory to the root of a devfs, to mount on. @returns its vnode. */
export function devfs_mkdir(k: Kernel, root: vnode, name: string): vnode {
  const de = entry(k, VDIR, 0o755, 0);
  de.de_parent = node_of(root);
  de.de_parent.de_dir?.set(name, de);
  return vnode_for(k, root.v_mount, de);
}

/** Whether `p` has descriptor `n` open: /dev/fd shows no others. */
function has_fd(p: Proc | null, n: number): boolean {
  return (p?.p_fd?.fd_ofiles[n] ?? null) !== null;
}

export const devfs_vnodeops: vnodeops = {
  vop_lookup(k, dvp, name) {
    const dir = node_of(dvp);
    let de = dir.de_dir?.get(name);
    if (
      de === undefined &&
      dir.de_parent !== null &&
      /^\d{1,4}$/.test(name) &&
      has_fd(k.kern.curthread?.td_proc ?? null, Number(name))
    ) {
      de = entry(k, VCHR, 0o666, DEV_FD + Number(name));
      de.de_parent = dir;
    }
    return de === undefined ? null : vnode_for(k, dvp.v_mount, de);
  },
  vop_create: () => EPERM,
  vop_remove: () => EPERM,
  vop_rmdir: () => EPERM,
  vop_link: () => EPERM,
  vop_rename: () => EPERM,
  vop_readdir(_k, vp) {
    const de = node_of(vp);
    const list = [
      { d_fileno: de.de_ino, d_type: 4, d_name: '.' },
      { d_fileno: (de.de_parent ?? de).de_ino, d_type: 4, d_name: '..' },
    ];
    for (const [d_name, child] of de.de_dir ?? []) {
      list.push({
        d_fileno: child.de_ino,
        d_type: child.de_type === VDIR ? 4 : child.de_type === VLNK ? 10 : 2,
        d_name,
      });
    }
    return list;
  },
  vop_readlink: (_k, vp) => node_of(vp).de_link,
  vop_getattr(_k, vp): vattr {
    const de = node_of(vp);
    return {
      va_type: de.de_type,
      va_mode: de.de_mode,
      va_nlink: de.de_type === VDIR ? 2 : 1,
      va_uid: 0,
      va_gid: 0,
      va_fsid: vp.v_mount.mnt_id,
      va_fileid: de.de_ino,
      va_size: de.de_link.length,
      va_blocksize: 4096,
      va_atime: de.de_time,
      va_mtime: de.de_time,
      va_ctime: de.de_time,
      va_birthtime: de.de_time,
      va_rdev: de.de_rdev,
      va_flags: 0,
    };
  },
  vop_setattr(_k, vp, change) {
    const de = node_of(vp);
    if (change.va_mode !== undefined) de.de_mode = change.va_mode & 0o7777;
    return 0;
  },
  vop_getbytes: () => -1,
  vop_putbytes: () => false,
  vop_inactive() {},
};
