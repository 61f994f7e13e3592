import { beforeEach, describe, expect, test } from 'vitest';
import { PacketReader, frame } from '../../debugger/index.js';
import { kernel_check } from '../../kernel/index.js';
import { random } from '../helpers/random.js';
import {
  AFTER_FORK,
  DATA,
  FORK,
  INCREMENT,
  LOOP,
  QSUPPORTED,
  RemoteSession,
  STORE,
  TEXT,
  hexOf,
} from './remote_session.js';

let gdb: RemoteSession;
beforeEach(() => {
  gdb = new RemoteSession();
});

/** A 32-bit value as it lies in memory. */
function word(n: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(n);
  return bytes.toString('hex');
}

const z = (type: number, address: number, length = 1): string =>
  `${type},${address.toString(16)},${length}`;

describe('packets', () => {
  test('are put together from pieces, and checked', () => {
    const reader = new PacketReader();
    expect(reader.feed('+$g#')).toEqual([{ kind: 'ack' }]);
    expect(reader.feed('6')).toEqual([]);
    expect(reader.feed('7\x03')).toEqual([{ kind: 'packet', body: 'g' }, { kind: 'interrupt' }]);
    expect(reader.feed('$g#68')).toEqual([{ kind: 'damaged' }]);
    // The manual's example of a cut-off packet: the next one counts.
    expect(reader.feed('$m12$g#67')).toEqual([{ kind: 'packet', body: 'g' }]);
    expect(reader.feed(frame('x'.repeat(100_000)))).toEqual([{ kind: 'damaged' }]);
  });

  test('are acknowledged until that is switched off', async () => {
    expect(await gdb.raw('$vMustReplyEmpty#3a')).toBe('+$#00');
    expect(await gdb.raw('-')).toBe('$#00');
    expect(await gdb.raw('$qC#00')).toBe('-');
    expect(await gdb.raw(frame('QStartNoAckMode'))).toBe('+$OK#9a');
    expect(await gdb.raw('+$qC#b4')).toMatch(/^\$QC/);
    expect(await gdb.raw('$qC#00')).toBe('');
  });
});

