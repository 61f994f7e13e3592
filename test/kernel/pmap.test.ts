// The page tables as the MMU walks them, pv entries, reference and modified bits, invalidation.

import { describe, expect, test } from 'vitest';
import { ACCESS_READ, ACCESS_USER, ACCESS_WRITE } from '../../emulator/index.js';
import {
  kernel_pmap,
  pmap_activate,
  pmap_clear_modify,
  pmap_copy,
  pmap_enter,
  pmap_enter_quick,
  pmap_extract,
  pmap_extract_and_hold,
  pmap_is_modified,
  pmap_is_prefaultable,
  pmap_is_referenced,
  pmap_mincore,
  pmap_page_wired_mappings,
  pmap_protect,
  pmap_remove,
  pmap_remove_all,
  pmap_remove_pages,
  pmap_remove_write,
  pmap_ts_referenced,
  pmap_unwire,
} from '../../kernel/vm/pmap.js';
import type { pmap } from '../../kernel/vm/pmap.js';
import { kmem_malloc } from '../../kernel/vm/vm_kern.js';
import { vm_object_allocate } from '../../kernel/vm/vm_object.js';
import { PHYS_TO_VM_PAGE, vm_page_alloc } from '../../kernel/vm/vm_page.js';
import * as vmp from '../../kernel/vm/vm_param.js';
import type { vm_page } from '../../kernel/vm/vm_types.js';
import { BASE, PAGE, VmKernel } from '../helpers/vm_kernel.js';

const at = (page: number): number => BASE + page * PAGE;
const R = vmp.VM_PROT_READ;
const RW = vmp.VM_PROT_READ | vmp.VM_PROT_WRITE;
const [V, WRITABLE, USER, A, M, G, W, MANAGED] = [1, 2, 4, 0x20, 0x40, 0x100, 0x200, 0x400];

class Setup extends VmKernel {
  readonly pm: pmap;
  constructor() {
    super();
    this.process();
    this.pm = this.vm.vm_pmap;
  }

  /** A valid page of an object of its own. */
  fresh(): vm_page {
    const object = vm_object_allocate(this.k, vmp.OBJT_DEFAULT, 1);
    object.ref_count = 0;
    const m = vm_page_alloc(this.k, object, 0, vmp.VM_ALLOC_NOBUSY);
    if (m === null) throw new Error('no page');
    m.valid = 0xff;
    return m;
  }

  enter(page: number, m: vm_page, prot = RW, access = R, wired = false): number {
    return pmap_enter(this.k, this.pm, at(page), m, prot, access, wired);
  }

  /** An access of the CPU that must not fault. */
  access(page: number, write: boolean): number {
    return this.k.machine.translate(at(page), ACCESS_USER | (write ? ACCESS_WRITE : ACCESS_READ));
  }

  bits(page: number): number {
    return this.pte(at(page)) & 0xfff;
  }
}

