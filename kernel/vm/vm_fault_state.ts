// What a fault knows while it is resolved, and the story it leaves for who listens to faults.

import type { FaultOutcome } from '../sys/event.js';
import type { Kernel } from '../sys/kernel.js';
import type {
  fault_story,
  fault_visit,
  vm_map,
  vm_map_entry,
  vm_object,
  vm_page,
} from './vm_types.js';

/** What a fault on the long way has found out so far (struct faultstate). */
export interface faultstate {
  map: vm_map;
  entry: vm_map_entry;
  vaddr: number;
  fault_type: number;
  fault_flags: number;
  prot: number;
  wired: boolean;
  first_object: vm_object;
  first_pindex: number;
  /** The placeholder in first_object while the chain is searched, or the page found there: busy. */
  first_m: vm_page | null;
  /** Where the search is. Its paging_in_progress is held, as first_object's is. */
  object: vm_object;
  pindex: number;
  /** The page found, busy; first_m when it is in first_object. */
  m: vm_page | null;
  /** The page was read from its pager. */
  hard: boolean;
  behind: number;
  ahead: number;
  outcome: FaultOutcome;
  /** For the fault event; null when nobody listens. */
  visited: fault_visit[] | null;
}

/** Keeps what the fault did. */
export function remember(
  k: Kernel,
  visited: fault_visit[] | null,
  outcome: FaultOutcome,
  entry: vm_map_entry | null,
): void {
  k.vm.fault_story = {
    visited: visited ?? [],
    outcome,
    entry: entry && {
      start: entry.start,
      end: entry.end,
      protection: entry.protection,
      eflags: entry.eflags,
    },
  };
}

/** What the last vm_fault() did; only kept up while somebody listens to EV_FAULT. */
export function vm_fault_story(k: Kernel): Readonly<fault_story> {
  return k.vm.fault_story;
}