describe('the target', () => {
  test('describes itself: registers in the order of the g packet', async () => {
    const supported = await gdb.ask(QSUPPORTED);
    for (const feature of ['multiprocess+', 'fork-events+', 'exec-events+', 'swbreak+'])
      expect(supported.split(';')).toContain(feature);
    expect(supported).not.toContain('Reverse');
    const xml = await gdb.ask('qXfer:features:read:target.xml:0,3ff0');
    expect(xml[0]).toBe('l');
    const bits = [...xml.matchAll(/bitsize="(\d+)"/g)].map(([, n]) => Number(n));
    expect(bits.slice(0, 32)).toEqual([...Array<number>(16).fill(32), ...Array<number>(8).fill(80), ...Array<number>(8).fill(32)]); // prettier-ignore
    const g = await gdb.ask('g');
    expect(g.length / 2).toBe(bits.reduce((sum, n) => sum + n / 8, 0));
    expect(g.slice(8 * 8, 9 * 8)).toBe(word(TEXT));
  });

  test('is not changed by looking', async () => {
    await gdb.ask(QSUPPORTED);
    await gdb.ask('vCont;s:p5.-1');
    const { machine, vm, vfs } = gdb.kernel;
    const state = (): string =>
      JSON.stringify([
        machine.tlbEntries(),
        vm.cnt,
        machine.instructions,
        vfs.next_vnode_id,
        vfs.next_ino,
        gdb.kernel.kern.allproc.size,
      ]);
    const before = state();
    const ram = machine.ram8.slice();
    for (const body of [
      '?',
      'g',
      'p8',
      `m${TEXT.toString(16)},40`,
      `m${DATA.toString(16)},1000`,
      'm0,10',
      'qfThreadInfo',
      'qXfer:threads:read::0,1000',
      'qXfer:auxv:read::0,1000',
      'qXfer:exec-file:read:3:0,1000',
      'qXfer:libraries-svr4:read::0,1000',
      'qXfer:memory-map:read::0,1000',
      'qXfer:osdata:read:processes:0,1000',
      `vFile:open:${hexOf('/proc/3/maps')},0,0`,
      'vFile:pread:3,1000,0',
      'vFile:fstat:3',
      `vFile:open:${hexOf('/bin/../program')},0,0`,
      `qCRC:${TEXT.toString(16)},1000`,
    ])
      expect(await gdb.ask(body), body).not.toBe('');
    expect(state()).toBe(before);
    expect(Buffer.compare(machine.ram8, ram)).toBe(0);
  });

  test('reads and writes registers and memory', async () => {
    expect(await gdb.ask(`P2=${word(0x12345678)}`)).toBe('OK');
    expect(await gdb.ask('p2')).toBe('78563412');
    expect(await gdb.ask('P10=00000000000000c0ff3f')).toBe('OK');
    expect(await gdb.ask('p10')).toBe('00000000000000c0ff3f');
    expect(await gdb.ask('P2=123')).toBe('E16');
    expect(await gdb.ask('Pff=00000000')).toBe('E16');
    // A selector of the kernel's is refused.
    expect(await gdb.ask(`Pc=${word(8)}`)).toBe('E16');
    const g = await gdb.ask('g');
    expect(await gdb.ask(`G${word(77)}${g.slice(8)}`)).toBe('OK');
    expect(await gdb.ask('p0')).toBe(word(77));
    expect(await gdb.ask(`m${TEXT.toString(16)},5`)).toBe('b903000000');
    expect(await gdb.ask(`M${DATA.toString(16)},2:abcd`)).toBe('OK');
    expect(await gdb.ask(`X${(DATA + 2).toString(16)},2:}\x03}]`)).toBe('OK');
    expect(await gdb.ask(`m${DATA.toString(16)},5`)).toBe('abcd237d00');
    // Text as well: into a copy.
    expect(await gdb.ask(`M${TEXT.toString(16)},1:90`)).toBe('OK');
    expect(await gdb.ask(`m${TEXT.toString(16)},2`)).toBe('9003');
    expect(await gdb.ask('m10,4')).toBe('E0e');
    expect(await gdb.ask('M10,1:00')).toBe('E0e');
  });

  test('has the auxiliary vector, threads and the program', async () => {
    const auxv = (await gdb.ask('qXfer:auxv:read::0,1000')).slice(1).replace(/\}(.)/g, (_, c: string) => String.fromCharCode(c.charCodeAt(0) ^ 32)); // prettier-ignore
    const bytes = Buffer.from(auxv, 'latin1');
    const entries = new Map<number, number>();
    for (let at = 0; at < bytes.length; at += 8)
      entries.set(bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4));
    expect(entries.get(6), 'AT_PAGESZ').toBe(4096);
    expect(entries.get(9), 'AT_ENTRY').toBe(TEXT);
    expect(bytes.readUInt32LE(bytes.length - 8), 'AT_NULL').toBe(0);
    expect(await gdb.ask('qXfer:exec-file:read::0,100')).toBe('l/program');
    expect(await gdb.ask('qfThreadInfo')).toMatch(/^m186a[0-9a-f]$/);
    expect(await gdb.ask('qsThreadInfo')).toBe('l');
  });

  test('serves files of the guest, and only to be read', async () => {
    const open = (path: string, flags = 0): Promise<string> =>
      gdb.ask(`vFile:open:${hexOf(path)},${flags.toString(16)},0`);
    expect(await open('/program')).toBe('F3');
    expect((await gdb.ask('vFile:pread:3,4,0')).slice(0, 7)).toBe('F4;\x7fELF');
    expect(await gdb.ask('vFile:close:3')).toBe('F0');
    expect(await gdb.ask('vFile:close:3')).toBe('F-1,9');
    expect(await open('/nothing')).toBe('F-1,2');
    expect(await open('/program/x')).toBe('F-1,14');
    expect(await open('/program', 1)).toBe('F-1,1e');
    expect(await open('/proc/self/maps')).toBe('F3');
    expect(await gdb.ask('vFile:pread:3,fff,0')).toMatch(/08048000-08049000 r-xp 0000/);
    expect(await gdb.ask(`vFile:readlink:${hexOf('/proc/5/exe')}`)).toBe('F8;/program');
    expect(await gdb.ask(`vFile:unlink:${hexOf('/program')}`)).toBe('F-1,1e');
  });

  test('passes monitor on', async () => {
    const all = await gdb.raw(frame(`qRcmd,${hexOf('vmmap')}`));
    expect(all).toBe(`+${frame(`O${hexOf('you said vmmap\n')}`)}$OK#9a`);
  });
});

