// vm.*: counters, thresholds and switches of the virtual memory system (vm_meter.c).

import { EINVAL, ENOENT } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import { PRS_NORMAL, TDS_RUNNING, TDS_RUNQ } from '../sys/proc.js';
import type { vmmeter } from '../vm/vm_types.js';
import type { pageout_tunables } from '../vm/vm_state.js';
import { VM_SWZONE_SIZE_MAX } from '../vm/swap_pager_swap.js';
import { mib_int, mib_quad, state_int } from './subr_mib.js';
import type { sysctl_oid } from './subr_mib.js';

const FSCALE = 2048;

/** vm.vmtotal: processes by state, pages of memory by use. */
function vmtotal(k: Kernel): Uint8Array {
  let running = 0;
  let sleeping = 0;
  let virtual = 0;
  let resident = 0;
  for (const p of k.kern.allproc.values()) {
    if (p.p_state !== PRS_NORMAL || p.p_vmspace === null) continue;
    for (const td of p.p_threads) {
      if (td.td_state === TDS_RUNNING || td.td_state === TDS_RUNQ) running++;
      else sleeping++;
    }
    virtual += p.p_vmspace.vm_map.size / 4096;
    resident += p.p_vmspace.vm_pmap.resident_count;
  }
  const view = new DataView(new ArrayBuffer(48));
  [running, 0, 0, sleeping, 0].forEach((n, i) => view.setInt16(2 * i, n, true));
  const free = k.vm.cnt.v_free_count + k.vm.cnt.v_cache_count;
  [virtual, virtual, resident, resident, 0, 0, 0, 0, free].forEach((n, i) =>
    view.setInt32(12 + 4 * i, n, true),
  );
  return new Uint8Array(view.buffer);
}

/** vm.swap_info.N: struct xswdev. */
function swap_info(k: Kernel, rest: readonly number[]): Uint8Array | number {
  if (rest.length !== 1) return EINVAL;
  if (rest[0] >= k.vm.swdevs.length) return ENOENT;
  const sp = k.vm.swdevs[rest[0]];
  return mib_int(1, sp.sw_dev, sp.sw_flags, sp.sw_nblks, sp.sw_used);
}

const counters: readonly (keyof vmmeter)[] = [
  'v_vm_faults', 'v_io_faults', 'v_cow_faults', 'v_cow_optim', 'v_zfod', 'v_ozfod', 'v_swapin', 'v_swapout',
  'v_swappgsin', 'v_swappgsout', 'v_vnodein', 'v_vnodeout', 'v_vnodepgsin', 'v_vnodepgsout', 'v_intrans',
  'v_reactivated', 'v_pdwakeups', 'v_pdpages', 'v_tcached', 'v_dfree', 'v_pfree', 'v_tfree', 'v_page_count',
  'v_free_reserved', 'v_free_target', 'v_free_min', 'v_free_severe', 'v_free_count', 'v_wire_count',
  'v_active_count', 'v_inactive_target', 'v_inactive_count', 'v_cache_count', 'v_pageout_free_min',
  'v_interrupt_free_min', 'v_forks', 'v_vforks', 'v_rforks', 'v_kthreads', 'v_forkpages', 'v_vforkpages',
  'v_rforkpages', 'v_kthreadpages',
]; // prettier-ignore

const system_counters: readonly (keyof vmmeter)[] = [
  'v_swtch', 'v_trap', 'v_syscall', 'v_intr', 'v_soft',
]; // prettier-ignore

const THRESHOLDS: readonly [keyof vmmeter, number][] = [
  ['v_free_min', 3],
  ['v_free_target', 4],
  ['v_free_reserved', 5],
  ['v_inactive_target', 6],
  ['v_pageout_free_min', 9],
];

const TUNABLES: readonly (keyof pageout_tunables)[] = [
  'max_launder', 'pageout_oom_seq', 'pageout_update_period', 'lowmem_period',
  'disable_swapspace_pageouts', 'defer_swapspace_pageouts', 'panic_on_oom', 'swap_enabled',
  'swap_idle_enabled', 'swap_idle_threshold1', 'swap_idle_threshold2', 'swap_async_max',
]; // prettier-ignore

/** As many buffers more or less are left as the limit changes (sysctl_swap_async_max). */
function tunable_set(k: Kernel, name: keyof pageout_tunables, value: number): void {
  const old = k.vm.tunables[name];
  if (name === 'swap_async_max') {
    const limit = Math.max(1, Math.min(value, 64));
    k.vm.nsw_wcount_async += limit - old;
    k.vm.tunables[name] = limit;
  } else k.vm.tunables[name] = value;
}

const uint = (name: string, get: (k: Kernel) => number, number?: number): sysctl_oid => ({
  name,
  number,
  fmt: 'IU',
  get: (k) => mib_int(get(k)),
});

export const vm_mib: readonly sysctl_oid[] = [
  { name: 'vm.vmtotal', number: 1, fmt: 'S,vmtotal', get: vmtotal },
  {
    name: 'vm.loadavg',
    number: 2,
    fmt: 'S,loadavg',
    get: (k) => mib_int(...k.kern.loadavg.map(Math.floor), FSCALE),
  },
  ...THRESHOLDS.map(([name, number]) =>
    state_int(`vm.${name}`, number, (k) => k.vm.cnt[name], (k, v) => {
      k.vm.cnt[name] = v;
    }),
  ), // prettier-ignore
  { name: 'vm.swap_info', fmt: 'N', get: (k, _td, rest) => swap_info(k, rest) },
  uint('vm.nswapdev', (k) => k.vm.swdevs.length),
  ...TUNABLES.map((name) =>
    state_int(`vm.${name}`, undefined, (k) => k.vm.tunables[name], (k, v) => {
      tunable_set(k, name, v);
    }),
  ), // prettier-ignore
  uint('vm.dmmax', () => 32),
  uint('kern.maxswzone', () => VM_SWZONE_SIZE_MAX),
  { name: 'vm.swap_total', fmt: 'QU', get: (k) => mib_quad(k.vm.swap_total) },
  { name: 'vm.swap_reserved', fmt: 'QU', get: (k) => mib_quad(k.vm.swap_reserved) },
  state_int('vm.overcommit', undefined, (k) => k.vm.overcommit, (k, v) => {
    k.vm.overcommit = v;
  }), // prettier-ignore
  uint('vm.kstacks', (k) => k.vm.kstacks.count),
  state_int('vm.kstack_cache_size', undefined, (k) => k.vm.kstacks.cache_size, (k, v) => {
    k.vm.kstacks.cache_size = v;
  }), // prettier-ignore
  uint('vm.kvm_size', () => 0x3f800000),
  uint('vm.kvm_free', (k) => 0x3f800000 - (k.vm.kernel_map?.size ?? 0)),
  uint('vm.pmap.pv_entry_count', (k) => k.pmap.pv_entry_count),
  ...counters.map((name) => uint(`vm.stats.vm.${name}`, (k) => k.vm.cnt[name])),
  uint('vm.stats.vm.v_page_size', () => 4096),
  uint('vm.stats.vm.v_cache_min', () => 0),
  uint('vm.stats.vm.v_laundry_count', () => 0),
  ...system_counters.map((name) => uint(`vm.stats.sys.${name}`, (k) => k.vm.cnt[name])),
  uint('vm.stats.object.collapses', (k) => k.vm.collapses),
  uint('vm.stats.object.bypasses', (k) => k.vm.bypasses),
];
