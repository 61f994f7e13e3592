// An explanation as text: one labelled line a level.

import { MAP_ENTRY_GUARD } from '../vm/vm_param.js';
import type { explained_object, explanation } from './db_explain.js';
import { hex } from './db_names.js';
import { pte_lines } from './db_pmap.js';
import type { db_map_entry } from './db_vm_map.js';
import type { db_page } from './db_vm_page.js';

const WIDTH = 13;

function row(label: string, text: string): string {
  return `${label.padEnd(WIDTH)}${text}`;
}

function page_lines(page: db_page, x: explanation): string[] {
  const lines = [
    `phys ${hex(page.phys_addr)}, ${page.state}, act_count ${page.act_count}, wire ${page.wire_count}, hold ${page.hold_count}, busy ${page.busy}, valid ${hex(page.valid)}, dirty ${hex(page.dirty)}`,
    ...x.mappings
      .slice(0, 8)
      .map(({ pid, va, pte_bits }) => `mapped by pid ${pid} at ${hex(va)} [${pte_bits.join(' ')}]`),
  ];
  if (x.mappings.length > 8) lines.push(`... and ${x.mappings.length - 8} more mappings`);
  if (x.mappings.length === 0) lines.push('unmanaged: no pv entries');
  return lines;
}

function object_line(o: explained_object): string {
  const where: string[] = [];
  if (o.resident >= 0) where.push(`resident at ${hex(o.resident)}`);
  if (o.swap_block >= 0) where.push(`swap block ${o.swap_block}`);
  if (o.file_offset >= 0)
    where.push(`byte ${hex(o.file_offset)} of ${o.path === '' ? 'its file' : o.path}`);
  if (where.length === 0) where.push(o.pindex < o.size ? 'no page' : 'beyond its end');
  return `#${o.id} ${o.type_name}[${o.pindex}] of ${o.size}, ref ${o.ref_count}, shadows ${o.shadow_count}, resident ${o.resident_page_count}: ${where.join(', ')}`;
}

function entry_line(e: db_map_entry): string {
  const flags = e.flag_names.length === 0 ? '' : ` ${e.flag_names.join(' ')}`;
  const wired = e.wired_count === 0 ? '' : `, wired ${e.wired_count}`;
  const copy = e.copy === null ? '' : `, copy ${e.copy}`;
  return `${hex(e.start)}-${hex(e.end)} ${e.protection_name}, max ${e.max_protection_name}, inherit ${e.inheritance}, offset ${hex(e.offset)}${copy}${wired}${flags}`;
}

/** @param name what the user called the address, when that was not a number. */
export function explanation_text(x: explanation, name = ''): string {
  const { translation: t, page, entry, gap, chain } = x;
  const label = name === '' ? '' : ` (${name})`;
  const lines = [
    `${hex(x.va)}${label} in pid ${x.pid} (${x.comm}) after ${x.instructions} instructions`,
  ];
  pte_lines(t).forEach((line, i) => lines.push(row(i === 0 ? 'page tables' : '', line)));
  const rights = `${t.writable ? 'writable' : 'read-only'}, ${t.user ? 'user' : 'supervisor'}`;
  lines.push(
    row(
      'frame',
      t.valid ? `${hex(t.frame)}${t.large ? ' in a 4 MB page' : ''}, ${rights}` : 'none',
    ),
  );
  if (page !== null)
    page_lines(page, x).forEach((line, i) => lines.push(row(i === 0 ? 'page' : '', line)));
  if (entry !== null) lines.push(row('map entry', entry_line(entry)));
  else if (gap !== null)
    lines.push(row('map entry', `none; free from ${hex(gap.start)} to ${hex(gap.end)}`));
  else lines.push(row('map entry', 'none; the address is outside the map'));
  chain.forEach((o, i) => lines.push(row(i === 0 ? 'object' : '  backed by', object_line(o))));
  if (entry !== null && chain.length === 0)
    lines.push(
      row('object', entry.eflags & MAP_ENTRY_GUARD ? 'none' : 'none yet: nothing was touched'),
    );
  for (const { access, summary } of x.accesses) lines.push(row(access, summary));
  return lines.join('\n');
}
