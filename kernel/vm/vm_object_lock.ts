// Locks of an object. As with maps, nobody ever waits for one on a single CPU; they count, so that
// pages that come or go while somebody looks through the object are an assertion failure.

import { KASSERT } from '../sys/panic.js';
import type { vm_object } from './vm_types.js';

/** Enough for a fault on a resident page. */
export function VM_OBJECT_RLOCK(object: vm_object): void {
  KASSERT(object.lock >= 0, () => `object #${object.id}: read lock of a write-locked object`);
  object.lock++;
}

export function VM_OBJECT_RUNLOCK(object: vm_object): void {
  KASSERT(object.lock > 0, () => `object #${object.id}: not read-locked`);
  object.lock--;
}

export function VM_OBJECT_WLOCK(object: vm_object): void {
  KASSERT(object.lock === 0, () => `object #${object.id}: it is locked`);
  object.lock = -1;
}

export function VM_OBJECT_WUNLOCK(object: vm_object): void {
  KASSERT(object.lock === -1, () => `object #${object.id}: not write-locked`);
  object.lock = 0;
}
