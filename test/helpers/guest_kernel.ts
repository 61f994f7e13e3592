// A kernel in this process with as much memory as a test wants to give it, which runs one guest
// program of the host to its end.

import { basename } from 'node:path';
import { Machine } from '../../emulator/index.js';
import {
  createKernel,
  kernel_check,
  kernel_mount_root,
  kernel_run,
  spawn_init,
  stdin_eof,
  vfs_host_file,
} from '../../kernel/index.js';
import type { Kernel, KernelEvent } from '../../kernel/index.js';
import { nodeSingleFile } from '../../tools/host/node_directory.js';

export interface GuestKernelOptions {
  ramBytes: number;
  swapBytes: number;
  /** EV_* classes to keep in `events`. */
  mask?: number;
}

export interface GuestOutcome {
  /** Exit status, 128 + n after signal n; a word when the program did not end. */
  status: number | 'asleep' | 'limit';
  output: string;
  /** Lines of the kernel's own. */
  log: string[];
  violations: string[];
}

export class GuestKernel {
  readonly k: Kernel;
  readonly events: KernelEvent[] = [];
  /** Called every 100,000 instructions or so, when set. */
  observe: (() => void) | null = null;
  /** Called when the program has been loaded, before it runs. */
  started: (() => void) | null = null;
  readonly #log: string[] = [];
  #output = '';

  constructor({ ramBytes, swapBytes, mask = 0 }: GuestKernelOptions) {
    this.k = createKernel(
      new Machine({ ramBytes }),
      {
        consoleWrite: (_fd, bytes) => {
          this.#output += Buffer.from(bytes).toString('latin1');
          return undefined;
        },
        log: (line) => this.#log.push(line),
        wallClockNs: () => 1e18,
        entropy: (into) => into.fill(1),
      },
      { mask, emit: (event) => this.events.push(event) },
      { swapBytes, checkInvariants: true, verboseBoot: false, realtime: false },
    );
    kernel_mount_root(this.k, null, 'tmpfs');
  }

  /** Runs the host's program `file`, which the guest sees at the same path. */
  run(file: string, args: readonly string[] = [], instructions = 2e9): GuestOutcome {
    this.#start(file, args);
    return this.#outcome(this.#finish(this.k.machine.instructions + instructions));
  }

  /** The same for programs that take minutes: lets the test runner's messages through meanwhile. */
  async runLong(
    file: string,
    args: readonly string[],
    instructions: number,
  ): Promise<GuestOutcome> {
    this.#start(file, args);
    const stop = this.k.machine.instructions + instructions;
    let status: GuestOutcome['status'] = 'limit';
    while (status === 'limit' && this.k.machine.instructions < stop) {
      await new Promise(setImmediate);
      status = this.#finish(Math.min(stop, this.k.machine.instructions + 1e6));
    }
    return this.#outcome(status);
  }

  #start(file: string, args: readonly string[]): void {
    const { k } = this;
    this.#output = '';
    this.#log.length = 0;
    if (vfs_host_file(k, file, nodeSingleFile(basename(file), file)) !== 0)
      throw new Error(`${file} cannot be shown to the guest`);
    const refused = spawn_init(k, {
      path: file,
      argv: [file, ...args],
      envp: [],
      cwd: '/',
      abi: null,
      console: null,
      streams: ['file', 'pipe', 'pipe'],
    });
    if (refused !== null) throw new Error(refused);
    stdin_eof(k);
    this.started?.();
  }

  #outcome(status: GuestOutcome['status']): GuestOutcome {
    return {
      status,
      output: this.#output,
      log: [...this.#log],
      violations: kernel_check(this.k),
    };
  }

  #finish(stop: number): GuestOutcome['status'] {
    const { k } = this;
    for (;;) {
      const slice = this.observe === null ? Infinity : 100_000;
      const left = stop - k.machine.instructions;
      const exit = kernel_run(k, { instructions: Math.min(left, slice) });
      this.observe?.();
      if (exit.kind === 'exited') return exit.status;
      if (exit.kind === 'idle') return 'asleep';
      if (k.machine.instructions >= stop) return 'limit';
    }
  }
}
