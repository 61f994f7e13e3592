// The documents of qXfer: what gdb reads of the target as a whole, piece by piece.

import type { Proc, Thread } from '../../kernel/index.js';
import { textOf } from './packets.js';
import type { RemoteTarget } from './target.js';

const AT_NULL = 0;
const AT_PHDR = 3;
const AT_PHNUM = 5;
const PT_PHDR = 6;
const PT_DYNAMIC = 2;
const DT_DEBUG = 21;
const PHDR_BYTES = 32;
/** Entries that are looked at of something that a guest may have damaged. */
const ENTRIES_MAX = 4096;
const PATH_MAX = 4096;

function escapeXml(text: string): string {
  return text.replace(
    // eslint-disable-next-line no-control-regex -- what XML cannot hold at all
    /[<>&"'\x00-\x1f\x7f-\xff]/g,
    (c) => (c < ' ' ? '?' : `&#${c.charCodeAt(0)};`),
  );
}

/** Reads little-endian words of a process; null where there is none. */
function wordReader(target: RemoteTarget, p: Proc): (at: number) => number | null {
  return (at) => {
    const bytes = target.read(p, at >>> 0, 4);
    return bytes.length < 4
      ? null
      : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  };
}

/** Address of a process's auxiliary vector: behind argc, arguments and environment. */
function auxvAddress(target: RemoteTarget, p: Proc): number | null {
  const word = wordReader(target, p);
  const argc = word(p.p_initsp);
  if (p.p_initsp === 0 || argc === null || argc > 1 << 20) return null;
  let at = p.p_initsp + 4 * (argc + 2);
  for (let n = 0; n < 1 << 16; n++, at += 4) {
    const string = word(at);
    if (string === null) return null;
    if (string === 0) return at + 4;
  }
  return null;
}

function auxvEntries(target: RemoteTarget, p: Proc): [type: number, value: number][] {
  const start = auxvAddress(target, p);
  const word = wordReader(target, p);
  const entries: [number, number][] = [];
  for (let at = start ?? 0; start !== null && entries.length < ENTRIES_MAX; at += 8) {
    const type = word(at);
    const value = word(at + 4);
    if (type === null || value === null) break;
    entries.push([type, value]);
    if (type === AT_NULL) break;
  }
  return entries;
}

function auxv(target: RemoteTarget, p: Proc): string {
  const entries = auxvEntries(target, p);
  return textOf(new Uint8Array(Uint32Array.from(entries.flat()).buffer));
}

/** The dynamic linker's list of objects: struct r_debug, which DT_DEBUG leads to. */
function linkMap(target: RemoteTarget, p: Proc): number {
  const word = wordReader(target, p);
  const aux = new Map(auxvEntries(target, p));
  const phdr = aux.get(AT_PHDR) ?? 0;
  const count = Math.min(aux.get(AT_PHNUM) ?? 0, 64);
  let base = 0;
  let dynamic = 0;
  for (let i = 0; i < count; i++) {
    const type = word(phdr + PHDR_BYTES * i);
    const vaddr = word(phdr + PHDR_BYTES * i + 8) ?? 0;
    if (type === PT_PHDR) base = phdr - vaddr;
    if (type === PT_DYNAMIC) dynamic = vaddr;
  }
  if (dynamic === 0) return 0;
  for (let n = 0, at = base + dynamic; n < ENTRIES_MAX; n++, at += 8) {
    const tag = word(at);
    if (tag === null || tag === 0) return 0;
    if (tag === DT_DEBUG) return word((word(at + 4) ?? 0) + 4) ?? 0;
  }
  return 0;
}

function stringAt(target: RemoteTarget, p: Proc, address: number): string {
  const text = textOf(target.read(p, address, PATH_MAX));
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

/** libraries-svr4: what the dynamic linker has loaded; nothing for a static program. */
function libraries(target: RemoteTarget, p: Proc): string {
  const word = wordReader(target, p);
  const main = linkMap(target, p);
  let list = '';
  const seen = new Set<number>([0]);
  for (let at = main; !seen.has(at) && seen.size < ENTRIES_MAX; at = word(at + 12) ?? 0) {
    seen.add(at);
    if (at === main) continue;
    const [address, name, dynamic] = [word(at), word(at + 4), word(at + 8)];
    if (address === null || name === null || dynamic === null) break;
    list += `<library name="${escapeXml(stringAt(target, p, name))}" lm="0x${at.toString(16)}" l_addr="0x${address.toString(16)}" l_ld="0x${dynamic.toString(16)}"/>`;
  }
  const head = main === 0 ? '' : ` main-lm="0x${main.toString(16)}"`;
  return `<library-list-svr4 version="1.0"${head}>${list}</library-list-svr4>`;
}

function threadList(target: RemoteTarget): string {
  const lines = target.threads().map((td) => {
    const id = `p${td.td_proc.p_pid.toString(16)}.${td.td_tid.toString(16)}`;
    return `<thread id="${id}" core="0" name="${escapeXml(td.td_name)}">${escapeXml(threadState(td))}</thread>`;
  });
  return `<threads>\n${lines.join('\n')}\n</threads>\n`;
}

/** What a thread does, in a word; what it sleeps on, as ps has it. */
export function threadState(td: Thread): string {
  return td.td_wchan === null ? 'runnable' : `asleep: ${td.td_wmesg}`;
}

/** RAM everywhere: a page fault decides what is there. */
const MEMORY_MAP =
  '<?xml version="1.0"?>\n<memory-map><memory type="ram" start="0x0" length="0x100000000"/></memory-map>\n';

const cell = (name: string, text: string | number): string =>
  `<column name="${name}">${escapeXml(String(text))}</column>`;

/** `info os processes`. */
function processes(target: RemoteTarget): string {
  const items = [...target.kernel.kern.allproc.values()]
    .filter(({ p_threads }) => p_threads.length > 0 && p_threads[0].td_kfunc === null)
    .map(
      (p) =>
        `<item>${cell('pid', p.p_pid)}${cell('user', p.p_ucred.cr_uid)}${cell('command', p.p_args.replace(/\0/g, ' ').trim() || p.p_comm)}${cell('cores', 0)}</item>`,
    );
  return `<osdata type="processes">${items.join('')}</osdata>`;
}

/** A document by its object and annex; null when there is none. */
export function remoteDocument(target: RemoteTarget, object: string, annex: string): string | null {
  const td = target.selected;
  const p = td?.td_proc ?? null;
  switch (object) {
    case 'features':
      return annex === 'target.xml' && td !== null ? target.layout(td).description : null;
    case 'threads':
      return threadList(target);
    case 'memory-map':
      return MEMORY_MAP;
    case 'auxv':
      return p === null ? null : auxv(target, p);
    case 'libraries-svr4':
      return p === null ? null : libraries(target, p);
    case 'exec-file': {
      const named = annex === '' ? p : target.control.process(parseInt(annex, 16));
      return named === null || named.p_textpath === '' ? null : named.p_textpath;
    }
    case 'osdata':
      return annex === 'processes' ? processes(target) : null;
    default:
      return null;
  }
}
