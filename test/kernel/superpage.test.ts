// Reservations of 4 MB and the mappings they make possible: promotion, demotion, and every pmap
// operation that meets a 4 MB mapping.

import { describe, expect, test } from 'vitest';
import { ACCESS_USER, ACCESS_WRITE } from '../../emulator/index.js';
import {
  pmap_clear_modify,
  pmap_copy,
  pmap_enter_object,
  pmap_extract,
  pmap_is_modified,
  pmap_is_referenced,
  pmap_mincore,
  pmap_page_is_mapped,
  pmap_page_wired_mappings,
  pmap_protect,
  pmap_remove,
  pmap_remove_all,
  pmap_remove_pages,
  pmap_remove_write,
  pmap_ts_referenced,
  pmap_unwire,
} from '../../kernel/vm/pmap.js';
import { pmap_mib } from '../../kernel/kern/kern_mib_pmap.js';
import type { pmap } from '../../kernel/vm/pmap.js';
import { vm_map_unwire, vm_map_wire } from '../../kernel/vm/vm_map_wire.js';
import { vm_object_allocate, vm_object_pages } from '../../kernel/vm/vm_object.js';
import { vm_page_alloc, vm_page_free } from '../../kernel/vm/vm_page.js';
import * as vmp from '../../kernel/vm/vm_param.js';
import {
  vm_reserv_from_page,
  vm_reserv_fullpop,
  vm_reserv_level_iffullpop,
  vm_reserv_partpop,
  vm_reserv_reclaim_inactive,
} from '../../kernel/vm/vm_reserv.js';
import { vm_phys_has_order } from '../../kernel/vm/vm_phys.js';
import type { vm_object, vm_page } from '../../kernel/vm/vm_types.js';
import { BASE, PAGE, VmKernel } from '../helpers/vm_kernel.js';

const at = (page: number): number => BASE + page * PAGE;
const NP = 1024;
const [V, RW, A, M, PS, W, MANAGED] = [1, 2, 0x20, 0x40, 0x80, 0x200, 0x400];

class Super extends VmKernel {
  readonly pm: pmap;
  constructor(ramBytes = 32 << 20) {
    super({ ramBytes });
    this.process();
    this.pm = this.vm.vm_pmap;
  }

  pde(page = 0, pm = this.pm): number {
    return this.k.machine.ram32[(pm.pm_pdir >>> 2) + (at(page) >>> 22)];
  }

  /** 4 MB of anonymous memory, every page of it written. */
  full(page = 0): vm_page[] {
    this.map(at(page), NP);
    for (let i = 0; i < NP; i++)
      if (this.write(at(page + i), i & 0xff) !== 0) throw new Error(`page ${i}`);
    return vm_object_pages(this.object(at(page)), 0, NP);
  }

  get stats(): number[] {
    const { pde_promotions, pde_demotions, pde_mappings, pde_p_failures } = this.k.pmap;
    return [pde_promotions, pde_demotions, pde_mappings, pde_p_failures];
  }

  /** Every byte that full() wrote. */
  intact(page = 0): boolean {
    for (let i = 0; i < NP; i++) if (this.read(at(page + i)) !== (i & 0xff)) return false;
    return true;
  }
}

