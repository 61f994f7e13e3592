// A machine with hardly any memory in which processes of userland/test/vm_driver.c do what they are
// told, one call at a time.

import { join } from 'node:path';
import { Machine } from '../../emulator/index.js';
import {
  createKernel,
  kernel_check,
  kernel_mount_root,
  kernel_run,
  spawn_init,
  stdin_input,
  vfs_host_file,
} from '../../kernel/index.js';
import type { HostDirectory, Kernel } from '../../kernel/index.js';
import { vm_page_alloc } from '../../kernel/vm/vm_page.js';
import { VM_ALLOC_NOOBJ, VM_ALLOC_SYSTEM } from '../../kernel/vm/vm_param.js';
import { nodeSingleFile } from '../../tools/host/node_directory.js';
import { root } from '../helpers/faultline.js';

/** Numbers of the driver's operations. */
export const OP = {
  mmap: 0,
  munmap: 1,
  mprotect: 2,
  minherit: 3,
  madvise: 4,
  msync: 5,
  mlock: 6,
  munlock: 7,
  brk: 8,
  read: 9,
  write: 10,
  truncate: 11,
  fork: 12,
  exit: 13,
  exec: 14,
  poke: 15,
  peek: 16,
} as const;

/** Workers there can be at once. */
export const WORKERS = 6;

export interface Reply {
  /** What the call returned, or how many bytes an access came. */
  result: number;
  errno: number;
  /** The signal an access met, or 0, and where. */
  sig: number;
  code: number;
  addr: number;
  bytes: Uint8Array;
}

const HEADER = 28;
const MAGIC = 0x600dbeef;

/** A byte of what the driver writes. */
export function fill(seed: number, i: number): number {
  return ((seed + i * 7) % 251) + 1;
}

export interface DriverOptions {
  /** Pages that are free once the kernel is up. */
  pages: number;
  swapBytes: number;
  /** Files that the driver opens, by guest path; a leading + opens the file for reading only. */
  open: string[];
  /** Files of the directory that the host shows. */
  host: HostDirectory;
}

export class Driver {
  readonly k: Kernel;
  readonly log: string[] = [];
  #output = new Uint8Array(0);
  #now = 1e15;

  constructor({ pages, swapBytes, open, host }: DriverOptions) {
    const machine = new Machine({ ramBytes: (1 << 20) + 64 * 1024 });
    this.k = createKernel(
      machine,
      {
        consoleWrite: (fd, bytes) => {
          if (fd === 2) this.log.push(Buffer.from(bytes).toString('latin1'));
          else this.#output = Buffer.concat([this.#output, bytes]);
          return undefined;
        },
        log: (line) => this.log.push(line),
        wallClockNs: () => this.#now,
        entropy: (into) => into.fill(1),
      },
      { mask: 0, emit: () => undefined },
      { swapBytes, checkInvariants: false, verboseBoot: false, realtime: false },
    );
    kernel_mount_root(this.k, host, 'model');
    const program = join(root, 'userland/build/freebsd/test/vm_driver');
    if (vfs_host_file(this.k, '/vm_driver', nodeSingleFile('vm_driver', program)) !== 0)
      throw new Error('vm_driver is not built');
    const refused = spawn_init(this.k, {
      path: '/vm_driver',
      argv: ['/vm_driver', '-', ...open],
      envp: [],
      cwd: '/',
      abi: null,
      console: null,
      streams: ['pipe', 'pipe', 'pipe'],
    });
    if (refused !== null) throw new Error(refused);
    this.settle();
    // What is taken away is on no queue and not wired: thresholds and limits stay as they are.
    while (this.k.vm.cnt.v_free_count > pages)
      vm_page_alloc(this.k, null, 0, VM_ALLOC_SYSTEM | VM_ALLOC_NOOBJ);
  }

  /** Runs until nobody can run and, if asked for, there is a reply; lets time pass as it is needed. */
  settle(replied = false): void {
    const stop = this.k.machine.instructions + 1e9;
    for (let idle = 0; idle < 2000 && this.k.machine.instructions < stop; idle++) {
      const exit = kernel_run(this.k, { instructions: 1e8 });
      if (exit.kind === 'exited') throw new Error(`the dispatcher ended with ${exit.status}`);
      if (exit.kind !== 'idle') continue;
      if (exit.untilNs === null || (replied && this.#output.length > 0)) return;
      this.#now += Math.ceil(exit.untilNs);
    }
    const states = [...this.k.kern.allproc.values()].map(
      (p) => `${p.p_pid} ${p.p_threads[0]?.td_wmesg ?? 'runs'}`,
    );
    const { v_free_count, v_cache_count, v_wire_count, v_free_min } = this.k.vm.cnt;
    throw new Error(
      `the machine does not come to rest: ${states.join(', ')}; ${v_free_count} pages free, ` +
        `${v_cache_count} cached, ${v_wire_count} wired, minimum ${v_free_min}`,
    );
  }

  /** Has worker `slot` do something. @returns null when it did not answer. */
  tell(slot: number, op: number, ...args: number[]): Reply | null {
    const command = new Uint32Array(10);
    command.set([slot, op, ...args]);
    this.#output = new Uint8Array(0);
    stdin_input(this.k, new Uint8Array(command.buffer));
    this.settle(true);
    const { buffer, byteOffset, length } = this.#output;
    if (length < HEADER) return null;
    const view = new DataView(buffer, byteOffset, length);
    if (view.getUint32(0, true) !== MAGIC) throw new Error('a reply is garbled');
    return {
      result: view.getInt32(4, true),
      errno: view.getInt32(8, true),
      sig: view.getInt32(12, true),
      code: view.getInt32(16, true),
      addr: view.getUint32(20, true),
      bytes: this.#output.subarray(HEADER, HEADER + view.getUint32(24, true)),
    };
  }

  check(): string[] {
    return kernel_check(this.k);
  }
}
