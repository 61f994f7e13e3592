// Moving data between the kernel and user memory (i386/i386/support.s, kern/subr_copy.c). The MMU is
// asked at supervisor level; an access that faults is served as the hardware's would be, so all of
// these may sleep (throw SLEEP).

import { ACCESS_READ, ACCESS_WRITE } from '../../emulator/index.js';
import { EFAULT, ENAMETOOLONG } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import { VM_MAXUSER_ADDRESS } from '../sys/param.js';
import { KERN_SUCCESS } from '../vm/vm_param.js';
import { trap_pfault } from './trap.js';

const PAGE_MASK = 0xfff;

/** Physical address of user address `va` after serving the fault, or -1. */
function fault_in(k: Kernel, va: number, access: number): number {
  const td = k.kern.curthread;
  if (td === null || trap_pfault(k, td, va, k.machine.fault.error) !== KERN_SUCCESS) return -1;
  return k.machine.translate(va, access);
}

/** Whether [va, va + len) lies in the user's part of the address space. */
function in_user(va: number, len: number): boolean {
  return va + len <= VM_MAXUSER_ADDRESS;
}

/** Copies dst.length bytes from user address `uaddr`. @returns 0 or EFAULT. */
export function copyin(k: Kernel, uaddr: number, dst: Uint8Array): number {
  let va = uaddr >>> 0;
  const { machine } = k;
  const len = dst.length;
  if (!in_user(va, len)) return EFAULT;
  for (let done = 0; done < len;) {
    let pa = machine.translate(va, ACCESS_READ);
    if (pa < 0 && (pa = fault_in(k, va, ACCESS_READ)) < 0) return EFAULT;
    const n = Math.min(len - done, 4096 - (va & PAGE_MASK));
    if (n < 64) for (let i = 0; i < n; i++) dst[done + i] = machine.ram8[pa + i];
    else dst.set(machine.ram8.subarray(pa, pa + n), done);
    done += n;
    va += n;
  }
  return 0;
}

/** Copies `src` to user address `uaddr`. @returns 0 or EFAULT. */
export function copyout(k: Kernel, src: Uint8Array, uaddr: number): number {
  let va = uaddr >>> 0;
  const { machine } = k;
  const len = src.length;
  if (!in_user(va, len)) return EFAULT;
  for (let done = 0; done < len;) {
    let pa = machine.translate(va, ACCESS_WRITE);
    if (pa < 0 && (pa = fault_in(k, va, ACCESS_WRITE)) < 0) return EFAULT;
    const n = Math.min(len - done, 4096 - (va & PAGE_MASK));
    if (n < 64) for (let i = 0; i < n; i++) machine.ram8[pa + i] = src[done + i];
    else machine.ram8.set(done === 0 && n === len ? src : src.subarray(done, done + n), pa);
    machine.physStored(pa, n);
    done += n;
    va += n;
  }
  return 0;
}

/**
 * Makes a user buffer resident (and writable, with `write`), so that a copy that follows cannot
 * sleep. Called before a system call has visible effects.
 * @returns 0 or EFAULT.
 */
export function useracc_touch(k: Kernel, uaddr: number, len: number, write: boolean): number {
  const first = uaddr >>> 0;
  if (!in_user(first, len)) return EFAULT;
  const access = write ? ACCESS_WRITE : ACCESS_READ;
  for (let va = first; va < first + len; va = va - (va & PAGE_MASK) + 4096) {
    if (k.machine.translate(va, access) < 0 && fault_in(k, va, access) < 0) return EFAULT;
  }
  return 0;
}

/**
 * Reads a string of at most `max` bytes, its NUL included.
 * @returns the binary string without the NUL, or EFAULT or ENAMETOOLONG.
 */
