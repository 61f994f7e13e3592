// gdb's remote serial protocol, without a line: what arrives is queued, work() answers it. The guest
// runs inside work(), when a packet asks for it.

import type { Thread } from '../../kernel/index.js';
import type { StopEvent } from '../breakpoints.js';
import { crc32 } from './crc.js';
import { remoteDocument, threadState } from './documents.js';
import { RemoteFiles } from './files.js';
import {
  PACKET_SIZE,
  PacketReader,
  bytesOf,
  escapeBinary,
  frame,
  fromHex,
  hexNumber,
  textOf,
  toHex,
  unescapeBinary,
} from './packets.js';
import { fromGdbSignal } from './signals.js';
import { stopReply, threadId } from './stops.js';
import type { Client } from './stops.js';
import type { RemoteTarget, ResumeAction } from './target.js';
import { parseThreadId, parseVCont } from './vcont.js';
import type { ThreadIds } from './vcont.js';

export interface RemoteHost {
  /** Sends bytes to gdb, as the characters of a string. */
  send(text: string): void;
  /** Executes a line of `monitor` for the selected thread. @returns what it printed. */
  monitor(line: string): Promise<string>;
}

const OK = 'OK';
const ESRCH = 'E03';
const EFAULT = 'E0e';
const EINVAL = 'E16';
const ENOTSUP = '';
/** Bytes of memory in one packet, two digits each. */
const MEMORY_MAX = PACKET_SIZE / 2 - 16;
const CRC_MAX = 1 << 26;

const FEATURES = [
  `PacketSize=${PACKET_SIZE.toString(16)}`,
  'QStartNoAckMode+',
  'multiprocess+',
  'swbreak+',
  'hwbreak+',
  'vContSupported+',
  'no-resumed+',
  'QPassSignals+',
  'qXfer:features:read+',
  'qXfer:threads:read+',
  'qXfer:auxv:read+',
  'qXfer:exec-file:read+',
  'qXfer:libraries-svr4:read+',
  'qXfer:memory-map:read+',
  'qXfer:osdata:read+',
];
const EVENTS = ['fork', 'vfork', 'exec'] as const;

export class RemoteProtocol {
  readonly target: RemoteTarget;
  readonly #host: RemoteHost;
  readonly #files: RemoteFiles;
  readonly #reader = new PacketReader();
  readonly #queue: string[] = [];
  readonly #client: Client = { multiprocess: false, swbreak: false, hwbreak: false };
  /** Processes that gdb attached to by itself: it lets go of them when it ends. */
  readonly #attached = new Set<number>();
  #acknowledges = true;
  #last = '';
  #running = false;
  #interrupted = false;
  #stop: StopEvent = { reason: 'step' };
  /** Threads of the H packet for continuing. */
  #continues: ThreadIds = { pid: -1, tid: -1 };
  #document: { name: string; text: string } | null = null;

  constructor(target: RemoteTarget, host: RemoteHost) {
    this.target = target;
    this.#host = host;
    this.#files = new RemoteFiles(target.kernel);
  }

  /** Whether packets wait for work(). */
  get pending(): boolean {
    return this.#queue.length > 0;
  }

  /** Whether gdb wants the guest to stop. */
  get interrupted(): boolean {
    return this.#interrupted;
  }

