// Reserving swap space for anonymous memory before it exists (swap_pager.c swap_reserve_by_cred).
// Every byte is charged once: to a map entry until it has an object of its own, then to the object.

import { EV_SWAP } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import { KASSERT } from '../sys/panic.js';
import { RLIMIT_SWAP } from '../sys/resource.js';

/** vm.overcommit: refuse what swap cannot back; honour RLIMIT_SWAP; count RAM as swap. */
const SWAP_RESERVE_FORCE_ON = 1;
const SWAP_RESERVE_RLIMIT_ON = 2;
const SWAP_RESERVE_ALLOW_NONWIRED = 4;

/**
 * uid that memory of the current thread is charged to; 0 while there is no thread. Unsigned: a
 * negative one says that nothing is charged.
 */
export function curcred(k: Kernel): number {
  return (k.kern.curthread?.td_proc.p_ucred.cr_ruid ?? 0) >>> 0;
}

/** Reserves `bytes` for `uid`. @returns false, with nothing reserved, when the policy refuses. */
export function swap_reserve_by_cred(k: Kernel, bytes: number, uid: number): boolean {
  const { vm } = k;
  const after = vm.swap_reserved + bytes;
  const by_uid = (vm.swap_reserved_by.get(uid) ?? 0) + bytes;
  if (vm.overcommit & SWAP_RESERVE_FORCE_ON) {
    let limit = vm.swap_total;
    if (vm.overcommit & SWAP_RESERVE_ALLOW_NONWIRED) {
      const { v_page_count, v_free_reserved, v_wire_count } = vm.cnt;
      limit += Math.max(0, v_page_count - v_free_reserved - v_wire_count) * 4096;
    }
    if (after > limit) return false;
  }
  if (vm.overcommit & SWAP_RESERVE_RLIMIT_ON && uid !== 0) {
    const limits = k.kern.curthread?.td_proc.p_limit.pl_rlimit;
    if (limits !== undefined && by_uid > limits[RLIMIT_SWAP].rlim_cur) return false;
  }
  vm.swap_reserved = after;
  vm.swap_reserved_by.set(uid, by_uid);
  if (k.events.mask & EV_SWAP) k.events.emit({ type: 'charge', op: 'reserve', uid, bytes });
  return true;
}

/** Reserves whatever the policy says: for what will be given back at once. */
export function swap_reserve_force(k: Kernel, bytes: number, uid: number): void {
  const { vm } = k;
  vm.swap_reserved += bytes;
  if (k.events.mask & EV_SWAP) k.events.emit({ type: 'charge', op: 'reserve', uid, bytes });
  vm.swap_reserved_by.set(uid, (vm.swap_reserved_by.get(uid) ?? 0) + bytes);
}

/** Gives back what was reserved for `uid`. */
export function swap_release_by_cred(k: Kernel, bytes: number, uid: number): void {
  if (bytes === 0) return;
  const { vm } = k;
  const left = (vm.swap_reserved_by.get(uid) ?? 0) - bytes;
  KASSERT(
    vm.swap_reserved >= bytes && left >= 0,
    () => `swap_release: ${bytes} bytes of uid ${uid} were not reserved`,
  );
  vm.swap_reserved -= bytes;
  if (k.events.mask & EV_SWAP) k.events.emit({ type: 'charge', op: 'release', uid, bytes });
  if (left === 0) vm.swap_reserved_by.delete(uid);
  else vm.swap_reserved_by.set(uid, left);
}