describe('pmap_enter', () => {
  test('A#27 vm#153 vm#155 vm#156 a page table is made, the entry is what the MMU walks', () => {
    const s = new Setup();
    const m = s.fresh();
    const { v_free_count } = s.k.vm.cnt;
    expect(s.enter(3, m, RW, vmp.VM_PROT_WRITE)).toBe(vmp.KERN_SUCCESS);
    expect(s.k.vm.cnt.v_free_count).toBe(v_free_count - 1);
    expect(s.pte(at(3)) >>> 0).toBe((m.phys_addr | V | WRITABLE | USER | A | M | MANAGED) >>> 0);
    expect(s.access(3, true)).toBe(m.phys_addr);
    const walk = s.k.machine.walk(at(3));
    expect(walk.pa).toBe(m.phys_addr);
    expect(s.access(4, false)).toBe(-1);
    expect(s.pm).toMatchObject({ resident_count: 2, wired_count: 0, ptp_count: 1 });
    expect(m.pv_list?.pv_va).toBe(at(3));
    expect(m.pv_list?.pv_chunk.pc_pmap).toBe(s.pm);
    expect(m.aflags & vmp.PGA_WRITEABLE).toBeTruthy();
  });

  test('A#27 vm#158 the recursive slot shows the tables at PTmap and PTD', () => {
    const s = new Setup();
    const m = s.fresh();
    s.enter(3, m);
    const pte = 0xbfc00000 + (at(3) >>> 12) * 4;
    const pa = s.k.machine.translate(pte, ACCESS_READ);
    expect(s.k.machine.ram32[pa >>> 2]).toBe(s.pte(at(3)));
    const pde = s.k.machine.translate(0xbfeff000 + (BASE >>> 22) * 4, ACCESS_READ);
    expect(pde & ~0xfff).toBe(s.pm.pm_pdir);
    // Not for the user.
    expect(s.k.machine.translate(pte, ACCESS_READ | ACCESS_USER)).toBe(-1);
  });

  test('A#27 the modified bit is set by the access that wants it, not by the right to write', () => {
    const s = new Setup();
    const m = s.fresh();
    s.enter(0, m, RW, R);
    expect(s.bits(0) & (A | M)).toBe(A);
    expect(pmap_is_modified(s.k, m)).toBe(false);
    s.access(0, true);
    expect(s.bits(0) & M).toBe(M);
    expect(pmap_is_modified(s.k, m)).toBe(true);
  });

  test('A#27 vm#36 vm#149 the same page again: rights and wiring change, modified is not lost', () => {
    const s = new Setup();
    const m = s.fresh();
    s.enter(0, m, RW, vmp.VM_PROT_WRITE);
    s.enter(0, m, RW, R, true);
    expect(s.bits(0) & (M | W)).toBe(M | W);
    expect(s.pm.wired_count).toBe(1);
    expect(pmap_page_wired_mappings(s.k, m)).toBe(1);
    s.enter(0, m, R, R, false);
    expect(s.bits(0) & (WRITABLE | M | W)).toBe(0);
    expect(m.dirty).toBe(0xff);
    expect(s.pm).toMatchObject({ wired_count: 0, resident_count: 2 });
    expect(s.k.pmap.pv_entry_count).toBe(1);
  });

  test('A#27 another page: the old one keeps A and M, its pv entry moves on', () => {
    const s = new Setup();
    const [old, m] = [s.fresh(), s.fresh()];
    s.enter(0, old, RW, vmp.VM_PROT_WRITE);
    const pv = old.pv_list;
    s.access(0, true);
    s.enter(0, m, R);
    expect(old).toMatchObject({ dirty: 0xff, pv_list: null });
    expect(old.aflags & vmp.PGA_REFERENCED).toBeTruthy();
    expect(old.aflags & vmp.PGA_WRITEABLE).toBe(0);
    expect(m.pv_list).toBe(pv);
    expect(s.access(0, false)).toBe(m.phys_addr);
    expect(s.k.machine.checkTlb()).toEqual([]);
  });

  test('A#27 without a page for the table it is a shortage, and nothing is mapped', () => {
    const s = new Setup();
    const m = s.fresh();
    while (vm_page_alloc(s.k, null, 0, vmp.VM_ALLOC_INTERRUPT | vmp.VM_ALLOC_NOOBJ) !== null);
    expect(s.enter(0, m)).toBe(vmp.KERN_RESOURCE_SHORTAGE);
    expect(m.pv_list).toBeNull();
    expect(s.pm.resident_count).toBe(0);
  });

  test('A#27 enter_quick: only an empty entry of a table that is there, read-only, not referenced', () => {
    const s = new Setup();
    const [m, other] = [s.fresh(), s.fresh()];
    pmap_enter_quick(s.k, s.pm, at(0), m, RW);
    expect(s.pte(at(0))).toBe(0);
    s.enter(1, other);
    expect([0, 1, 2000].map((i) => pmap_is_prefaultable(s.k, s.pm, at(i)))).toEqual([
      true,
      false,
      false,
    ]);
    pmap_enter_quick(s.k, s.pm, at(0), m, RW);
    expect(s.bits(0)).toBe(V | USER | MANAGED);
    pmap_enter_quick(s.k, s.pm, at(1), m, RW);
    expect(pmap_extract(s.k, s.pm, at(1))).toBe(other.phys_addr);
    s.access(0, false);
    expect(s.bits(0) & A).toBe(A);
  });
});