  /** Takes what has arrived; acknowledges at once, answers in work(). */
  receive(bytes: string): void {
    for (const received of this.#reader.feed(bytes)) {
      switch (received.kind) {
        case 'packet':
          if (this.#acknowledges) this.#host.send('+');
          this.#queue.push(received.body);
          break;
        case 'damaged':
          if (this.#acknowledges) this.#host.send('-');
          break;
        case 'nak':
          if (this.#acknowledges && this.#last !== '') this.#host.send(this.#last);
          break;
        case 'interrupt':
          // To a guest that stands still it says nothing.
          if (this.#running || this.pending) this.#interrupted = true;
          break;
        case 'ack':
          break;
      }
    }
  }

  /** Answers all packets that wait; returns when gdb has nothing more to say for now. */
  async work(): Promise<void> {
    for (let body = this.#queue.shift(); body !== undefined; body = this.#queue.shift()) {
      const reply = await this.#answer(body);
      if (reply !== null) this.#send(reply);
    }
  }

  #send(body: string): void {
    this.#last = frame(body);
    this.#host.send(this.#last);
  }

  /** The connection is gone: the guest is let go. */
  closed(): void {
    this.#queue.length = 0;
    this.#files.closeAll();
    this.target.detachAll();
  }

  /** @returns the reply; '' for what is not supported, null for none at all. */
  async #answer(body: string): Promise<string | null> {
    const { target } = this;
    const rest = body.slice(1);
    switch (body[0]) {
      case '!':
        return OK;
      case '?':
        return target.selected === null ? 'W00' : stopReply(target, this.#client, this.#lastStop());
      case 'H':
        return this.#selectThread(rest);
      case 'T': {
        const ids = parseThreadId(rest);
        return ids !== null && target.thread(ids.pid, ids.tid) !== null ? OK : ESRCH;
      }
      case 'g':
      case 'G':
      case 'p':
      case 'P':
        return this.#registers(body[0], rest);
      case 'm':
      case 'M':
      case 'X':
        return this.#memory(body[0], rest);
      case 'Z':
      case 'z':
        return this.#breakpoint(body[0] === 'Z', rest);
      case 'c':
      case 's':
      case 'C':
      case 'S':
        return this.#resumeOld(body[0], rest);
      case 'D':
        return this.#detach(rest);
      case 'k':
        for (const { pid } of [...target.control.inferiors]) target.kill(pid);
        return null;
      case 'v':
        return this.#verbose(body);
      case 'q':
      case 'Q':
        return this.#query(body);
      default:
        return ENOTSUP;
    }
  }

  /** What `?` tells again; of an end nothing can be told while something else lives. */
  #lastStop(): StopEvent {
    return this.#stop.reason === 'exited' ? { reason: 'step' } : this.#stop;
  }

  #selectThread(rest: string): string {
    const ids = parseThreadId(rest.slice(1));
    if (ids === null) return EINVAL;
    if (rest[0] === 'c') {
      this.#continues = ids;
      return OK;
    }
    if (rest[0] !== 'g') return ENOTSUP;
    const td = this.target.thread(ids.pid, ids.tid);
    if (td === null) return ESRCH;
    this.target.control.thread = td;
    return OK;
  }

  #registers(letter: string, rest: string): string {
    const td = this.target.selected;
    if (td === null) return ESRCH;
    const { kernel } = this.target;
    const layout = this.target.layout(td);
    if (letter === 'g') return toHex(layout.readAll(kernel, td));
    if (letter === 'G') {
      const bytes = fromHex(rest);
      return bytes !== null && layout.writeAll(kernel, td, bytes) ? OK : EINVAL;
    }
    const [number, value] = rest.split('=');
    const n = hexNumber(number);
    if (n === null) return EINVAL;
    if (letter === 'p') {
      const bytes = layout.read(kernel, td, n);
      return bytes === null ? EINVAL : toHex(bytes);
    }
    const bytes = fromHex(value ?? '');
    return bytes !== null && layout.write(kernel, td, n, bytes) ? OK : EINVAL;
  }

