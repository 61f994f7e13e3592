// faultline explain and --show. What is said about an access is compared with what happens when the
// same program makes it.

import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { KernelEvent, explanation } from '../../kernel/index.js';
import { makeElf } from '../helpers/elf.js';
import { execute, faultline, root } from '../helpers/faultline.js';
import { gcc32, wants } from '../helpers/tools.js';
import { scratchDirectory } from './cli_probe.js';

const [scratch, removeScratch] = scratchDirectory();
afterAll(removeScratch);

const TEXT = 0x8048000;
const DATA = 0x8050000;
/** Two pages of the file, then four of zeroes. */
const BSS = DATA + 0x2000;

const le32 = (n: number): number[] => [0, 8, 16, 24].map((bit) => (n >>> bit) & 0xff);

/** mov byte [DATA], 7; mov al, [BSS + 0x1000]; then the access; exit(0) of FreeBSD. */
function program(name: string, access: readonly number[]): string {
  const exit = [0x6a, 0, 0x6a, 0, 0xb8, 1, 0, 0, 0, 0xcd, 0x80];
  const before = [0xc6, 0x05, ...le32(DATA), 7, 0xa0, ...le32(BSS + 0x1000)];
  const text = { vaddr: TEXT, bytes: Uint8Array.from([...before, ...access, ...exit]), flags: 5 };
  const data = { vaddr: DATA, bytes: new Uint8Array(0x2000).fill(1), memsz: 0x6000, flags: 6 };
  const path = join(scratch, name);
  writeFileSync(path, makeElf({ entry: TEXT, osabi: 9, segments: [text, data] }));
  chmodSync(path, 0o755);
  return path;
}

/** Where the access is: behind the two instructions that prepare it. */
const ACCESS = TEXT + 12;

async function explain(
  path: string,
  address: number | string,
  ...more: string[]
): Promise<explanation> {
  const words = ['explain', '--json', path, String(address), ...more];
  const { status, stdout, stderr } = await faultline(words);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as explanation;
}

const SIGBUS = 10;
const SIGSEGV = 11;

/** Addresses of the program above, and what is expected there before they were touched. */
const PLACES: readonly (readonly [name: string, va: number, read: string, write: string])[] = [
  // No note says which release it is for: SIGBUS, as before 7.0.
  ['its text', TEXT, 'none', 'SIGBUS (BUS_PAGE_FAULT)'],
  ['data that it wrote', DATA, 'none', 'none'],
  ['data that it has not touched', DATA + 0x1004, 'none or map', 'copy'],
  ['zeroes that it has not touched', BSS + 0x2008, 'zero-fill', 'zero-fill'],
  ['zeroes that it has read', BSS + 0x1000, 'none', 'none'],
  ['behind its data', DATA + 0x6000, 'SIGSEGV (SEGV_MAPERR)', 'SIGSEGV (SEGV_MAPERR)'],
  ['address 0', 0, 'SIGSEGV (SEGV_MAPERR)', 'SIGSEGV (SEGV_MAPERR)'],
  ['below its stack', 0xbfb00000, 'zero-fill', 'zero-fill'],
  ['its page tables', 0xbfc00000, 'SIGSEGV (SEGV_MAPERR)', 'SIGSEGV (SEGV_MAPERR)'],
  ['the kernel', 0xc0400000, 'SIGSEGV (SEGV_MAPERR)', 'SIGSEGV (SEGV_MAPERR)'],
];

describe.each(PLACES)('%s', (name, va, read, write) => {
  const said = ({ accesses }: explanation, kind: number): string => {
    const { faults, signal_name, kernel } = accesses[kind];
    return faults ? signal_name || (kernel?.then ?? kernel?.action ?? '?') : 'none';
  };

  test.each([
    ['read', 0, [0xa0, ...le32(va)], read],
    ['write', 1, [0xc6, 0x05, ...le32(va), 1], write],
  ] as const)('%s', async (kind, index, code, expected) => {
    const path = program(`${name.replace(/\W/g, '-')}-${kind}`, code);
    const before = await explain(path, va, '--break', String(ACCESS));
    expect(expected.split(' or ')).toContain(said(before, index));
    const { signal, faults, kernel } = before.accesses[index];
    const run = await faultline(['run', '--check', '--json', '--trace', 'fault', path]);
    expect(run.status).toBe(signal === 0 ? 0 : 128 + signal);
    expect([0, SIGBUS, SIGSEGV]).toContain(signal);
    const trace = run.stderr
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as KernelEvent)
      .filter((e) => e.type === 'fault');
    const there = trace.filter((e) => e.eip === ACCESS);
    expect(there.length > 0, 'whether the access faults').toBe(faults);
    if (there.length === 0) return;
    expect(there[0]).toMatchObject({ va, error: before.accesses[index].error_code });
    expect(there.at(-1)).toMatchObject({ result: kernel?.result, signal });
  });
});

