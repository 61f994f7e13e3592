// Locks of a map. With one CPU and no sleep under a lock they never wait; they count, so that wrong
// use is an assertion failure, and an exclusive holder leaves a new timestamp. A map that is busy is
// not locked, but must not be copied.

import type { Kernel } from '../sys/kernel.js';
import { KASSERT } from '../sys/panic.js';
import { tsleep, wakeup } from '../kern/kern_synch.js';
import { MAP_BUSY_WAKEUP } from './vm_param.js';
import type { vm_map } from './vm_types.js';

export function vm_map_lock(map: vm_map): void {
  KASSERT(map.lock === 0, () => 'vm_map_lock: the map is locked');
  map.lock = -1;
  map.timestamp++;
}

export function vm_map_unlock(map: vm_map): void {
  KASSERT(map.lock === -1, () => 'vm_map_unlock: not locked exclusively');
  map.lock = 0;
}

export function vm_map_lock_read(map: vm_map): void {
  KASSERT(map.lock >= 0, () => 'vm_map_lock_read: the map is locked exclusively');
  map.lock++;
}

export function vm_map_unlock_read(map: vm_map): void {
  KASSERT(map.lock > 0, () => 'vm_map_unlock_read: not locked');
  map.lock--;
}

/** From shared to exclusive. @returns false, with nothing held, when there are other readers. */
export function vm_map_lock_upgrade(map: vm_map): boolean {
  KASSERT(map.lock > 0, () => 'vm_map_lock_upgrade: not locked');
  if (map.lock > 1) {
    map.lock--;
    return false;
  }
  map.lock = -1;
  map.timestamp++;
  return true;
}

export function vm_map_lock_downgrade(map: vm_map): void {
  KASSERT(map.lock === -1, () => 'vm_map_lock_downgrade: not locked exclusively');
  map.lock = 1;
}

/** The map is in use though it is not locked: wiring sleeps. */
export function vm_map_busy(map: vm_map): void {
  map.busy++;
}

export function vm_map_unbusy(k: Kernel, map: vm_map): void {
  KASSERT(map.busy > 0, () => 'vm_map_unbusy: not busy');
  if (--map.busy > 0 || (map.flags & MAP_BUSY_WAKEUP) === 0) return;
  map.flags &= ~MAP_BUSY_WAKEUP;
  wakeup(k, map.header);
}

/** Sleeps until the map is not busy. => the caller has changed nothing yet. */
export function vm_map_wait_busy(k: Kernel, map: vm_map): void {
  if (map.busy === 0) return;
  map.flags |= MAP_BUSY_WAKEUP;
  tsleep(k, map.header, 0, 'mbusy');
}
