import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SymbolFile } from '../../debugger/index.js';
import { commandNames } from '../../tools/repl/repl.js';
import { gcc32, wants } from '../helpers/tools.js';
import { ScriptedSession, compileGuest, removeGuest } from './debug_session.js';

/** What one command prints; addresses of the stack are cut out. */
type Step = readonly [command: string, output: string];

// Written from what gdb 13 prints for the same program run natively, but for kernel's own words.
const SESSION: readonly Step[] = [
  ['tbreak main', 'Temporary breakpoint 1 at ADDR: file session.c, line 35.\n'],
  [
    'run',
    '\nTemporary breakpoint 1, main (argc=1, argv=ADDR) at session.c:35\n35\t  int s = sum(4);\n',
  ],
  ['info locals', /* before anything was assigned */ ''],
  ['step', 'sum (n=4) at session.c:23\n23\t  int total = 0;\n'],
  ['bt', '#0  sum (n=4) at session.c:23\n#1  ADDR in main (argc=1, argv=ADDR) at session.c:35\n'],
  ['watch counter', 'Hardware watchpoint 2: counter\n'],
  ['rwatch table[1]', 'Hardware read watchpoint 3: table[1]\n'],
  [
    'info breakpoints',
    'Num     Type           Disp Enb Address    What\n2       hw watchpoint  keep y              counter\n3       read watchpoint keep y              table[1]\n',
  ],
  [
    'continue',
    'Continuing.\n\nHardware watchpoint 2: counter\n\nOld value = 0\nNew value = 30\nsum (n=4) at session.c:27\n27\t  return total;\n',
  ],
  ['print counter', '$1 = 30\n'],
  ['print $ * 2', '$2 = 60\n'],
  ['x/4xw &table', 'ADDR <table>:\t0x00000001\t0x00000002\t0x00000003\t0x00000004\n'],
  ['x/2dw &table[3]', 'ADDR <table+12>:\t4\t5\n'],
  ['x/s origin.name', 'ADDR:\t"origin"\n'],
  ['print origin', '$3 = {x = 3, y = -4, name = ADDR "origin"}\n'],
  ['print/x table', '$4 = {0x1, 0x2, 0x3, 0x4, 0x5}\n'],
  ['print paint', '$5 = GREEN\n'],
  ['print ratio * 2', '$6 = 5\n'],
  ['print (char)65', "$7 = 65 'A'\n"],
  ['print sizeof(struct point)', '$8 = 12\n'],
  ['print sum', '$9 = {int (int)} ADDR <sum>\n'],
  ['print nonsense', 'No symbol "nonsense" in current context.\n'],
  ['print *(int *)16', 'Cannot access memory at address ADDR\n'],
  [
    'ptype struct point',
    'type = struct point {\n    int x;\n    int y;\n    const char *name;\n}\n',
  ],
  ['whatis origin.name', 'type = const char *\n'],
  ['info symbol sum', 'sum in section .text\n'],
  ['info line 24', /* ends where the next line begins */ ''],
  ['up', '#1  ADDR in main (argc=1, argv=ADDR) at session.c:35\n35\t  int s = sum(4);\n'],
  ['print argc', '$10 = 1\n'],
  ['delete', ''],
  ['finish', 'Run till exit from #1  ADDR in main (argc=1, argv=ADDR) at session.c:35\n'],
];

function masked(text: string): string {
  return text.replace(/0x[0-9a-f]{2,8}\b(?! ?=)/g, (hex) =>
    hex.length === 10 && hex.startsWith('0x0000000') ? hex : hex.length <= 3 ? hex : 'ADDR',
  );
}