describe('removing and protecting', () => {
  test('A#27 vm#103 vm#156 a table goes with its last entry', () => {
    const s = new Setup();
    const [a, b] = [s.fresh(), s.fresh()];
    s.enter(0, a);
    s.enter(9, b);
    const table = PHYS_TO_VM_PAGE(
      s.k,
      s.k.machine.ram32[(s.pm.pm_pdir >>> 2) + (BASE >>> 22)] & ~0xfff,
    );
    expect(table?.wire_count).toBe(2);
    const { v_free_count } = s.k.vm.cnt;
    pmap_remove(s.k, s.pm, at(0), at(5));
    expect(table?.wire_count).toBe(1);
    pmap_remove(s.k, s.pm, at(5), at(1500));
    expect(s.k.vm.cnt.v_free_count).toBe(v_free_count + 1);
    expect(s.pm).toMatchObject({ resident_count: 0, ptp_count: 0 });
    expect(s.access(0, false)).toBe(-1);
    expect(s.k.pmap).toMatchObject({ pv_entry_count: 0, pv_chunk_count: 0 });
  });

  test('A#27 removal saves A and M in the page', () => {
    const s = new Setup();
    const [clean, dirty] = [s.fresh(), s.fresh()];
    s.enter(0, clean);
    s.enter(1, dirty);
    s.access(1, true);
    pmap_remove(s.k, s.pm, at(0), at(2));
    expect([clean.dirty, dirty.dirty]).toEqual([0, 0xff]);
    expect(dirty.aflags & vmp.PGA_REFERENCED).toBeTruthy();
  });

  test('A#27 vm#33 protect only takes writing away, and saves what was modified; NONE removes', () => {
    const s = new Setup();
    const m = s.fresh();
    s.enter(0, m);
    s.access(0, true);
    pmap_protect(s.k, s.pm, at(0), at(1), R);
    expect(s.bits(0) & (V | WRITABLE | M)).toBe(V);
    expect(m.dirty).toBe(0xff);
    expect(s.access(0, true)).toBe(-1);
    pmap_protect(s.k, s.pm, at(0), at(1), RW);
    expect(s.bits(0) & WRITABLE).toBe(0);
    pmap_protect(s.k, s.pm, at(0), at(1), 0);
    expect(s.pte(at(0))).toBe(0);
  });

  test('A#27 vm#102 vm#107 remove_all and remove_write reach every mapping of the page', () => {
    const s = new Setup();
    const m = s.fresh();
    s.enter(0, m);
    s.enter(5, m);
    const other = s.process().p_vmspace?.vm_pmap as pmap;
    pmap_enter(s.k, other, at(7), m, RW, R, false);
    s.k.machine.translate(at(7), ACCESS_USER | ACCESS_WRITE);
    pmap_remove_write(s.k, m);
    expect(m).toMatchObject({ dirty: 0xff, aflags: 0 });
    expect([0, 5].map((i) => pmap_mincore(s.k, s.pm, at(i)).bits & 4)).toEqual([0, 0]);
    expect(s.k.machine.checkTlb()).toEqual([]);
    pmap_remove_all(s.k, m);
    expect(m.pv_list).toBeNull();
    expect(s.pm.resident_count + other.resident_count).toBe(0);
    expect(s.k.machine.checkTlb()).toEqual([]);
  });

  test('A#27 unwire drops the bit and the count, nothing else', () => {
    const s = new Setup();
    s.enter(0, s.fresh(), RW, R, true);
    const before = s.bits(0);
    pmap_unwire(s.k, s.pm, at(0), at(1));
    expect(s.bits(0)).toBe(before & ~W);
    expect(s.pm.wired_count).toBe(0);
  });

  test('A#13 A#27 vm#147 remove_pages sweeps the chunks, sparing what is wired', () => {
    const s = new Setup();
    const dirty = s.fresh();
    const wired = s.fresh();
    s.enter(0, dirty);
    s.access(0, true);
    for (let i = 1; i < 900; i++) s.enter(i, dirty, R);
    s.enter(1000, wired, RW, R, true);
    expect(s.k.pmap.pv_chunk_count).toBe(3);
    pmap_remove_pages(s.k, s.pm);
    expect(dirty).toMatchObject({ dirty: 0xff, pv_list: null });
    expect(s.pm).toMatchObject({ resident_count: 2, wired_count: 1 });
    expect(s.k.pmap).toMatchObject({ pv_entry_count: 1, pv_chunk_count: 1 });
    expect(s.k.machine.checkTlb()).toEqual([]);
  });
});

