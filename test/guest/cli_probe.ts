// The guest program of the command line's tests, and ways to run it that a pipe is not enough for.

import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, root } from '../helpers/faultline.js';
import type { Outcome } from '../helpers/faultline.js';

const userland = join(root, 'userland');
const EI_OSABI = 7;
const ELFOSABI_FREEBSD = 9;
// prettier-ignore
const flags = (compilers: string): string[] => [
  '-m32', '-march=i686', '-O2', '-std=gnu11', '-Wall', '-Wextra', '-Werror', '-ffreestanding',
  '-fno-pic', '-fno-stack-protector', '-mno-sse', '-nostdinc', '-isystem', join(userland, 'include'),
  '-isystem', compilers,
  '-nostdlib', '-static', '-no-pie', '-Wl,--build-id=none', '-Wl,-z,noexecstack',
  '-Wl,-z,noseparate-code', '-Wl,-z,max-page-size=4096',
];

/** A directory that is removed by the second value. */
export function scratchDirectory(): [directory: string, remove: () => void] {
  const directory = mkdtempSync(join(tmpdir(), 'faultline-'));
  return [directory, () => rmSync(directory, { recursive: true, force: true })];
}

/** Compiles probe.c for FreeBSD. @returns its path below `directory`. */
export function compileProbe(directory: string): string {
  const program = join(directory, 'probe');
  const library = join(userland, 'build/freebsd');
  const inputs = ['crt0.o', 'libc.a'].map((name) => join(library, name));
  const source = join(root, 'test/guest/probe.c');
  const own = spawnSync('gcc', ['-print-file-name=include'], { encoding: 'utf8' }).stdout.trim();
  const gcc = spawnSync('gcc', [...flags(own), '-o', program, inputs[0], source, inputs[1]], {
    encoding: 'utf8',
  });
  if (gcc.status !== 0) throw new Error(gcc.stderr);
  const image = readFileSync(program);
  image[EI_OSABI] = ELFOSABI_FREEBSD;
  writeFileSync(program, image);
  return program;
}

/** Runs a line of the host's shell, in which "$faultline" is the command, to its end. */
export function shell(line: string, cwd: string): Outcome {
  const script = `faultline() { "$NODE" "$COMMAND" "$@"; }\n${line}`;
  const { status, signal, stdout, stderr } = spawnSync('bash', ['-c', script], {
    cwd,
    encoding: 'latin1',
    env: { ...process.env, NODE: process.execPath, COMMAND: command },
    timeout: 60_000,
  });
  return { status, signal, stdout, stderr };
}

/**
 * Runs faultline until its output has the word `ready`, sends it `signal`, and waits for its end.
 * Standard input stays open and silent all the time.
 */
export function interrupted(words: readonly string[], signal: NodeJS.Signals): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [command, ...words], { stdio: 'pipe' });
    let stdout = '';
    let stderr = '';
    child.on('error', reject);
    child.stdout.on('data', (chunk: Buffer) => {
      const before = stdout;
      stdout += chunk.toString('latin1');
      // A moment later the guest is in its loop, or asleep.
      if (!before.includes('ready') && stdout.includes('ready'))
        setTimeout(() => child.kill(signal), 50);
    });
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('latin1')));
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
    child.on('exit', (status, by) => {
      clearTimeout(timer);
      child.stdin.destroy();
      resolve({ status, signal: by, stdout, stderr });
    });
  });
}

/** Runs faultline with standard output and error in one file, or files of their own. */
export function toFiles(words: readonly string[], out: string, err: string): number | null {
  const fds = [openSync(out, 'w'), openSync(err, 'w')];
  const { status } = spawnSync(process.execPath, [command, ...words], {
    stdio: ['ignore', fds[0], fds[1]],
  });
  for (const fd of fds) closeSync(fd);
  return status;
}
