// vmstat, procstat, swapinfo, sysctl and top, as compiled from their sources: FreeBSD's formats, and
// numbers that agree with each other and with what the kernel's debugger says.

import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { faultline, root } from '../helpers/faultline.js';
import { gcc32, wants } from '../helpers/tools.js';

const SCRIPT = `
  section() { echo "== $1"; }
  section z; /t/vmstat -z; section m; /t/vmstat -m; section o; /t/vmstat -o
  section P; /t/vmstat -P; section top; /t/top -b; section system; /t/top -bS 3
  section swap; /t/swapinfo; /t/swapinfo -m; /t/swapinfo -h; /t/swapinfo -g
  section describe; /t/sysctl -d vm.stats.vm.v_zfod vm.stats; /t/sysctl -dn vm.overcommit; /t/sysctl -td hw.pagesize
  section none; /t/sysctl -d vm.nothing 2>&1; section map; /t/procstat -v $$
  section count; /t/sysctl -n vm.zone_count kern.malloc_count`;

describe.runIf(wants(gcc32))('statistics', () => {
  const sections: Record<string, string[]> = {};

  beforeAll(async () => {
    const bin = join(root, 'userland/build/freebsd/bin');
    const words = ['--check', '--mount', `${bin}:/t`, join(bin, 'sh'), '-c', SCRIPT];
    const { status, stdout, stderr } = await faultline(['run', ...words]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const part of stdout.split(/^== /m).slice(1)) {
      const [name, ...lines] = part.replace(/\n$/, '').split('\n');
      sections[name] = lines;
    }
  });

  test('vmstat -z', () => {
    const [title, blank, ...rows] = sections['z'];
    expect(title).toBe('ITEM                   SIZE  LIMIT     USED     FREE      REQ FAIL SLEEP');
    expect(blank).toBe('');
    const zones = new Map(
      rows
        .filter((line) => line !== '')
        .map((line) => {
          expect(line).toMatch(/^\w[\w ]+: +\d+, +\d+,( *\d+,){3} *\d+, *\d+$/);
          const [name, numbers] = line.split(/: +/);
          return [name, numbers.split(/, */).map(Number)];
        }),
    );
    for (const name of ['VM OBJECT', 'MAP', 'KMAP ENTRY', 'MAP ENTRY', 'VMSPACE', 'SWAPMETA'])
      expect([...zones.keys()]).toContain(name);
    // The shell and vmstat; each was execed, so spaces were made more often.
    const [, , used, , requests] = zones.get('VMSPACE') as number[];
    expect(used).toBe(2);
    expect(requests).toBeGreaterThan(2);
    for (const [, , inUse, , made] of zones.values()) expect(made).toBeGreaterThanOrEqual(inUse);
    expect(Number(sections['count'][0])).toBe(zones.size);
  });

  test('vmstat -m', () => {
    const [title, ...rows] = sections['m'];
    expect(title).toBe('         Type InUse MemUse HighUse Requests  Size(s)');
    for (const row of rows) expect(row).toMatch(/^ *\w+ +\d+ +\d+K +- +\d+ {2}[\d,]*$/);
    expect(Number(sections['count'][1])).toBeGreaterThanOrEqual(rows.length);
  });

  test('vmstat -o', () => {
    const [title, ...rows] = sections['o'];
    expect(title).toBe('  RES   ACT INACT REF SHD CM TP PATH');
    for (const row of rows)
      expect(row).toMatch(/^( {0,4}\d+ ){3} *\d+ +\d+ \w\w (df|sw|vn|ph|dv) /);
    const self = rows.find((row) => row.endsWith(' vn /t/vmstat'));
    const [resident, active, inactive] = (self ?? '').trim().split(/ +/).map(Number);
    expect(resident).toBeGreaterThan(0);
    expect(active + inactive).toBeLessThanOrEqual(resident);
  });

  test('vmstat -P names the processor', () => {
    expect(sections['P'][0]).toMatch(/ faults {9}cpu0$/);
  });

  test('top -b', () => {
    const [head, processes, blank, memory, swap, , , title, ...rows] = sections['top'];
    expect(head).toMatch(
      /^last pid: +\d+; {2}load averages:( +\d+\.\d\d,?){3} {2}up 0\+\d\d:\d\d:\d\d {4}\d\d:\d\d:\d\d$/,
    );
    expect(processes).toBe('2 processes:   1 running, 1 sleeping');
    expect(blank).toBe('');
    expect(memory).toMatch(/^Mem: \d+K Active, \d+K Inact, \d+K Wired, (\d+K Cache, )?\d+M Free$/);
    expect(swap).toBe('Swap: 128M Total, 128M Free');
    expect(title).toBe(
      '  PID USERNAME    THR PRI NICE   SIZE    RES STATE    TIME    WCPU COMMAND',
    );
    expect(rows.map((row) => row.trim().split(/ +/)).map((row) => [row[1], row.at(-1)])).toEqual(
      expect.arrayContaining([
        ['root', 'sh'],
        ['root', 'top'],
      ]),
    );
    for (const row of rows) expect(row.indexOf('%')).toBe(title.indexOf('WCPU') + 3);
    // With the kernel's own, and no more than was asked for.
    expect(sections['system'].slice(8)).toHaveLength(3);
    expect(sections['system'][1]).toMatch(/^\d+ processes: +1 running, \d+ sleeping/);
  });

  test('swapinfo in units', () => {
    expect(sections['swap']).toEqual([
      'Device           1K-blocks     Used    Avail Capacity',
      '/dev/swap           131072        0   131072     0%',
      'Device           1M-blocks     Used    Avail Capacity',
      '/dev/swap              128        0      128     0%',
      'Device                Size     Used    Avail Capacity',
      '/dev/swap             128M       0B     128M     0%',
      'Device           1G-blocks     Used    Avail Capacity',
      '/dev/swap                0        0        0     0%',
    ]);
  });

  test('sysctl -d and -t', () => {
    expect(sections['describe']).toEqual([
      'vm.stats.vm.v_zfod: Pages zero-filled on demand',
      'vm.stats: VM meter stats',
      'Configure virtual memory overcommit behavior. See tuning(7) for details.',
      'hw.pagesize: integer: System page size',
    ]);
    expect(sections['none']).toEqual(["sysctl: unknown oid 'vm.nothing'"]);
  });

  test('procstat -v has the text first and the stack', () => {
    const rows = sections['map'].slice(1).map((row) => row.trim().split(/ +/));
    expect(rows[0].slice(1, 4)).toEqual(['0x8048000', expect.stringMatching(/^0x80/), 'r-x']);
    expect(rows[0].at(-2)).toBe('vn');
    const stack = rows.find((row) => row[8] === 'C--D');
    expect(stack?.[3]).toBe('rw-');
  });
});
