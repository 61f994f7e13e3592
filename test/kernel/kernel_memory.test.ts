// What the kernel maps for itself: windows, the zero region, directories, the shared page; and the sizes
// that depend on how much memory there is.

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ACCESS_READ, ACCESS_USER, ACCESS_WRITE, Machine } from '../../emulator/index.js';
import { db_show_uma, keg_ipers } from '../../kernel/ddb/db_zone.js';
import type { db_zone } from '../../kernel/ddb/db_zone.js';
import { createKernel } from '../../kernel/index.js';
import { EV_MAP, EV_PMAP } from '../../kernel/sys/event.js';
import type { KernelEvent } from '../../kernel/sys/event.js';
import type { Kernel } from '../../kernel/sys/kernel.js';
import { kernel_pmap, pmap_activate, pmap_pte_value } from '../../kernel/vm/pmap.js';
import { vmspace_alloc, vmspace_fork, vmspace_free } from '../../kernel/vm/vm_glue.js';
import { elf32_freebsd_sysvec } from '../../kernel/i386/elf_machdep.js';
import { kern_pipe } from '../../kernel/kern/sys_pipe.js';
import { kern_close } from '../../kernel/kern/kern_descrip.js';
import { vm_map_lookup_entry } from '../../kernel/vm/vm_map.js';
import { PHYS_TO_VM_PAGE, vm_page_lookup } from '../../kernel/vm/vm_page.js';
import * as vmp from '../../kernel/vm/vm_param.js';
import type {
  vm_map,
  vm_map_entry,
  vm_object,
  vm_page,
  vmspace,
} from '../../kernel/vm/vm_types.js';
import { root } from '../helpers/faultline.js';
import { GuestKernel } from '../helpers/guest_kernel.js';
import { BASE, PAGE, VmKernel } from '../helpers/vm_kernel.js';

const [V, WRITABLE, A, M, G] = [1, 2, 0x20, 0x40, 0x100];
const CADDR1 = 0xc03fe000;
const CADDR2 = 0xc03ff000;
const RECURSIVE = 767;

/** Frames that the kernel's half of the directory maps, by address. */
function kernel_frames({ k }: VmKernel): Map<number, number> {
  const { ram32 } = k.machine;
  const frames = new Map<number, number>();
  for (let slot = 768; slot < 1024; slot++) {
    const pde = ram32[(kernel_pmap(k).pm_pdir >>> 2) + slot];
    for (let i = 0; pde & V && i < 1024; i++) {
      const pte = ram32[((pde & ~0xfff) >>> 2) + i];
      if (pte & V) frames.set(slot * 0x400000 + i * PAGE, (pte & ~0xfff) >>> 0);
    }
  }
  return frames;
}

const windows = (events: readonly KernelEvent[]): [string, number, number][] =>
  events.flatMap((e) =>
    e.type === 'pmap' && (e.va === CADDR1 || e.va === CADDR2) ? [[e.op, e.va, e.after]] : [],
  );

