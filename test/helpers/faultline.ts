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

/** Debian's i386 busybox, or null: FAULTLINE_BUSYBOX, or where .ci/run puts it. */
export function findBusybox(): string | null {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const candidates = [process.env['FAULTLINE_BUSYBOX'], join(cache, 'faultline/i386/busybox')];
  return candidates.find((path) => path !== undefined && existsSync(path)) ?? null;
}

/** Whether `gcc -m32` makes freestanding programs here. */
export function hasGcc32(): boolean {
  return spawnSync('gcc', ['-m32', '-E', '-x', 'c', '/dev/null'], { stdio: 'ignore' }).status === 0;
}
