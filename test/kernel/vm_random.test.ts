// Families of processes that write, fork, share, wire, lose pages to swap and exit in any order,
// against a model that knows only which cell of memory each page of each process is.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Proc } from '../../kernel/sys/proc.js';
import { vm_map_inherit, vm_map_madvise } from '../../kernel/vm/vm_map_advice.js';
import { vm_map_protect } from '../../kernel/vm/vm_map.js';
import { vm_map_unwire, vm_map_wire } from '../../kernel/vm/vm_map_wire.js';
import { vm_object_collapse } from '../../kernel/vm/vm_object.js';
import { swap_pager_used } from '../../kernel/vm/swap_pager_space.js';
import * as vmp from '../../kernel/vm/vm_param.js';
import { BASE, PAGE, VmKernel } from '../helpers/vm_kernel.js';

const PAGES = 10;
const FILE_PAGES = 4;
const at = (page: number): number => BASE + page * PAGE;

interface Cell {
  value: number;
}

interface Member {
  p: Proc;
  /** By page; null where nothing is mapped. */
  cells: (Cell | null)[];
  inheritance: number[];
  writable: boolean[];
}

function child_of(parent: Member, p: Proc): Member {
  const cells = parent.cells.map((cell, i) => {
    if (cell === null) return null;
    switch (parent.inheritance[i]) {
      case vmp.VM_INHERIT_SHARE:
        return cell;
      case vmp.VM_INHERIT_COPY:
        return { value: cell.value };
      case vmp.VM_INHERIT_ZERO:
        return { value: 0 };
      default:
        return null;
    }
  });
  return { p, cells, inheritance: [...parent.inheritance], writable: [...parent.writable] };
}

const step = fc.record({
  op: fc.constantFrom(
    'write',
    'write',
    'write',
    'read',
    'fork',
    'fork',
    'exit',
    'evict',
    'evict',
    'inherit',
    'unmap',
    'map',
    'wire',
    'unwire',
    'protect',
    'collapse',
    'dontneed',
  ),
  who: fc.nat(),
  page: fc.nat(PAGES - 1),
  pages: fc.integer({ min: 1, max: 5 }),
  value: fc.integer({ min: 1, max: 255 }),
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Family {
  readonly vm: VmKernel;
  readonly members: Member[];

  constructor() {
    const f = new Uint8Array(FILE_PAGES * PAGE).map((_, i) => 200 + Math.floor(i / PAGE));
    this.vm = new VmKernel({ files: { f }, ramBytes: 4 << 20 });
    const p = this.vm.process();
    // Anonymous memory, and a private mapping of a file behind it.
    this.vm.map(at(0), PAGES - FILE_PAGES);
    this.vm.map(at(PAGES - FILE_PAGES), FILE_PAGES, {
      object: this.vm.file('f').v_object,
      cow: vmp.MAP_COPY_ON_WRITE,
    });
    const cells = Array.from({ length: PAGES }, (_, i) => ({
      value: i < PAGES - FILE_PAGES ? 0 : 200 + i - (PAGES - FILE_PAGES),
    }));
    this.members = [
      {
        p,
        cells,
        inheritance: new Array<number>(PAGES).fill(vmp.VM_INHERIT_COPY),
        writable: new Array<boolean>(PAGES).fill(true),
      },
    ];
  }

  #write(m: Member, page: number, value: number): void {
    const cell = m.cells[page];
    const result = this.vm.write(at(page), value);
    if (cell === null) expect(result).toBe(-vmp.KERN_INVALID_ADDRESS);
    else if (!m.writable[page]) expect(result).toBe(-vmp.KERN_PROTECTION_FAILURE);
    else {
      expect(result).toBe(0);
      cell.value = value;
    }
  }

  #read(m: Member, page: number): void {
    const cell = m.cells[page];
    expect(this.vm.read(at(page))).toBe(cell === null ? -vmp.KERN_INVALID_ADDRESS : cell.value);
  }

  do({ op, who, page, pages, value }: Step): void {
    const { vm, members } = this;
    const m = members[who % members.length];
    vm.run(m.p);
    const map = vm.vm.vm_map;
    const end = Math.min(PAGES, page + pages);
    const each = (f: (i: number) => void): void => {
      for (let i = page; i < end; i++) if (m.cells[i] !== null) f(i);
    };
    const user = vmp.VM_MAP_WIRE_USER | vmp.VM_MAP_WIRE_HOLESOK;
    switch (op) {
      case 'write':
        this.#write(m, page, value);
        break;
      case 'read':
        this.#read(m, page);
        break;
      case 'fork':
        if (members.length < 6) members.push(child_of(m, vm.fork(m.p)));
        break;
      case 'exit':
        if (members.length > 1) {
          vm.exit(m.p);
          members.splice(members.indexOf(m), 1);
        }
        break;
      case 'evict':
        this.#read(m, page);
        if (m.cells[page] !== null && vm.page(at(page)).wire_count === 0) vm.evict(at(page));
        break;
      case 'inherit':
        vm_map_inherit(vm.k, map, at(page), at(end), value % 4);
        each((i) => (m.inheritance[i] = value % 4));
        break;
      case 'unmap':
        vm.unmap(at(page), end - page);
        for (let i = page; i < end; i++) m.cells[i] = null;
        break;
      case 'map':
        vm.map(at(page), end - page);
        for (let i = page; i < end; i++) {
          m.cells[i] = { value: 0 };
          m.inheritance[i] = vmp.VM_INHERIT_COPY;
          m.writable[i] = true;
        }
        break;
      case 'wire':
        expect(vm_map_wire(vm.k, map, at(page), at(end), user)).toBe(vmp.KERN_SUCCESS);
        break;
      case 'unwire':
        vm_map_unwire(vm.k, map, at(page), at(end), user);
        break;
      case 'protect':
        vm_map_protect(vm.k, map, at(page), at(end), value % 2 ? 1 : 3, false);
        each((i) => (m.writable[i] = value % 2 === 0));
        break;
      case 'collapse':
        each((i) => {
          const { object } = vm.entry(at(i));
          if (object !== null) vm_object_collapse(vm.k, object);
        });
        break;
      case 'dontneed':
        vm_map_madvise(vm.k, map, at(page), at(end), 4);
        break;
    }
  }

  look(): void {
    for (const m of this.members) {
      this.vm.run(m.p);
      for (let i = 0; i < PAGES; i++) this.#read(m, i);
    }
  }
}

test('A#4 A#5 A#9 A#10 A#12 A#14 A#16 A#17 vm#100 everybody sees what is theirs, and nothing is left over', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
      const family = new Family();
      const { vm } = family;
      for (const s of steps) {
        family.do(s);
        expect(vm.check()).toEqual([]);
      }
      family.look();
      for (const m of family.members) vm.exit(m.p);
      expect(vm.check()).toEqual([]);
      expect(vm.k.vm.swap_reserved).toBe(0);
      expect(swap_pager_used(vm.k)).toBe(0);
      // The kernel's object and the file's.
      expect([...vm.k.vm.object_list].filter((o) => o.handle === null).length).toBe(1);
    }),
    { numRuns: Number(process.env['VM_RANDOM_RUNS'] ?? 25) },
  );
});