describe('reference and modified bits', () => {
  test('A#27 vm#111 ts_referenced clears and counts at most five, taking others the next time', () => {
    const s = new Setup();
    const m = s.fresh();
    for (let i = 0; i < 8; i++) s.enter(i, m, R);
    for (let i = 0; i < 8; i++) s.access(i, false);
    expect(pmap_is_referenced(s.k, m)).toBe(true);
    expect(pmap_ts_referenced(s.k, m)).toBe(5);
    expect(pmap_ts_referenced(s.k, m)).toBe(3);
    expect(pmap_ts_referenced(s.k, m)).toBe(0);
    expect(pmap_is_referenced(s.k, m)).toBe(false);
    // The CPU sets it again only because the translation was dropped.
    s.access(4, false);
    expect(pmap_ts_referenced(s.k, m)).toBe(1);
  });

  test('A#27 clear_modify: the next store sets the bit again', () => {
    const s = new Setup();
    const m = s.fresh();
    s.enter(0, m, RW, vmp.VM_PROT_WRITE);
    s.access(0, true);
    pmap_clear_modify(s.k, m);
    expect(pmap_is_modified(s.k, m)).toBe(false);
    expect(s.bits(0) & WRITABLE).toBe(WRITABLE);
    s.access(0, true);
    expect(pmap_is_modified(s.k, m)).toBe(true);
  });

  test('A#27 mincore and extract_and_hold', () => {
    const s = new Setup();
    const m = s.fresh();
    s.enter(0, m, R);
    expect(pmap_mincore(s.k, s.pm, at(0))).toEqual({ bits: 1 | 2 | 8, pa: m.phys_addr });
    expect(pmap_mincore(s.k, s.pm, at(1))).toEqual({ bits: 0, pa: -1 });
    expect(pmap_extract_and_hold(s.k, s.pm, at(0), RW)).toBeNull();
    expect(pmap_extract_and_hold(s.k, s.pm, at(0), R)).toBe(m);
    expect(m.hold_count).toBe(1);
  });
});

describe('copy', () => {
  test('A#12 A#27 only managed mappings of the current map, without W, M and A', () => {
    const s = new Setup();
    const m = s.fresh();
    s.enter(0, m, R, R, true);
    s.enter(2, m, R);
    const parent = s.pm;
    const child = s.process().p_vmspace?.vm_pmap as pmap;
    pmap_copy(s.k, child, parent, at(0), at(8));
    expect(child.resident_count).toBe(0); // the parent was not the current one
    pmap_activate(s.k, parent);
    pmap_copy(s.k, child, parent, at(0), at(8));
    expect(child).toMatchObject({ resident_count: 3, wired_count: 0 });
    pmap_activate(s.k, child);
    expect(s.pte(at(0)) & 0xfff).toBe(V | USER | MANAGED);
    expect(s.pte(at(2)) & 0xfff).toBe(V | USER | MANAGED);
    expect(s.k.pmap.pv_entry_count).toBe(4);
  });

  test('A#27 gives up quietly when there is no page for a table', () => {
    const s = new Setup();
    const m = s.fresh();
    s.enter(0, m, R);
    const parent = s.pm;
    const child = s.process().p_vmspace?.vm_pmap as pmap;
    pmap_activate(s.k, parent);
    while (vm_page_alloc(s.k, null, 0, vmp.VM_ALLOC_INTERRUPT | vmp.VM_ALLOC_NOOBJ) !== null);
    pmap_copy(s.k, child, parent, at(0), at(8));
    expect(child.resident_count).toBe(0);
  });
});