describe('when it looks', () => {
  const path = program('when', []);

  test('at exit, after a count, at a breakpoint', async () => {
    const atExit = await explain(path, DATA);
    expect(atExit.translation).toMatchObject({ valid: true, writable: true });
    expect(atExit.page).toMatchObject({ valid: 0xff, dirty: 0xff });
    expect(atExit.instructions).toBe(6);
    const first = await explain(path, DATA, '--break', String(TEXT));
    expect(first.instructions).toBe(0);
    expect(first.accesses[1].faults).toBe(true);
    const one = await explain(path, DATA, '--at', '1');
    expect(one.instructions).toBe(1);
    expect(one.accesses[1].faults).toBe(false);
    // Text of the same: a line for every level.
    const { stdout } = await faultline(['explain', path, `0x${DATA.toString(16)}`]);
    for (const label of ['page tables', 'frame', 'page', 'map entry', 'object', 'write'])
      expect(stdout).toMatch(new RegExp(`^${label} +\\S`, 'm'));
    const { pte, pte_address } = atExit.translation;
    expect(stdout).toContain(
      `at 0x${pte_address.toString(16)} = 0x${(pte & ~0xfff).toString(16)}[`,
    );
  });

  test('the shadow chain of written data ends in the program', async () => {
    const { chain, entry } = await explain(path, DATA);
    expect(entry?.flag_names).toContain('COW');
    expect(chain.map(({ type_name }) => type_name)).toEqual(['default', 'vnode']);
    expect(chain[0].resident).toBeGreaterThanOrEqual(0);
    expect(chain[1].path).toBe(path);
    // The data segment begins on the second page of the file behind its header and text.
    expect(chain[1].file_offset).toBe(0x2000);
  });

  test('registers', async () => {
    const { va, accesses } = await explain(path, '$esp', '--break', String(TEXT));
    expect(va).toBeGreaterThan(0xbfb00000);
    expect(accesses[1].signal).toBe(0);
  });
});

describe('what is refused', () => {
  const path = program('refused', []);
  test.each([
    [['explain'], 'explain wants a PROGRAM'],
    [['explain', path], 'explain wants an ADDRESS'],
    [['explain', path, 'nowhere'], "'nowhere' is neither an address nor a symbol"],
    [['explain', path, '0x1ffffffff'], 'is neither an address nor a symbol'],
    [['explain', path, '0', '--at', '5', '--break', '1'], '--at and --break exclude each other'],
    [['explain', path, '0', '--at', '5000'], '--at 5000 was not reached in 6 instructions'],
    [['explain', path, '0', '--break', '0x8048900'], '--break 0x8048900 was not reached'],
    [['explain', path, '0', '--pid', '77'], 'no process 77 exited'],
    [['run', '--show', 'mop', path], '--show: show knows map'],
    [['run', '--show', 'object', path], "'object' should be: show object N"],
    [['run', '--at', '5', path], '--at is for --show'],
  ])('%j', async (words, message) => {
    const { status, stdout, stderr } = await faultline(words);
    expect(stderr).toMatch(/^faultline: [^\n]+\n$/);
    expect(stderr).toContain(message);
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
  });
});

describe('run --show', () => {
  const path = program('show', []);

  test('text, at the end, with the memory still there', async () => {
    const { status, stderr } = await faultline(['run', '--show', 'map', '--show', 'page', path]);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^show map\nTask map 0x1000-0xbfc00000: pmap=0x/);
    expect(stderr).toContain('start=0x8050000, end=0x8052000');
    expect(stderr).toMatch(/^show page\nvm_cnt\.v_page_count: \d+$/m);
  });

  test('JSON, after a count', async () => {
    const words = ['run', '--json', '--show', 'map', '--at', '1', path];
    const line = (await faultline(words)).stderr.split('\n')[0];
    const { show, data } = JSON.parse(line) as { show: string; data: { entries: object[] } };
    expect(show).toBe('show map');
    expect(data.entries[0]).toMatchObject({ start: TEXT, protection_name: 'r-x' });
  });
});

describe.runIf(wants(gcc32))('symbols', () => {
  const path = join(root, 'userland/build/freebsd/test/cow_child_writes');

  test('are those of nm', async () => {
    const { stdout } = await execute('nm', [path]);
    const [, main] = /^([\da-f]+) T main$/m.exec(stdout) ?? [];
    const found = await explain(path, 'main+4', '--break', 'main');
    expect(found.va).toBe(parseInt(main, 16) + 4);
    expect(found.accesses.map(({ faults }) => faults)).toEqual([false, true, false]);
  });
});