export function copyinstr(k: Kernel, uaddr: number, max: number): string | number {
  const { machine } = k;
  let va = uaddr >>> 0;
  let out = '';
  for (let left = max; left > 0;) {
    if (!in_user(va, 1)) return EFAULT;
    let pa = machine.translate(va, ACCESS_READ);
    if (pa < 0 && (pa = fault_in(k, va, ACCESS_READ)) < 0) return EFAULT;
    const n = Math.min(left, 4096 - (va & PAGE_MASK));
    const { ram8 } = machine;
    let end = pa;
    while (end < pa + n && ram8[end] !== 0) end++;
    out += latin1(ram8, pa, end);
    if (end < pa + n) return out;
    left -= n;
    va += n;
  }
  return ENAMETOOLONG;
}

/** Bytes [start, end) as a binary string. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > 4096) {
    let out = '';
    for (let at = start; at < end; at += 4096) out += latin1(bytes, at, Math.min(at + 4096, end));
    return out;
  }
  return String.fromCharCode.apply(null, bytes.subarray(start, end) as unknown as number[]);
}

/** A binary string as bytes. */
export function bytes_of(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** The word at a user address as an unsigned number, or -1. */
export function fuword32(k: Kernel, uaddr: number): number {
  const va = uaddr >>> 0;
  if (!in_user(va, 4)) return -1;
  const { machine } = k;
  if ((va & PAGE_MASK) <= 4092) {
    let pa = machine.translate(va, ACCESS_READ);
    if (pa < 0 && (pa = fault_in(k, va, ACCESS_READ)) < 0) return -1;
    if ((pa & 3) === 0) return machine.ram32[pa >>> 2] >>> 0;
    const { ram8 } = machine;
    return (ram8[pa] | (ram8[pa + 1] << 8) | (ram8[pa + 2] << 16) | (ram8[pa + 3] << 24)) >>> 0;
  }
  const word = new Uint8Array(4);
  if (copyin(k, va, word) !== 0) return -1;
  return (word[0] | (word[1] << 8) | (word[2] << 16) | (word[3] << 24)) >>> 0;
}

/** Stores a word at a user address. @returns 0 or -1. */
export function suword32(k: Kernel, uaddr: number, value: number): number {
  const va = uaddr >>> 0;
  if (!in_user(va, 4)) return -1;
  const { machine } = k;
  if ((va & 3) === 0) {
    let pa = machine.translate(va, ACCESS_WRITE);
    if (pa < 0 && (pa = fault_in(k, va, ACCESS_WRITE)) < 0) return -1;
    machine.ram32[pa >>> 2] = value;
    machine.physStored(pa, 4);
    return 0;
  }
  const word = new Uint8Array([value, value >>> 8, value >>> 16, value >>> 24]);
  return copyout(k, word, va) === 0 ? 0 : -1;
}

/**
 * Reads `n` words into `into`. @returns 0 or EFAULT. The fast path of system call arguments: one
 * page, aligned, translated once.
 */
export function fuwords(k: Kernel, uaddr: number, into: Int32Array, n: number): number {
  const va = uaddr >>> 0;
  if (!in_user(va, 4 * n)) return EFAULT;
  if ((va & 3) === 0 && (va & PAGE_MASK) + 4 * n <= 4096) {
    const { machine } = k;
    let pa = machine.translate(va, ACCESS_READ);
    if (pa < 0 && (pa = fault_in(k, va, ACCESS_READ)) < 0) return EFAULT;
    const { ram32 } = machine;
    const at = pa >>> 2;
    for (let i = 0; i < n; i++) into[i] = ram32[at + i];
    return 0;
  }
  for (let i = 0; i < n; i++) {
    const word = fuword32(k, va + 4 * i);
    if (word < 0) return EFAULT;
    into[i] = word | 0;
  }
  return 0;
}

/** Copies words to a user address. @returns 0 or EFAULT. */
export function copyout_words(k: Kernel, words: readonly number[], uaddr: number): number {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < words.length; i++) view.setInt32(4 * i, words[i], true);
  return copyout(k, bytes, uaddr);
}
