// kernel_usage(): what the check for leaks counts. A page, object, swap block or vnode that somebody
// forgets must show, and a file that has a name must not.

import { expect, test } from 'vitest';
import { kernel_usage, vfs_write_file } from '../../kernel/index.js';
import { vref } from '../../kernel/fs/vfs_subr.js';
import { OBJT_SWAP, VM_ALLOC_NORMAL } from '../../kernel/vm/vm_param.js';
import { vm_object_allocate } from '../../kernel/vm/vm_object.js';
import { vm_page_alloc } from '../../kernel/vm/vm_page.js';
import { GuestKernel } from '../helpers/guest_kernel.js';

const boot = (): GuestKernel['k'] => new GuestKernel({ ramBytes: 16 << 20, swapBytes: 1 << 20 }).k;

test('a forgotten object with a page is seen', () => {
  const k = boot();
  const before = kernel_usage(k);
  const object = vm_object_allocate(k, OBJT_SWAP, 4);
  expect(vm_page_alloc(k, object, 0, VM_ALLOC_NORMAL)).not.toBeNull();
  expect(kernel_usage(k)).toEqual({
    ...before,
    objects: before.objects + 1,
    pages: before.pages + 1,
  });
});

test('a file with a name is nothing that leaks', () => {
  const k = boot();
  const before = kernel_usage(k);
  expect(vfs_write_file(k, '/tmp/file', new Uint8Array(10_000).fill(7), 0o644)).toBe(0);
  expect(kernel_usage(k)).toEqual(before);
});

test('a forgotten reference to a vnode is seen', () => {
  const k = boot();
  const before = kernel_usage(k);
  const vp = k.vfs.rootvnode;
  if (vp !== null) vref(vp);
  expect(kernel_usage(k)).toEqual({ ...before, vnodes: before.vnodes + 1 });
});
