// Operations of the memory file system (fs/tmpfs/tmpfs_vnops.c).

import {
  EEXIST,
  EISDIR,
  EMLINK,
  ENOENT,
  ENOTDIR,
  ENOTEMPTY,
  EINVAL,
  EFBIG,
  EXDEV,
} from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import { nanotime } from '../kern/kern_clock.js';
import { VDIR, VLNK, VREG } from '../sys/vnode.js';
import type { vattr, vnode } from '../sys/vnode.js';
import {
  swap_pager_freespace,
  swap_pager_unswapped,
  swap_pager_zero_tail,
} from '../vm/swap_pager.js';
import { vm_page_lookup_idle } from '../vm/vm_pager_read.js';
import { vm_object_deallocate, vm_object_page_remove } from '../vm/vm_object.js';
import { OBJT_SWAP, PG_CACHED } from '../vm/vm_param.js';
import { vm_page_deactivate, vm_page_dirty } from '../vm/vm_page.js';
import { vnode_pager_setsize } from '../vm/vnode_pager.js';
import { host_of, tmpfs_dir, tmpfs_node_create, tmpfs_vnode } from './tmpfs.js';
import type { tmpfs_node } from './tmpfs.js';
import type { dirent, vnodeops } from './vnode_if.js';

const PAGE_SIZE = 4096;
const LINK_MAX = 32767;
/** Larger than any guest's RAM and swap could hold. */
const MAX_FILE_SIZE = 2 ** 40;

const node_of = (vp: vnode): tmpfs_node => vp.v_data as tmpfs_node;

function touch(k: Kernel, node: tmpfs_node): void {
  node.tn_mtime = node.tn_ctime = nanotime(k);
}

/** Drops one name of a node; the last one frees it once nobody has it open. */
function unlink(k: Kernel, vp: vnode): void {
  const node = node_of(vp);
  node.tn_nlink--;
  node.tn_ctime = nanotime(k);
  if (node.tn_nlink === 0 && vp.v_usecount === 0) reclaim(k, vp);
}

function reclaim(k: Kernel, vp: vnode): void {
  const node = node_of(vp);
  const object = vp.v_object;
  node.tn_upper = null;
  if (object !== null) {
    if (object.type === OBJT_SWAP) {
      vp.v_object = null;
      vm_object_deallocate(k, object);
    } else {
      // Dirty pages of a file without a name are nobody's.
      if (object.ref_count === 1) vm_object_page_remove(k, object, 0, 0, false);
      vm_object_deallocate(k, object);
    }
  }
  node.tn_vnode = null;
}

/** Shrinks or grows a memory file: pages and swap beyond the end go, the last page's rest is zeroed. */
function swap_setsize(k: Kernel, vp: vnode, size: number): void {
  const { v_object: object } = vp;
  if (object === null) return;
  const pages = Math.ceil(size / PAGE_SIZE);
  if (pages < object.size || size < node_of(vp).tn_size) {
    vm_object_page_remove(k, object, pages, 0, false);
    swap_pager_freespace(k, object, pages, Math.max(0, object.size - pages));
    const base = size % PAGE_SIZE;
    const last = base === 0 ? null : vm_page_lookup_idle(k, object, pages - 1);
    if (last !== null) {
      k.machine.ram8.fill(0, last.phys_addr + base, last.phys_addr + PAGE_SIZE);
      k.machine.physStored(last.phys_addr + base, PAGE_SIZE - base);
      // Its block on swap still has the old bytes.
      if (last.flags & PG_CACHED) vm_page_deactivate(k, last);
      vm_page_dirty(last);
      swap_pager_unswapped(k, last);
    } else if (base !== 0) swap_pager_zero_tail(k, object, pages - 1, base);
  }
  object.size = pages;
}

