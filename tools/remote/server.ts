// --gdb: serves gdb at a socket while the guest runs. Between slices of the guest the event loop
// turns, so that gdb's interrupt, the guest's input and signals to faultline come through.

import { lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { DebugEvents, RemoteProtocol, RemoteTarget } from '../../debugger/index.js';
import {
  kernel_run,
  kernel_signal,
  stdin_eof,
  stdin_input,
  stdin_wanted,
  vfs_peek,
} from '../../kernel/index.js';
import type { EventStream, Kernel } from '../../kernel/index.js';
import { UsageError } from '../cli/options.js';
import type { Driver } from '../cli/run.js';
import { EXIT_LIMIT, FORWARDED, LONGEST_WAIT, finish, openTerminal } from '../cli/session.js';
import type { SessionLimits } from '../cli/session.js';
import { errorCode, systemErrorText } from '../host/node_host.js';
import { StandardInput } from '../host/node_stdin.js';
import { Session } from '../repl/session.js';
import { parseAddress } from './address.js';
import type { ListenAddress } from './address.js';
import { monitor } from './monitor.js';

/** Milliseconds in which the last reply must have gone out. */
const GOODBYE_MS = 1000;
/** Bytes. */
const LARGEST_PROGRAM = 1 << 30;

/** Listens; refuses with one line. A socket that nobody listens at any more is replaced. */
async function listen(server: Server, address: ListenAddress, text: string): Promise<string> {
  const attempt = (): Promise<string | null> =>
    new Promise((resolve) => {
      const failed = (error: Error): void => resolve(errorCode(error));
      server.once('error', failed);
      server.listen(address, () => {
        server.off('error', failed);
        resolve(null);
      });
    });
  let code = await attempt();
  if (code === 'EADDRINUSE' && 'path' in address && (await isStale(address.path))) {
    unlinkSync(address.path);
    code = await attempt();
  }
  if (code !== null) throw new UsageError(`--gdb ${text}: ${systemErrorText(code)}`);
  if ('path' in address) return address.path;
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${port}`;
}

async function isStale(path: string): Promise<boolean> {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) return false;
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(false);
    });
    probe.once('error', () => resolve(true));
  });
}

/** One machine, and whoever debugs it: one gdb at a time. */
class Served {
  readonly #k: Kernel;
  readonly #limits: SessionLimits;
  readonly #session: Session;
  readonly #target: RemoteTarget;
  readonly #server: Server;
  readonly #input = new StandardInput();
  readonly #deadline: number;
  #printed = '';
  #protocol: RemoteProtocol | null = null;
  #socket: Socket | null = null;
  #asked = false;
  #wake: () => void = () => {};

  constructor(k: Kernel, limits: SessionLimits) {
    this.#k = k;
    this.#limits = limits;
    this.#deadline = Date.now() + limits.seconds * 1000;
    const program = k.kern.mainproc?.p_textpath ?? '';
    this.#session = new Session(
      {
        print: (text) => {
          this.#printed += `${text}\n`;
        },
        launch: () => k,
        readProgram: (path) => this.#readProgram(path),
        readSource: () => null,
        same: (a, b) => Buffer.compare(a, b) === 0,
        breathe: () => this.#breathe(),
        wait: (_kernel, untilNs) => this.#wait(untilNs),
        running() {},
      },
      program,
    );
    const control = this.#session.start(k.events as DebugEvents);
    this.#target = new RemoteTarget(control);
    this.#server = createServer((socket) => this.#connected(socket));
  }

  #readProgram(path: string): Uint8Array | null {
    const file = vfs_peek(this.#k, path, true);
    if (typeof file === 'number' || file.size > LARGEST_PROGRAM) return null;
    const bytes = new Uint8Array(file.size);
    return file.read(0, bytes) === bytes.length ? bytes : null;
  }

  #connected(socket: Socket): void {
    if (this.#socket !== null) {
      // One gdb is enough: the second hears nothing.
      socket.destroy();
      return;
    }
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.setNoDelay(true);
    const protocol = new RemoteProtocol(this.#target, {
      send: (text) => void socket.write(text, 'latin1'),
      monitor: (line) => this.#monitor(line),
    });
    this.#protocol = protocol;
    socket.on('data', (bytes) => {
      protocol.receive(String(bytes));
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#socket = null;
      this.#wake();
    });
    this.#wake();
  }

  #monitor(line: string): Promise<string> {
    this.#printed = '';
    return monitor(this.#session, line, () => this.#printed);
  }

  /** Whether whoever waits for the guest to stop has a reason. */
  get #called(): boolean {
    if (Date.now() >= this.#deadline || this.#instructionsLeft <= 0) return true;
    const protocol = this.#protocol;
    if (protocol === null) return false;
    if (this.#socket === null) return true;
    return this.#target.control.alive ? protocol.interrupted : protocol.pending || this.#isNew;
  }

  get #instructionsLeft(): number {
    return this.#limits.instructions - this.#k.machine.instructions;
  }

  /** A gdb has come that has not yet been given the processes. */
  get #isNew(): boolean {
    return this.#protocol !== null && this.#protocol !== this.#welcomed;
  }
  #welcomed: RemoteProtocol | null = null;

  async #breathe(): Promise<boolean> {
    if (stdin_wanted(this.#k)) this.#ask();
    await new Promise<void>((resolve) => setImmediate(resolve));
    return this.#called;
  }

  async #wait(untilNs: number | null): Promise<'go' | 'stop'> {
    if (stdin_wanted(this.#k)) this.#ask();
    if (this.#called) return 'stop';
    const guest = untilNs === null ? Infinity : Math.ceil(untilNs / 1e6);
    await this.#sleep(Math.max(0, Math.min(guest, this.#deadline - Date.now())));
    return this.#called ? 'stop' : 'go';
  }

  /** Until something happens, at most `ms` milliseconds. */
  async #sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.min(ms, LONGEST_WAIT));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => {};
  }

  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    void this.#input.read().then((bytes) => {
      this.#asked = false;
      if (bytes.length > 0) stdin_input(this.#k, bytes);
      else stdin_eof(this.#k);
      this.#wake();
    });
  }

  /** @returns the exit status of the faultline command. */
  async run(where: string): Promise<number> {
    const address = parseAddress(where);
    const at = await listen(this.#server, address, where);
    this.#limits.log(`faultline: waiting for gdb: target remote ${at}`);
    const close = this.#limits.interactive
      ? openTerminal(this.#k, null, () => this.#wake())
      : (): void => {};
    const forward = (name: NodeJS.Signals): void => {
      // Before gdb has come nothing runs that could take it.
      if (this.#welcomed === null) process.exit(128 + FORWARDED[name as keyof typeof FORWARDED]);
      kernel_signal(this.#k, FORWARDED[name as keyof typeof FORWARDED]);
      this.#wake();
    };
    const signals = Object.keys(FORWARDED) as NodeJS.Signals[];
    for (const name of signals) process.on(name, forward);
    try {
      return await this.#loop();
    } finally {
      for (const name of signals) process.removeListener(name, forward);
      close();
      await this.#goodbye();
    }
  }

  async #loop(): Promise<number> {
    const { control } = this.#target;
    for (;;) {
      if (this.#isNew) this.#welcome();
      await this.#protocol?.work();
      if (this.#k.kern.nprocs === 0) return this.#status();
      if (Date.now() >= this.#deadline || this.#instructionsLeft <= 0) {
        const what = this.#instructionsLeft <= 0 ? 'instruction' : 'time';
        this.#limits.log(`faultline: the ${what} limit was reached`);
        return EXIT_LIMIT;
      }
      if (this.#socket === null && this.#protocol !== null) {
        // Nobody debugs any more: the guest goes on alone.
        this.#protocol.closed();
        this.#protocol = null;
      }
      const waits = this.#welcomed === null || (this.#socket !== null && control.alive);
      if (waits) await this.#quiet();
      else await control.go();
    }
  }

  /** The guest stands still until gdb says something. */
  async #quiet(): Promise<void> {
    if (this.#protocol?.pending || this.#isNew) return;
    await this.#sleep(Math.max(0, this.#deadline - Date.now()));
  }

  #welcome(): void {
    this.#welcomed = this.#protocol;
    const { kern } = this.#k;
    const main = kern.mainproc?.p_pid ?? 0;
    if (this.#target.control.alive || this.#target.attach(main)) return;
    for (const p of kern.allproc.values())
      if (p.p_threads[0]?.td_kfunc === null && this.#target.attach(p.p_pid)) return;
  }

  #status(): number {
    const exit = kernel_run(this.#k, { instructions: 1 });
    return finish(this.#k, this.#limits, exit.kind === 'exited' ? exit.status : 0);
  }

  async #goodbye(): Promise<void> {
    this.#server.close();
    const socket = this.#socket;
    if (socket === null) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, GOODBYE_MS);
      socket.end(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    socket.destroy();
  }
}

export class GdbServer implements Driver {
  events(inner: EventStream): EventStream {
    return new DebugEvents(inner);
  }

  run(k: Kernel, limits: SessionLimits, where: string): Promise<number> {
    return new Served(k, limits).run(where);
  }
}
