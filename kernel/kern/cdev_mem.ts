// Devices that are memory: /dev/mem, all physical memory, and /dev/fb0, the frame buffer of a VGA
// (dev/mem/memdev.c, i386/mem.c, dev/fb/fb.c). Both can be read, written and mapped.

import { EFAULT, EPERM } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import type { uio } from '../sys/uio.js';
import { DEV_FB0, DEV_MEM } from '../fs/devfs.js';
import { dev_pager_allocate } from '../vm/device_pager.js';
import { VM_MEMATTR_DEFAULT, VM_MEMATTR_WRITE_COMBINING } from '../vm/pmap.js';
import { vm_page_getfake } from '../vm/vm_page.js';
import { OBJT_DEVICE } from '../vm/vm_param.js';
import { vm_phys_fictitious_reg_range } from '../vm/vm_phys.js';
import type { vm_object } from '../vm/vm_types.js';
import { uiomove_in, uiomove_out } from './subr_uio.js';

const PAGE_SIZE = 4096;

/** Where a PC has the memory of its VGA, and how much of it. Bytes. */
export const VGA_BASE = 0xa0000;
export const VGA_SIZE = 0x20000;

interface mem_device {
  base: number;
  /** Bytes; what lies beyond cannot be mapped. */
  size: number;
  memattr: number;
}

function mem_device_of(rdev: number): mem_device | null {
  if (rdev === DEV_MEM) return { base: 0, size: 0x100000000, memattr: VM_MEMATTR_DEFAULT };
  if (rdev === DEV_FB0)
    return { base: VGA_BASE, size: VGA_SIZE, memattr: VM_MEMATTR_WRITE_COMBINING };
  return null;
}

/** Makes the pages of the frame buffer known: the kernel's memory leaves that hole out. */
export function fb_attach(k: Kernel): void {
  vm_phys_fictitious_reg_range(k, VGA_BASE, VGA_BASE + VGA_SIZE, (pa) =>
    vm_page_getfake(k, pa, VM_MEMATTR_WRITE_COMBINING),
  );
}

/** Whether the device is one of these. */
export function is_mem_device(rdev: number): boolean {
  return mem_device_of(rdev) !== null;
}

/** Opening /dev/mem is the superuser's. @returns an errno. */
export function mem_open(rdev: number, uid: number): number {
  return rdev === DEV_MEM && uid !== 0 ? EPERM : 0;
}

/**
 * The object to map `size` bytes from `offset` of the device, with a reference.
 * @returns null when the device cannot be mapped there.
 */
export function mem_mmap(k: Kernel, rdev: number, offset: number, size: number): vm_object | null {
  const dev = mem_device_of(rdev);
  if (dev === null) return null;
  const { base, memattr } = dev;
  const pages = dev.size / PAGE_SIZE;
  const paddr = (_k: Kernel, pindex: number): number =>
    pindex < pages ? base + pindex * PAGE_SIZE : -1;
  return dev_pager_allocate(k, OBJT_DEVICE, rdev, paddr, offset, size, memattr);
}

/** Reads or writes physical memory from the uio's offset on: up to the end of memory or device. */
export function mem_rw(k: Kernel, rdev: number, u: uio, write: boolean): number {
  const dev = mem_device_of(rdev);
  if (dev === null) return EFAULT;
  const { ram8, ramBytes } = k.machine;
  while (u.uio_resid > 0) {
    const pa = dev.base + u.uio_offset;
    const end = Math.min(dev.base + dev.size, ramBytes);
    if (pa >= end) return dev.base === 0 ? EFAULT : 0;
    const bytes = Math.min(u.uio_resid, end - pa, PAGE_SIZE - (pa % PAGE_SIZE));
    if (write) {
      const data = new Uint8Array(bytes);
      const error = uiomove_in(k, data, u);
      if (error) return error;
      ram8.set(data, pa);
      k.machine.physStored(pa, bytes);
    } else {
      const error = uiomove_out(k, ram8.slice(pa, pa + bytes), u);
      if (error) return error;
    }
  }
  return 0;
}
