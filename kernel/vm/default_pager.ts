// Anonymous memory that was never paged out (default_pager.c): reads find nothing, the first write
// makes the object swap-backed.

import { swap_pager } from './swap_pager.js';
import type { pagerops } from './vm_pager.js';
import { VM_PAGER_FAIL } from './vm_param.js';

export const default_pager: pagerops = {
  pgo_getpages: () => VM_PAGER_FAIL,
  pgo_putpages: (k, object, pages, sync, rtvals) =>
    swap_pager.pgo_putpages(k, object, pages, sync, rtvals),
  pgo_haspage: () => null,
  pgo_dealloc() {},
};
