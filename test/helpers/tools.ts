// What some tests want beyond Node. Where it is missing they are not run, and the end of the output
// says so; with FAULTLINE_TESTS=all, as .ci/run has it, what is missing is a failure.

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeElf } from './elf.js';
import { findBusybox, findDebian, hasGcc32 } from './faultline.js';

export interface Tool {
  name: string;
  /** How to get it. */
  remedy: string;
  present: () => boolean;
}

const succeeds = (command: string, ...words: string[]): boolean =>
  spawnSync(command, words, { stdio: 'ignore' }).status === 0;

const output = (command: string, ...words: string[]): string =>
  spawnSync(command, words, { encoding: 'utf8' }).stdout ?? '';

export const gcc32: Tool = {
  name: 'gcc -m32',
  remedy: "Debian's gcc-multilib",
  present: hasGcc32,
};

/** The compiler of userland/prebuilt: another one's code would differ. */
export const prebuilt_gcc: Tool = {
  name: 'gcc 12.2, which made userland/prebuilt',
  remedy: 'Debian 12',
  present: () => hasGcc32() && output('gcc', '-dumpfullversion').startsWith('12.2.'),
};

/** With its static library for i386. */
export const glibc32: Tool = {
  name: "glibc's static library for i386",
  remedy: "Debian's gcc-multilib",
  present: () => existsSync(output('gcc', '-m32', '-print-file-name=libc.a').trim()),
};

/** mov eax, 1; xor ebx, ebx; int 0x80 */
const EXIT = [0xb8, 1, 0, 0, 0, 0x31, 0xdb, 0xcd, 0x80];

function runsOnHost(): boolean {
  const dir = mkdtempSync(join(tmpdir(), 'faultline-host-'));
  const program = join(dir, 'exit');
  const text = { vaddr: 0x8048000, bytes: Uint8Array.from(EXIT), flags: 5 };
  writeFileSync(program, makeElf({ entry: 0x8048000, osabi: 3, segments: [text] }));
  chmodSync(program, 0o755);
  const runs = succeeds(program);
  rmSync(dir, { recursive: true });
  return runs;
}

export const i386_host: Tool = {
  name: 'a host that runs i386 programs',
  remedy: 'Linux on x86 with CONFIG_IA32_EMULATION',
  present: runsOnHost,
};

export const busybox: Tool = {
  name: 'an i386 busybox',
  remedy: '.ci/run fetches it; or set FAULTLINE_BUSYBOX',
  present: () => findBusybox() !== null,
};

export const debian: Tool = {
  name: "Debian's i386 bc, gawk, lua5.4 and python3-minimal",
  remedy: '.ci/run fetches them; or set FAULTLINE_DEBIAN to a root that has them',
  present: () => findDebian() !== null,
};

export const dash: Tool = {
  name: 'dash',
  remedy: "Debian's dash",
  present: () => existsSync('/bin/dash'),
};

export const gdb: Tool = {
  name: 'gdb',
  remedy: "Debian's gdb",
  present: () => succeeds('gdb', '--version'),
};

export const script: Tool = {
  name: 'script(1)',
  remedy: "Debian's bsdutils",
  present: () => succeeds('script', '--version'),
};

/** Adds a test that says what is missing. @returns whether everything is at hand. */
export function wants(...tools: readonly Tool[]): boolean {
  const missing = tools.filter((tool) => !tool.present());
  const names = tools.map(({ name }) => name).join(', ');
  test(`at hand: ${names}`, (context) => {
    const note = missing.map(({ name, remedy }) => `${name} (${remedy})`).join(', ');
    if (process.env['FAULTLINE_TESTS'] === 'all') expect(note, 'missing').toBe('');
    context.skip(missing.length > 0, note);
  });
  return missing.length === 0;
}