describe('temporary mappings', () => {
  test('vm#141 a page is zeroed through CADDR2, copied from CADDR1 to it; then they are closed', () => {
    const vm = new VmKernel({ mask: EV_PMAP });
    const p = vm.process();
    vm.map(BASE, 1);
    vm.events.length = 0;
    vm.write(BASE, 7);
    const zeroed = (vm.pte(BASE) & ~0xfff) | 0;
    // The page is zeroed first, then the page table for it.
    expect(windows(vm.events).slice(0, 2)).toEqual([
      ['enter', CADDR2, (zeroed | V | WRITABLE | A | M) >>> 0],
      ['remove', CADDR2, 0],
    ]);
    vm.run(vm.fork(p));
    vm.events.length = 0;
    vm.write(BASE, 8);
    const copy = (vm.pte(BASE) & ~0xfff) | 0;
    expect(copy).not.toBe(zeroed);
    expect(windows(vm.events)).toEqual([
      ['enter', CADDR1, (zeroed | V | A) >>> 0],
      ['enter', CADDR2, (copy | V | WRITABLE | A | M) >>> 0],
      ['remove', CADDR1, 0],
      ['remove', CADDR2, 0],
    ]);
    const entries = [CADDR1, CADDR2].map((va) => pmap_pte_value(vm.k, kernel_pmap(vm.k), va));
    expect(entries).toEqual([0, 0]);
  });

  test('vm#141 no memory of processes, and no free memory, is mapped in the kernel', () => {
    const vm = new VmKernel();
    vm.process();
    vm.map(BASE, 32);
    for (let i = 0; i < 32; i++) vm.write(BASE + i * PAGE, 1);
    const frames = [...kernel_frames(vm).values()];
    expect(frames.length).toBeGreaterThanOrEqual(16);
    for (const pa of frames) {
      const m = PHYS_TO_VM_PAGE(vm.k, pa);
      expect(m?.wire_count).toBeGreaterThan(0);
      expect(m?.object === null || m?.object === vm.k.vm.kernel_object).toBe(true);
    }
  });

  test('vm#144 the zero region: one wired frame of zeros, mapped 16 times, read-only', () => {
    const vm = new VmKernel();
    const { k } = vm;
    const start = k.vm.zero_region;
    const frames = new Set<number>();
    for (let va = start; va < start + 64 * 1024; va += PAGE) {
      const pte = pmap_pte_value(k, kernel_pmap(k), va);
      expect(pte & (V | G | WRITABLE)).toBe(V | G);
      frames.add((pte & ~0xfff) >>> 0);
      // To read, by the kernel alone.
      expect(k.machine.translate(va, ACCESS_READ)).toBe((pte & ~0xfff) >>> 0);
      expect(k.machine.translate(va, ACCESS_WRITE)).toBe(-1);
      expect(k.machine.translate(va, ACCESS_READ | ACCESS_USER)).toBe(-1);
    }
    expect(frames.size).toBe(1);
    const [pa] = frames;
    expect(PHYS_TO_VM_PAGE(k, pa)).toMatchObject({ wire_count: 1, object: null });
    expect(k.machine.ram8.subarray(pa, pa + PAGE).every((byte) => byte === 0)).toBe(true);
  });
});

describe('directories', () => {
  test('vm#146 pm_pdir is what CR3 gets, and what the recursive slot maps', () => {
    const vm = new VmKernel();
    const { k } = vm;
    const spaces = [vmspace_alloc(k), vmspace_alloc(k)] as vmspace[];
    const pdirs = spaces.map((space) => space.vm_pmap.pm_pdir);
    expect(new Set([...pdirs, kernel_pmap(k).pm_pdir]).size).toBe(3);
    for (const { vm_pmap } of spaces) {
      pmap_activate(k, vm_pmap);
      expect(k.machine.cpu.cr3).toBe(vm_pmap.pm_pdir);
      expect(k.machine.walk(0xbfeff000).pa).toBe(vm_pmap.pm_pdir);
      expect(k.machine.ram32[(vm_pmap.pm_pdir >>> 2) + RECURSIVE] & ~0xfff).toBe(vm_pmap.pm_pdir);
    }
  });

  test('vm#152 pm_ptdpg: the directory is one wired page without an object, freed at the end', () => {
    const vm = new VmKernel();
    const { k } = vm;
    const { v_wire_count, v_free_count } = k.vm.cnt;
    const space = vmspace_alloc(k) as vmspace;
    const { pm_ptdpg, pm_pdir } = space.vm_pmap;
    expect(pm_ptdpg).toBe(PHYS_TO_VM_PAGE(k, pm_pdir));
    expect(pm_ptdpg).toMatchObject({ wire_count: 1, object: null, queue: vmp.PQ_NONE });
    // Without PAE it is one.
    expect(k.vm.cnt.v_wire_count).toBe(v_wire_count + 1);
    vmspace_free(k, space);
    expect(space.vm_pmap.pm_ptdpg).toBeNull();
    expect(k.vm.cnt).toMatchObject({ v_wire_count, v_free_count });
    expect(kernel_pmap(k).pm_ptdpg).toBeNull();
  });
});

