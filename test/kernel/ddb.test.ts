// The kernel debugger's commands. What they say is compared with the machine's memory read by hand,
// with each other, and with what then happens; and that they change nothing.

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DbError,
  EV_FAULT,
  EV_OBJECT,
  EV_PAGE,
  EV_PMAP,
  EV_RESERV,
  EV_SWAP,
  db_commands,
  db_explain,
  db_forecast_fault,
  db_show,
  db_show_freepages,
  db_show_map,
  db_show_object,
  db_show_page,
  db_show_pageq,
  db_show_pginfo,
  db_show_pte,
  db_show_pv,
  db_show_reserv,
  db_show_swap,
  db_show_vmopag,
} from '../../kernel/index.js';
import { PHYS_TO_VM_PAGE } from '../../kernel/vm/vm_page.js';
import type { KernelEvent, fault_forecast } from '../../kernel/index.js';
import { swap_pager_blocks } from '../../kernel/vm/swap_pager_meta.js';
import type { Kernel } from '../../kernel/sys/kernel.js';
import type { Proc } from '../../kernel/sys/proc.js';
import { vm_map_protect } from '../../kernel/vm/vm_map_protect.js';
import { vm_fault_story } from '../../kernel/vm/vm_fault.js';
import {
  KERN_SUCCESS,
  MAP_COPY_ON_WRITE,
  PG_FREE,
  VM_PROT_NONE,
  VM_PROT_READ,
  VM_PROT_WRITE,
} from '../../kernel/vm/vm_param.js';
import { VM_NFREEORDER } from '../../kernel/vm/vm_state.js';
import type { vm_map_entry, vm_page } from '../../kernel/vm/vm_types.js';
import { vnode_create_vobject } from '../../kernel/vm/vnode_pager.js';
import { BASE, PAGE, VmKernel } from '../helpers/vm_kernel.js';

const EV_ALL = EV_FAULT | EV_OBJECT | EV_PAGE | EV_PMAP | EV_RESERV | EV_SWAP;
const RW = VM_PROT_READ | VM_PROT_WRITE;

/** All that a reader could change, as one string. */
function fingerprint(k: Kernel): string {
  const tree = (e: vm_map_entry | null): unknown =>
    e === null ? 0 : [e.start, e.end, e.eflags, e.max_free, tree(e.left), tree(e.right)];
  const maps = [...k.kern.allproc.values()].map((p) => {
    const map = p.p_vmspace?.vm_map;
    return map ? [p.p_pid, map.timestamp, map.lock, tree(map.root)] : p.p_pid;
  });
  const queue = (head: vm_page | null): number[] => {
    const all: number[] = [];
    for (let m = head; m !== null; m = m.q_next) all.push(m.phys_addr);
    return all;
  };
  // Pages are made when they are first asked for, which changes nothing.
  for (let pa = 0; pa < k.machine.ramBytes; pa += PAGE) PHYS_TO_VM_PAGE(k, pa);
  const pages = k.vm.vm_page_array.map((m) =>
    m === null || m === undefined
      ? 0
      : [
          m.object?.id,
          m.pindex,
          m.act_count,
          m.aflags,
          m.flags,
          m.busy_lock,
          m.dirty,
          m.wire_count,
        ],
  );
  const objects = [...k.vm.object_list].map((o) => [o.id, o.ref_count, o.shadow_count, o.flags]);
  const queues = k.vm.pagequeues.map((q) => queue(q.head));
  const hash = createHash('sha1');
  // Page tables are among them; what is free has no contents.
  for (const m of k.vm.vm_page_array) {
    if (m && m.order === VM_NFREEORDER && (m.flags & PG_FREE) === 0)
      hash.update(k.machine.ram8.subarray(m.phys_addr, m.phys_addr + PAGE));
  }
  hash.update(JSON.stringify([maps, queues, pages, objects, k.vm.cnt, k.vm.swap_reserved]));
  return hash.digest('hex');
}

/** Every command that takes no argument or whose argument the state offers. */
function read_everything(k: Kernel, p: Proc): void {
  for (const { name, args } of db_commands()) {
    const words = args.includes('ADDRESS') ? `${BASE} ${p.p_pid}` : args === 'N' ? '100' : '';
    if (name !== 'object') db_show(k, `show ${name} ${words}`);
  }
  for (const object of k.vm.object_list) db_show(k, `object ${object.id}`);
  for (let i = 0; i < 8; i++) db_explain(k, BASE + i * PAGE, p.p_pid);
}

