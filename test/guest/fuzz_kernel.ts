// Runs hostile programs in one kernel after another and asks after each whether the kernel is what it
// was before: nothing thrown, nothing left over, every invariant kept.

import { Worker } from 'node:worker_threads';
import { Machine } from '../../emulator/index.js';
import {
  SIGKILL,
  createKernel,
  kernel_check,
  kernel_mount_root,
  kernel_run,
  spawn_init,
  stdin_eof,
  vfs_write_file,
} from '../../kernel/index.js';
import { ELFOSABI_FREEBSD, ELFOSABI_LINUX, returningProgram } from './fuzz_programs.js';
import type { Host, Kernel } from '../../kernel/index.js';
import { ops } from '../../kernel/fs/vnode_if.js';
import { sysentvec_by_name } from '../../kernel/kern/kern_sysvec.js';
import { psignal } from '../../kernel/kern/kern_sig.js';
import { shmunload } from '../../kernel/kern/sysv_shm.js';
import { nanouptime } from '../../kernel/kern/kern_clock.js';
import { P_KPROC } from '../../kernel/sys/proc.js';
import { KSTACK_PAGES } from '../../kernel/vm/vm_kstack.js';
import type { Thread } from '../../kernel/sys/proc.js';
import { VDIR } from '../../kernel/sys/vnode.js';
import type { vnode } from '../../kernel/sys/vnode.js';

const MB = 1 << 20;
export const PROGRAM = '/program';

/** SIGKILL is sent again after so many instructions, to whom there is then. */
const DYING_INSTRUCTIONS = 2000;
const KILL_ROUNDS = 200;
/** Guest time, in ns, after which a program that sleeps is killed. */
const VIRTUAL_LIMIT = 2e9;

/** How one program ended. */
export interface FuzzEnd {
  kind: 'exited' | 'signal' | 'refused' | 'limit';
  /** Exit status, signal number, the error line, or what was exceeded. */
  detail: string;
}

export interface FuzzLimits {
  instructions: number;
}

/** What must be the same after a program as before it. */
type Census = Record<string, number>;

/**
 * Ends this process with a line when `progress` stands still: a hang in the kernel would otherwise
 * say nothing. @returns how to stop watching.
 */
export function watchdog(progress: Int32Array, seconds: number): () => void {
  const source = `
    const { workerData } = require('node:worker_threads');
    const { writeSync } = require('node:fs');
    const { progress, seconds } = workerData;
    for (let last = -1;;) {
      const now = Atomics.load(progress, 0);
      if (now < 0) break;
      if (now === last) {
        writeSync(2, 'fuzz: program ' + now + ' of set ' + progress[1] + ' hangs\\n');
        process.kill(process.pid, 'SIGKILL');
      }
      last = now;
      Atomics.wait(progress, 0, -2, 0);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000);
    }`;
  const worker = new Worker(source, { eval: true, workerData: { progress, seconds } });
  worker.unref();
  return () => {
    Atomics.store(progress, 0, -1);
    void worker.terminate();
  };
}

/** The numbers of the system calls that an ABI has, once a kernel was made. */
export function callNumbers(abi: string): number[] {
  return Object.keys(sysentvec_by_name(abi)?.sv_table ?? []).map(Number);
}

export class FuzzKernel {
  readonly k: Kernel;
  /** Names that every root has. */
  readonly #initial: Set<string>;
  readonly #before: Census;

  constructor(ramBytes = 16 * MB) {
    const machine = new Machine({ ramBytes });
    let entropy = 1;
    const host: Host = {
      consoleWrite: () => undefined,
      log() {},
      wallClockNs: () => 1e18,
      entropy: (into) => {
        for (let i = 0; i < into.length; i++) into[i] = entropy = (entropy * 5 + 1) & 0xff;
      },
    };
    this.k = createKernel(
      machine,
      host,
      { mask: 0, emit() {} },
      {
        swapBytes: 16 * MB,
        checkInvariants: false,
        verboseBoot: false,
        realtime: false,
      },
    );
    kernel_mount_root(this.k, null, 'tmpfs');
    this.#initial = new Set(this.#names(this.#root));
    // The first process of an ABI makes what is kept for ever (page tables, streams, mounts).
    for (const osabi of [ELFOSABI_FREEBSD, ELFOSABI_LINUX])
      this.run(returningProgram(osabi), { instructions: 1000 });
    this.#before = this.census();
  }

