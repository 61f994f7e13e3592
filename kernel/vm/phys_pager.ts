// The phys pager: zero-filled memory that is never paged out (phys_pager.c; freebsd-vm A25).

import { KASSERT, panic } from '../sys/panic.js';
import { pmap_zero_page } from './pmap.js';
import { VM_PAGER_OK, VM_PAGE_BITS_ALL } from './vm_param.js';
import type { pagerops } from './vm_pager.js';

/** Pages of the aligned window that is said to be at hand. */
const PHYSCLUSTER = 1024;

export const phys_pager: pagerops = {
  pgo_getpages(k, _object, m) {
    if (m.valid !== VM_PAGE_BITS_ALL) {
      KASSERT(m.valid === 0, () => 'phys_pager_getpages: partially valid page');
      pmap_zero_page(k, m);
      m.valid = VM_PAGE_BITS_ALL;
    }
    return VM_PAGER_OK;
  },
  pgo_putpages: () => panic('phys_pager_putpage called'),
  pgo_haspage(_k, _object, pindex) {
    const before = pindex % PHYSCLUSTER;
    return { before, after: PHYSCLUSTER - 1 - before };
  },
  pgo_dealloc() {},
};