describe('reservations', () => {
  test('A#18 vm#85 vm#110 vm#161 pages come from one frame of 4 MB by their index', () => {
    const s = new Super();
    s.map(at(0), NP);
    s.write(at(700), 1);
    s.write(at(3), 1);
    const object = s.object(at(0));
    expect(s.page(at(700)).phys_addr - s.page(at(3)).phys_addr).toBe(697 * PAGE);
    const rv = vm_reserv_from_page(s.k, s.page(at(3)));
    expect(rv).toMatchObject({ object, popcnt: 2, inpartpopq: true, pindex: 0 });
    expect(object.rvq?.size).toBe(1);
    expect(s.page(at(3)).phys_addr % (4 << 20)).toBe(3 * PAGE);
    // Pages not used yet are free: they count, and can be had in need.
    expect(vm_reserv_partpop(s.k)).toEqual({ count: 1, unused: NP - 2 });
    expect(s.check()).toEqual([]);
  });

  test('A#18 vm#80 vm#161 the object takes the phase of its first fault', () => {
    const s = new Super();
    s.map(at(5), NP);
    s.write(at(5), 1);
    expect(s.object(at(5)).pg_color).toBe(5);
    expect(s.object(at(5)).flags & vmp.OBJ_COLORED).toBeTruthy();
    // The window begins before the object: no mapping could use the frame as a whole.
    expect(s.object(at(5)).rvq).toBeNull();
    s.write(at(1024 + 3), 1);
    expect(s.page(at(1024 + 3)).phys_addr % (4 << 20)).toBe(3 * PAGE);
    expect(s.object(at(5)).rvq?.size).toBe(1);
  });

  test('A#18 vm#110 vm#161 full: psind 1 and off the queue; freeing one page undoes it', () => {
    const s = new Super();
    const pages = s.full();
    expect(pages[0].psind).toBe(1);
    expect(vm_reserv_level_iffullpop(s.k, pages[77])).toBe(0);
    expect([vm_reserv_fullpop(s.k), vm_reserv_partpop(s.k).count]).toEqual([1, 0]);
    pmap_remove_all(s.k, pages[9]);
    vm_page_free(s.k, pages[9]);
    expect(pages[0].psind).toBe(0);
    expect([vm_reserv_fullpop(s.k), vm_reserv_partpop(s.k).count]).toEqual([0, 1]);
    // The same place is taken again.
    s.read(at(9));
    expect(s.page(at(9))).toBe(pages[9]);
    expect(s.check()).toEqual([]);
  });

  test('A#18 vm#161 the last page gives the frame back whole', () => {
    const s = new Super();
    const free = s.k.vm.cnt.v_free_count;
    s.full();
    s.unmap(at(0), NP);
    expect(s.k.vm.reserv.freed).toBe(1);
    expect(s.k.vm.cnt.v_free_count).toBe(free);
    expect(s.check()).toEqual([]);
  });

  test('A#18 vm#161 without a free page the partial one that changed longest ago is broken', () => {
    const s = new Super(16 << 20);
    s.map(at(0), 1);
    s.map(at(2048), 1);
    s.write(at(0), 1);
    s.write(at(2048), 2);
    const [old, young] = [at(0), at(2048)].map((va) => vm_reserv_from_page(s.k, s.page(va)));
    expect(s.k.vm.reserv.partpop_head).toBe(old);
    const taken: vm_page[] = [];
    while (s.k.vm.reserv.broken === 0) {
      const m = vm_page_alloc(s.k, null, 0, vmp.VM_ALLOC_INTERRUPT | vmp.VM_ALLOC_NOOBJ);
      if (m === null) throw new Error('out of memory before a reservation was broken');
      taken.push(m);
    }
    expect(s.k.vm.reserv).toMatchObject({ broken: 1, reclaimed: 1 });
    expect(old).toMatchObject({ object: null, popcnt: 0 });
    expect(young?.object).toBe(s.object(at(2048)));
    while (vm_page_alloc(s.k, null, 0, vmp.VM_ALLOC_INTERRUPT | vmp.VM_ALLOC_NOOBJ) !== null);
    expect(s.k.vm.cnt.v_free_count).toBe(0);
    expect(s.k.vm.reserv.broken).toBe(2);
    expect([s.read(at(0)), s.read(at(2048))]).toEqual([1, 2]);
    expect(vm_reserv_reclaim_inactive(s.k)).toBe(false);
    // Loose pages coalesce with what is around them again.
    for (const m of taken) vm_page_free(s.k, m);
    expect(s.check()).toEqual([]);
  });

  test('A#18 vm#161 a window that is touched already, or passes the end of a file, gets none', () => {
    const s = new Super();
    const anon = vm_object_allocate(s.k, vmp.OBJT_DEFAULT, NP);
    const page = (object: vm_object, i: number): vm_page =>
      vm_page_alloc(s.k, object, i, vmp.VM_ALLOC_NOBUSY) as vm_page;
    const loose = page(anon, 3);
    expect(vm_reserv_from_page(s.k, loose)?.object ?? null).toBeNull();
    anon.flags |= vmp.OBJ_COLORED;
    expect(vm_reserv_from_page(s.k, page(anon, 4))?.object ?? null).toBeNull();
    const file = vm_object_allocate(s.k, vmp.OBJT_VNODE, NP + 10);
    file.flags |= vmp.OBJ_COLORED;
    expect(vm_reserv_from_page(s.k, page(file, 2))?.object).toBe(file);
    expect(vm_reserv_from_page(s.k, page(file, NP))?.object).not.toBe(file);
    const short = vm_object_allocate(s.k, vmp.OBJT_DEFAULT, 10);
    short.flags |= vmp.OBJ_COLORED;
    expect(vm_reserv_from_page(s.k, page(short, 1))?.object).toBe(short);
  });

  test('A#17 A#18 vm#161 split and collapse take the reservation along', () => {
    const s = new Super();
    s.map(at(0), 64);
    s.write(at(40), 7);
    const rv = vm_reserv_from_page(s.k, s.page(at(40)));
    const parent = s.td.td_proc;
    const child = s.fork(parent);
    // Whoever writes first shadows; when the child has gone the parent's shadow takes all back.
    s.write(at(40), 8);
    s.exit(child);
    expect(s.read(at(40))).toBe(8);
    expect(rv?.object === null || rv?.object === s.object(at(0))).toBe(true);
    expect(s.check()).toEqual([]);
  });

  test('A#18 vm#116 memory above 16 MB is taken first', () => {
    const s = new Super(32 << 20);
    expect(s.k.vm.phys_segs.map((seg) => seg.freelist)).toEqual([1, 1, 0]);
    const m = vm_page_alloc(s.k, null, 0, vmp.VM_ALLOC_NOOBJ) as vm_page;
    expect(m.phys_addr).toBeGreaterThanOrEqual(16 << 20);
    expect(m.segind).toBe(2);
    const small = new Super(16 << 20);
    expect(small.k.vm.phys_segs.map((seg) => seg.freelist)).toEqual([0, 0]);
    expect(small.k.vm.free_queues.length).toBe(11);
    expect(vm_phys_has_order(small.k, 10)).toBe(true);
  });

  test('A#18 vm#117 without a reservation contiguous indices have consecutive colours', () => {
    const s = new Super();
    const object = vm_object_allocate(s.k, vmp.OBJT_DEFAULT, 64);
    object.pg_color = 5;
    // Blocks that have not all colours are used up first.
    while ([0, 1, 2, 3].some((order) => s.k.vm.free_queues[order].count > 0))
      vm_page_alloc(s.k, null, 0, vmp.VM_ALLOC_NOOBJ);
    // Not coloured for superpages: every page comes from the buddy lists.
    for (let i = 0; i < 48; i++) {
      const m = vm_page_alloc(s.k, object, i, vmp.VM_ALLOC_NOBUSY) as vm_page;
      expect((m.phys_addr >>> 12) % 16).toBe((5 + i) % 16);
    }
    expect(s.check().filter((line) => line.includes('free'))).toEqual([]);
  });
});