describe('the guest', () => {
  const pc = async (): Promise<number> => Buffer.from(await gdb.ask('p8'), 'hex').readUInt32LE();

  beforeEach(() => gdb.ask(QSUPPORTED));

  test('stops at breakpoints, again when it is not stepped over, and steps', async () => {
    expect(await gdb.ask(`Z${z(0, LOOP)}`)).toBe('OK');
    expect(await gdb.ask('vCont;c')).toMatch(/^T05.*08:05800408;thread:p5\.\w+;core:0;swbreak:;$/);
    expect(await gdb.ask('p1')).toBe(word(3));
    expect(await gdb.ask('vCont;c:p5.-1')).toContain('swbreak');
    expect(await gdb.ask('p1'), 'where it was').toBe(word(3));
    expect(await gdb.ask(`z${z(0, LOOP)}`)).toBe('OK');
    expect(await gdb.ask('vCont;s:p5.-1')).toMatch(/^T05/);
    expect(await pc()).toBe(LOOP + 1);
    expect(await gdb.ask(`Z${z(1, LOOP)}`)).toBe('OK');
    expect(await gdb.ask('vCont;c')).toMatch(/hwbreak:;$/);
    expect(await gdb.ask('p1')).toBe(word(2));
    await gdb.ask(`z${z(1, LOOP)}`);
    expect(await gdb.ask(`vCont;r${LOOP.toString(16)},${STORE.toString(16)}:p5.-1;c`)).toMatch(
      /^T05/,
    );
    expect(await pc(), 'out of the range').toBe(STORE);
  });

  test('stops at the two sides of a call that is a breakpoint itself', async () => {
    for (const address of [FORK, AFTER_FORK]) await gdb.ask(`Z${z(0, address)}`);
    for (const event of ['fork', 'vfork', 'exec'] as const)
      gdb.protocol.target.reports[event] = false;
    expect(await gdb.ask('c')).toContain('swbreak');
    expect(await pc()).toBe(FORK);
    // A step passes what is at its beginning, and nothing else.
    expect(await gdb.ask('s')).toMatch(/^T05/);
    expect(await pc()).toBe(AFTER_FORK);
    await gdb.ask(`z${z(0, FORK)}`);
    await gdb.ask(`Pa=${word(0x33)}`);
    expect(await gdb.ask(`P8=${word(FORK)}`)).toBe('OK');
    await gdb.ask(`Z${z(0, FORK)}`);
    await gdb.ask(`z${z(0, AFTER_FORK)}`);
    expect(await gdb.ask('c')).toContain('swbreak');
    expect(await pc(), 'where it was set').toBe(FORK);
  });

  test('stops behind an instruction that changes, reads or accesses what is watched', async () => {
    const at = DATA + 0x14;
    expect(await gdb.ask(`Z${z(2, at, 4)}`)).toBe('OK');
    expect(await gdb.ask('vCont;c')).toContain(`;watch:${at.toString(16)};`);
    expect(await pc()).toBe(FORK - 5);
    gdb = new RemoteSession();
    await gdb.ask(QSUPPORTED);
    expect(await gdb.ask(`Z${z(4, DATA + 0x10, 4)}`)).toBe('OK');
    expect(await gdb.ask('vCont;c')).toContain(`;awatch:${(DATA + 0x10).toString(16)};`);
    expect(await pc()).toBe(INCREMENT);
    expect(await gdb.ask('Z2,0,0')).toBe('E16');
    expect(await gdb.ask('Z2,ffffffff,4')).toBe('E16');
    expect(await gdb.ask('Z9,0,1')).toBe('');
  });

  test('tells of a fork; each process runs by itself and ends', async () => {
    const stop = await gdb.ask('vCont;c:p5.-1');
    expect(stop).toMatch(/fork:p6\.\w+;$/);
    const child = /fork:(p6\.\w+);/.exec(stop)?.[1] ?? '';
    expect(await gdb.ask('qfThreadInfo')).toMatch(/^mp5\.\w+,p6\.\w+$/);
    // Only the child runs, however long the parent could have.
    await gdb.ask(`Hg${child}`);
    expect(await gdb.ask('p0'), 'fork returned 0').toBe(word(0));
    expect(await gdb.ask('vCont;c:p6.-1')).toBe('W07;process:6');
    expect(await gdb.ask('T' + child)).toBe('E03');
    expect(await pc()).toBe(AFTER_FORK);
    expect(await gdb.ask('p0'), 'and to the parent the child').toBe(word(6));
    expect(await gdb.ask('vCont;c')).toBe('W07;process:5');
    expect(await gdb.ask('vCont;c')).toBe('N');
    expect(await gdb.ask('?')).toBe('W00');
  });

  test('lets a detached child go', async () => {
    await gdb.ask(`Z${z(0, AFTER_FORK)}`);
    await gdb.ask('vCont;c');
    expect(await gdb.ask('D;6')).toBe('OK');
    expect(await gdb.ask('D;6')).toBe('E03');
    expect(await gdb.ask('vCont;c')).toMatch(/thread:p5\.\w+;core:0;swbreak/);
    expect(await gdb.ask('vAttach;4d')).toBe('E03');
    expect(await gdb.ask('D')).toBe('OK');
    expect(await gdb.ask('g')).toBe('E03');
  });

  test('takes signals as gdb says: not at all, or another', async () => {
    await gdb.ask(`P8=${word(0x1000)}`);
    expect(await gdb.ask('vCont;c')).toMatch(/^T0b/);
    await gdb.ask(`P8=${word(TEXT)}`);
    expect(await gdb.ask('vCont;s:p5.-1'), 'dropped').toMatch(/^T05/);
    expect(await pc()).toBe(LOOP);
    expect(await gdb.ask('vCont;C0f:p5.-1')).toBe('X0f;process:5');
  });

  test('is killed', async () => {
    expect(await gdb.ask('vKill;6')).toBe('E03');
    expect(await gdb.ask('vKill;5')).toBe('OK');
    await gdb.control.go();
    expect(gdb.kernel.kern.nprocs).toBe(0);
  });

  test('hears an interrupt only while it runs', async () => {
    expect(await gdb.raw('\x03')).toBe('');
    expect(gdb.protocol.interrupted).toBe(false);
    // A loop without end: jmp .
    await gdb.ask(`M${TEXT.toString(16)},2:ebfe`);
    const all = await gdb.raw(`${frame('vCont;c')}\x03`);
    expect(all).toMatch(/^\+\$T02/);
    expect(gdb.protocol.interrupted).toBe(false);
  });
});

