// --stats: what the kernel and the machine counted.

import type { Kernel } from '../../kernel/index.js';

/** The counters as lines of `number  name`, in the manner of vmstat -s, or as one JSON object. */
export function statistics(k: Kernel, seconds: number, json: boolean): string {
  const { cnt } = k.vm;
  const counters: Record<string, number> = { ...cnt };
  const machine = {
    instructions: k.machine.instructions,
    seconds: Number(seconds.toFixed(6)),
    instructions_per_second: Math.round(k.machine.instructions / seconds),
  };
  const objects = {
    collapses: k.vm.collapses,
    bypasses: k.vm.bypasses,
    swap_blocks: k.vm.swdevs.reduce((n, sp) => n + sp.sw_used, 0),
    pv_entries: k.pmap.pv_entry_count,
  };
  if (json) return JSON.stringify({ ...machine, vm: counters, ...objects });
  const lines = Object.entries({ ...machine, ...counters, ...objects }).map(
    ([name, value]) => `${String(value).padStart(14)}  ${name}`,
  );
  return ['statistics', ...lines].join('\n');
}
