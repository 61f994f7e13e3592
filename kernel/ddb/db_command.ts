// ddb's show commands as words: what the command line and a debugger give, and what they get.

import type { Kernel } from '../sys/kernel.js';
import { db_explain } from './db_explain.js';
import { explanation_text } from './db_explain_text.js';
import { db_show_pte, db_show_pv, show_pte_text, show_pv_text } from './db_pmap.js';
import { db_show_reserv, reserv_text } from './db_reserv.js';
import { db_show_swap, swap_text } from './db_swap.js';
import { db_show_map, db_show_procvm, map_text, procvm_text } from './db_vm_map.js';
import { db_show_object, db_show_vmopag, object_pages_text, vmopag_text } from './db_vm_object.js';
import {
  db_show_freepages,
  db_show_page,
  db_show_pageq,
  db_show_pginfo,
  freepages_text,
  page_text,
  pageq_text,
  pginfo_text,
} from './db_vm_page.js';
import { db_show_malloc, db_show_uma, malloc_text, uma_text } from './db_zone.js';

/** The result of a command: its structure, which JSON can hold, and its text without a newline. */
export interface db_output {
  command: string;
  data: object;
  text: string;
}

/** What a command could not do, in a phrase. */
export class DbError extends Error {
  override name = 'DbError';
}

interface command {
  /** Arguments as the help shows them; those in brackets may be left out. */
  args: string;
  help: string;
  run(k: Kernel, numbers: readonly number[]): { data: object; text: string };
}

/** Pairs a structure with its text. @throws DbError when there is none. */
function output<T extends object>(
  data: T | null,
  text: (data: T) => string,
  missing: string,
): { data: object; text: string } {
  if (data === null) throw new DbError(missing);
  return { data, text: text(data) };
}

const NO_PROCESS = 'no such process, or it has no address space';

/** Pages are named by physical address, or, below 2^20, by frame number. */
function page_address(n: number): number {
  return n < 1 << 20 && n % 4096 !== 0 ? n * 4096 : n - (n % 4096);
}

const COMMANDS: Readonly<Record<string, command>> = {
  map: {
    args: '[PID]',
    help: "the address space of a process (default: the current one; 0: the kernel's)",
    run: (k, [pid]) => output(db_show_map(k, pid ?? null), map_text, NO_PROCESS),
  },
  procvm: {
    args: '[PID]',
    help: 'a process, and its address space',
    run: (k, [pid]) => output(db_show_procvm(k, pid ?? null), procvm_text, NO_PROCESS),
  },
  object: {
    args: 'N',
    help: 'object N and its pages',
    run: (k, [id]) => output(db_show_object(k, id), object_pages_text, 'no such object'),
  },
  vmopag: {
    args: '',
    help: 'runs of contiguous pages of every object',
    run: (k) => output(db_show_vmopag(k), vmopag_text, ''),
  },
  page: {
    args: '[N]',
    help: 'counts of pages; with N as pginfo',
    run: (k, [n]) =>
      n === undefined
        ? output(db_show_page(k), page_text, '')
        : output(db_show_pginfo(k, page_address(n)), pginfo_text, 'no such page'),
  },
  pageq: {
    args: '',
    help: 'lengths of the page queues',
    run: (k) => output(db_show_pageq(k), pageq_text, ''),
  },
  pginfo: {
    args: 'N',
    help: 'the page of physical address or frame N',
    run: (k, [n]) => output(db_show_pginfo(k, page_address(n)), pginfo_text, 'no such page'),
  },
  freepages: {
    args: '',
    help: 'free blocks by size',
    run: (k) => output(db_show_freepages(k), freepages_text, ''),
  },
  pv: {
    args: 'N',
    help: 'mappings of the page of physical address or frame N',
    run: (k, [n]) => output(db_show_pv(k, page_address(n)), show_pv_text, 'no such page'),
  },
  pte: {
    args: 'ADDRESS [PID]',
    help: 'the page table entries of an address',
    run: (k, [va, pid]) => output(db_show_pte(k, va, pid ?? null), show_pte_text, NO_PROCESS),
  },
  swap: {
    args: '',
    help: 'swap devices and what is reserved',
    run: (k) => output(db_show_swap(k), swap_text, ''),
  },
  reserv: {
    args: '',
    help: 'reservations of 4 MB',
    run: (k) => output(db_show_reserv(k), reserv_text, ''),
  },
  uma: {
    args: '',
    help: "the kernel's structures by kind",
    run: (k) => output(db_show_uma(k), uma_text, ''),
  },
  malloc: {
    args: '',
    help: 'kernel memory by type',
    run: (k) => output(db_show_malloc(k), malloc_text, ''),
  },
  explain: {
    args: 'ADDRESS [PID]',
    help: 'everything about an address, and what accesses to it would do',
    run: (k, [va, pid]) => output(db_explain(k, va, pid ?? null), explanation_text, NO_PROCESS),
  },
};

/** Every command with its arguments and a line of help, in order. */
export function db_commands(): { name: string; args: string; help: string }[] {
  return Object.entries(COMMANDS).map(([name, { args, help }]) => ({ name, args, help }));
}

/** A number as people type it: 0x and digits, or decimal. */
function number_of(word: string): number {
  const n = /^(0x[0-9a-f]+|\d+)$/i.test(word) ? Number(word) : NaN;
  if (!(n <= 0xffffffff)) throw new DbError(`'${word}' is not a number`);
  return n;
}

/** Whether `line` could be a command. @throws DbError with what is wrong with it. */
export function db_check(line: string): { name: string; numbers: number[] } {
  const [name, ...words] = line
    .trim()
    .replace(/^show\s+/, '')
    .split(/\s+/);
  if (!Object.hasOwn(COMMANDS, name))
    throw new DbError(`show knows ${Object.keys(COMMANDS).join(', ')}, not '${name}'`);
  const numbers = words.map(number_of);
  const args = COMMANDS[name].args.split(' ').filter((word) => word !== '');
  const least = args.filter((word) => !word.startsWith('[')).length;
  if (numbers.length < least || numbers.length > args.length) {
    const usage = ['show', name, ...args].join(' ');
    throw new DbError(`'${line.trim()}' should be: ${usage}`);
  }
  return { name, numbers };
}

/**
 * Executes a command such as `show map 3` or `pte 0x8048000`. Numbers are decimal or begin with 0x.
 * @throws DbError when it is not understood or what it asks for does not exist.
 */
export function db_show(k: Kernel, line: string): db_output {
  const { name, numbers } = db_check(line);
  const words = line
    .trim()
    .replace(/^show\s+/, '')
    .replace(/\s+/g, ' ');
  return { command: `show ${words}`, ...COMMANDS[name].run(k, numbers) };
}
