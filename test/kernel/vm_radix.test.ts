// The pages of an object by index: the trie and the ordered list, against a sorted array.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  vm_object_memq_insert,
  vm_object_memq_remove,
  vm_radix_check,
  vm_radix_lookup,
  vm_radix_lookup_ge,
  vm_radix_lookup_le,
} from '../../kernel/vm/vm_radix.js';
import { vm_object_pages } from '../../kernel/vm/vm_object.js';
import type { vm_object, vm_page, vm_radix_node } from '../../kernel/vm/vm_types.js';

function empty(): vm_object {
  const memq = { head: null, tail: null };
  return { id: 1, memq, rtree: null, resident_page_count: 0 } as unknown as vm_object;
}

function insert(object: vm_object, pindex: number): vm_page {
  const m = { pindex, object, listq_next: null, listq_prev: null } as unknown as vm_page;
  vm_object_memq_insert(object, m);
  return m;
}

const indices = fc.oneof(
  fc.nat(40),
  fc.integer({ min: 0x7ffffff0, max: 0x80000010 }),
  fc.constantFrom(0, 7, 8, 63, 64, 511, 512, 4095, 4096, 2 ** 32, 2 ** 40 + 3, 2 ** 50),
);

test('vm#72 vm#73 vm#82 the trie finds what is there, the list has it in order', () => {
  const step = fc.record({ add: fc.boolean(), index: indices });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.array(indices), (steps, probes) => {
      const object = empty();
      const model = new Map<number, vm_page>();
      for (const { add, index } of steps) {
        const m = model.get(index);
        if (add && m === undefined) model.set(index, insert(object, index));
        else if (!add && m !== undefined) {
          vm_object_memq_remove(object, m);
          model.delete(index);
        }
        expect(vm_radix_check(object)).toEqual([]);
      }
      const sorted = [...model.keys()].sort((a, b) => a - b);
      expect(vm_object_pages(object, 0, 0).map((m) => m.pindex)).toEqual(sorted);
      for (const i of [...probes, ...sorted]) {
        expect(vm_radix_lookup(object.rtree, i)).toBe(model.get(i) ?? null);
        const le = vm_radix_lookup_le(object.rtree, i)?.pindex;
        const ge = vm_radix_lookup_ge(object.rtree, i)?.pindex;
        expect(le).toBe(sorted.filter((x) => x <= i).at(-1));
        expect(ge).toBe(sorted.find((x) => x >= i));
        expect(vm_object_pages(object, i, i + 9).map((m) => m.pindex)).toEqual(
          sorted.filter((x) => x >= i && x < i + 9),
        );
      }
    }),
    { numRuns: 300 },
  );
});

test('vm#73 eight children a node, and no node with a single child', () => {
  const object = empty();
  insert(object, 5);
  expect((object.rtree as vm_page).pindex).toBe(5);
  const far = insert(object, 5 + 8 * 8 * 8);
  const root = object.rtree as vm_radix_node;
  expect(root).toMatchObject({ rn_clev: 3, rn_count: 2 });
  expect(root.rn_child).toHaveLength(8);
  for (let i = 0; i < 8; i++) if (i !== 5) insert(object, i);
  expect(root.rn_child[0]).toMatchObject({ rn_clev: 0, rn_count: 8, rn_owner: 0 });
  vm_object_memq_remove(object, far);
  expect(object.rtree).toMatchObject({ rn_clev: 0, rn_count: 8 });
  expect(() => insert(object, 5)).toThrow('taken');
});