/** What the helper's processes lack and ddb looks at. */
function dress(p: Proc): Proc {
  p.p_comm = 'test';
  p.p_sysent = { sv_flags: 0, sv_name: 'freebsd' } as Proc['p_sysent'];
  return p;
}

const OUTCOMES: Record<fault_forecast['action'], string> = {
  map: 'mapped',
  'zero-fill': 'zero-filled',
  copy: 'copied',
  rename: 'renamed',
  'page-in': 'paged-in',
  wait: 'sleeping',
  fail: 'failed',
};

const expected_outcome = (f: fault_forecast): string =>
  f.then === 'copy' || f.then === 'rename' ? OUTCOMES[f.then] : OUTCOMES[f.action];

test('show pte is what lies in guest RAM', () => {
  const s = new VmKernel();
  dress(s.process());
  s.map(BASE, 4);
  s.write(BASE + 2 * PAGE + 5, 1);
  const pte = db_show_pte(s.k, BASE + 2 * PAGE + 5, null);
  // The directory is one page of 1024 words at CR3; so is the table that its word points to.
  const view = new DataView(s.k.machine.ram8.buffer, s.k.machine.ram8.byteOffset);
  const pdir = s.k.machine.cpu.cr3 & ~0xfff;
  const pde = view.getUint32(pdir + Math.floor(BASE / 0x400000) * 4, true);
  const word = (Math.floor(BASE / PAGE) + 2) % 1024;
  const entry = view.getUint32((pde & ~0xfff) + word * 4, true);
  expect(pde & 1).toBe(1);
  expect(entry & 0x67, 'valid, writable, user, accessed, dirty').toBe(0x67);
  expect(pte).toMatchObject({ pde, pte: entry, valid: true, writable: true, user: true });
  expect(pte?.pa).toBe((entry & ~0xfff) + 5);
  expect(pte?.pte_bits).toEqual(['V', 'W', 'U', 'A', 'D', 'managed']);
  expect(s.k.machine.ram8[pte?.pa as number]).toBe(1);
  // Not touched: no entry; another directory slot: no table.
  expect(db_show_pte(s.k, BASE + PAGE, null)).toMatchObject({ pte: 0, valid: false, pa: -1 });
  expect(db_show_pte(s.k, BASE + 0x400000, null)).toMatchObject({
    pde: 0,
    pti: -1,
    pte_address: -1,
  });
});

test('views of the same pages agree', () => {
  const s = new VmKernel();
  const parent = dress(s.process());
  s.map(BASE, 16);
  for (let i = 0; i < 10; i++) s.write(BASE + i * PAGE, i);
  const child = dress(s.fork(parent));
  s.run(child);
  for (let i = 0; i < 5; i++) s.write(BASE + i * PAGE, 100 + i);
  s.evict(BASE);
  const { k } = s;
  const counts = db_show_page(k);
  const q = db_show_pageq(k);
  expect(q).toMatchObject({
    page_count: counts.v_page_count,
    free: counts.v_free_count,
    active: counts.v_active_count,
    inactive: counts.v_inactive_count,
    cache: counts.v_cache_count,
    wired: counts.v_wire_count,
  });
  expect(q.free + q.active + q.inactive + q.cache + q.wired).toBe(counts.v_page_count);
  const { pages, reserved } = db_show_freepages(k);
  expect(pages + reserved).toBe(counts.v_free_count);
  let mappings = 0;
  for (const m of k.vm.vm_page_array) {
    if (!m) continue;
    const pv = db_show_pv(k, m.phys_addr);
    mappings += pv?.mappings.length ?? 0;
    expect(db_show_pginfo(k, m.phys_addr)?.mappings).toBe(pv?.mappings.length);
    for (const { pid, va, pte } of pv?.mappings ?? []) {
      const back = db_show_pte(k, va, pid);
      expect(back?.frame).toBe(m.phys_addr);
      expect(back?.pte).toBe(pte);
    }
  }
  expect(mappings).toBe(k.pmap.pv_entry_count);
  for (const { object, runs } of db_show_vmopag(k)) {
    const shown = db_show_object(k, object);
    const inRuns = runs.flatMap(({ index, run, pa }) =>
      Array.from({ length: run }, (_, i) => ({ pindex: index + i, phys_addr: pa + i * PAGE })),
    );
    expect(shown?.pages.filter(({ pindex }) => pindex <= 128)).toEqual(inRuns);
    expect(shown?.pages).toHaveLength(shown?.resident_page_count as number);
  }
  const [entry] = db_show_map(k, child.p_pid)?.entries ?? [];
  expect(entry).toMatchObject({ start: BASE, end: BASE + 16 * PAGE, copy: 'done' });
  expect(entry.object?.resident_page_count).toBe(4);
  const parents = db_show_map(k, parent.p_pid)?.entries[0].object?.id;
  expect(entry.object?.backing_object).toBe(parents);
  const { devices, objects } = db_show_swap(k);
  expect(objects).toEqual([{ object: entry.object?.id, blocks: 1 }]);
  expect(devices.reduce((n, d) => n + d.used, 0)).toBe(1);
});

