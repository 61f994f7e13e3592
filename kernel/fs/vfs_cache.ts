// Names of files in use, from what lookups left behind (vfs_cache.c).

import type { vnode } from '../sys/vnode.js';
import { VV_ROOT } from '../sys/vnode.js';

/** Deeper paths have no name here. */
const DEPTH_MAX = 256;

/**
 * Where the vnode was last found, '' when no name is known: follows the names that lookups left
 * behind, asks no file system and changes nothing. The name may be out of date.
 */
export function vnode_path(vp: vnode): string {
  let path = '';
  let at: vnode = vp;
  for (let depth = 0; depth < DEPTH_MAX; depth++) {
    while (at.v_vflag & VV_ROOT && at.v_mount.mnt_vnodecovered !== null)
      at = at.v_mount.mnt_vnodecovered;
    if (at.v_vflag & VV_ROOT) return path === '' ? '/' : path;
    if (at.v_dd === null || at.v_ddname === '') return '';
    path = `/${at.v_ddname}${path}`;
    at = at.v_dd;
  }
  return '';
}
