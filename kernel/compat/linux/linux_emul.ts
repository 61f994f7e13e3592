// What the Linux layer remembers of each process (struct linux_emuldata of FreeBSD's linux_emul.h).

import { devfs_mkdir } from '../../fs/devfs.js';
import { tmpfs_mount_create } from '../../fs/tmpfs.js';
import { vfs_domount } from '../../fs/vfs_subr.js';
import { ops } from '../../fs/vnode_if.js';
import type { Kernel } from '../../sys/kernel.js';
import { PAGE_SIZE, round_page } from '../../sys/param.js';
import type { Thread } from '../../sys/proc.js';
import type { vmspace } from '../../vm/vm_types.js';

/** personality(2): what may be read may be executed too. */
export const READ_IMPLIES_EXEC = 0x0400000;

/** Per-process data, replaced as a whole when it changes, since fork copies the reference. */
export interface linux_emuldata {
  /** Lowest and current end of the heap: Linux's brk is exact to the byte. */
  brk_start: number;
  brk: number;
  /** Word of personality(2); survives execve. */
  personality: number;
  /** prctl(2). no_new_privs survives execve. */
  dumpable: number;
  keepcaps: boolean;
  no_new_privs: boolean;
  /** Nanoseconds. */
  timerslack: number;
  /** SCHED_* of sched_setscheduler(2): known, without effect. */
  policy: number;
}

const DEFAULT_TIMERSLACK = 50000;

/** The data of a process that has just executed a Linux image (begin_new_exec, setup_new_exec). */
export function linux_exec_emuldata(td: Thread, read_implies_exec: boolean): void {
  const p = td.td_proc;
  const old = p.p_emuldata as linux_emuldata | null;
  const vm = p.p_vmspace as vmspace;
  // The heap begins behind the highest segment.
  const brk = Math.max(
    round_page(vm.vm_daddr) + vm.vm_dsize * PAGE_SIZE,
    round_page(vm.vm_taddr) + vm.vm_tsize * PAGE_SIZE,
  );
  const personality = (old?.personality ?? 0) & ~READ_IMPLIES_EXEC;
  p.p_emuldata = {
    brk_start: brk,
    brk,
    personality: personality | (read_implies_exec ? READ_IMPLIES_EXEC : 0),
    dumpable: 1,
    keepcaps: false,
    no_new_privs: old?.no_new_privs ?? false,
    timerslack: old?.timerslack ?? DEFAULT_TIMERSLACK,
    policy: old?.policy ?? 0,
  } satisfies linux_emuldata;
}

/** Mounts /dev/shm, where C libraries keep shared memory and semaphores that have names. */
export function linux_mount_shm(k: Kernel): void {
  if (k.linux.shm_mounted) return;
  k.linux.shm_mounted = true;
  const root = k.vfs.rootvnode;
  const dev = root === null ? null : ops(root).vop_lookup(k, root, 'dev');
  const devfs = dev?.v_mountedhere?.mnt_root;
  if (devfs === undefined || devfs === null) return;
  const covered = devfs_mkdir(k, devfs, 'shm');
  covered.v_dd = devfs;
  covered.v_ddname = 'shm';
  vfs_domount(tmpfs_mount_create(k, '/dev/shm', null, 'tmpfs', 0o1777), covered);
}

/** The Linux data of the caller's process. */
export function em_find(td: Thread): linux_emuldata {
  return td.td_proc.p_emuldata as linux_emuldata;
}

/** Changes some of the Linux data of the caller's process. */
export function em_change(td: Thread, change: Partial<linux_emuldata>): void {
  td.td_proc.p_emuldata = { ...em_find(td), ...change };
}
