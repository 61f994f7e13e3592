// A session of gdb's remote protocol by strings, over a small guest made here.

import { Control, DebugEvents, RemoteProtocol, RemoteTarget, frame } from '../../debugger/index.js';
import { Machine } from '../../emulator/index.js';
import { createKernel, kernel_mount_root, spawn_init, vfs_write_file } from '../../kernel/index.js';
import type { Kernel } from '../../kernel/index.js';
import { makeElf } from '../helpers/elf.js';

export const TEXT = 0x08048000;
export const DATA = 0x08050000;
// prettier-ignore
const CODE = [
  /* 00 */ 0xb9, 3, 0, 0, 0,                    // mov ecx, 3
  /* 05 */ 0x49,                                // loop: dec ecx
  /* 06 */ 0x75, 0xfd,                          // jnz loop
  /* 08 */ 0x89, 0x0d, 0x10, 0, 5, 8,           // mov [DATA + 0x10], ecx
  /* 0e */ 0xff, 0x05, 0x14, 0, 5, 8,           // inc dword [DATA + 0x14]
  /* 14 */ 0xb8, 2, 0, 0, 0,                    // mov eax, SYS_fork
  /* 19 */ 0xcd, 0x80,                          // int 0x80
  /* 1b */ 0x6a, 7,                             // push 7
  /* 1d */ 0x50,                                // push eax
  /* 1e */ 0xb8, 1, 0, 0, 0,                    // mov eax, SYS_exit
  /* 23 */ 0xcd, 0x80,                          // int 0x80
];
export const LOOP = TEXT + 5;
export const STORE = TEXT + 8;
export const INCREMENT = TEXT + 0xe;
export const FORK = TEXT + 0x19;
export const AFTER_FORK = TEXT + 0x1b;

export const QSUPPORTED =
  'qSupported:multiprocess+;swbreak+;hwbreak+;qRelocInsn+;fork-events+;vfork-events+;exec-events+;vContSupported+;no-resumed+;xmlRegisters=i386';

/** Of bytes as they lie in memory. */
export const hexOf = (text: string): string => Buffer.from(text, 'latin1').toString('hex');

export class RemoteSession {
  readonly kernel: Kernel;
  readonly control: Control;
  readonly protocol: RemoteProtocol;
  /** What was sent since it was last looked at. */
  sent = '';

  constructor() {
    const events = new DebugEvents(null);
    const host = {
      consoleWrite: () => undefined,
      log() {},
      wallClockNs: () => 0,
      entropy: (into: Uint8Array) => void into.fill(1),
    };
    const options = { swapBytes: 0, checkInvariants: true, verboseBoot: false, realtime: false };
    this.kernel = createKernel(new Machine({ ramBytes: 16 << 20 }), host, events, options);
    kernel_mount_root(this.kernel, null, 'tmpfs');
    const text = { vaddr: TEXT, bytes: Uint8Array.from(CODE), flags: 5 };
    const data = { vaddr: DATA, bytes: new Uint8Array(0), memsz: 4096, flags: 6 };
    const program = makeElf({ entry: TEXT, osabi: 9, segments: [text, data] });
    vfs_write_file(this.kernel, '/program', program, 0o755);
    const refused = spawn_init(this.kernel, {
      path: '/program',
      argv: ['/program', 'two'],
      envp: ['A=b'],
      cwd: '/',
      abi: null,
      console: null,
      streams: ['pipe', 'pipe', 'pipe'],
    });
    if (refused !== null) throw new Error(refused);
    const control = new Control(
      this.kernel,
      events,
      {
        breathe: () => Promise.resolve(this.protocol.interrupted),
        // Nobody ever wakes a guest of these tests.
        wait: () => Promise.resolve('stop'),
        condition: () => true,
        notice() {},
        executed() {},
      },
      [],
      null,
    );
    this.control = control;
    this.protocol = new RemoteProtocol(new RemoteTarget(control), {
      send: (text) => {
        this.sent += text;
      },
      monitor: (line) => Promise.resolve(`you said ${line}\n`),
    });
  }

  /** Sends raw bytes. @returns all that came back. */
  async raw(bytes: string): Promise<string> {
    this.sent = '';
    this.protocol.receive(bytes);
    await this.protocol.work();
    return this.sent;
  }

  /** Sends a packet. @returns the body of the last packet that came back. */
  async ask(body: string): Promise<string> {
    const all = await this.raw(frame(body));
    const match = /\$([^#$]*)#[0-9a-f]{2}$/.exec(all);
    return match === null ? all : match[1];
  }
}
