// The syncer (vfs_subr.c sched_sync, sync_fsync): writes what was stored through mappings of files, but
// for MAP_NOSYNC ones, so that it is on the disk soon though nobody asks for it.

import type { Kernel } from '../sys/kernel.js';
import type { Thread } from '../sys/proc.js';
import { NSEC_PER_SEC } from '../sys/time.js';
import { vfs_msync } from '../vm/vm_object_clean.js';
import { nanouptime } from './kern_clock.js';
import { sleepq_add } from './kern_synch.js';

/** Seconds between two rounds (syncdelay). */
const SYNCDELAY = 30;
/** The first mount's turn: half of SYNCER_MAXDELAY (vfs_allocate_syncvnode). */
const FIRST_DELAY = 16;

interface syncer_state {
  /** Uptime of the next round, ns. */
  due: number;
}

/**
 * A step of the syncer. It sleeps from round to round: the slots of the seconds between are empty,
 * because no file has buffers apart from its pages.
 */
export function sched_sync(k: Kernel): void {
  const td = k.kern.curthread as Thread;
  const state = (td.td_progress ??= {
    due: FIRST_DELAY * NSEC_PER_SEC,
  } satisfies syncer_state) as syncer_state;
  const now = nanouptime(k);
  if (now >= state.due) {
    vfs_msync(k);
    state.due = now + SYNCDELAY * NSEC_PER_SEC;
  }
  sleepq_add(k, td, state, 0, 'syncer', state.due);
}