describe('sysctl', () => {
  const value = (s: Super, name: string): Uint8Array => {
    const found = pmap_mib.find((oid) => oid.name === name)?.get(s.k, s.td, []);
    if (found === undefined || typeof found === 'number') throw new Error(name);
    return found;
  };
  const int = (s: Super, name: string): number =>
    new DataView(value(s, name).buffer).getInt32(0, true);
  const text = (s: Super, name: string): string => Buffer.from(value(s, name)).toString('latin1');

  test('vm#116 vm#153 vm#160 vm#161 what pmap, reservations and free lists say of themselves', () => {
    const s = new Super();
    s.full();
    s.map(at(4096), 1);
    s.write(at(4096), 1);
    expect(int(s, 'vm.pmap.pg_ps_enabled')).toBe(1);
    expect(int(s, 'vm.pmap.pde.promotions')).toBe(1);
    expect(int(s, 'vm.pmap.pv_entry_max')).toBe(200 * s.k.kern.maxproc + s.k.vm.cnt.v_page_count);
    expect(int(s, 'vm.reserv.fullpop')).toBe(1);
    expect(text(s, 'vm.reserv.partpopq')).toContain('   -1:   4092K,      1\n');
    pmap_remove(s.k, s.pm, at(5), at(6));
    expect(int(s, 'vm.pmap.pde.demotions')).toBe(1);
    expect(text(s, 'vm.phys_free')).toMatch(/FREE LIST 1:\n\n {2}ORDER \(SIZE\) {2}\| {2}NUMBER/);
    expect(text(s, 'vm.phys_segs')).toContain(
      'SEGMENT 2:\n\nstart:     0x1000000\nend:       0x2000000',
    );
    s.unmap(at(0), NP);
    expect(int(s, 'vm.reserv.freed')).toBe(1);
  });
});

