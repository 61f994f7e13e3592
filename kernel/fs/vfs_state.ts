// State of the file systems.

import type { mount } from '../sys/mount.js';
import type { vnode } from '../sys/vnode.js';
import type { host_stream } from '../kern/host_stream.js';
import type { tty } from '../kern/tty_types.js';

export interface VfsState {
  mounts: mount[];
  rootvnode: vnode | null;
  next_mount_id: number;
  next_vnode_id: number;
  next_ino: number;
  /** The console terminal; null when the host has none. */
  console: tty | null;
  /** Standard input, output and error of the host when they are not the terminal. */
  streams: (host_stream | null)[];
  /** Threads in poll or select wait on this. */
  selwait: object;
  /** Counts the changes: a new number is a new edge. */
  selgen: number;
  open_files: number;
}

export function vfs_state_init(): VfsState {
  return {
    mounts: [],
    rootvnode: null,
    next_mount_id: 1,
    next_vnode_id: 1,
    next_ino: 3,
    console: null,
    streams: [null, null, null],
    selwait: {},
    selgen: 0,
    open_files: 0,
  };
}
