// The table of Linux system calls, from the calls of all files by their names.

import { linux_syscall_names } from './linux_syscall_names.js';
import { linux_signal_calls } from './linux_sigcalls.js';
import { elf_linux_sysvec } from './linux_sysvec.js';
import { linux_thread_calls } from './linux_threads.js';
import { linux_futex_calls } from './linux_futex.js';
import { linux_mmap_calls } from './linux_mmap.js';
import { linux_mremap_calls } from './linux_mremap.js';
import { linux_madvise_calls } from './linux_madvise.js';
import { linux_time_calls } from './linux_time.js';
import { linux_timer_calls } from './linux_timer.js';
import { linux_id_calls } from './linux_ids.js';
import { linux_resource_calls } from './linux_resource.js';
import { linux_misc_calls } from './linux_misc.js';
import { linux_fcntl_calls } from './linux_fcntl.js';
import { linux_rw_calls } from './linux_rw.js';
import { linux_stat_calls } from './linux_stat.js';
import { linux_dirent_calls } from './linux_dirent.js';
import { linux_poll_calls } from './linux_poll.js';
import { linux_name_calls } from './linux_names.js';
import { linux_attr_calls } from './linux_attr.js';
import { linux_ioctl_calls } from './linux_ioctl.js';
import { linux_socket_calls } from './linux_socket.js';
import { linux_event_calls } from './linux_event.js';
import type { linux_calls } from './linux_calls.js';

const files: readonly linux_calls[] = [
  linux_signal_calls,
  linux_thread_calls,
  linux_futex_calls,
  linux_mmap_calls,
  linux_mremap_calls,
  linux_madvise_calls,
  linux_time_calls,
  linux_timer_calls,
  linux_id_calls,
  linux_resource_calls,
  linux_misc_calls,
  linux_fcntl_calls,
  linux_rw_calls,
  linux_stat_calls,
  linux_dirent_calls,
  linux_poll_calls,
  linux_name_calls,
  linux_attr_calls,
  linux_ioctl_calls,
  linux_socket_calls,
  linux_event_calls,
];

/** Fills the table of elf_linux_sysvec; once is enough. */
export function linux_sysent_init(): void {
  const table = elf_linux_sysvec.sv_table;
  if (table.length > 0) return;
  const calls: linux_calls = Object.assign({}, ...files);
  linux_syscall_names.forEach((name, number) => {
    if (!(name in calls)) return;
    const [sy_narg, sy_call] = calls[name];
    table[number] = { sy_name: name, sy_narg, sy_call };
  });
}
