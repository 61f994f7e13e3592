// The root of all kernel state. Each subsystem defines its own part beside its code.

import type { Machine } from '../../emulator/index.js';
import type { LinuxState } from '../compat/linux/linux_state.js';
import type { VfsState } from '../fs/vfs_state.js';
import type { PmapState } from '../i386/pmap_state.js';
import type { KernState } from '../kern/kern_state.js';
import type { VmState } from '../vm/vm_state.js';
import type { EventStream } from './event.js';
import type { Host } from './host.js';

export interface KernelOptions {
  /** Bytes of swap space, a multiple of the page size. */
  swapBytes: number;
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