describe('promotion', () => {
  test('A#27 vm#151 vm#154 vm#160 a full table becomes one mapping, its table waits, one pv entry is left', () => {
    const s = new Super();
    const pages = s.full();
    expect(s.stats).toEqual([1, 0, 0, 0]);
    expect((s.pde() >>> 0) & 0xffc00000).toBe(pages[0].phys_addr | 0);
    expect(s.pde() & (V | RW | A | M | PS | MANAGED)).toBe(V | RW | A | M | PS | MANAGED);
    expect(s.k.pmap.pv_entry_count).toBe(1);
    expect(pages.every((m) => m.pv_list === null)).toBe(true);
    const pvh = s.k.pmap.pv_table[pages[0].phys_addr >>> 22];
    expect(pvh.pv_list?.pv_va).toBe(at(0));
    expect(s.pm).toMatchObject({ resident_count: NP + 1, ptp_count: 1 });
    expect(s.pm.pm_root?.get(at(0) >>> 22)?.wire_count).toBe(NP);
    expect(pmap_extract(s.k, s.pm, at(77))).toBe(pages[77].phys_addr);
    expect(pmap_page_is_mapped(s.k, pages[77])).toBe(true);
    expect(s.intact()).toBe(true);
    expect(s.k.machine.walk(at(77)).pageBytes).toBe(4 << 20);
    expect(pmap_mincore(s.k, s.pm, at(77)).bits & 0x20).toBe(0x20);
    expect(s.check()).toEqual([]);
  });

  test('A#27 vm#160 not when disabled, not for a process that is small', () => {
    const s = new Super();
    s.k.pmap.pg_ps_enabled = false;
    s.full();
    expect(s.pde() & PS).toBe(0);
    expect(s.stats).toEqual([0, 0, 0, 0]);
  });

  test('A#27 vm#160 an entry that differs is a failure; unmodified writable ones are write-protected', () => {
    const s = new Super();
    s.map(at(0), NP);
    for (let i = 0; i < NP; i++) s.touch(at(i), i !== 500);
    expect(s.stats).toEqual([0, 0, 0, 1]);
    expect(s.pte(at(500)) & RW).toBe(0);
    // The write that makes it like the others succeeds.
    s.write(at(500), 1);
    expect(s.stats).toEqual([1, 0, 0, 1]);
    expect(s.check()).toEqual([]);
  });

  test('A#27 vm#160 memory that was only read is promoted read-only, and a write takes it apart', () => {
    const s = new Super();
    s.map(at(0), NP);
    for (let i = 0; i < NP; i++) s.read(at(i));
    expect(s.stats).toEqual([1, 0, 0, 0]);
    expect(s.pde() & (PS | RW | M)).toBe(PS);
    s.write(at(9), 5);
    expect(s.stats).toEqual([1, 1, 0, 1]);
    expect(s.read(at(9))).toBe(5);
    for (let i = 0; i < NP; i++) s.write(at(i), i & 0xff);
    expect(s.stats.slice(0, 2)).toEqual([2, 1]);
    expect(s.pde() & (PS | RW | M)).toBe(PS | RW | M);
    expect(s.intact()).toBe(true);
    expect(s.check()).toEqual([]);
  });
});