const BODIES = [
  QSUPPORTED, '!', '?', 'g', 'G00', 'p8', 'p10', 'P0=01020304', 'P8=00800408', 'Pc=33000000', 'P29=00000000',
  'm8048000,20', 'm8050000,10', 'mffffffff,10', 'M8050000,2:0102', 'X8050000,2:ab', 'M8048000,1:90',
  'Z0,8048005,1', 'z0,8048005,1', 'Z1,804800e,1', 'Z2,8050014,4', 'Z3,8050010,4', 'Z4,8050010,1', 'z2,8050014,4', 'z4,8050010,1',
  'vCont?', 'vCont;c', 'vCont;s:p5.-1;c', 'vCont;r8048005,8048008:p5.-1', 'vCont;C0b', 'vCont;S05:p5.-1', 'vCont;t', 'vCont;c:p6.-1',
  'c', 's', 'C02', 'S0b;8048000', 'c8048000', 'D;6', 'Hgp5.-1', 'Hg0', 'Hc-1', 'Hgp6.0', 'Tp5.186a2',
  'vKill;6', 'vAttach;5', 'vAttach;1', 'qC', 'qfThreadInfo', 'qsThreadInfo', 'qThreadExtraInfo,p5.186a2', 'qAttached:5', 'qSymbol::',
  'qXfer:features:read:target.xml:0,fff', 'qXfer:threads:read::0,fff', 'qXfer:auxv:read::0,fff', 'qXfer:exec-file:read:3:0,ff',
  'qXfer:libraries-svr4:read::0,fff', 'qXfer:memory-map:read::0,fff', 'qXfer:osdata:read:processes:0,fff', 'qCRC:8048000,1000',
  'qRcmd,766d6d6170', 'QPassSignals:e;10;14', 'vMustReplyEmpty', 'vFile:setfs:0', `vFile:open:${hexOf('/program')},0,0`,
  `vFile:open:${hexOf('/proc/3/maps')},0,0`, 'vFile:pread:3,fff,0', 'vFile:fstat:3', 'vFile:close:3', `vFile:readlink:${hexOf('/proc/self/exe')}`,
]; // prettier-ignore

test('random and damaged packets do no harm', { timeout: 300_000 }, async () => {
  const next = random(Number(process.env['FAULTLINE_SEED'] ?? 5));
  const below = (n: number): number => next() % n;
  const total = Number(process.env['FAULTLINE_FUZZ'] ?? 30_000);
  const damage = (text: string): string => {
    const at = below(text.length + 1);
    switch (below(5)) {
      case 0:
        return text.slice(0, at) + String.fromCharCode(below(256)) + text.slice(at + 1);
      case 1:
        return text.slice(0, at);
      case 2:
        return text.slice(0, at) + text.slice(at + 1 + below(4));
      case 3:
        return text.slice(0, at) + BODIES[below(BODIES.length)].slice(below(6));
      default:
        return text.replace(/[0-9a-f]+/g, (n) => (below(2) ? n : next().toString(16)));
    }
  };
  let machines = 1;
  for (let i = 0; i < total; i++) {
    let body = BODIES[below(BODIES.length)];
    // What ends the guest costs a new machine: less often.
    if (/^(vCont;C|C|S|vKill|c$|vCont;c$)/.test(body) && below(8) > 0) body = 's';
    for (let n = below(3); n > 0; n--) body = damage(body);
    const bytes = below(20) === 0 ? damage(frame(body)) + '#00' : frame(body);
    await gdb.raw(bytes);
    if (i % 5000 === 0) expect(kernel_check(gdb.kernel), bytes).toEqual([]);
    if (gdb.control.alive && gdb.control.instructions < 1e6) continue;
    // All have ended, or were let go.
    expect(kernel_check(gdb.kernel), bytes).toEqual([]);
    gdb = new RemoteSession();
    machines++;
  }
  expect(machines).toBeGreaterThan(total / 2000);
});