export function tmpfs_setsize(k: Kernel, vp: vnode, size: number): number {
  const node = node_of(vp);
  if (size < 0) return EINVAL;
  if (size > MAX_FILE_SIZE) return EFBIG;
  if (node.tn_host === null) swap_setsize(k, vp, size);
  else {
    vnode_pager_setsize(k, vp, size);
    if (size < node.tn_host_size) node.tn_host_size = size;
    for (const pindex of [...(node.tn_upper?.keys() ?? [])]) {
      if (pindex * PAGE_SIZE >= size) node.tn_upper?.delete(pindex);
      else if ((pindex + 1) * PAGE_SIZE > size)
        node.tn_upper?.get(pindex)?.fill(0, size % PAGE_SIZE);
    }
  }
  node.tn_size = size;
  touch(k, node);
  return 0;
}

const DT_OF = [0, 8, 4, 6, 2, 10, 12, 1];

export const tmpfs_vnodeops: vnodeops = {
  vop_lookup(k, dvp, name) {
    const child = tmpfs_dir(k, dvp.v_mount, node_of(dvp)).get(name);
    return child === undefined ? null : tmpfs_vnode(k, dvp.v_mount, child);
  },

  vop_create(k, dvp, name, type, mode, uid, gid, target, rdev) {
    const parent = node_of(dvp);
    const dir = tmpfs_dir(k, dvp.v_mount, parent);
    // A directory that has been removed takes no new names.
    if (parent.tn_nlink === 0) return ENOENT;
    if (dir.has(name)) return EEXIST;
    if (type === VDIR && parent.tn_nlink >= LINK_MAX) return EMLINK;
    const node = tmpfs_node_create(k, type, mode, uid, gid);
    node.tn_link = target;
    node.tn_rdev = rdev;
    if (type === VLNK) node.tn_size = target.length;
    node.tn_parent = parent;
    dir.set(name, node);
    if (type === VDIR) parent.tn_nlink++;
    touch(k, parent);
    return tmpfs_vnode(k, dvp.v_mount, node);
  },

  vop_remove(k, dvp, vp, name) {
    tmpfs_dir(k, dvp.v_mount, node_of(dvp)).delete(name);
    touch(k, node_of(dvp));
    unlink(k, vp);
    return 0;
  },

  vop_rmdir(k, dvp, vp, name) {
    const node = node_of(vp);
    if (tmpfs_dir(k, vp.v_mount, node).size > 0) return ENOTEMPTY;
    tmpfs_dir(k, dvp.v_mount, node_of(dvp)).delete(name);
    node_of(dvp).tn_nlink--;
    touch(k, node_of(dvp));
    node.tn_nlink = 1;
    unlink(k, vp);
    return 0;
  },

  vop_link(k, dvp, vp, name) {
    const node = node_of(vp);
    if (node_of(dvp).tn_nlink === 0) return ENOENT;
    if (node.tn_nlink >= LINK_MAX) return EMLINK;
    tmpfs_dir(k, dvp.v_mount, node_of(dvp)).set(name, node);
    node.tn_nlink++;
    node.tn_ctime = nanotime(k);
    touch(k, node_of(dvp));
    return 0;
  },

  vop_rename(k, fdvp, fvp, fname, tdvp, tvp, tname) {
    if (fdvp.v_mount !== tdvp.v_mount) return EXDEV;
    const node = node_of(fvp);
    const from = node_of(fdvp);
    const to = node_of(tdvp);
    const isDir = node.tn_type === VDIR;
    if (to.tn_nlink === 0) return ENOENT;
    // A directory must not become its own descendant.
    if (isDir)
      for (let n: tmpfs_node | null = to; n !== null; n = n.tn_parent)
        if (n === node) return EINVAL;
    if (tvp !== null) {
      const old = node_of(tvp);
      if (old === node) return 0;
      if (old.tn_type === VDIR) {
        if (!isDir) return EISDIR;
        if (tmpfs_dir(k, tvp.v_mount, old).size > 0) return ENOTEMPTY;
        old.tn_nlink = 1;
        to.tn_nlink--;
      } else if (isDir) return ENOTDIR;
      unlink(k, tvp);
    }
    tmpfs_dir(k, fdvp.v_mount, from).delete(fname);
    tmpfs_dir(k, tdvp.v_mount, to).set(tname, node);
    if (isDir && from !== to) {
      from.tn_nlink--;
      to.tn_nlink++;
    }
    node.tn_parent = to;
    touch(k, from);
    touch(k, to);
    node.tn_ctime = nanotime(k);
    return 0;
  },

  vop_readdir(k, vp) {
    const node = node_of(vp);
    const list: dirent[] = [
      { d_fileno: node.tn_id, d_type: 4, d_name: '.' },
      { d_fileno: (node.tn_parent ?? node).tn_id, d_type: 4, d_name: '..' },
    ];
    for (const [d_name, child] of tmpfs_dir(k, vp.v_mount, node)) {
      list.push({ d_fileno: child.tn_id, d_type: DT_OF[child.tn_type] ?? 0, d_name });
    }
    node.tn_atime = nanotime(k);
    return list;
  },

  vop_readlink: (_k, vp) => node_of(vp).tn_link,

  vop_getattr(_k, vp): vattr {
    const n = node_of(vp);
    return {
      va_type: n.tn_type,
      va_mode: n.tn_mode,
      va_nlink: n.tn_nlink,
      va_uid: n.tn_uid,
      va_gid: n.tn_gid,
      va_fsid: vp.v_mount.mnt_id,
      va_fileid: n.tn_id,
      va_size: n.tn_type === VDIR ? (n.tn_dir?.size ?? 0) * 32 + 64 : n.tn_size,
      va_blocksize: PAGE_SIZE,
      va_atime: n.tn_atime,
      va_mtime: n.tn_mtime,
      va_ctime: n.tn_ctime,
      va_birthtime: n.tn_birthtime,
      va_rdev: n.tn_rdev,
      va_flags: 0,
    };
  },

  vop_setattr(k, vp, change) {
    const n = node_of(vp);
    if (change.va_size !== undefined) {
      if (n.tn_type !== VREG) return n.tn_type === VDIR ? EISDIR : EINVAL;
      const error = tmpfs_setsize(k, vp, change.va_size);
      if (error) return error;
    }
    if (change.va_mode !== undefined) n.tn_mode = change.va_mode & 0o7777;
    if (change.va_uid !== undefined) n.tn_uid = change.va_uid;
    if (change.va_gid !== undefined) n.tn_gid = change.va_gid;
    n.tn_ctime = nanotime(k);
    if (change.va_atime !== undefined) n.tn_atime = change.va_atime;
    if (change.va_mtime !== undefined) n.tn_mtime = change.va_mtime;
    return 0;
  },

  vop_getbytes(_k, vp, offset, into) {
    const node = node_of(vp);
    const upper = node.tn_upper?.get(offset / PAGE_SIZE);
    if (upper !== undefined) {
      into.set(upper.subarray(0, into.length));
      return into.length;
    }
    const bytes = Math.min(into.length, Math.max(0, node.tn_host_size - offset));
    into.fill(0, bytes);
    if (bytes === 0) return into.length;
    const got =
      host_of(vp.v_mount, node)?.read(node.tn_host ?? '', offset, into.subarray(0, bytes)) ?? null;
    if (got === null) return -1;
    into.fill(0, got);
    return into.length;
  },

  vop_putbytes(_k, vp, offset, bytes) {
    const node = node_of(vp);
    node.tn_upper ??= new Map();
    const page = new Uint8Array(PAGE_SIZE);
    page.set(bytes);
    node.tn_upper.set(offset / PAGE_SIZE, page);
    return true;
  },

  vop_inactive(k, vp) {
    const node = node_of(vp);
    if (node.tn_nlink === 0 && node.tn_vnode === vp) reclaim(k, vp);
  },
};
