// The debugger's data watchpoints. Watched pages are in the TLB for fetches alone (T_WATCH), so every
// access to them comes along here on the slow path; all other pages cost what they always cost.

import { raiseBreakpoint } from '../cpu/fault.js';

/** One access of an instruction to a watched page. */
export interface WatchedAccess {
  /** Linear address, uint32. */
  la: number;
  bytes: number;
  write: boolean;
}

/** The watched pages of a machine, and what has happened to them. */
export interface WatchState {
  /** Linear page numbers (la >>> 12). */
  pages: Set<number>;
  /** Leave run() in front of the instruction that accesses a page; otherwise record the access. */
  stopping: boolean;
  /** run() was left because of an access. */
  stopped: boolean;
  accesses: WatchedAccess[];
}

export function createWatchState(): WatchState {
  return { pages: new Set(), stopping: true, stopped: false, accesses: [] };
}

let watch: WatchState;
export function setWatchState(state: WatchState): void {
  watch = state;
}

/** Whether the page of `la` must stay out of the TLB. */
export function isWatched(la: number): boolean {
  return watch.pages.size > 0 && watch.pages.has(la >>> 12);
}

/** An access of `bytes` bytes at `la` is about to happen. Leaves run() before it, or records it. */
export function noteAccess(la: number, bytes: number, write: boolean): void {
  if (watch.pages.size === 0) return;
  if (!isWatched(la) && !isWatched((la + bytes - 1) | 0)) return;
  if (watch.stopping) {
    watch.stopped = true;
    raiseBreakpoint();
  }
  watch.accesses.push({ la: la >>> 0, bytes, write });
}