describe('explain', () => {
  const kinds = (s: VmKernel, va: number): string[] =>
    (db_explain(s.k, va, null)?.accesses ?? []).map(({ summary }) => summary);

  test('nothing mapped, nothing touched, touched, paged out', () => {
    const s = new VmKernel();
    dress(s.process());
    expect(kinds(s, BASE)[0]).toBe(
      '#PF 0x4, there is no page table; SIGSEGV (SEGV_MAPERR): no map entry is there',
    );
    s.map(BASE, 2, { prot: VM_PROT_READ });
    expect(kinds(s, BASE)[0]).toContain('fills a page with zeroes');
    expect(kinds(s, BASE)[1]).toContain('SIGSEGV (SEGV_ACCERR)');
    s.map(BASE + 2 * PAGE, 2);
    s.write(BASE + 2 * PAGE, 1);
    expect(kinds(s, BASE + 2 * PAGE)).toEqual([
      'no fault',
      'no fault',
      'no fault (as a read: i386 pages have no NX bit)',
    ]);
    const object = s.object(BASE + 2 * PAGE);
    s.evict(BASE + 2 * PAGE);
    const gone = db_explain(s.k, BASE + 2 * PAGE, null);
    const block = gone?.chain[0].swap_block as number;
    expect(block).toBeGreaterThanOrEqual(0);
    expect(gone?.accesses[0].summary).toContain(
      `reads the page of object #${object.id}[${gone?.chain[0].pindex as number}] from swap block ${block}`,
    );
  });

  test('beyond the end of a file, and the file itself', () => {
    const s = new VmKernel({ files: { f: new Uint8Array(PAGE + 10).fill(7) } });
    dress(s.process());
    const object = vnode_create_vobject(s.k, s.file('f'), PAGE + 10);
    s.map(BASE, 3, { object, cow: MAP_COPY_ON_WRITE });
    const inside = db_explain(s.k, BASE + PAGE, null);
    expect(inside?.chain[0]).toMatchObject({ type_name: 'vnode', pindex: 1, file_offset: PAGE });
    expect(inside?.accesses[0].kernel).toMatchObject({ action: 'page-in', then: 'map' });
    expect(inside?.accesses[1].kernel).toMatchObject({ then: 'copy', makes_object: 'shadow' });
    const beyond = db_explain(s.k, BASE + 2 * PAGE, null);
    expect(beyond?.accesses[0].signal_name).toBe('SIGBUS (BUS_OBJERR)');
  });
});

interface step {
  op: 'map' | 'read' | 'write' | 'fork' | 'evict' | 'protect' | 'unmap' | 'switch' | 'exit';
  page: number;
  n: number;
}

const steps = fc.array(
  fc.record<step>({
    op: fc.constantFrom<step['op']>(
      ...(['map', 'read', 'read', 'write', 'write', 'write', 'fork'] as const),
      ...(['evict', 'protect', 'unmap', 'switch', 'exit'] as const),
    ),
    page: fc.integer({ min: 0, max: 11 }),
    n: fc.integer({ min: 0, max: 5 }),
  }),
  { minLength: 5, maxLength: 60 },
);

/** A machine on which random steps are taken; each access is forecast first. */
class Forecaster {
  readonly s = new VmKernel({ mask: EV_ALL, files: { f: new Uint8Array(5 * PAGE).fill(9) } });
  readonly #object = vnode_create_vobject(this.s.k, this.s.file('f'), 5 * PAGE);
  readonly #procs: Proc[] = [dress(this.s.process())];
  readonly seen = new Set<string>();

