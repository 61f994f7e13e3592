// sysctl by number and by name (kern_sysctl.c): a table of variables, each with a number path, a
// dotted name, a format and functions.

import { EFAULT, EINVAL, EISDIR, ENOENT, ENOMEM, ENOTDIR, EPERM } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import type { Thread } from '../sys/proc.js';
import { copyin, copyout, fuword32, latin1, suword32 } from '../i386/support.js';
import { kern_mib } from './kern_mib.js';
import { descriptions } from './kern_mib_descr.js';
import { proc_mib } from './kern_mib_proc.js';
import { pmap_mib } from './kern_mib_pmap.js';
import { stats_mib } from './kern_mib_stats.js';
import { vm_mib } from './kern_mib_vm.js';
import { mib_int, mib_string } from './subr_mib.js';
import type { sysctl_oid } from './subr_mib.js';

const CTL_MAXNAME = 24;
const CTLTYPE: Record<string, number> = { N: 1, I: 2, IU: 6, A: 3, Q: 4, QU: 9, S: 5, L: 7, LU: 8 };
const CTLFLAG_RD = 0x80000000;
const CTLFLAG_WR = 0x40000000;
/** First number of variables that have none of their own. */
const CTL_AUTO_START = 0x100;

interface tree {
  by_number: ReadonlyMap<string, sysctl_oid>;
  by_name: ReadonlyMap<string, readonly number[]>;
  /** Number paths of all variables, in order. */
  order: readonly (readonly number[])[];
  names: ReadonlyMap<string, string>;
}

const TOP: Record<string, number> = {
  kern: 1, vm: 2, vfs: 3, net: 4, debug: 5, hw: 6, machdep: 7, user: 8, p1003_1b: 9, compat: 256, security: 257,
}; // prettier-ignore

/** Number paths of nodes that have fixed ones. */
const NODES: Record<string, number[]> = { 'kern.proc': [1, 14], 'kern.ipc': [1, 30] };

