// Callouts (kern_timeout.c): what happens at a time. A callout names its function by a tag, so that
// pending timers are plain data.

import { g_disk_intr } from '../geom/geom_disk.js';
import type { Kernel } from '../sys/kernel.js';
import type { Thread, callout } from '../sys/proc.js';
import { NSEC_PER_SEC } from '../sys/time.js';
import { swap_indefinite_wait } from '../vm/swap_pager_io.js';
import { nanouptime } from './kern_clock.js';
import { itimer_expire } from './kern_itimer.js';
import { sleepq_abort } from './kern_synch.js';
import { realitexpire } from './kern_time.js';

type callout_func = (k: Kernel, arg: object | null) => void;

/** Functions by tag. */
const callout_table: Record<string, callout_func> = {
  g_disk_intr,
  endtsleep: (k, arg) => sleepq_abort(k, arg as Thread),
  realitexpire,
  itimer_expire,
  swap_indefinite_wait,
};

export function callout_create(tag: string, arg: object | null): callout {
  return { c_time: 0, c_func: tag, c_arg: arg };
}

/** Uptime in ns that is never reached: an sbintime_t counts seconds in 31 bits (SBT_MAX). */
const SBT_MAX_NS = 2 ** 31 * NSEC_PER_SEC;

/** Arms (again) a callout to fire at uptime `when` (ns). */
export function callout_reset_at(k: Kernel, c: callout, when: number): void {
  if (c.c_time !== 0) callout_stop(k, c);
  c.c_time = Math.max(when, 1);
  if (when >= SBT_MAX_NS) return;
  const { callouts } = k.kern;
  let i = callouts.length;
  while (i > 0 && callouts[i - 1].c_time > c.c_time) i--;
  callouts.splice(i, 0, c);
}

/** @returns whether it was pending. */
export function callout_stop(k: Kernel, c: callout): boolean {
  if (c.c_time === 0) return false;
  c.c_time = 0;
  const i = k.kern.callouts.indexOf(c);
  if (i >= 0) k.kern.callouts.splice(i, 1);
  return i >= 0;
}

/** Fires everything that is due. */
export function callout_process(k: Kernel): void {
  const { callouts } = k.kern;
  const now = nanouptime(k);
  while (callouts.length > 0 && callouts[0].c_time <= now) {
    const c = callouts.shift() as callout;
    c.c_time = 0;
    callout_table[c.c_func](k, c.c_arg);
  }
}
