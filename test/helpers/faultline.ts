// Runs the built command as a user would.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
/** The command's bundle: what `npm run build` makes, or FAULTLINE_COMMAND. */
export const command = process.env['FAULTLINE_COMMAND'] ?? join(root, 'dist/faultline.js');

export interface Outcome {
  status: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  stdin?: string | Uint8Array;
  cwd?: string;
  env?: Record<string, string>;
  /** Milliseconds until the command is killed. */
  timeout?: number;
}

/** Runs a program of the host to its end; output as binary strings. */
export function execute(
  file: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: 'pipe',
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeout ?? 60_000);
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      resolve({
        status,
        signal,
        stdout: Buffer.concat(out).toString('latin1'),
        stderr: Buffer.concat(err).toString('latin1'),
      });
    });
    child.stdin.on('error', () => {});
    child.stdin.end(options.stdin ?? '');
  });
}

/** Runs `faultline WORDS`. */
export function faultline(words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return execute(process.execPath, [command, ...words], options);
}

/** What an environment variable names, or where .ci/run puts it; null when there is nothing. */
function fetched(variable: string, name: string): string | null {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const candidates = [process.env[variable], join(cache, 'faultline/i386', name)];
  return candidates.find((path) => path !== undefined && existsSync(path)) ?? null;
}

/** Debian's i386 busybox, or null. */
export function findBusybox(): string | null {
  return fetched('FAULTLINE_BUSYBOX', 'busybox');
}

/** A root directory with Debian's i386 bc, gawk, lua5.4 and python3-minimal, or null. */
export function findDebian(): string | null {
  const dir = fetched('FAULTLINE_DEBIAN', 'root');
  return dir !== null && existsSync(join(dir, 'usr/bin/python3.11')) ? dir : null;
}

/** Whether `gcc -m32` makes freestanding programs here. */
export function hasGcc32(): boolean {
  return spawnSync('gcc', ['-m32', '-E', '-x', 'c', '/dev/null'], { stdio: 'ignore' }).status === 0;
}