describe('the shared page', () => {
  test('vm#145 every image has it below the stack: PHYS, read and execute, shared with children', () => {
    const guest = new GuestKernel({ ramBytes: 16 << 20, swapBytes: 0 });
    const { k } = guest;
    guest.started = () => {
      const [p] = [...k.kern.allproc.values()].slice(-1);
      const { vm_map } = p.p_vmspace as vmspace;
      const entry = vm_map_lookup_entry(vm_map, 0xbfbff000) as vm_map_entry;
      expect(entry).toBe(vm_map.header.prev);
      expect(entry).toMatchObject({
        start: 0xbfbff000,
        end: 0xbfc00000,
        protection: vmp.VM_PROT_READ | vmp.VM_PROT_EXECUTE,
        max_protection: vmp.VM_PROT_READ | vmp.VM_PROT_EXECUTE,
        inheritance: vmp.VM_INHERIT_SHARE,
      });
      const object = entry.object as vm_object;
      expect(object).toBe(k.kern.shared_page_obj);
      expect(object).toMatchObject({ type: vmp.OBJT_PHYS, size: 1, resident_page_count: 1 });
      const references = object.ref_count;
      const child = vmspace_fork(k, p.p_vmspace as vmspace) as vmspace;
      const copy = vm_map_lookup_entry(child.vm_map, 0xbfbff000) as vm_map_entry;
      expect(copy.object).toBe(object);
      expect(copy.eflags & vmp.MAP_ENTRY_NEEDS_COPY).toBe(0);
      expect(object.ref_count).toBe(references + 1);
      vmspace_free(k, child);
      // The signal trampoline is in it: the call that returns from a handler.
      const m = vm_page_lookup(object, 0) as vm_page;
      const code = elf32_freebsd_sysvec.sv_sigcode;
      const at = m.phys_addr + elf32_freebsd_sysvec.sv_sigcode_base;
      expect([...k.machine.ram8.subarray(at, at + code.length)]).toEqual([...code]);
    };
    expect(guest.run(join(root, 'userland/build/freebsd/test/signal_registers')).status).toBe(0);
  });
});

describe('pipes', () => {
  test('vm#138 their buffers are addresses of pipe_map, charged for; beyond a half they are small', () => {
    const guest = new GuestKernel({ ramBytes: 16 << 20, swapBytes: 16 << 20, mask: EV_MAP });
    const { k } = guest;
    guest.started = () => {
      const [td] = [...k.kern.threads.values()].slice(-1);
      k.kern.curthread = td;
      const map = k.vm.pipe_map as vm_map;
      const before = k.vm.swap_reserved;
      const fds: number[] = [];
      const sizes: number[] = [];
      for (let i = 0; i < 20; i++) {
        const used = map.size;
        expect(kern_pipe(k, td, 0, false)).toBe(0);
        fds.push(...td.td_retval);
        sizes.push(map.size - used);
        expect(k.vm.swap_reserved - before).toBe(map.size);
      }
      // Of 512 KB; the size is chosen before the pipe is made.
      expect(sizes).toEqual([...new Array<number>(17).fill(16384), 4096, 4096, 4096]);
      expect(k.kern.amountpipekva).toBe(map.size);
      for (const fd of fds) kern_close(k, td, fd);
      expect({ size: map.size, pipekva: k.kern.amountpipekva }).toEqual({ size: 0, pipekva: 0 });
      expect(k.vm.swap_reserved).toBe(before);
      k.kern.curthread = null;
      guest.events.length = 0;
    };
    // It fills a pipe, which grows to 64 KB.
    const program = join(root, 'userland/build/freebsd/test/pipe_nonblock');
    expect(guest.run(program)).toMatchObject({ status: 0, violations: [] });
    const { min_offset, max_offset } = k.vm.pipe_map as vm_map;
    const sizes = guest.events.flatMap((e) =>
      e.type === 'map' && e.op === 'insert' && e.start >= min_offset && e.end <= max_offset
        ? [e.end - e.start]
        : [],
    );
    expect(Math.max(...sizes)).toBe(65536);
    expect(k.kern.amountpipekva).toBe(0);
  });
});

