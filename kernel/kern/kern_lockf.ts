// Advisory record locks (kern_lockf.c): by process for fcntl(2), by open file for flock(2).

import { EAGAIN, EDEADLK } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import type { vnode } from '../sys/vnode.js';
import { PCATCH, tsleep, wakeup } from './kern_synch.js';

export const F_RDLCK = 1;
export const F_UNLCK = 2;
export const F_WRLCK = 3;

export interface lockf {
  lf_owner: object;
  lf_pid: number;
  lf_type: number;
  /** Bytes, half-open; end Infinity for "to the end of the file". */
  lf_start: number;
  lf_end: number;
  /** flock(2): a separate space of locks. */
  lf_flock: boolean;
}

const locks_of = (vp: vnode): lockf[] => vp.v_lockf as lockf[];

/** The first lock of another owner that stands in the way of `want`. */
export function lf_getblock(vp: vnode, want: lockf): lockf | null {
  for (const l of locks_of(vp)) {
    if (l.lf_flock !== want.lf_flock || l.lf_owner === want.lf_owner) continue;
    if (l.lf_end <= want.lf_start || l.lf_start >= want.lf_end) continue;
    if (l.lf_type === F_WRLCK || want.lf_type === F_WRLCK) return l;
  }
  return null;
}

/** Removes `range` from the owner's locks, splitting those that reach beyond it. */
function lf_clear(vp: vnode, range: lockf): void {
  const kept: lockf[] = [];
  for (const l of locks_of(vp)) {
    if (
      l.lf_flock !== range.lf_flock ||
      l.lf_owner !== range.lf_owner ||
      l.lf_end <= range.lf_start ||
      l.lf_start >= range.lf_end
    ) {
      kept.push(l);
      continue;
    }
    if (l.lf_start < range.lf_start) kept.push({ ...l, lf_end: range.lf_start });
    if (l.lf_end > range.lf_end) kept.push({ ...l, lf_start: range.lf_end });
  }
  vp.v_lockf = kept;
}

/** Sets or clears a lock. Sleeps for it when `wait`. @returns an errno. */
export function lf_advlock(k: Kernel, vp: vnode, want: lockf, wait: boolean): number {
  if (want.lf_type !== F_UNLCK) {
    const blocker = lf_getblock(vp, want);
    if (blocker !== null) {
      if (!wait) return EAGAIN;
      if (blocker.lf_owner === want.lf_owner) return EDEADLK;
      return tsleep(k, vp.v_lockf, PCATCH, 'lockf');
    }
  }
  const before = vp.v_lockf;
  lf_clear(vp, want);
  if (want.lf_type !== F_UNLCK) (vp.v_lockf as lockf[]).push(want);
  wakeup(k, before);
  return 0;
}

/** Drops all locks of an owner. */
export function lf_release(k: Kernel, vp: vnode, owner: object): void {
  if (vp.v_lockf.length === 0) return;
  const before = vp.v_lockf;
  vp.v_lockf = locks_of(vp).filter((l) => l.lf_owner !== owner);
  wakeup(k, before);
}
