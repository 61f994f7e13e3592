// The named steps of the kernel that one can stop at: each is known by an event of the event stream,
// and by the names of FreeBSD's functions that do it.

import type { KernelEvent } from '../kernel/index.js';

export interface KernelStep {
  /** FreeBSD's functions that do this; other words for break-kernel. */
  functions: readonly string[];
  /** The type of the event that tells of it. */
  type: KernelEvent['type'];
  help: string;
  is(event: KernelEvent): boolean;
}

type Of<T extends KernelEvent['type']> = Extract<KernelEvent, { type: T }>;

function step<T extends KernelEvent['type']>(
  type: T,
  functions: string,
  help: string,
  test: (event: Of<T>) => boolean,
): KernelStep {
  return {
    functions: functions.split(' '),
    type,
    help,
    is: (event) => event.type === type && test(event as Of<T>),
  };
}

const outcome = (functions: string, help: string, ...outcomes: Of<'fault'>['outcome'][]) =>
  step('fault', functions, help, (e) => outcomes.includes(e.outcome));
const map = (op: Of<'map'>['op'], functions: string, help: string): KernelStep =>
  step('map', functions, help, (e) => e.op === op);
const pmap = (op: Of<'pmap'>['op'], functions: string, help: string): KernelStep =>
  step('pmap', functions, help, (e) => e.op === op);
const object = (op: Of<'object'>['op'], functions: string, help: string): KernelStep =>
  step('object', functions, help, (e) => e.op === op);
const pager = (op: Of<'pager'>['op'], functions: string, help: string): KernelStep =>
  step('pager', functions, help, (e) => e.op === op);
const page = (op: Of<'page'>['op'], functions: string, help: string): KernelStep =>
  step('page', functions, help, (e) => e.op === op);
const reserv = (op: Of<'reserv'>['op'], functions: string, help: string): KernelStep =>
  step('reserv', functions, help, (e) => e.op === op);
const sched = (op: Of<'sched'>['op'], functions: string, help: string): KernelStep =>
  step('sched', functions, help, (e) => e.op === op);

/** By the word that catch and break-kernel know it by. */
export const KERNEL_STEPS: Readonly<Record<string, KernelStep>> = {
  cow: outcome(
    'vm_fault_cow',
    'a write fault copies a page, or takes it over',
    'copied',
    'renamed',
  ),
  'zero-fill': outcome('vm_fault_zerofill', 'a fault gives a new page of zeroes', 'zero-filled'),
  segv: outcome('trapsignal', 'a fault fails', 'failed'),
  insert: map('insert', 'vm_map_insert', 'a map entry is made'),
  delete: map('delete', 'vm_map_delete', 'addresses are unmapped'),
  protect: map('protect', 'vm_map_protect', 'protection changes'),
  clip: map('clip', 'vm_map_clip_start vm_map_clip_end', 'a map entry is cut in two'),
  simplify: map('simplify', 'vm_map_simplify_entry', 'two map entries become one'),
  grow: map('grow', 'vm_map_growstack', 'a stack grows'),
  'fork-map': map('fork', 'vmspace_fork', 'an address space is copied at a fork'),
  enter: pmap('enter', 'pmap_enter', 'a page is entered in a page table'),
  remove: pmap('remove', 'pmap_remove', 'a page is taken out of a page table'),
  promote: pmap('promote', 'pmap_promote_pde', 'a page table becomes a page of 4 MB'),
  demote: pmap('demote', 'pmap_demote_pde', 'a page of 4 MB becomes a page table'),
  create: object('create', 'vm_object_allocate', 'an object is made'),
  shadow: object('shadow', 'vm_object_shadow', 'an object is put in front of another'),
  collapse: object('collapse', 'vm_object_collapse', 'an object takes over the one behind it'),
  bypass: object('bypass', 'vm_object_bypass', 'an object passes by the one behind it'),
  split: object('split', 'vm_object_split', 'pages of a shadow get an object of their own'),
  terminate: object('terminate', 'vm_object_terminate', 'an object ends'),
  pagein: pager('pagein', 'vm_pager_get_pages', 'pages are read in'),
  pageout: pager('pageout', 'vm_pager_put_pages vm_pageout_flush', 'pages are written out'),
  alloc: page('alloc', 'vm_page_alloc', 'a page of memory is taken'),
  free: page('free', 'vm_page_free', 'a page of memory is given back'),
  activate: page('activate', 'vm_page_activate', 'a page goes to the active queue'),
  deactivate: page('deactivate', 'vm_page_deactivate', 'a page goes to the inactive queue'),
  reserve: reserv('alloc', 'vm_reserv_alloc_page', 'a frame of 4 MB is reserved'),
  break: reserv('break', 'vm_reserv_break', 'a reservation is given up'),
  switch: sched('switch', 'mi_switch', 'another thread gets the CPU'),
  sleep: sched('sleep', 'sleepq_wait', 'a thread goes to sleep'),
  wakeup: sched('wakeup', 'wakeup', 'sleeping threads are woken'),
  deliver: step('signal', 'sendsig', 'a signal handler is entered', (e) => e.op === 'deliver'),
};

/** The step of that name or function. @returns its name, or null. */
export function kernelStep(word: string): string | null {
  if (Object.hasOwn(KERNEL_STEPS, word)) return word;
  const found = Object.entries(KERNEL_STEPS).find(([, s]) => s.functions.includes(word));
  return found === undefined ? null : found[0];
}