describe('demotion', () => {
  test('A#27 vm#151 vm#154 vm#160 the saved table comes back without an allocation', () => {
    const s = new Super();
    const pages = s.full();
    const free = s.k.vm.cnt.v_free_count;
    s.read(at(9));
    pmap_protect(s.k, s.pm, at(9), at(10), vmp.VM_PROT_READ);
    expect(s.stats).toEqual([1, 1, 0, 0]);
    expect(s.k.vm.cnt.v_free_count).toBe(free);
    expect(s.pm.pm_root?.size).toBe(0);
    expect(s.k.pmap.pv_entry_count).toBe(NP);
    expect(s.pte(at(9)) & (RW | M)).toBe(0);
    expect(s.pte(at(10)) & (RW | M | A)).toBe(RW | M | A);
    expect(pages[9].dirty).toBe(0xff);
    expect(s.k.machine.checkTlb()).toEqual([]);
    expect(s.check()).toEqual([]);
    // A write fault in the one page makes the whole one again.
    s.write(at(9), 9);
    expect(s.stats).toEqual([2, 1, 0, 0]);
    expect(s.intact()).toBe(true);
  });

  test('A#27 vm#160 a part that is removed leaves the rest mapped, a whole one goes at once', () => {
    const s = new Super();
    const pages = s.full();
    pmap_remove(s.k, s.pm, at(1), at(3));
    expect(s.stats[1]).toBe(1);
    expect(s.pm.resident_count).toBe(NP - 2 + 1);
    expect(pages[1]).toMatchObject({ dirty: 0xff, pv_list: null, aflags: vmp.PGA_REFERENCED });
    s.intact();
    s.write(at(1), 1);
    s.write(at(2), 2);
    expect(s.stats[0]).toBe(2);
    pmap_remove(s.k, s.pm, at(0), at(NP));
    expect(s.stats[1]).toBe(1);
    expect(s.pm).toMatchObject({ resident_count: 0, ptp_count: 0 });
    expect(s.k.pmap.pv_entry_count).toBe(0);
    expect(pages.every((m) => m.dirty === 0xff && (m.aflags & vmp.PGA_WRITEABLE) === 0)).toBe(true);
    expect(s.k.machine.checkTlb()).toEqual([]);
    expect(s.intact()).toBe(true);
    expect(s.check()).toEqual([]);
  });

  test('A#27 vm#160 vm#162 one that was not accessed is destroyed instead, and comes back by faults', () => {
    const s = new Super();
    const pages = s.full();
    const { ram32 } = s.k.machine;
    ram32[(s.pm.pm_pdir >>> 2) + (at(0) >>> 22)] &= ~A;
    s.k.machine.flushTlb(true);
    pmap_protect(s.k, s.pm, at(9), at(10), vmp.VM_PROT_READ);
    expect(s.pde()).toBe(0);
    expect(s.stats[1]).toBe(0);
    expect(s.pm.resident_count).toBe(0);
    expect(pages[9].dirty).toBe(0xff);
    expect(s.intact()).toBe(true);
    expect(s.check()).toEqual([]);
  });

  test('A#27 vm#102 vm#160 remove_all and remove_write of one page take the mapping apart', () => {
    const s = new Super();
    const pages = s.full();
    pmap_remove_write(s.k, pages[5]);
    expect(s.stats[1]).toBe(1);
    expect(s.pte(at(5)) & RW).toBe(0);
    expect(s.pte(at(6)) & RW).toBe(RW);
    s.write(at(5), 5);
    expect(s.stats[0]).toBe(2);
    pmap_remove_all(s.k, pages[5]);
    expect(s.pte(at(5))).toBe(0);
    expect(pmap_page_is_mapped(s.k, pages[5])).toBe(false);
    expect(pmap_page_is_mapped(s.k, pages[6])).toBe(true);
    expect(s.intact()).toBe(true);
    expect(s.check()).toEqual([]);
  });

  test('A#27 vm#160 clear_modify write-protects the one page, whose next write promotes again', () => {
    const s = new Super();
    const pages = s.full();
    expect(pmap_is_modified(s.k, pages[5])).toBe(true);
    pmap_clear_modify(s.k, pages[5]);
    expect(pmap_is_modified(s.k, pages[5])).toBe(false);
    expect(pmap_is_modified(s.k, pages[6])).toBe(true);
    expect(s.pte(at(5)) & (RW | M)).toBe(0);
    s.write(at(5), 5);
    expect(s.stats).toEqual([2, 1, 0, 0]);
  });

  test('A#27 vm#111 vm#160 the shared reference bit is cleared for one page of the 1024 only', () => {
    const s = new Super();
    const pages = s.full();
    expect(pmap_is_referenced(s.k, pages[0])).toBe(true);
    const clears = pages.filter((m) => {
      pmap_ts_referenced(s.k, m);
      if (s.pde() & A) return false;
      s.read(at(0));
      return true;
    });
    expect(clears.length).toBe(1);
    s.k.machine.flushTlb(true);
    s.read(at(0));
    // A wired mapping keeps it.
    s.k.machine.ram32[(s.pm.pm_pdir >>> 2) + (at(0) >>> 22)] |= W;
    expect(pmap_ts_referenced(s.k, clears[0])).toBe(1);
    expect(s.pde() & A).toBe(A);
    s.k.machine.ram32[(s.pm.pm_pdir >>> 2) + (at(0) >>> 22)] &= ~W;
  });
});

