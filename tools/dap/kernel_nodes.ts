// The kernel's structures as variables: address space, object chains, page tables, faults, counters.

import type { DebugEvents } from '../../debugger/index.js';
import {
  db_explain,
  db_show_map,
  db_show_object,
  db_show_page,
  db_show_pageq,
  db_show_swap,
} from '../../kernel/index.js';
import type { Kernel, db_map_entry, db_object, explanation } from '../../kernel/index.js';
import { formatEvent } from '../trace/format.js';
import { dataNode } from './nodes.js';
import type { Node } from './nodes.js';

/** Objects of one chain that are shown at most. */
const CHAIN_MAX = 64;

const word = (n: number): string => `0x${(n >>> 0).toString(16).padStart(8, '0')}`;

function objectText(o: db_object): string {
  const file = o.path === '' ? '' : ` ${o.path}`;
  const swapped = o.swap_blocks > 0 ? `, ${o.swap_blocks} swapped` : '';
  return `#${o.id} ${o.type_name}${file}: ${o.resident_page_count} of ${o.size} pages resident${swapped}, ${o.ref_count} references`;
}

function objectNode(k: Kernel, name: string, o: db_object): Node {
  const { value } = dataNode(name, o, objectText(o));
  return {
    name,
    value,
    children: () => {
      const pages = db_show_object(k, o.id)?.pages ?? [];
      return [
        dataNode('pages', pages, `${pages.length} resident`),
        ...Object.entries(o).map(([key, v]) => dataNode(key, v)),
      ];
    },
  };
}

/** An object and all behind it, the first one in front. */
function chainNode(k: Kernel, first: db_object): Node {
  const chain: db_object[] = [];
  let next: db_object | null = first;
  while (next !== null && chain.length < CHAIN_MAX) {
    chain.push(next);
    next = next.backing_object === 0 ? null : db_show_object(k, next.backing_object);
  }
  return {
    name: 'objects',
    value: chain.map(({ id, type_name }) => `#${id} ${type_name}`).join(' -> '),
    elements: {
      count: chain.length,
      slice: (start, count) =>
        chain.slice(start, start + count).map((o, i) => objectNode(k, `[${start + i}]`, o)),
    },
  };
}

function entryNode(k: Kernel, e: db_map_entry): Node {
  const { object, ...fields } = e;
  const behind = object === null ? 'no object yet' : objectText(object);
  const flags = e.flag_names.length === 0 ? '' : ` ${e.flag_names.join(' ')}`;
  return {
    name: `${word(e.start)}-${word(e.end)}`,
    value: `${e.protection_name}${flags}, ${behind}`,
    type: 'vm_map_entry',
    memoryReference: word(e.start),
    children: () => [
      ...(object === null ? [] : [chainNode(k, object)]),
      ...Object.entries(fields).map(([key, v]) => dataNode(key, v)),
    ],
  };
}

/** The address space of a process. */
export function mapNodes(k: Kernel, pid: number): Node[] {
  const map = db_show_map(k, pid);
  if (map === null) return [];
  const { entries, ...fields } = map;
  const summary = `${map.nentries} entries, ${map.resident_count} pages resident, CR3 ${word(map.pm_pdir)}`;
  return [dataNode('vm_map', fields, summary), ...entries.map((e) => entryNode(k, e))];
}

function walkText({ translation: t }: explanation): string {
  if (t.pa < 0) return `${word(t.va)}: not mapped`;
  const rights = `${t.user ? 'user' : 'supervisor'}, ${t.writable ? 'read and write' : 'read only'}`;
  return `${word(t.va)} -> ${word(t.pa)}, ${rights}${t.large ? ', 4 MB' : ''}`;
}

/** All about an address: its page table entries, page, mappings, objects, and what accesses do. */
export function addressNode(k: Kernel, pid: number, name: string, va: number): Node {
  const x = db_explain(k, va >>> 0, pid);
  if (x === null) return { name, value: 'no address space' };
  const { accesses, entry, chain, translation, page, mappings } = x;
  return {
    name,
    value: walkText(x),
    memoryReference: word(va),
    children: () => [
      dataNode('translation', translation, walkText(x)),
      ...(page === null ? [] : [dataNode('page', page)]),
      dataNode('mappings', mappings),
      ...(entry === null ? [] : [entryNode(k, entry)]),
      dataNode(
        'objects',
        chain,
        chain.map(({ id, type_name }) => `#${id} ${type_name}`).join(' -> '),
      ),
      ...accesses.map((a) => dataNode(a.access, a, a.summary)),
    ],
  };
}

/** The last faults, the latest first. */
export function faultNodes(events: DebugEvents): Node[] {
  return [...events.faults].reverse().map(({ number, instructions, event }) => ({
    ...dataNode(`#${number}`, { instructions, ...event }, formatEvent(event)),
    type: 'fault',
    memoryReference: word(event.va),
  }));
}

/** What the kernel and the machine have counted. */
export function counterNodes(k: Kernel): Node[] {
  return [
    dataNode('instructions', k.machine.instructions),
    ...Object.entries({ ...k.vm.cnt }).map(([key, v]) => ({ name: key, value: String(v) })),
    dataNode('collapses', k.vm.collapses),
    dataNode('bypasses', k.vm.bypasses),
    dataNode('pages', db_show_page(k)),
    dataNode('page queues', db_show_pageq(k)),
    dataNode('swap', db_show_swap(k)),
  ];
}