  get #root(): vnode {
    return this.k.vfs.rootvnode as vnode;
  }

  #names(vp: vnode): string[] {
    return ops(vp)
      .vop_readdir(this.k, vp)
      .map((entry) => entry.d_name)
      .filter((name) => name !== '.' && name !== '..');
  }

  /** Removes what programs made: all but the directories of a fresh root. */
  #sweep(dvp: vnode, kept: Set<string>): void {
    for (const name of this.#names(dvp)) {
      const vp = ops(dvp).vop_lookup(this.k, dvp, name);
      if (vp === null || vp.v_mountedhere !== null) continue;
      if (vp.v_type === VDIR) this.#sweep(vp, new Set());
      if (kept.has(name) && vp.v_type === VDIR) continue;
      if (vp.v_type === VDIR) ops(dvp).vop_rmdir(this.k, dvp, vp, name);
      else ops(dvp).vop_remove(this.k, dvp, vp, name);
    }
  }

  census(): Census {
    const { kern, vfs, vm, pmap } = this.k;
    // Kernel stacks are kept for the threads to come.
    const stacks = vm.kstacks.cache.length;
    return {
      pages: vm.cnt.v_free_count + vm.cnt.v_cache_count + stacks * KSTACK_PAGES,
      'wired pages': vm.cnt.v_wire_count - stacks * KSTACK_PAGES,
      objects: vm.object_list.size - stacks,
      'swap blocks': vm.swdevs.reduce((n, sp) => n + sp.sw_used, 0),
      'swap reserved': vm.swap_reserved,
      'pv entries': pmap.pv_entry_count,
      processes: kern.allproc.size,
      threads: kern.threads.size,
      groups: kern.pgrps.size,
      sessions: kern.sessions.size,
      // The page daemon's own is there or not.
      callouts: kern.callouts.filter((c) => ((c.c_arg as Thread | null)?.td_kfunc ?? null) === null)
        .length,
      'open files': vfs.open_files,
      'Linux threads': this.k.linux.thread_tids.size,
      mounts: vfs.mounts.length,
      'kernel map entries': vm.kernel_map?.nentries ?? 0,
      // The page daemon and what it waits on come and go.
      sleepers: [...kern.sleepq.values()].flat().filter((td) => td.td_kfunc === null).length,
      runnable: kern.runq.flat().filter((td) => td.td_kfunc === null).length,
    };
  }

  /** Puts `image` at PROGRAM and runs it with everything it starts, at most within `limits`. */
  run(image: Uint8Array, limits: FuzzLimits, abi: string | null = null): FuzzEnd {
    const { k } = this;
    const written = vfs_write_file(k, PROGRAM, image, 0o755);
    if (written !== 0) throw new Error(`writing the program failed: errno ${written}`);
    const refused = spawn_init(k, {
      path: PROGRAM,
      argv: [PROGRAM, 'one', 'two'],
      envp: ['HOME=/'],
      cwd: '/',
      abi,
      console: null,
      streams: ['pipe', 'pipe', 'pipe'],
    });
    let end: FuzzEnd;
    if (refused !== null) end = { kind: 'refused', detail: refused };
    else {
      stdin_eof(k);
      end = this.#finish(limits);
    }
    this.#sweep(this.#root, this.#initial);
    shmunload(k);
    const left = this.#names(this.#root);
    for (const name of this.#initial) {
      // A program may have removed or renamed it.
      if (!left.includes(name))
        ops(this.#root).vop_create(k, this.#root, name, VDIR, 0o777, 0, 0, '', 0);
    }
    return end;
  }

  #finish({ instructions }: FuzzLimits): FuzzEnd {
    const { k } = this;
    const stop = k.machine.instructions + instructions;
    const stop_time = nanouptime(k) + VIRTUAL_LIMIT;
    for (;;) {
      const { instructions: before } = k.machine;
      if (before >= stop) return this.#kill('instructions');
      const time = nanouptime(k);
      const exit = kernel_run(k, { instructions: stop - before });
      if (exit.kind === 'exited') {
        const { status } = exit;
        return status > 128
          ? { kind: 'signal', detail: String(status - 128) }
          : { kind: 'exited', detail: String(status) };
      }
      if (exit.kind === 'idle') return this.#kill('asleep');
      if (nanouptime(k) > stop_time) return this.#kill('time');
      if (nanouptime(k) === time) throw new Error('the kernel is entered again and again');
    }
  }

  /**
   * Nothing that a program does makes it immune to SIGKILL. Who forks at that moment has children
   * that the signal did not reach: they get the next one.
   */
  #kill(why: string): FuzzEnd {
    const { k } = this;
    for (let round = 0; round < KILL_ROUNDS; round++) {
      for (const p of [...k.kern.allproc.values()]) {
        if ((p.p_flag & P_KPROC) === 0) psignal(k, p, SIGKILL);
      }
      const exit = kernel_run(k, { instructions: DYING_INSTRUCTIONS });
      if (exit.kind === 'exited') return { kind: 'limit', detail: why };
      if (exit.kind === 'idle') throw new Error('processes sleep although they got SIGKILL');
    }
    throw new Error('processes survive SIGKILL');
  }

  /** vm.overcommit: 1 refuses what swap space cannot back. */
  overcommit(value: number): void {
    this.k.vm.overcommit = value;
  }

  /** What is there now that was not before the first program, or is gone; '' when all is well. */
  leftovers(): string {
    const now = this.census();
    return Object.keys(now)
      .filter((name) => now[name] !== this.#before[name])
      .map((name) => `${name}: ${this.#before[name]} before, ${now[name]} after`)
      .join('; ');
  }

  violations(): string[] {
    return kernel_check(this.k);
  }
}