describe('wiring, copying, exit', () => {
  test('A#9 A#27 vm#36 vm#149 wired as a whole, unwired in part', () => {
    const s = new Super(64 << 20);
    const pages = s.full();
    const flags = vmp.VM_MAP_WIRE_USER | vmp.VM_MAP_WIRE_NOHOLES;
    expect(vm_map_wire(s.k, s.vm.vm_map, at(0), at(NP), flags)).toBe(0);
    expect(s.pm.wired_count).toBe(NP);
    expect(pmap_page_wired_mappings(s.k, pages[5])).toBe(1);
    expect(s.pde() & (PS | W)).toBe(PS | W);
    expect(s.check()).toEqual([]);
    expect(vm_map_unwire(s.k, s.vm.vm_map, at(3), at(5), flags)).toBe(0);
    expect(s.pm.wired_count).toBe(NP - 2);
    expect(s.pde() & PS).toBe(0);
    expect(s.check()).toEqual([]);
    pmap_unwire(s.k, s.pm, at(0), at(NP));
    expect(s.pm.wired_count).toBe(0);
  });

  test('A#12 A#27 vm#160 fork shares the mapping read-only; who writes takes theirs apart', () => {
    const s = new Super(64 << 20);
    const pages = s.full();
    const parent = s.td.td_proc;
    const child = s.fork(parent);
    const pm = child.p_vmspace?.vm_pmap as pmap;
    expect(s.pde(0, pm) & (PS | RW | W)).toBe(PS);
    expect(s.stats[2]).toBe(1);
    expect(pm).toMatchObject({ resident_count: NP, ptp_count: 0 });
    expect(s.k.pmap.pv_entry_count).toBe(2);
    expect(s.check()).toEqual([]);
    s.run(child);
    s.write(at(7), 99);
    expect(s.pde(0, pm) & PS).toBe(0);
    expect(pm).toMatchObject({ resident_count: NP + 1, ptp_count: 1 });
    expect(s.pde() & PS).toBe(PS);
    expect(s.check()).toEqual([]);
    s.run(parent);
    expect(s.intact()).toBe(true);
    pmap_remove_all(s.k, pages[3]);
    expect(s.check()).toEqual([]);
    s.exit(child);
    expect(s.check()).toEqual([]);
  });

  test('A#27 pmap_copy of a part of a 4 MB mapping copies nothing', () => {
    const s = new Super();
    s.full();
    const child = s.process();
    s.run(s.k.kern.allproc.get(1) as never);
    const pm = child.p_vmspace?.vm_pmap as pmap;
    pmap_copy(s.k, pm, s.pm, at(0), at(NP - 1));
    expect(pm.resident_count).toBe(0);
  });

  test('A#13 A#27 vm#160 exit frees the spare table and dirties the pages', () => {
    const s = new Super();
    const pages = s.full();
    for (const m of pages) m.dirty = 0;
    pmap_remove_pages(s.k, s.pm);
    expect(pages.every((m) => m.dirty === 0xff && (m.aflags & vmp.PGA_WRITEABLE) === 0)).toBe(true);
    expect(s.pm).toMatchObject({ resident_count: 0, ptp_count: 0 });
    expect(s.k.pmap).toMatchObject({ pv_entry_count: 0, pv_chunk_count: 0 });
    expect(s.check()).toEqual([]);
    s.exit(s.td.td_proc);
    expect(s.k.vm.reserv.freed).toBe(1);
  });
});

describe('pmap_enter_object', () => {
  test('A#27 vm#58 vm#160 a full frame is mapped by one entry, read-only and unreferenced', () => {
    const s = new Super();
    const pages = s.full();
    const other = s.process().p_vmspace?.vm_pmap as pmap;
    pmap_enter_object(s.k, other, at(0), at(NP), pages, vmp.VM_PROT_READ | vmp.VM_PROT_WRITE);
    expect(s.pde(0, other) & (V | RW | A | PS)).toBe(V | PS);
    expect(s.stats[2]).toBe(1);
    expect(other).toMatchObject({ resident_count: NP, ptp_count: 0 });
    expect(s.k.machine.translate(at(3), ACCESS_USER)).toBe(pages[3].phys_addr);
    expect(s.k.machine.translate(at(3), ACCESS_USER | ACCESS_WRITE)).toBe(-1);
    // Demotion of it needs a new table.
    const free = s.k.vm.cnt.v_free_count;
    pmap_remove(s.k, other, at(3), at(4));
    expect(s.k.vm.cnt.v_free_count).toBe(free - 1);
    expect(other).toMatchObject({ resident_count: NP, ptp_count: 1 });
    expect(s.check()).toEqual([]);
    // At another phase page by page, where there is a table.
    pmap_enter_object(s.k, other, at(1), at(1 + NP), pages, vmp.VM_PROT_READ);
    expect(s.stats[2]).toBe(1);
    pmap_remove(s.k, other, at(0), at(2 * NP));
  });
});