  #memory(letter: string, rest: string): string {
    const match = /^([0-9a-f]{1,8}),([0-9a-f]{1,8})(?::([\s\S]*))?$/i.exec(rest);
    if (match === null) return EINVAL;
    const p = this.target.selected?.td_proc;
    if (p === undefined) return ESRCH;
    const address = parseInt(match[1], 16);
    const length = parseInt(match[2], 16);
    if (letter === 'm') {
      const bytes = this.target.read(p, address, Math.min(length, MEMORY_MAX));
      return bytes.length === 0 && length > 0 ? EFAULT : toHex(bytes);
    }
    const data = match[3];
    if (data === undefined) return EINVAL;
    const bytes = letter === 'M' ? fromHex(data) : bytesOf(unescapeBinary(data));
    if (bytes === null || bytes.length !== length) return EINVAL;
    return this.target.write(p, address, bytes) ? OK : EFAULT;
  }

  #breakpoint(set: boolean, rest: string): string {
    const match = /^([0-9]),([0-9a-f]{1,8}),([0-9a-f]{1,8})/i.exec(rest);
    if (match === null) return EINVAL;
    const p = this.target.selected?.td_proc;
    if (p === undefined) return ESRCH;
    const [type, address, length] = [Number(match[1]), parseInt(match[2], 16), parseInt(match[3], 16)]; // prettier-ignore
    if (!set) return this.target.remove(p, type, address, length) ? OK : ENOTSUP;
    const done = this.target.insert(p, type, address, length);
    return done === null ? ENOTSUP : done ? OK : EINVAL;
  }

  async #resume(plan: (td: Thread) => ResumeAction | null): Promise<string> {
    if (!this.target.control.alive) return 'N';
    this.#running = true;
    try {
      this.#stop = await this.target.resume(plan);
    } finally {
      this.#running = false;
      this.#interrupted = false;
    }
    return stopReply(this.target, this.#client, this.#stop);
  }

  /** `c`, `s` with an address, `C`, `S` with a signal: from before vCont. */
  #resumeOld(letter: string, rest: string): Promise<string> | string {
    const match = /^([0-9a-f]{0,8})(?:;([0-9a-f]{1,8}))?$/i.exec(rest);
    const withSignal = letter === 'C' || letter === 'S';
    const step = letter === 's' || letter === 'S';
    if (match === null || (withSignal && match[1] === '')) return EINVAL;
    const { pid, tid } = this.#continues;
    const chosen = this.target.thread(pid, tid);
    if (chosen === null) return ESRCH;
    const address = withSignal ? match[2] : match[1];
    if (address !== undefined && address !== '') {
      const bytes = new Uint8Array(Uint32Array.of(parseInt(address, 16)).buffer);
      this.target.layout(chosen).write(this.target.kernel, chosen, 8, bytes);
    }
    const signal = withSignal ? parseInt(match[1], 16) : 0;
    return this.#resume((td) => ({
      kind: step && td === chosen ? 'step' : 'continue',
      signal: td === chosen ? signal : 0,
      range: null,
    }));
  }

  #detach(rest: string): string {
    if (rest === '') {
      this.target.detachAll();
      return OK;
    }
    const pid = rest[0] === ';' ? hexNumber(rest.slice(1)) : null;
    return pid !== null && this.target.detach(pid) ? OK : ESRCH;
  }

  async #verbose(body: string): Promise<string> {
    if (body === 'vCont?') return 'vCont;c;C;s;S;t;r';
    if (body.startsWith('vCont;')) {
      const plan = parseVCont(body.slice(6));
      return plan === null ? EINVAL : this.#resume(plan);
    }
    if (body.startsWith('vFile:')) {
      const pid = this.target.selected?.td_proc.p_pid ?? 0;
      return this.#files.answer(body.slice(6), pid) ?? ENOTSUP;
    }
    const [word, number] = body.split(';');
    const pid = hexNumber(number);
    if (word === 'vKill') return pid !== null && this.target.kill(pid) ? OK : ESRCH;
    if (word === 'vAttach') {
      if (pid === null || !this.target.attach(pid)) return ESRCH;
      this.#attached.add(pid);
      this.#stop = { reason: 'step' };
      return stopReply(this.target, this.#client, this.#stop);
    }
    return ENOTSUP;
  }

  async #query(body: string): Promise<string | null> {
    const { target } = this;
    const colon = body.search(/[:,]/);
    const word = colon < 0 ? body : body.slice(0, colon);
    const rest = colon < 0 ? '' : body.slice(colon + 1);
    switch (word) {
      case 'qSupported':
        return this.#supported(rest);
      case 'QStartNoAckMode':
        this.#acknowledges = false;
        return OK;
      case 'qC':
        return target.selected === null ? ESRCH : `QC${threadId(target.selected, this.#client)}`;
      case 'qfThreadInfo':
        return `m${target
          .threads()
          .map((td) => threadId(td, this.#client))
          .join()}`;
      case 'qsThreadInfo':
        return 'l';
      case 'qThreadExtraInfo': {
        const ids = parseThreadId(rest);
        const td = ids === null ? null : target.thread(ids.pid, ids.tid);
        return td === null ? ESRCH : toHex(bytesOf(threadState(td)));
      }
      case 'qAttached':
        return this.#attached.has(hexNumber(rest) ?? 0) ? '1' : '0';
      case 'qSymbol':
        return OK;
      case 'qXfer':
        return this.#transfer(rest);
      case 'qCRC':
        return this.#crc(rest);
      case 'qRcmd': {
        const line = fromHex(rest);
        return line === null ? EINVAL : this.#monitor(textOf(line));
      }
      case 'QPassSignals':
        return this.#passSignals(rest);
      default:
        return ENOTSUP;
    }
  }

  #supported(rest: string): string {
    const said = new Set(rest.split(';'));
    const client = this.#client;
    client.multiprocess = said.has('multiprocess+');
    client.swbreak = said.has('swbreak+');
    client.hwbreak = said.has('hwbreak+');
    const events: string[] = [];
    for (const event of EVENTS) {
      const wanted = client.multiprocess && said.has(`${event}-events+`);
      this.target.reports[event] = wanted;
      if (wanted) events.push(`${event}-events+`);
    }
    return [...FEATURES, ...events].join(';');
  }

  #transfer(rest: string): string {
    const match = /^([\w-]+):read:([^:]*):([0-9a-f]{1,8}),([0-9a-f]{1,8})$/i.exec(rest);
    if (match === null) return ENOTSUP;
    const [, object, annex] = match;
    const offset = parseInt(match[3], 16);
    const name = `${object}:${annex}`;
    // Pieces of one document belong together, whatever the guest has done in between.
    if (offset === 0 || this.#document?.name !== name) {
      const text = remoteDocument(this.target, object, annex);
      if (text === null) return 'E00';
      this.#document = { name, text };
    }
    const { text } = this.#document;
    const end = offset + Math.min(parseInt(match[4], 16), PACKET_SIZE / 2 - 16);
    return `${end >= text.length ? 'l' : 'm'}${escapeBinary(text.slice(offset, end))}`;
  }

  #crc(rest: string): string {
    const [at, count] = rest.split(',');
    const address = hexNumber(at);
    const length = hexNumber(count);
    const p = this.target.selected?.td_proc;
    if (address === null || length === null || length > CRC_MAX || p === undefined) return EINVAL;
    const bytes = this.target.read(p, address, length);
    return bytes.length < length ? EFAULT : `C${crc32(bytes).toString(16)}`;
  }

  async #monitor(line: string): Promise<string> {
    const text = await this.#host.monitor(line);
    const size = MEMORY_MAX;
    for (let at = 0; at < text.length; at += size)
      this.#send(`O${toHex(bytesOf(text.slice(at, at + size)))}`);
    return OK;
  }

  /** Signals that neither stop the guest nor are told. */
  #passSignals(rest: string): string {
    const { signals } = this.target.control;
    const td = this.target.selected;
    const linux = td !== null && this.target.isLinux(td.td_proc);
    for (let signo = 1; signo <= 128; signo++)
      signals.set(signo, { stop: true, print: false, pass: true });
    for (const text of rest.split(';')) {
      const signo = fromGdbSignal(hexNumber(text) ?? 0, linux);
      if (signo !== 0) signals.set(signo, { stop: false, print: false, pass: true });
    }
    return OK;
  }
}