describe.runIf(wants(gcc32))('a session', () => {
  let program: string;
  let debug: ScriptedSession;
  beforeAll(() => {
    program = compileGuest('-O0');
  });
  afterAll(() => removeGuest(program));

  test('over a guest reads as gdb would have it', async () => {
    debug = new ScriptedSession(program);
    for (const [command, output] of SESSION) {
      const printed = masked(await debug.run(command));
      if (output !== '' && command !== 'finish') expect(printed, command).toBe(masked(output));
    }
  });

  test('stops at a fork, a fault and a signal, and tells how the program ended', async () => {
    debug = new ScriptedSession(program);
    expect(await debug.run('catch fork', 'run')).toMatch(
      /Catchpoint 1 \(fork\)\n\[Detaching after fork from child process \d+\]\n\nCatchpoint 1 \(forked process \d+\), 0x[0-9a-f]+ in call3 \(n=2, a=0, b=0, c=0\) at session.c:13\n/,
    );
    expect(await debug.run('print buffer[4096]')).toBe("$1 = 1 '\\001'\n");
    expect(await debug.run('tcatch syscall write', 'continue')).toContain(
      'Temporary catchpoint 2 (call to syscall write)',
    );
    expect(await debug.run('continue')).toBe(
      'Continuing.\ndone\n\nProgram received signal SIGSEGV, Segmentation fault.\n' +
        `${(await debug.run('frame')).replace(/^#0 {2}/, '').replace(/^0x\w+ in /, '')}`,
    );
    expect(await debug.run('print here.x')).toBe('$2 = 33\n');
    expect(await debug.run('faults 1')).toContain('fault pid 5');
    expect(await debug.run('continue')).toBe(
      'Continuing.\n\nProgram terminated with signal SIGSEGV, Segmentation fault.\nThe program no longer exists.\n',
    );
    expect(await debug.run('info registers')).toBe('The program has no registers now.\n');
  });

  test('stops in front of a call and behind it', async () => {
    debug = new ScriptedSession(program);
    await debug.run('tbreak call3', 'run');
    const asm = await debug.run('x/12i $pc');
    const at = asm.split('\n').findIndex((line) => line.includes('int '));
    const places = asm.split('\n').slice(at, at + 2).map((line) => /0x\w+/.exec(line)?.[0] ?? ''); // prettier-ignore
    await debug.run(...places.map((place) => `break *${place}`));
    // The third call waits for the child: it stops once.
    for (const place of [0, 1, 0, 1, 0, 1])
      expect(await debug.run('continue', 'print/x $eip')).toContain(`= ${places[place].replace(/^0x0*/, '0x')}\n`); // prettier-ignore
  });

  test('writing changes the guest, and looking does not', async () => {
    debug = new ScriptedSession(program);
    await debug.run('break sum', 'run');
    const { kernel } = debug.session.live;
    const before = JSON.stringify([kernel.machine.tlbEntries(), kernel.vm.cnt]);
    await debug.run(
      'print origin',
      'x/64xw &buffer',
      'bt',
      'info all-registers',
      'vmmap',
      'telescope',
      'x/20i $pc',
    );
    expect(JSON.stringify([kernel.machine.tlbEntries(), kernel.vm.cnt])).toBe(before);
    expect(await debug.run('set var n = 2', 'print n')).toBe('$2 = 2\n');
    expect(await debug.run('print table[4] = 9', 'print table')).toBe(
      '$3 = 9\n$4 = {1, 2, 3, 4, 9}\n',
    );
    expect(await debug.run('finish')).toContain('Value returned is $5 = 5\n');
  });

  test('conditions, ignore counts and commands', async () => {
    debug = new ScriptedSession(program);
    await debug.run('break square if n == 3', 'commands', 'print n', 'end', 'run');
    expect(await debug.run('print n')).toBe('$2 = 3\n');
    await debug.run('delete', 'break square', 'ignore 2 2', 'run');
    expect(await debug.run('print n')).toBe('$3 = 3\n');
    expect(await debug.run('up', 'print total')).toContain('$4 = 5\n');
  });

  test('steps, nexts and finishes as gdb does over the same lines', async () => {
    debug = new ScriptedSession(program);
    await debug.run('break square', 'run');
    expect(await debug.run('finish')).toMatch(
      /Run till exit.*\n0x\w+ in sum \(n=4\) at session.c:25\n25\t.*\nValue returned is \$1 = 1\n/,
    );
    expect(await debug.run('next')).toBe('24\t  for (int i = 1; i <= n; i++)\n');
    expect(await debug.run('next')).toBe('25\t    total += square(i);\n');
    expect(await debug.run('next')).toContain('\nBreakpoint 1, square (n=2) at session.c:18\n18\t');
    expect(await debug.run('next', 'next')).toBe('19\t  return result;\n20\t}\n');
    expect(await debug.run('next')).toBe(
      'sum (n=4) at session.c:24\n24\t  for (int i = 1; i <= n; i++)\n',
    );
  });

  test('random lines do no harm', async () => {
    debug = new ScriptedSession(program);
    await debug.run('break square', 'run');
    const pieces = [
      'main',
      'sum',
      '$eip',
      '$esp',
      '*',
      '&',
      '0x8049000',
      '-1',
      'table',
      'origin',
      '.',
      '->',
      '(',
      ')',
      '[',
      ']',
      '/x',
      '/4xw',
      '/i',
      '/s',
      '1',
      '99',
      'if',
      '"',
      "'",
      ',',
      '=',
      '@',
      'struct',
      'point',
      'n',
      '++',
      '{int}',
      '18446744073709551615',
      '%',
      '0',
      'on',
      'off',
      'SIGSEGV',
      'fork',
      'syscall',
    ];
    // What goes back in time runs the guest again: fewer of those.
    const backwards = /^(reverse-|goto|who|diff|restart|checkpoint|stepf)/;
    const all = commandNames().filter((name) => name !== 'shell');
    const names = all.filter((name) => !backwards.test(name));
    const slow = all.filter((name) => backwards.test(name));
    let seed = 12345;
    const random = (n: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % n;
    };
    for (let i = 0; i < 5000; i++) {
      const words = Array.from({ length: random(6) }, () => pieces[random(pieces.length)]);
      const from = i % 50 === 49 ? slow : names;
      const line = `${from[random(from.length)]} ${words.join(random(2) ? ' ' : '')}`;
      await debug.interpreter.line(line).catch((error: unknown) => {
        throw new Error(`${line}: ${String((error as Error).stack)}`);
      });
      debug.session.collecting = null;
      if (!debug.session.alive && i % 50 === 0) await debug.run('delete', 'break square', 'run');
    }
  }, 120_000);
});

describe.runIf(wants(gcc32))('line tables', () => {
  test.each(['-gdwarf-4', '-gdwarf-5'])('agree with readelf, %s', (version) => {
    const program = compileGuest(version, '-O2');
    try {
      const { stdout, status } = spawnSync('readelf', ['--debug-dump=decodedline', program], {
        encoding: 'utf8',
      });
      if (status !== 0) return;
      const wanted = [...stdout.matchAll(/^session\.c\s+(\d+|-)\s+(0x[0-9a-f]+)/gm)].map(
        (m) => `${m[1] === '-' ? 'end' : m[1]} ${Number(m[2])}`,
      );
      const rows = new SymbolFile(program, readFileSync(program)).rows();
      const read = rows.map((r) => `${r.endSequence ? 'end' : r.line} ${r.address}`);
      expect(wanted.length).toBeGreaterThan(20);
      expect([...read].sort()).toEqual([...wanted].sort());
    } finally {
      removeGuest(program);
    }
  });
});
