// What the tables of Linux calls are made of.

import { copyinstr } from '../../i386/support.js';
import { ENOSYS } from '../../sys/errno.js';
import type { Kernel } from '../../sys/kernel.js';
import type { sy_call } from '../../sys/sysent.js';

/** Words of arguments, and the call. */
export type linux_call = [narg: number, call: sy_call];

/** Calls by Linux's name; linux_sysent_init() finds the numbers. */
export type linux_calls = Record<string, linux_call>;

/** A call that always ends the same way. */
export function always(error: number): linux_call {
  return [0, () => error];
}

/** Known and not offered: programs ask for it and do without. */
export const nosys: linux_call = [0, () => ENOSYS];

export const u = (word: number): number => word >>> 0;

/** Bytes of a path with its NUL (PATH_MAX of Linux). */
export const LINUX_PATH_MAX = 4096;

/** Calls `f` with the path at `uaddr`. */
export function with_path(k: Kernel, uaddr: number, f: (path: string) => number): number {
  const path = copyinstr(k, uaddr, LINUX_PATH_MAX);
  return typeof path === 'number' ? path : f(path);
}

export function with_paths(
  k: Kernel,
  a: number,
  b: number,
  f: (a: string, b: string) => number,
): number {
  return with_path(k, a, (first) => with_path(k, b, (second) => f(first, second)));
}
