// What tells two moments of a process apart: map entries, page tables, page queues, memory.

import { mapEntries, pageWalk } from '../../debugger/index.js';
import {
  db_show_map,
  db_show_pageq,
  entry_flag_names,
  hex,
  object_type_name,
  pte_text,
} from '../../kernel/index.js';
import type { Kernel, db_map_entry } from '../../kernel/index.js';

const PAGE = 4096;
/** Differences of one kind that are told. */
const SHOWN = 24;

export interface Moment {
  entries: Map<number, string>;
  /** Page table entries that are not 0, by virtual address. */
  ptes: Map<number, number>;
  /** Contents of the pages that user mode can reach, by virtual address. */
  pages: Map<number, Uint8Array>;
  numbers: Record<string, number>;
}

function entryText(e: db_map_entry): string {
  const object =
    e.object === null ? 'no object' : `object #${e.object.id} ${object_type_name(e.object.type)} at ${hex(e.offset)}`; // prettier-ignore
  const chain =
    e.object === null || !e.object.backing_object ? '' : ` over #${e.object.backing_object}`; // prettier-ignore
  const flags = entry_flag_names(e.eflags).join(' ');
  const wired = e.wired_count > 0 ? ` wired ${e.wired_count}` : '';
  return `${hex(e.start)}-${hex(e.end)} ${e.protection_name} ${flags}${flags === '' ? '' : ' '}${object}${chain}${wired}`;
}

/** What there is of a process now; copies. */
export function snapshot(k: Kernel, pid: number): Moment {
  const moment: Moment = { entries: new Map(), ptes: new Map(), pages: new Map(), numbers: {} };
  const map = db_show_map(k, pid);
  for (const e of map?.entries ?? []) moment.entries.set(e.start, entryText(e));
  const p = k.kern.allproc.get(pid);
  if (p !== undefined && p.p_vmspace !== null) {
    for (const e of mapEntries(p)) {
      for (let va = e.start; va < e.end; va += PAGE) {
        const walk = pageWalk(k, p, va);
        if (walk === null) break;
        if (walk.pde === 0) {
          va = Math.min(e.end, va - (va % (1 << 22)) + (1 << 22)) - PAGE;
          continue;
        }
        const pte = walk.pageBytes > PAGE ? walk.pde : walk.pte;
        if (pte !== 0) moment.ptes.set(va, pte);
        const pa = walk.pa - (walk.pa % PAGE);
        if (walk.pa >= 0 && walk.user && pa + PAGE <= k.machine.ramBytes)
          moment.pages.set(va, k.machine.ram8.slice(pa, pa + PAGE));
      }
    }
  }
  const queues = Object.entries(db_show_pageq(k)).map(([name, n]) => [`pages ${name}`, n] as const);
  const counters = Object.entries(k.vm.cnt as object as Record<string, unknown>);
  for (const [name, n] of [...queues, ...counters])
    if (typeof n === 'number') moment.numbers[name] = n;
  return moment;
}

function limited(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const more = lines.length > SHOWN ? [`  ... and ${lines.length - SHOWN} more`] : [];
  return [`${title}:`, ...lines.slice(0, SHOWN), ...more];
}

function entryLines(a: Moment, b: Moment): string[] {
  const lines: string[] = [];
  for (const start of [...new Set([...a.entries.keys(), ...b.entries.keys()])].sort(
    (x, y) => x - y,
  )) {
    const [old, now] = [a.entries.get(start), b.entries.get(start)];
    if (old === now) continue;
    if (old !== undefined) lines.push(`  - ${old}`);
    if (now !== undefined) lines.push(`  + ${now}`);
  }
  return lines;
}

function pteLines(a: Moment, b: Moment): string[] {
  const lines: string[] = [];
  for (const va of [...new Set([...a.ptes.keys(), ...b.ptes.keys()])].sort((x, y) => x - y)) {
    const [old, now] = [a.ptes.get(va) ?? 0, b.ptes.get(va) ?? 0];
    if (old !== now) lines.push(`  ${hex(va)}: ${pte_text(old)} -> ${pte_text(now)}`);
  }
  return lines;
}

/** Runs of bytes that differ, by page. */
function memoryLines(a: Moment, b: Moment): string[] {
  const lines: string[] = [];
  for (const [va, now] of [...b.pages].sort(([x], [y]) => x - y)) {
    const old = a.pages.get(va);
    let first = -1;
    let last = -1;
    let changed = 0;
    for (let i = 0; i < PAGE; i++) {
      if (now[i] === (old?.[i] ?? 0)) continue;
      if (first < 0) first = i;
      last = i;
      changed++;
    }
    if (changed === 0) continue;
    const where = `${hex(va + first)}${last > first ? `-${hex(va + last)}` : ''}`;
    const bytes = (page: Uint8Array | undefined): string =>
      [...(page?.subarray(first, Math.min(last + 1, first + 8)) ?? [])]
        .map((n) => n.toString(16).padStart(2, '0'))
        .join(' ');
    const values = old === undefined ? `new page, ${bytes(now)}` : `${bytes(old)} -> ${bytes(now)}`;
    lines.push(`  ${where}: ${changed} byte${changed === 1 ? '' : 's'}, ${values}`);
  }
  return lines;
}

/** What has changed from one moment to the other, in lines. */
export function differences(before: Moment, after: Moment): string[] {
  const numbers = Object.keys(after.numbers)
    .filter((name) => before.numbers[name] !== after.numbers[name])
    .map((name) => `  ${name}: ${before.numbers[name] ?? 0} -> ${after.numbers[name]}`);
  return [
    ...limited('map entries', entryLines(before, after)),
    ...limited('page tables', pteLines(before, after)),
    ...limited('memory', memoryLines(before, after)),
    ...limited('pages and counters', numbers),
  ];
}
