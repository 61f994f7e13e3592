// Mounted file systems (sys/mount.h).

import type { vnode } from './vnode.js';

export const MNT_RDONLY = 0x1;
export const MNT_NOEXEC = 0x4;

export interface mount {
  mnt_id: number;
  /** "tmpfs", "devfs", "unionfs" ... */
  mnt_fstype: string;
  mnt_flag: number;
  /** Where it is mounted, null for the root. */
  mnt_vnodecovered: vnode | null;
  mnt_root: vnode | null;
  mnt_from: string;
  mnt_on: string;
  mnt_data: object;
}