function build(all: readonly sysctl_oid[]): tree {
  const by_number = new Map<string, sysctl_oid>();
  const by_name = new Map<string, readonly number[]>();
  const names = new Map<string, string>();
  const paths: (readonly number[])[] = [];
  let next = CTL_AUTO_START + 100;
  for (const [name, path] of Object.entries(NODES)) by_name.set(name, path);
  for (const [name, number] of Object.entries(TOP)) by_name.set(name, [number]);
  for (const oid of all) {
    const parts = oid.name.split('.');
    let path: readonly number[] = [];
    for (let i = 1; i <= parts.length; i++) {
      const name = parts.slice(0, i).join('.');
      let at = by_name.get(name);
      if (at === undefined) {
        const last = i === parts.length && oid.number !== undefined ? oid.number : next++;
        at = [...path, last];
        by_name.set(name, at);
      }
      path = at;
      names.set(path.join('.'), name);
    }
    by_number.set(path.join('.'), oid);
    paths.push(path);
  }
  const order = paths.sort(compare);
  return { by_number, by_name, order, names };
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

const mib = build([...kern_mib, ...vm_mib, ...proc_mib, ...stats_mib, ...pmap_mib]);

/** The variable of a number path, and the numbers behind it. */
function find(name: readonly number[]): { oid: sysctl_oid; rest: readonly number[] } | number {
  const { by_number, names } = mib;
  for (let n = name.length; n > 0; n--) {
    const oid = by_number.get(name.slice(0, n).join('.'));
    if (oid === undefined) continue;
    const rest = name.slice(n);
    if (rest.length > 0 && !oid.fmt.startsWith('N')) return ENOTDIR;
    return { oid, rest };
  }
  return names.has(name.join('.')) ? EISDIR : ENOENT;
}

/** The requests below sysctl.* (0.N). @returns the value or an errno. */
function meta(name: readonly number[], input: Uint8Array): Uint8Array | number {
  const { by_name, by_number, names, order } = mib;
  const rest = name.slice(2);
  switch (name[1]) {
    case 1: {
      const known = names.get(rest.join('.'));
      return mib_string(known ?? rest.join('.'));
    }
    case 2: {
      const next = order.find((path) => compare(path, rest) > 0);
      return next === undefined ? ENOENT : mib_int(...next);
    }
    case 3: {
      const end = input.indexOf(0);
      const text = latin1(input, 0, end < 0 ? input.length : end);
      const path = by_name.get(text);
      return path === undefined ? ENOENT : mib_int(...path);
    }
    case 4: {
      const oid = by_number.get(rest.join('.'));
      if (oid === undefined && !names.has(rest.join('.'))) return ENOENT;
      const fmt = oid?.fmt ?? 'N';
      const kind =
        (CTLTYPE[fmt.split(',')[0]] ?? 1) | CTLFLAG_RD | (oid?.set !== undefined ? CTLFLAG_WR : 0);
      const head = mib_int(kind);
      const tail = mib_string(fmt);
      const out = new Uint8Array(4 + tail.length);
      out.set(head);
      out.set(tail, 4);
      return out;
    }
    case 5: {
      const known = names.get(rest.join('.'));
      return known === undefined ? ENOENT : mib_string(descriptions[known] ?? '');
    }
    default:
      return ENOENT;
  }
}

/**
 * Reads and writes a variable. @returns the old value, or an errno.
 * @param next the new value, or null. EPERM when it may not be written.
 */
export function kern_sysctl(
  k: Kernel,
  td: Thread,
  name: readonly number[],
  next: Uint8Array | null,
): Uint8Array | number {
  if (name[0] === 0) return meta(name, next ?? new Uint8Array(0));
  const found = find(name);
  if (typeof found === 'number') return found;
  const { oid, rest } = found;
  const value = oid.get(k, td, rest);
  if (next === null || typeof value === 'number') return value;
  const allowed = oid.anybody === true || td.td_proc.p_ucred.cr_uid === 0;
  if (oid.set === undefined || !allowed) return EPERM;
  const error = oid.set(k, td, next, rest);
  return error === 0 ? value : error;
}

/** __sysctl(name, namelen, old, oldlenp, new, newlen). */
export function sys___sysctl(k: Kernel, td: Thread, a: Int32Array): number {
  const [namep, namelen, old, oldlenp, newp, newlen] = a;
  if (namelen < 2 || namelen > CTL_MAXNAME) return EINVAL;
  const raw = new Uint8Array(namelen * 4);
  let error = copyin(k, namep, raw);
  if (error !== 0) return error;
  const name = Array.from(new Int32Array(raw.buffer));
  let next: Uint8Array | null = null;
  if (newp !== 0) {
    if (newlen < 0 || newlen > 65536) return EINVAL;
    next = new Uint8Array(newlen);
    error = copyin(k, newp, next);
    if (error !== 0) return error;
  }
  let room = 0;
  if (oldlenp !== 0) {
    room = fuword32(k, oldlenp);
    if (room < 0) return EFAULT;
  }
  const value = sized(kern_sysctl(k, td, name, next), name, room);
  if (typeof value === 'number') return value;
  return give_back(k, value, old, oldlenp, room);
}

/** kern.arandom fills whatever room there is; all others have their size. */
function sized(
  value: Uint8Array | number,
  name: readonly number[],
  room: number,
): Uint8Array | number {
  if (typeof value === 'number') return value;
  return name[0] === 1 && name[1] === 37 ? value.subarray(0, Math.min(room, value.length)) : value;
}

function give_back(
  k: Kernel,
  value: Uint8Array,
  old: number,
  oldlenp: number,
  room: number,
): number {
  let error = 0;
  let length = value.length;
  if (old !== 0) {
    if (value.length > room) {
      error = ENOMEM;
      length = room;
    }
    const copied = copyout(k, value.subarray(0, length), old);
    if (copied !== 0) return copied;
  }
  if (oldlenp !== 0 && suword32(k, oldlenp, length) !== 0) return EFAULT;
  return error;
}