describe('the TLB', () => {
  test('A#27 a PTE changed behind its back is found stale; every pmap call leaves none', () => {
    const s = new Setup();
    const m = s.fresh();
    s.enter(0, m);
    s.access(0, true);
    expect(s.k.machine.checkTlb()).toEqual([]);
    const word = (s.k.machine.ram32[(s.pm.pm_pdir >>> 2) + (BASE >>> 22)] & ~0xfff) >>> 2;
    const slot = word + ((BASE >>> 12) & 0x3ff);
    const pte = s.k.machine.ram32[slot];
    s.k.machine.ram32[slot] = pte & ~WRITABLE;
    expect(s.k.machine.checkTlb()).not.toEqual([]);
    // Stale: the store still goes through.
    expect(s.access(0, true)).toBe(m.phys_addr);
    s.k.machine.invlpg(at(0));
    expect(s.access(0, true)).toBe(-1);
    s.k.machine.ram32[slot] = pte;
  });

  test('A#27 vm#148 vm#157 a switch drops the user’s translations and keeps the kernel’s', () => {
    const s = new Setup();
    const { va, pages } = kmem_malloc(s.k, PAGE);
    s.enter(0, s.fresh());
    s.access(0, true);
    expect(s.k.machine.translate(va, ACCESS_WRITE)).toBe(pages[0].phys_addr);
    const kernel_pte =
      s.k.machine.ram32[
        (s.k.machine.ram32[(s.pm.pm_pdir >>> 2) + (va >>> 22)] & ~0xfff) / 4 + ((va >>> 12) & 0x3ff)
      ];
    expect(kernel_pte & (G | USER)).toBe(G);
    const first = s.pm;
    const second = s.process().p_vmspace?.vm_pmap as pmap;
    expect([first.pm_active, second.pm_active]).toEqual([false, true]);
    expect(s.k.machine.cpu.cr3).toBe(second.pm_pdir);
    expect(s.access(0, false)).toBe(-1);
    expect(s.k.machine.translate(va, ACCESS_WRITE)).toBe(pages[0].phys_addr);
    expect(s.k.machine.translate(va, ACCESS_READ | ACCESS_USER)).toBe(-1);
  });

  test('vm#150 new kernel page tables appear in every map', () => {
    const s = new Setup();
    const before = s.k.pmap.kernel_vm_end;
    const { va } = kmem_malloc(s.k, 16 * PAGE);
    expect(va).toBeLessThan(before);
    const pmaps = [kernel_pmap(s.k), ...s.k.pmap.allpmaps];
    expect(pmaps.length).toBeGreaterThan(1);
    const pdes = pmaps.map((p) => s.k.machine.ram32[(p.pm_pdir >>> 2) + (va >>> 22)]);
    expect(new Set(pdes).size).toBe(1);
    expect(pdes[0] & V).toBe(V);
  });
});

describe('pv chunks', () => {
  test('A#27 vm#147 vm#153 336 entries each, freed when empty', () => {
    const s = new Setup();
    const m = s.fresh();
    for (let i = 0; i < 337; i++) s.enter(i, m, R);
    expect(s.k.pmap).toMatchObject({ pv_chunk_count: 2, pv_entry_count: 337 });
    pmap_remove(s.k, s.pm, at(336), at(337));
    expect(s.k.pmap.pv_chunk_count).toBe(1);
    expect(s.check().filter((line) => line.includes('pv'))).toEqual([]);
  });

  test('A#27 vm#162 at the limit the oldest mappings of others are thrown away, not the wired ones', () => {
    const s = new Setup();
    const m = s.fresh();
    s.k.pmap.pv_maxchunks = 1;
    s.enter(0, m, R);
    s.enter(1, m, R, R, true);
    const old = s.pm;
    const other = s.process().p_vmspace?.vm_pmap as pmap;
    pmap_enter(s.k, other, at(5), m, R, R, false);
    expect(old).toMatchObject({ resident_count: 2, wired_count: 1 });
    expect(pmap_extract(s.k, old, at(0))).toBe(-1);
    expect(pmap_extract(s.k, old, at(1))).toBe(m.phys_addr);
    expect(s.check().filter((line) => line.includes('pv'))).toEqual([]);
  });
});
