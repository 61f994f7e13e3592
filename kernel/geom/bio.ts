// Requests to block devices (sys/bio.h), and the devices (geom/geom_disk.h). A block is a page.

import type { callout } from '../sys/proc.js';
import type { vm_page } from '../vm/vm_types.js';

export const BIO_READ = 1;
export const BIO_WRITE = 2;

/** bio_flags. */
export const BIO_DONE = 0x1;
/** g_disk_strategy() has not returned: its caller sees the result itself. */
export const BIO_ENTERING = 0x2;

/** One transfer between pages of memory and consecutive blocks. */
export interface bio {
  bio_cmd: number;
  bio_flags: number;
  /** First block. */
  bio_offset: number;
  bio_pages: vm_page[];
  /** errno, 0 while nothing went wrong. */
  bio_error: number;
  /** Tag of the function that is called at the end (biodone). */
  bio_done: string;
  /** What the caller wants to find again: plain data. */
  bio_caller1: object | null;
  /** Uptime in ns at which it was queued. */
  bio_t0: number;
}

/** A file of the host that holds the blocks of a device. */
export interface HostBlockFile {
  /** Shown to people. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Fills `into` from byte `offset`; what was never written is zero. @returns success. */
  read(offset: number, into: Uint8Array): boolean;
  write(offset: number, bytes: Uint8Array): boolean;
}

/** How long a device takes, in ns of machine time. All zero: a transfer is over when it is asked for. */
export interface disk_timing {
  /** Before each transfer. */
  d_overhead: number;
  /** Moving over the whole device; a part of it takes as much less. */
  d_stroke: number;
  /** Each block. */
  d_block: number;
}

/** A fault to come: the next `count` transfers that touch [first, last] with `cmd` fail. */
export interface disk_fault {
  cmd: number;
  first: number;
  last: number;
  count: number;
  error: number;
}

export interface disk {
  d_name: string;
  d_rdev: number;
  /** Where the bytes are: 'memory', 'file' (of the host), 'vnode' (files of host directories). */
  d_kind: 'memory' | 'file' | 'vnode';
  /** Size in blocks. */
  d_blocks: number;
  /** 'memory': blocks that were written. */
  d_data: Map<number, Uint8Array>;
  d_file: HostBlockFile | null;
  d_timing: disk_timing;
  /** Where the last transfer ended. */
  d_head: number;
  /** Waiting, in no order: the sweep chooses. */
  d_queue: bio[];
  d_active: bio | null;
  d_callout: callout;
  d_faults: disk_fault[];
  /** devstat(9). */
  d_reads: number;
  d_writes: number;
  d_errors: number;
  d_busy_ns: number;
}
