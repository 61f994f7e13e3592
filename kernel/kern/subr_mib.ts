// What the tables of sysctl variables are made of.

import { EINVAL } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import type { Thread } from '../sys/proc.js';
import { bytes_of } from '../i386/support.js';

/** A variable. Values are bytes as the guest sees them. */
export interface sysctl_oid {
  name: string;
  /** Last number; absent for one that is assigned. */
  number?: number;
  /** I, IU, L, LU, Q, A (string), S,type (structure), N (node with a handler for what follows). */
  fmt: string;
  /** @param rest numbers behind the variable's own. @returns the value or an errno. */
  get(k: Kernel, td: Thread, rest: readonly number[]): Uint8Array | number;
  /** Sets it; absent for read-only ones. @returns an errno. */
  set?(k: Kernel, td: Thread, value: Uint8Array, rest: readonly number[]): number;
  /** Not only the superuser may try to set it. */
  anybody?: boolean;
}

export const mib_int = (...values: number[]): Uint8Array =>
  new Uint8Array(Int32Array.from(values, (v) => v | 0).buffer);
export const mib_string = (text: string): Uint8Array => bytes_of(`${text}\0`);
export const mib_quad = (value: number): Uint8Array =>
  mib_int(value >>> 0, Math.floor(value / 0x100000000));

/** A number of the kernel's state that can be set. */
export function state_int(
  name: string,
  number: number | undefined,
  get: (k: Kernel) => number,
  set: (k: Kernel, value: number) => void,
): sysctl_oid {
  return {
    name,
    number,
    fmt: 'I',
    get: (k) => mib_int(get(k)),
    set(k, _td, v) {
      if (v.length !== 4) return EINVAL;
      set(k, new DataView(v.buffer, v.byteOffset).getInt32(0, true));
      return 0;
    },
  };
}
