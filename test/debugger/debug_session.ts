// A debugging session in this process over a guest compiled here, whose output is kept.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Machine } from '../../emulator/index.js';
import {
  createKernel,
  kernel_mount_root,
  spawn_init,
  stdin_wanted,
  vfs_host_file,
} from '../../kernel/index.js';
import { recordedDirectory, recordedHost } from '../../debugger/index.js';
import { nodeSingleFile } from '../../tools/host/node_directory.js';
import { Interpreter } from '../../tools/repl/repl.js';
import { Session } from '../../tools/repl/session.js';

const sources = fileURLToPath(new URL('guest', import.meta.url));

/** Compiles the guest of the sessions with these options. @returns its path. */
export function compileGuest(...options: string[]): string {
  return compileSource('session.c', ...options);
}

/** Compiles a source file of guest/. @returns the program's path. */
export function compileSource(source: string, ...options: string[]): string {
  const program = join(mkdtempSync(join(tmpdir(), 'faultline-debug-')), 'session');
  const fixed =
    '-m32 -g -fno-pie -no-pie -static -nostdlib -ffreestanding -fno-stack-protector -fcf-protection=none';
  const words = [...fixed.split(' '), ...options, source, '-o', program];
  const { status, stderr } = spawnSync('gcc', words, { cwd: sources, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return program;
}

export function removeGuest(program: string): void {
  rmSync(dirname(program), { recursive: true });
}

export class ScriptedSession {
  readonly session: Session;
  readonly interpreter: Interpreter;
  #output = '';

  /** `input` is what the guest reads from its standard input. */
  constructor(program: string, input = '') {
    let left = Buffer.from(input);
    const print = (text: string): void => {
      this.#output += `${text}\n`;
    };
    this.session = new Session(
      {
        print,
        same: (a, b) => Buffer.compare(a, b) === 0,
        launch(events, _args, recording) {
          const host = {
            consoleWrite: (_fd: number, bytes: Uint8Array) =>
              void print(Buffer.from(bytes).toString('latin1').replace(/\n$/, '')),
            log() {},
            wallClockNs: () => 1e18,
            entropy: (into: Uint8Array) => void into.fill(1),
          };
          const options = {
            swapBytes: 1 << 20,
            checkInvariants: true,
            verboseBoot: false,
            realtime: false,
          };
          const k = createKernel(
            new Machine({ ramBytes: 16 << 20 }),
            recordedHost(host, recording),
            events,
            options,
          );
          kernel_mount_root(k, null, 'tmpfs');
          vfs_host_file(
            k,
            program,
            recordedDirectory(nodeSingleFile(basename(program), program), recording),
          );
          const refused = spawn_init(k, {
            path: program,
            argv: [program],
            envp: [],
            cwd: '/',
            abi: 'linux',
            console: null,
            streams: ['file', 'pipe', 'pipe'],
          });
          if (refused !== null) throw new Error(refused);
          return k;
        },
        readProgram: (path) => (path === program ? readFileSync(program) : null),
        readSource: (path) =>
          /guest\/\w+\.c$/.test(path)
            ? readFileSync(join(sources, basename(path)), 'utf8').split('\n')
            : null,
        breathe: () =>
          Promise.resolve(this.session.control !== null && this.session.control.instructions > 5e7),
        wait(control, untilNs) {
          if (stdin_wanted(control.kernel)) {
            control.give(left.length > 0 ? { kind: 'stdin', bytes: left } : { kind: 'stdin-eof' });
            left = Buffer.alloc(0);
          } else if (untilNs === null) return Promise.resolve('asleep');
          return Promise.resolve('go');
        },
        running() {},
      },
      program,
    );
    this.interpreter = new Interpreter(this.session, (message) => print(message));
  }

  /** Executes lines. @returns what they printed, together. */
  async run(...lines: string[]): Promise<string> {
    this.#output = '';
    for (const line of lines) await this.interpreter.line(line);
    return this.#output;
  }
}
