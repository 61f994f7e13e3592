// What the Linux layer remembers.

import { linux_sysent_init } from './linux_sysent.js';

export interface LinuxState {
  /** Ids of threads that clone(CLONE_THREAD) made; a process's first thread has the process's id. */
  thread_tids: Set<number>;
  /** /dev/shm is there: since the first Linux program was executed. */
  shm_mounted: boolean;
}

/** A fresh state; fills the call table of elf_linux_sysvec as well. */
export function linux_state_init(): LinuxState {
  linux_sysent_init();
  return { thread_tids: new Set(), shm_mounted: false };
}
