// sysarch(2): segment bases and the local descriptor table (i386/sys_machdep.c).

import { FS } from '../../emulator/index.js';
import { EACCES, EFAULT, EINVAL, ENOMEM } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import type { Thread } from '../sys/proc.js';
import { copyin_view, copyout_view } from '../kern/subr_buf.js';
import { LDT_ENTRIES, _ufssel, ldt_set, segments_switch, set_gsbase } from './segments.js';
import { copyin, copyout } from './support.js';

const I386_GET_LDT = 0;
const I386_SET_LDT = 1;
export const I386_GET_FSBASE = 7;
export const I386_SET_FSBASE = 8;
export const I386_GET_GSBASE = 9;
export const I386_SET_GSBASE = 10;

export function sys_sysarch(k: Kernel, td: Thread, a: Int32Array): number {
  const [op, parms] = a;
  switch (op) {
    case I386_GET_LDT:
    case I386_SET_LDT: {
      const view = copyin_view(k, parms, 12);
      if (typeof view === 'number') return view;
      const [start, descs, num] = [0, 4, 8].map((at) => view.getUint32(at, true));
      const f = op === I386_GET_LDT ? i386_get_ldt : i386_set_ldt;
      return f(k, td, start, descs, num);
    }
    case I386_GET_FSBASE:
      return put_word(k, td.td_fsbase, parms);
    case I386_GET_GSBASE:
      return put_word(k, td.td_gsbase, parms);
    case I386_SET_FSBASE:
    case I386_SET_GSBASE: {
      const view = copyin_view(k, parms, 4);
      if (typeof view === 'number') return view;
      const base = view.getUint32(0, true);
      if (op === I386_SET_GSBASE) {
        set_gsbase(k, td, base);
        return 0;
      }
      td.td_fsbase = base;
      segments_switch(k, td);
      k.machine.cpu.setSegment(FS, _ufssel);
      return 0;
    }
    default:
      return EINVAL;
  }
}

function put_word(k: Kernel, value: number, uaddr: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value, true);
  return copyout_view(k, view, uaddr);
}

/** Entries that an LDT has at least; those below are never given out by themselves. */
const NLDT = 17;
const MAX_LD = 8192;
const LDT_AUTO_ALLOC = 0xffffffff;
const SD_SYSNULL = 0;
const SEL_UPL = 3;

/** i386_get_ldt: copies entries out. @returns an errno; their number is in td_retval. */
function i386_get_ldt(k: Kernel, td: Thread, start: number, descs: number, num: number): number {
  const { p_ldt } = td.td_proc;
  const entries = p_ldt === null ? NLDT : LDT_ENTRIES;
  const n = Math.min(num, entries);
  if (start + n > entries) return EINVAL;
  const words = p_ldt?.slice(2 * start, 2 * (start + n)) ?? new Int32Array(2 * n);
  td.td_retval[0] = n;
  return copyout(k, new Uint8Array(words.buffer), descs);
}

/** Whether a user may have this descriptor; an absent one of type 0 is an empty entry. */
function check_descriptor(high: number): number {
  const type = (high >>> 8) & 0x1f;
  const present = (high & 0x8000) !== 0;
  if (type === SD_SYSNULL) return 0;
  if ((type & 0x10) === 0) return EACCES;
  const conforming = (type & 0xc) === 0xc;
  if (conforming && !present) return EACCES;
  return present && ((high >>> 13) & 3) !== SEL_UPL ? EACCES : 0;
}

/** i386_set_ldt: sets entries, or empties them when `descs` is null. The first is in td_retval. */
function i386_set_ldt(k: Kernel, td: Thread, start: number, descs: number, num: number): number {
  const { p_ldt } = td.td_proc;
  if (descs === 0) return i386_free_ldt(k, td, start, num);
  const auto = start === LDT_AUTO_ALLOC && num === 1;
  if (!auto && (start >= MAX_LD || start + num > MAX_LD)) return EINVAL;
  const words = new Int32Array(2 * num);
  if (copyin(k, descs, new Uint8Array(words.buffer)) !== 0) return EFAULT;
  for (let i = 0; i < num; i++) {
    const error = check_descriptor(words[2 * i + 1]);
    if (error !== 0) return error;
    if (((words[2 * i + 1] >>> 8) & 0x1f) === SD_SYSNULL) words[2 * i + 1] &= ~0x8000;
  }
  let first = start;
  if (auto) {
    first = NLDT;
    while (p_ldt !== null && first < LDT_ENTRIES && (p_ldt[2 * first + 1] >>> 8) & 0x1f) first++;
  }
  if (first + num > LDT_ENTRIES) return ENOMEM;
  ldt_set(k, td, first, words);
  td.td_retval[0] = first;
  return 0;
}

function i386_free_ldt(k: Kernel, td: Thread, start: number, num: number): number {
  const all = start === 0 && num === 0;
  const first = all ? NLDT : start;
  const count = all ? MAX_LD - NLDT : num;
  if (count === 0) return EINVAL;
  if (td.td_proc.p_ldt === null || first >= LDT_ENTRIES) return 0;
  ldt_set(k, td, first, new Int32Array(2 * Math.min(count, LDT_ENTRIES - first)));
  return 0;
}