  take({ op, page, n }: step): void {
    const { s } = this;
    const at = BASE + page * PAGE;
    const { vm_map } = s.vm;
    const me = s.td.td_proc;
    switch (op) {
      case 'map': {
        const file = n >= 3;
        const cow = n <= 3 ? 0 : MAP_COPY_ON_WRITE;
        s.unmap(at, 4);
        s.map(at, 4, file ? { object: this.#object, offset: (n - 3) * PAGE, cow } : { cow });
        break;
      }
      case 'read':
      case 'write':
        this.access(at + n, op === 'write');
        break;
      case 'fork':
        if (this.#procs.length < 4) this.#procs.push(dress(s.fork(me)));
        break;
      case 'evict':
        if (s.pte(at) & 1 && s.page(at).wire_count === 0) s.evict(at);
        break;
      case 'protect': {
        const prot = [VM_PROT_NONE, VM_PROT_READ, RW][n % 3];
        vm_map_protect(s.k, vm_map, at, at + 2 * PAGE, prot, false);
        break;
      }
      case 'unmap':
        s.unmap(at, 2);
        break;
      case 'switch':
        s.run(this.#procs[n % this.#procs.length]);
        break;
      case 'exit':
        if (this.#procs.length > 1) {
          this.#procs.splice(this.#procs.indexOf(me), 1);
          s.run(this.#procs[0]);
          s.exit(me);
        }
    }
  }

  access(va: number, write: boolean): void {
    const { s } = this;
    const p = s.td.td_proc;
    const before = fingerprint(s.k);
    const access = db_explain(s.k, va, p.p_pid)?.accesses[write ? 1 : 0];
    const f = db_forecast_fault(s.k, p, va, write ? VM_PROT_WRITE : VM_PROT_READ);
    expect(fingerprint(s.k), 'looking changes nothing').toBe(before);
    s.k.vm.fault_story = { ...s.k.vm.fault_story, outcome: 'sleeping' };
    const faults = s.k.vm.cnt.v_vm_faults;
    const result = s.touch(va, write);
    expect(access?.faults, 'whether the processor faults').toBe(s.k.vm.cnt.v_vm_faults > faults);
    if (access?.faults !== true) return;
    expect(result).toBe(f.result);
    expect(vm_fault_story(s.k).outcome).toBe(expected_outcome(f));
    if (result === KERN_SUCCESS) {
      const visited = vm_fault_story(s.k).visited.map(({ id }) => id);
      const walked = f.steps.map(({ object }) => object);
      // A shadow that the fault makes is on its way, but did not exist before.
      const own = f.makes_object === null ? visited : visited.slice(1);
      expect(own).toEqual(walked);
    }
    this.seen.add(expected_outcome(f));
  }
}

test('what explain says of a fault is what the fault then does', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(steps, (all) => {
      const machine = new Forecaster();
      machine.s.map(BASE, 6);
      for (const step of all) machine.take(step);
      expect(machine.s.check()).toEqual([]);
      for (const outcome of machine.seen) seen.add(outcome);
    }),
    { numRuns: 60, seed: 3 },
  );
  // Otherwise the steps are not random enough to say anything.
  for (const outcome of ['mapped', 'zero-filled', 'copied', 'paged-in', 'failed'])
    expect([...seen]).toContain(outcome);
});

/** What the events since boot say that there must be. */
function replay(events: readonly KernelEvent[]): {
  free: number;
  objects: Set<number>;
  reserved: number;
  blocks: Map<string, number>;
  frames: Set<number>;
  mapped: Map<string, number>;
} {
  const now = {
    free: 0,
    objects: new Set<number>(),
    reserved: 0,
    blocks: new Map<string, number>(),
    frames: new Set<number>(),
    mapped: new Map<string, number>(),
  };
  for (const e of events) {
    if (e.type === 'page') now.free += e.op === 'free' ? 1 : e.op === 'alloc' ? -1 : 0;
    else if (e.type === 'object') {
      if (e.op === 'create') now.objects.add(e.object);
      else if (e.op === 'terminate') now.objects.delete(e.object);
    } else if (e.type === 'charge') now.reserved += e.op === 'reserve' ? e.bytes : -e.bytes;
    else if (e.type === 'swap') {
      if (e.op === 'assign') now.blocks.set(`${e.object}[${e.pindex}]`, e.block);
      else now.blocks.delete(`${e.object}[${e.pindex}]`);
    } else if (e.type === 'reserv') {
      if (e.op === 'alloc') now.frames.add(e.pa);
      else if (e.op !== 'full') now.frames.delete(e.pa);
    } else if (e.type === 'pmap' && e.va < 0xbfc00000) {
      if (e.op === 'enter' || e.op === 'protect') now.mapped.set(`${e.pid}:${e.va}`, e.after);
      else if (e.op === 'remove') now.mapped.delete(`${e.pid}:${e.va}`);
    }
  }
  return now;
}

test('the event stream carries every change of the structures', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const machine = new Forecaster();
      const { k, events } = machine.s;
      const at = { free: k.vm.cnt.v_free_count, objects: k.vm.object_list.size };
      const before = replay(events);
      machine.s.map(BASE, 6);
      for (const step of all) machine.take(step);
      const now = replay(events);
      expect(now.free - before.free, 'pages').toBe(k.vm.cnt.v_free_count - at.free);
      const alive = [...k.vm.object_list].map(({ id }) => id);
      const seen = alive.filter((id) => now.objects.has(id));
      expect([...now.objects], 'objects').toEqual(seen);
      expect(seen.length - before.objects.size).toBe(alive.length - at.objects);
      expect(now.reserved, 'swap space').toBe(k.vm.swap_reserved);
      const blocks = [...k.vm.object_list].flatMap((object) =>
        swap_pager_blocks(object).map(([pindex, block]) => [`${object.id}[${pindex}]`, block]),
      );
      expect(Object.fromEntries(now.blocks), 'swap blocks').toEqual(Object.fromEntries(blocks));
      const { reservations } = db_show_reserv(k);
      expect([...now.frames].sort(), 'reservations').toEqual(
        reservations.map(({ phys_addr }) => phys_addr).sort(),
      );
      for (const m of k.vm.vm_page_array) {
        for (const { pid, va, large } of m ? (db_show_pv(k, m.phys_addr)?.mappings ?? []) : []) {
          if (!large) expect(now.mapped.has(`${pid}:${va}`), `mapping ${pid}:${va}`).toBe(true);
        }
      }
      for (const [key, pte] of now.mapped) {
        const [pid, va] = key.split(':').map(Number);
        if (!k.kern.allproc.has(pid)) continue;
        const there = db_show_pte(k, va, pid);
        expect(there?.frame, `mapping ${key}`).toBe((pte & ~0xfff) >>> 0);
        expect(there?.writable, `rights ${key}`).toBe((pte & 2) !== 0);
      }
    }),
    { numRuns: 40, seed: 5 },
  );
});

