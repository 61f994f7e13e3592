// The clock (kern_clock.c, kern_tc.c). The machine's instruction count is the time: a run is the
// same every time. Idle time is skipped and added here.

import type { Kernel } from '../sys/kernel.js';
import { NSEC_PER_INSTRUCTION, NSEC_PER_SEC, stathz } from '../sys/time.js';

/** ns since boot. */
export function nanouptime(k: Kernel): number {
  return k.machine.instructions * NSEC_PER_INSTRUCTION + k.kern.idle_ns;
}

/** ns since 1970. */
export function nanotime(k: Kernel): number {
  return k.kern.boottime + nanouptime(k);
}

/** The instruction count at which the statistics clock ticks next after `instructions`. */
export function statclock_after(k: Kernel, instructions: number): number {
  const { idle_ns } = k.kern;
  const tick = Math.floor(
    ((instructions * NSEC_PER_INSTRUCTION + idle_ns) * stathz) / NSEC_PER_SEC,
  );
  const due = Math.ceil((((tick + 1) * NSEC_PER_SEC) / stathz - idle_ns) / NSEC_PER_INSTRUCTION);
  return Math.max(due, instructions + 1);
}

/** Lets `ns` of idle time pass: ticks that fall into it hit nobody. */
export function clock_skip(k: Kernel, ns: number): void {
  k.kern.idle_ns += ns;
  k.kern.cp_time[4] += ns;
  k.kern.statclock_next = statclock_after(k, k.machine.instructions);
}
