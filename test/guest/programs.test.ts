// The guest's base programs (userland/bin): what they print is what the host's coreutils print where
// both follow POSIX, and FreeBSD's format elsewhere. The tour's figures must agree with each other.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { command, execute, faultline, root } from '../helpers/faultline.js';
import { script, wants } from '../helpers/tools.js';
import { PROGRAM_CASES } from './program_cases.js';

const shell = join(root, 'userland/prebuilt/sh');
const base = mkdtempSync(join(tmpdir(), 'faultline-programs-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const empty = join(base, 'empty');
mkdirSync(empty);

const here = ['--mount', `${empty}:/here`, '--cwd', '/here'];

/** Runs a script with the guest's shell in an empty directory. */
const guest = (script: string): ReturnType<typeof faultline> =>
  faultline(['run', '--check', ...here, '-E', 'LC_ALL=C', shell, '-c', script]);

describe('the guest prints what coreutils print', () => {
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC', HOME: '/' };
  test.concurrent.each(PROGRAM_CASES)('$name', async ({ name, script }) => {
    const cwd = join(base, name.replace(/\W+/g, '-'));
    mkdirSync(cwd);
    const host = await execute('/bin/sh', ['-c', script], { cwd, env });
    const ours = await guest(script);
    expect(ours.stdout).toBe(host.stdout);
    expect(ours.status).toBe(host.status);
  });
});

/** Commands, what they say on standard error and how they end, as FreeBSD's do. */
const COMPLAINTS: readonly (readonly [command: string, status: number, message: string])[] = [
  ['cat x', 1, 'cat: x: No such file or directory'],
  ['cat /tmp', 1, 'cat: /tmp: Is a directory'],
  ['cat -q', 1, 'cat: illegal option -- q\nusage: cat [-belnstuv] [file ...]'],
  ['ls x', 1, 'ls: x: No such file or directory'],
  ['cp x y', 1, 'cp: x: No such file or directory'],
  ['cp /tmp y', 1, 'cp: /tmp is a directory (not copied).'],
  ['cp /etc/motd /etc/group y', 1, 'cp: y is not a directory'],
  ['mv x y', 1, 'mv: rename x to y: No such file or directory'],
  ['rm x', 1, 'rm: x: No such file or directory'],
  ['rm /etc', 1, 'rm: /etc: is a directory'],
  ['rm -rf /', 1, 'rm: "/" may not be removed'],
  ['rm -r ..', 1, 'rm: "." and ".." may not be removed'],
  ['rm', 64, 'usage: rm [-f | -i] [-dPRrvx] file ...'],
  ['mkdir /etc', 1, 'mkdir: /etc: File exists'],
  ['mkdir', 64, 'usage: mkdir [-pv] [-m mode] directory_name ...'],
  ['rmdir /etc', 1, 'rmdir: /etc: Directory not empty'],
  ['ln x y', 1, 'ln: x: No such file or directory'],
  ['wc x', 1, 'wc: x: open: No such file or directory'],
  ['head -n 0 x', 1, 'head: illegal line count -- 0'],
  ['sleep x', 1, 'usage: sleep seconds'],
  ['/bin/kill 99999', 1, 'kill: 99999: No such process'],
  ['env x', 127, 'env: x: No such file or directory'],
  ['env /etc/motd', 126, 'env: /etc/motd: Permission denied'],
  ['chmod zz /tmp', 1, 'chmod: invalid file mode: zz'],
  ['touch /x/y', 1, 'touch: /x/y: No such file or directory'],
  ['grep x y', 2, 'grep: y: No such file or directory'],
  ["grep '[' /etc/motd", 2, 'grep: brackets ([ ]) not balanced'],
  ['sort x', 2, 'sort: x: No such file or directory'],
  ['procstat 99999', 1, 'procstat: sysctl: kern.proc.pid: 99999: No such process'],
  ['sysctl x', 1, "sysctl: unknown oid 'x'"],
  ['sysctl kern.ostype=x', 1, "sysctl: oid 'kern.ostype' is read only"],
  ['cat /dev/swap', 1, 'cat: /dev/swap: Device busy'],
];

test('messages and exit statuses are those of FreeBSD', async () => {
  const script = COMPLAINTS.map(([command]) => `${command} 2>&1 </dev/null; echo "=> $?"`);
  const { stdout } = await guest(script.join('\n'));
  const expected = COMPLAINTS.map(([, status, message]) => `${message}\n=> ${status}\n`);
  expect(stdout).toBe(expected.join(''));
});

describe('formats of FreeBSD', () => {
  const sections: Record<string, string[]> = {};
  const SCRIPT = `
    section() { echo "== $1"; }
    section kill; /bin/kill -l
    section long; ls -l /bin/true /dev/null; section hidden; touch .x y; ls; section only; ls -I
    section human; head -c 1536 /dev/zero >k; head -c 999 /dev/zero >b; ls -lh b k /bin/sh | cut -c 28-32
    section total; mkdir t; ls -l t; echo 1 >t/f; ls -l t | head -n 1
    section columns; mkdir c; touch c/a c/bb c/ccc c/dddddddd c/e
    for w in 40 20; do COLUMNS=$w ls -C c; done; COLUMNS=40 ls -x c; ls -CF c /etc/motd
    section numbers; cat -n y /etc/group /etc/group; wc /etc/group
    section ps; sleep 50 & ps -ax -o pid,ppid,stat,comm; section args; ps -p $!; section users; ps -axu
    section l; ps -axl; section procstat; procstat $$; procstat -h $!; kill $!
    section map; procstat -v $$; section sum; vmstat -s; section columns2; vmstat; vmstat -w 0.01 -c 2
    section swapinfo; swapinfo; section uname; uname; uname -mr; section sysctl
    sysctl hw.pagesize kern.ostype; sysctl -n hw.machine; sysctl vm.overcommit=1; sysctl vm.loadavg
    section date; date -r 0; date -r 951782400 +%F`;

  beforeAll(async () => {
    const { stdout } = await guest(SCRIPT);
    for (const part of stdout.split(/^== /m).slice(1)) {
      const [name, ...lines] = part.replace(/\n$/, '').split('\n');
      sections[name] = lines;
    }
  });

  test('kill -l', () => {
    expect(sections['kill']).toEqual([
      'HUP INT QUIT ILL TRAP ABRT EMT FPE KILL BUS SEGV SYS PIPE ALRM TERM URG',
      'STOP TSTP CONT CHLD TTIN TTOU IO XCPU XFSZ VTALRM PROF WINCH INFO USR1 USR2',
    ]);
  });

  test('ls', () => {
    const time = String.raw`[A-Z][a-z]{2} [ \d]\d (\d\d:\d\d| \d{4})`;
    const [program, device] = sections['long'];
    expect(program).toMatch(new RegExp(`^-r-xr-xr-x  1 root  wheel  +\\d+ ${time} /bin/true$`));
    expect(device).toMatch(new RegExp(`^crw-rw-rw-  1 root  wheel  +0x13 ${time} /dev/null$`));
    expect(sections['hidden']).toEqual(['.x', 'y']);
    expect(sections['only']).toEqual(['y']);
    const [large, ...small] = sections['human'];
    expect(large).toMatch(/^ {1,2}\d{2,3}K$/);
    expect(small).toEqual([' 999B', ' 1.5K']);
    expect(sections['total']).toEqual([expect.stringMatching(/^total \d+$/)]);
    expect(sections['columns']).toEqual([
      ...['a\t\tdddddddd', 'bb\t\te', 'ccc'],
      ...['a', 'bb', 'ccc', 'dddddddd', 'e'],
      ...['a\t\tbb', 'ccc\t\tdddddddd', 'e'],
      ...['/etc/motd', '', 'c:', 'a\t\tbb\t\tccc\t\tdddddddd\te'],
    ]);
  });

  test('cat and wc', () => {
    const group = ['     1\twheel:*:0:root', '     2\tnobody:*:65534:'];
    expect(sections['numbers']).toEqual([
      ...group,
      ...group,
      '       2       2      31 /etc/group',
    ]);
  });

  test('ps', () => {
    expect(sections['ps'][0]).toBe('PID PPID STAT COMMAND');
    const rows = sections['ps'].slice(1).map((line) => line.trim().split(/ +/));
    const [, sh, sleeper, self] = ['init', 'sh', 'sleep', 'ps'].map((name) => {
      const row = rows.find((r) => r[3] === name);
      expect(row, `${name} is listed`).toBeDefined();
      return row as string[];
    });
    expect(sleeper[1]).toBe(sh[0]);
    expect(self[1]).toBe(sh[0]);
    expect(sleeper[2]).toMatch(/^S/);
    expect(self[2]).toMatch(/^R/);
    expect(sections['args'][0]).toBe('PID TT  STAT    TIME COMMAND');
    expect(sections['args'][1]).toMatch(/^ +\d+ {2}- {2}S {4}\d:\d\d\.\d\d sleep 50$/);
    expect(sections['users'][0]).toMatch(
      /^USER +PID +%CPU +%MEM +VSZ +RSS TT {2}STAT STARTED +TIME COMMAND$/,
    );
    expect(sections['l'][0]).toMatch(
      /^UID +PID +PPID +CPU +PRI +NI +VSZ +RSS +MWCHAN +STAT +TT +TIME COMMAND$/,
    );
    expect(sections['l'].find((line) => line.includes('sleep 50'))).toMatch(/ nanslp +S /);
    expect(sections['l'].find((line) => line.includes('[pagedaemon]'))).toMatch(/ psleep +DL /);
  });

  test('procstat', () => {
    const [title, sh, sleeper] = sections['procstat'];
    expect(title.trim()).toBe(
      'PID  PPID  PGID   SID  TSID THR LOGIN    WCHAN     EMUL          COMM',
    );
    expect(sh).toMatch(/^ +5 +1 +5 +5 +5 +1 root +wait +FreeBSD ELF32 sh +$/);
    expect(sleeper).toMatch(/ nanslp +FreeBSD ELF32 sleep +$/);
    expect(sections['map'][0]).toBe(
      '  PID      START        END PRT  RES PRES REF SHD FLAG TP PATH',
    );
    const rows = sections['map'].slice(1);
    expect(rows[0]).toMatch(/^ +5 +0x8048000 +0x[\da-f]+ r-x +\d+ +\d+ +\d+ +\d+ CN-- vn .*\/sh$/);
    let last = 0;
    for (const row of rows) {
      const [, start, end] = row.trim().split(/ +/);
      expect(Number(start)).toBeGreaterThanOrEqual(last);
      expect(Number(end)).toBeGreaterThan(Number(start));
      last = Number(end);
    }
    expect(
      rows.some((row) => / rw- .* C--D (df|sw) $/.test(row)),
      'the stack',
    ).toBe(true);
  });

  test('vmstat', () => {
    expect(sections['sum']).toHaveLength(41);
    for (const line of sections['sum']) expect(line).toMatch(/^ *\d+  ?[a-zA-Z(/)\- ]+$/);
    const sum = new Map(
      sections['sum'].map((line) => [line.slice(10).trim(), Number(line.slice(0, 9))]),
    );
    const of = (name: string): number => sum.get(name) ?? NaN;
    expect(of('bytes per page')).toBe(4096);
    expect(of('fork() calls')).toBeGreaterThan(10);
    expect(of('copy-on-write faults')).toBeGreaterThan(10);
    const faults = of('zero fill pages zeroed') + of('copy-on-write faults');
    expect(of('total VM faults taken')).toBeGreaterThanOrEqual(faults);
    const kinds = ['active', 'inactive', 'wired down', 'free', 'in VM cache'];
    const pages = kinds.reduce((n, kind) => n + of(`pages ${kind}`), 0);
    expect(pages).toBeLessThanOrEqual(16384);
    expect(pages).toBeGreaterThan(16000);
    const [heads, titles, ...rows] = sections['columns2'];
    expect(heads).toMatch(/^procs {5}memory {7}page +faults +cpu$/);
    expect(titles.trim().split(/ +/).join(' ')).toBe(
      'r b w avm fre flt re pi po fr sr in sy cs us sy id',
    );
    expect(rows.slice(0, 1).concat(rows.slice(3))).toHaveLength(3);
    for (const row of [rows[0], rows[3], rows[4]]) {
      // 100% takes a column more, from the next percentage if there is one.
      expect(row.length - titles.length).toBe(row.endsWith(' 100') ? 1 : 0);
      expect(row.trim().split(/ +/)).toHaveLength(17);
    }
  });

  test('the rest', () => {
    expect(sections['swapinfo']).toEqual([
      'Device           1K-blocks     Used    Avail Capacity',
      '/dev/swap           131072        0   131072     0%',
    ]);
    expect(sections['uname']).toEqual(['FreeBSD', '11.0-RELEASE i386']);
    expect(sections['sysctl'].slice(0, 4)).toEqual([
      'hw.pagesize: 4096',
      'kern.ostype: FreeBSD',
      'i386',
      'vm.overcommit: 0 -> 1',
    ]);
    expect(sections['sysctl'][4]).toMatch(/^vm\.loadavg: \{ \d\.\d\d \d\.\d\d \d\.\d\d \}$/);
    expect(sections['date']).toEqual(['Thu Jan  1 00:00:00 UTC 1970', '2000-02-29']);
  });
});

describe('without a command', () => {
  /** The numbers of the first line that `pattern` matches. */
  function figures(text: string, pattern: RegExp): string[] {
    const match = pattern.exec(text);
    expect(match, `a line like ${pattern}`).not.toBeNull();
    return (match as RegExpExecArray).slice(1);
  }

  test('and without a terminal, the tour runs, and its figures agree', async () => {
    const { status, stdout, stderr } = await faultline([], { env: { PATH: '/bin' } });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [pages, address] = figures(
      stdout,
      /mmap gives (\d+) pages at 0x([\da-f]+); in memory: 0/,
    );
    const [first, zeroed] = figures(
      stdout,
      /every second one written: (\d+) page faults, (\d+) pages filled/,
    );
    expect([Number(first), Number(zeroed)]).toEqual([Number(pages) / 2, Number(pages) / 2]);
    const [picture, resident] = figures(stdout, /mincore: ([#.+]{64}) (\d+)/);
    expect(picture).toBe('#.'.repeat(32));
    expect(resident).toBe(first);
    const [more] = figures(stdout, /all written: (\d+) page faults more/);
    expect(Number(more)).toBe(Number(pages) - Number(first));
    const [writes, faults, copied] = figures(
      stdout,
      /child writes (\d+) pages: (\d+) page faults, (\d+) pages copied/,
    );
    expect([faults, copied]).toEqual([writes, writes]);
    expect(stdout).toContain("the child reads 'c', the parent still 'p'");
    // The parent is the pages' last owner: it faults for leave to write, and copies nothing.
    expect(figures(stdout, /parent writes as many: (\d+) page faults, (\d+) pages copied/)).toEqual(
      [writes, '0'],
    );
    expect(stdout).toContain('read(2) returns "written through memory"');
    expect(stdout).toContain('the mapping has "written by write(2)"');
    const start = parseInt(address, 16);
    const hex = (n: number): string => n.toString(16);
    expect(stdout).toContain(`SIGSEGV, si_addr 0x${hex(start + 0x20123)}, si_code SEGV_MAPERR`);
    expect(stdout).toContain(`SIGSEGV, si_addr 0x${hex(start + 0x28456)}, si_code SEGV_ACCERR`);
    expect(stdout).toContain("1 signal, the write restarts, 'y' is there");
    // The hole of part 4 splits the mapping in the map; both parts are resident.
    const hole = `0x${hex(start + 0x20000)}`;
    expect(stdout).toMatch(new RegExp(`0x${address} ${hole} rw- +32 `));
    expect(stdout).toMatch(/ 0x[\da-f]+ 0x[\da-f]+ rw- +31 /);
    const total = (name: string): number =>
      Number(figures(stdout, new RegExp(`^ +(\\d+) +${name}$`, 'm'))[0]);
    expect(total('zero fill pages zeroed')).toBeGreaterThanOrEqual(Number(pages));
    expect(total('copy-on-write faults')).toBeGreaterThanOrEqual(Number(copied));
    const served = Number(first) + Number(more) + Number(faults) + Number(writes);
    expect(total('total VM faults taken')).toBeGreaterThanOrEqual(served);
    expect(total('fork\\(\\) calls')).toBe(1);
    expect(total('pages freed by exiting processes')).toBeGreaterThanOrEqual(Number(copied));
  });

  test.runIf(wants(script))('and on a terminal, the shell runs', async () => {
    const env = { PATH: process.env['PATH'] ?? '', TERM: 'dumb' };
    const words = ['-qec', `'${process.execPath}' '${command}'`, '/dev/null'];
    const stdin = 'ps -x; echo $((6*7))\rexit 4\r';
    const { status, stdout } = await execute('script', words, { env, stdin });
    expect(status).toBe(4);
    expect(stdout).toContain('Welcome to Faultline');
    expect(stdout).toMatch(/ 5 console +Ss .* -sh \(sh\)\r\n/);
    expect(stdout).toMatch(/ console +R\+ .* ps -x\r\n[^#]*42\r\n/);
  });

  test('shell reads its script from a pipe, in its home directory', async () => {
    const stdin = 'pwd; echo $HOME $0; ls /bin | grep -c sh; umask; exit 7\n';
    const { status, stdout, stderr } = await faultline(['shell'], { stdin });
    expect({ status, stderr }).toEqual({ status: 7, stderr: '' });
    expect(stdout).toBe('/root\n/root -sh\n1\n0022\n');
  });
});

test('a script for /bin/sh runs with the programs in /bin', async () => {
  const script = join(base, 'script');
  writeFileSync(
    script,
    '#!/bin/sh\necho "$0" "$@" | grep -o "b c$"\nls -l /bin/sh | cut -c1-10\n',
    {
      mode: 0o755,
    },
  );
  const { status, stdout, stderr } = await faultline(['run', script, 'a', 'b c']);
  expect({ status, stdout, stderr }).toEqual({
    status: 0,
    stdout: 'b c\n-r-xr-xr-x\n',
    stderr: '',
  });
});
