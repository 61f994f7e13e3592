// The kernel comes up in FreeBSD's order.

import { expect, test } from 'vitest';
import { Machine } from '../../emulator/index.js';
import { EV_BOOT, createKernel, kernel_check, kernel_mount_root } from '../../kernel/index.js';
import type { Kernel } from '../../kernel/index.js';

function boot(ramBytes: number): { k: Kernel; lines: string[] } {
  const lines: string[] = [];
  const k = createKernel(
    new Machine({ ramBytes }),
    {
      consoleWrite: () => undefined,
      log: (line) => lines.push(line),
      wallClockNs: () => 0,
      entropy: (into) => into.fill(0),
    },
    {
      mask: EV_BOOT,
      emit: (event) => {
        if (event.type === 'boot') lines.push(event.line);
      },
    },
    { swapBytes: 16 << 20, checkInvariants: true, verboseBoot: true, realtime: false },
  );
  kernel_mount_root(k, null, 'tmpfs');
  return { k, lines };
}

test('vm#143 banner, page tables, paging, pages, kernel map, memory sizes, processes, root', () => {
  const { lines } = boot(64 << 20);
  const subjects = [
    /^FreeBSD 11\.0-RELEASE/,
    /^pmap_bootstrap: page directory at 0x00001000, recursive slot 767$/,
    /^paging enabled/,
    /^vm_page_startup: 16286 pages, free target 391, min 151, reserved 71$/,
    /^kmem_init: kernel map from 0xc0400000, page tables to 0xc1000000$/,
    /^real memory {2}= 67108864 \(64 MB\)$/,
    /^Physical memory chunk\(s\):$/,
    /^0x00002000 - 0x0009ffff, 647168 bytes \(158 pages\)$/,
    /^0x00100000 - 0x03ffffff, 66060288 bytes \(16128 pages\)$/,
    /^avail memory = \d+ \(63 MB\)$/,
    /^processes: 0 kernel, 1 init, 2 pagedaemon, 3 vmdaemon, 4 syncer$/,
    /^vfs_mountroot: tmpfs on \//,
  ];
  expect(lines.length).toBe(subjects.length);
  lines.forEach((line, i) => {
    expect(line).toMatch(subjects[i]);
  });
});

test('vm#143 vm#158 paging is on, with the directory mapped onto itself', () => {
  const { k } = boot(16 << 20);
  const { cpu, ram32 } = k.machine;
  const pdir = k.pmap.kernel_pmap.pm_pdir;
  expect(cpu.cr3).toBe(pdir);
  expect(cpu.cr0 >>> 31).toBe(1);
  expect((ram32[(pdir >>> 2) + 767] & 0xfffff000) >>> 0).toBe(pdir);
  const window = k.machine.walk(0xbfeff000);
  expect(window.pa).toBe(pdir);
  expect(kernel_check(k)).toEqual([]);
});

test.each([2, 16, 128])('vm#143 boots in %i MB', (mb) => {
  const { k } = boot(mb << 20);
  expect(kernel_check(k)).toEqual([]);
  expect(k.vm.cnt.v_free_count).toBeGreaterThan(k.vm.cnt.v_page_count - 32);
});