describe('zones', () => {
  // By hand: a slab is a page with a header of 56 bytes, unless that wastes a tenth of it.
  test.each([
    [72, 56],
    [152, 26],
    [276, 14],
    [16, 252],
    [1, 252],
    [1024, 4],
    [1300, 3],
  ])('vm#140 items of %i bytes: %i to a slab', (size, ipers) => {
    expect(keg_ipers(size)).toBe(ipers);
  });

  test('vm#140 use, slabs and requests follow what is made and what goes', () => {
    const vm = new VmKernel();
    vm.process();
    const zone = (name: string): db_zone => {
      const found = db_show_uma(vm.k).find((z) => z.name === name);
      if (found === undefined) throw new Error(`no zone ${name}`);
      return found;
    };
    const before = { entries: zone('MAP ENTRY'), objects: zone('VM OBJECT') };
    // Every other page: an entry each, and an object with the first write.
    for (let i = 0; i < 100; i++) {
      vm.map(BASE + 2 * i * PAGE, 1);
      if (i < 40) vm.write(BASE + 2 * i * PAGE, 1);
    }
    const entries = zone('MAP ENTRY');
    const objects = zone('VM OBJECT');
    expect(entries.used - before.entries.used).toBe(100);
    expect(entries.requests - before.entries.requests).toBe(100);
    expect(objects.used - before.objects.used).toBe(40);
    expect(entries).toMatchObject({ size: 72, pages: 2, free: 2 * 56 - entries.used });
    expect(objects.pages).toBe(Math.ceil(objects.used / 26));
    vm.unmap(BASE, 200);
    expect(zone('MAP ENTRY')).toMatchObject({
      used: before.entries.used,
      requests: entries.requests,
    });
    expect(zone('VM OBJECT').used).toBe(before.objects.used);
    // SWAPMETA: 32 slots to a block of 276 bytes, at most so many whole slabs as half the pages ask for.
    const meta = zone('SWAPMETA');
    const wanted = Math.max(1024, Math.floor(vm.k.vm.cnt.v_page_count / 2));
    expect(meta).toMatchObject({ size: 276, limit: Math.ceil(wanted / 14) * 14 });
  });
});

describe('sizes by memory', () => {
  const MB = 1 << 20;
  const boot = (ramBytes: number): Kernel =>
    createKernel(
      new Machine({ ramBytes }),
      {
        consoleWrite: () => undefined,
        log: () => undefined,
        wallClockNs: () => 0,
        entropy: (into) => into.fill(0),
      },
      { mask: 0, emit: () => undefined },
      { swapBytes: 0, checkInvariants: false, verboseBoot: false, realtime: false },
    );

  // Worked out by hand from init_param2 (subr_param.c) and kern_vfs_bio_buffer_alloc (vfs_bio.c): a user
  // for 2 MB, 32 to 384; 20 + 16 processes a user, at most one for 12 pages; 40 + 32 files a user or one
  // for 8 pages, at most one for 4; 50 buffers, a quarter of memory to 68 MB, a tenth beyond 64 MB.
  test.each([
    [16, 32, 333, 299, 999, 891, 235, 524288],
    [64, 32, 532, 478, 2035, 1827, 1003, 1040384],
    [256, 127, 2052, 1846, 8179, 7353, 2300, 4186112],
    [1024, 384, 6164, 5547, 32755, 29475, 5772, 16769024],
  ])(
    'vm#129 %i MB',
    (mb, maxusers, maxproc, maxprocperuid, maxfiles, maxfilesperproc, nbuf, maxpipekva) => {
      const tuned = {
        maxusers,
        maxproc,
        maxprocperuid,
        maxfiles,
        maxfilesperproc,
        nbuf,
        maxpipekva,
      };
      expect(boot(mb * MB).kern).toMatchObject(tuned);
    },
  );
});
