// What is charged for swap space is what was reserved, whatever is mapped over what, and in the end
// nothing is (vm_map.c; vm_check() compares the sums).

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { vm_map_protect } from '../../kernel/vm/vm_map.js';
import { RLIMIT_SWAP } from '../../kernel/sys/resource.js';
import * as vmp from '../../kernel/vm/vm_param.js';
import { BASE, PAGE, VmKernel } from '../helpers/vm_kernel.js';

const at = (page: number): number => BASE + page * PAGE;

test('A#4 vm#37 vm#89 memory that extends a NEEDS_COPY entry whose object has the charge', () => {
  const vm = new VmKernel();
  vm.process();
  const cow = vmp.MAP_COPY_ON_WRITE;
  vm.map(at(0), 2, { cow });
  // Clips the first: its object gets the charge. Then the second page is mapped again.
  vm.map(at(1), 1, { cow });
  expect(vm.entries()).toEqual([[0, 2]]);
  expect(vm.object(at(0)).charge).toBe(2 * PAGE);
  expect(vm.k.vm.swap_reserved).toBe(2 * PAGE);
  // Nobody else has the object: it is its own copy, and is not charged twice.
  vm.write(at(1), 1);
  expect(vm.k.vm.swap_reserved).toBe(2 * PAGE);
  vm.unmap(at(0), 2);
  expect(vm.k.vm.swap_reserved).toBe(0);
});

const step = fc.record({
  op: fc.constantFrom(
    ...(['map', 'map', 'map', 'unmap', 'protect', 'write', 'read', 'fork', 'exit', 'evict'] as const),
  ),
  page: fc.nat(9),
  pages: fc.integer({ min: 1, max: 4 }),
  prot: fc.constantFrom(vmp.VM_PROT_READ, vmp.VM_PROT_READ | vmp.VM_PROT_WRITE),
  cow: fc.constantFrom(0, vmp.MAP_COPY_ON_WRITE),
  who: fc.nat(3),
}); // prettier-ignore

test('A#4 A#7 A#12 vm#37 vm#89 reserved is what entries and objects are charged, at every step', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const vm = new VmKernel({ ramBytes: 4 << 20 });
      const processes = [vm.process()];
      for (const { op, page, pages, prot, cow, who } of steps) {
        const p = processes[who % processes.length];
        vm.run(p);
        if (op === 'map') vm.map(at(page), pages, { prot, cow });
        else if (op === 'unmap') vm.unmap(at(page), pages);
        else if (op === 'protect')
          vm_map_protect(vm.k, vm.vm.vm_map, at(page), at(page + pages), prot, false);
        else if (op === 'write') vm.write(at(page), 1);
        else if (op === 'read') vm.read(at(page));
        else if (op === 'evict' && vm.pte(at(page)) & 1) vm.evict(at(page));
        else if (op === 'fork' && processes.length < 4) processes.push(vm.fork(p));
        else if (op === 'exit' && processes.length > 1) {
          processes.splice(processes.indexOf(p), 1);
          vm.exit(p);
        }
        expect(vm.check()).toEqual([]);
      }
      for (const p of processes) vm.exit(p);
      expect(vm.k.vm.swap_reserved).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test('A#4 vm#128 vm.overcommit: 0 refuses nothing; 2 keeps to RLIMIT_SWAP; 4 counts memory as swap', () => {
  const vm = new VmKernel({ swapBytes: 1 << 20 });
  const { td_proc: p } = (vm.process(), vm.td);
  const { vm: state } = vm.k;
  const map = (pages: number): number => vm.map(BASE, pages);
  expect(state.overcommit).toBe(0);
  expect(map(100_000)).toBe(vmp.KERN_SUCCESS);
  vm.unmap(BASE, 100_000);

  state.overcommit = 2;
  p.p_limit.pl_rlimit[RLIMIT_SWAP].rlim_cur = 8 * PAGE;
  expect(map(9)).toBe(vmp.KERN_RESOURCE_SHORTAGE);
  expect(map(8)).toBe(vmp.KERN_SUCCESS);
  expect(vm.map(at(20), 1)).toBe(vmp.KERN_RESOURCE_SHORTAGE);
  vm.unmap(BASE, 8);
  // The superuser's is not limited.
  p.p_ucred.cr_ruid = 0;
  expect(map(9)).toBe(vmp.KERN_SUCCESS);
  vm.unmap(BASE, 9);

  state.overcommit = 1;
  expect(map(257)).toBe(vmp.KERN_RESOURCE_SHORTAGE);
  expect(map(256)).toBe(vmp.KERN_SUCCESS);
  vm.unmap(BASE, 256);
  state.overcommit = 1 | 4;
  const { v_page_count, v_free_reserved, v_wire_count } = state.cnt;
  const most = 256 + v_page_count - v_free_reserved - v_wire_count;
  expect(map(most + 1)).toBe(vmp.KERN_RESOURCE_SHORTAGE);
  expect(map(most)).toBe(vmp.KERN_SUCCESS);
});
