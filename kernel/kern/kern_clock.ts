// The clock (kern_clock.c, kern_tc.c). The machine's instruction count is the time: a run is the
// same every time. Idle time is skipped and added here.

import type { Kernel } from '../sys/kernel.js';
import { NSEC_PER_INSTRUCTION } from '../sys/time.js';

/** ns since boot. */
export function nanouptime(k: Kernel): number {
  return k.machine.instructions * NSEC_PER_INSTRUCTION + k.kern.idle_ns;
}

/** ns since 1970. */
export function nanotime(k: Kernel): number {
  return k.kern.boottime + nanouptime(k);
}

/** Lets `ns` of idle time pass. */
export function clock_skip(k: Kernel, ns: number): void {
  k.kern.idle_ns += ns;
  k.kern.cp_time[4] += ns;
}
