// The root of all kernel state. Each subsystem defines its own part beside its code.

import type { Machine } from '../../emulator/index.js';
import type { LinuxState } from '../compat/linux/linux_state.js';
import type { VfsState } from '../fs/vfs_state.js';
import type { PmapState } from '../i386/pmap_state.js';
import type { KernState } from '../kern/kern_state.js';
import type { VmState } from '../vm/vm_state.js';
import type { disk_timing } from '../geom/bio.js';
import type { swap_device } from '../vm/swap_pager_swap.js';
import type { EventStream } from './event.js';
import type { Host } from './host.js';

export interface KernelOptions {
  /** Bytes of swap space, a multiple of the page size. */
  swapBytes: number;
  /** Disks to swap to, instead of one of `swapBytes` in memory. */
  swapDevices?: readonly swap_device[];
  /** How long disks take; the usual time when absent. */
  diskTiming?: disk_timing;
  /** Run vm_check() after every process exit and panic when it finds something. */
  checkInvariants: boolean;
  /** Report lines of the boot as 'boot' events. */
  verboseBoot: boolean;
  /** Wait for timers in host time instead of skipping idle time. */
  realtime: boolean;
}

export interface Kernel {
  readonly machine: Machine;
  readonly host: Host;
  readonly opts: KernelOptions;
  readonly events: EventStream;
  vm: VmState;
  pmap: PmapState;
  kern: KernState;
  vfs: VfsState;
  linux: LinuxState;
}