test('no command changes anything', () => {
  const s = new VmKernel();
  const p = dress(s.process());
  s.map(BASE, 8);
  for (let i = 0; i < 6; i++) s.write(BASE + i * PAGE, i);
  dress(s.fork(p));
  s.write(BASE, 9);
  s.evict(BASE + PAGE);
  // Not at the root of the tree: looking it up would splay it.
  s.map(BASE + 20 * PAGE, 1);
  const before = fingerprint(s.k);
  read_everything(s.k, p);
  expect(fingerprint(s.k)).toBe(before);
});

test('every command has a structure that JSON holds, and a text', () => {
  const s = new VmKernel();
  const p = dress(s.process());
  s.map(BASE, 1);
  s.write(BASE, 1);
  for (const { name, args, help } of db_commands()) {
    const words = args.startsWith('ADDRESS') ? BASE : args === 'N' ? s.object(BASE).id : '';
    const n = name === 'pv' || name === 'pginfo' ? s.page(BASE).phys_addr : words;
    const { command, data, text } = db_show(s.k, `${name} ${n}`);
    expect(command).toMatch(new RegExp(`^show ${name}`));
    expect(JSON.parse(JSON.stringify(data))).toEqual(data);
    expect(text, name).not.toMatch(/undefined|NaN|\[object/);
    expect(help).not.toBe('');
  }
  expect(db_show(s.k, 'procvm').data).toMatchObject({ pid: p.p_pid });
});

test.each([
  ['mop', 'show knows map, procvm, object'],
  ['object', "'object' should be: show object N"],
  ['object x', "'x' is not a number"],
  ['object 4711', 'no such object'],
  ['map 4711', 'no such process'],
  ['pte 0x1ffffffff', 'is not a number'],
  ['pageq 1', 'should be: show pageq'],
])('%s is refused', (line, message) => {
  const s = new VmKernel();
  dress(s.process());
  expect(() => db_show(s.k, line)).toThrow(DbError);
  expect(() => db_show(s.k, line)).toThrow(message);
});
