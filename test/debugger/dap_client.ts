// A client of the debug adapter: sends requests and waits for answers and events.

import { MessageReader, encodeMessage } from '../../tools/dap/framing.js';

export interface Message {
  seq: number;
  type: string;
  request_seq?: number;
  success?: boolean;
  command?: string;
  event?: string;
  message?: string;
  body?: Body;
}

/** A body of which the tests know what is in it. */
export type Body = Record<string, unknown>;

const PATIENCE_MS = 20_000;

export class DapClient {
  /** All that came, in order. */
  readonly messages: Message[] = [];
  readonly #reader = new MessageReader();
  readonly #write: (bytes: Uint8Array) => void;
  #seq = 1;
  /** Messages up to here were waited for. */
  #seen = 0;
  #wake: (() => void)[] = [];

  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  /** Bytes of the adapter's. */
  receive(bytes: Uint8Array): void {
    for (const frame of this.#reader.push(bytes)) {
      if (!('value' in frame)) throw new Error(frame.error);
      this.messages.push(frame.value as Message);
    }
    for (const wake of this.#wake.splice(0)) wake();
  }

  raw(text: string): void {
    this.#write(Buffer.from(text));
  }

  send(command: string, args?: unknown): number {
    const seq = this.#seq++;
    this.#write(encodeMessage({ seq, type: 'request', command, arguments: args }));
    return seq;
  }

  async #until(found: () => Message | undefined, what: string): Promise<Message> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const message = found();
      if (message !== undefined) return message;
      const left = deadline - Date.now();
      if (left <= 0)
        throw new Error(`no ${what}; the last: ${JSON.stringify(this.messages.slice(-5))}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** The answer to the request of that number. */
  answer(seq: number): Promise<Message> {
    const isAnswer = (m: Message): boolean => m.type === 'response' && m.request_seq === seq;
    return this.#until(() => this.messages.find(isAnswer), `answer to ${seq}`);
  }

  /** Sends a request. @returns the body of its answer. @throws Error when it failed. */
  async request<T = Body>(command: string, args?: unknown): Promise<T> {
    const answer = await this.answer(this.send(command, args));
    if (answer.success !== true) throw new Error(answer.message);
    return (answer.body ?? {}) as T;
  }

  /** The message of the answer to a request that must fail. */
  async refused(command: string, args?: unknown): Promise<string> {
    const answer = await this.answer(this.send(command, args));
    if (answer.success === true) throw new Error(`${command} went well`);
    return answer.message ?? '';
  }

  /** The next event of that name that was not waited for yet. */
  async event(name: string): Promise<Body> {
    const message = await this.#until(() => {
      const at = this.messages.findIndex((m, i) => i >= this.#seen && m.event === name);
      if (at >= 0) this.#seen = at + 1;
      return this.messages[at];
    }, `event ${name}`);
    return message.body ?? {};
  }

  /** Sends a request that moves the guest. @returns how it stopped. */
  async move(command: string, args: Body = {}): Promise<Body> {
    await this.request(command, { threadId: await this.threadId(), ...args });
    return this.event('stopped');
  }

  async threadId(): Promise<number> {
    const { threads } = await this.request<{ threads: { id: number }[] }>('threads');
    return threads[0].id;
  }

  /** What the guest wrote, or the adapter said, so far. */
  output(category: string): string {
    return this.messages
      .filter((m) => m.event === 'output' && m.body?.['category'] === category)
      .map((m) => String(m.body?.['output']))
      .join('');
  }

  /** `function:line` of the frames of the first thread. */
  async stack(): Promise<string[]> {
    const frames = await this.frames();
    return frames.map(({ name, line }) => `${name}:${line}`);
  }

  async frames(): Promise<FrameBody[]> {
    const threadId = await this.threadId();
    const { stackFrames } = await this.request<{ stackFrames: FrameBody[] }>('stackTrace', {
      threadId,
    });
    return stackFrames;
  }

  /** The variables of a scope of the frame at `level`, or below a path of names in it. */
  async variables(scope: string, level = 0, ...path: string[]): Promise<VariableBody[]> {
    const frameId = (await this.frames())[level].id;
    const { scopes } = await this.request<{ scopes: ScopeBody[] }>('scopes', { frameId });
    let reference = scopes.find(({ name }) => name === scope)?.variablesReference ?? 0;
    let found = await this.children(reference);
    for (const name of path) {
      reference = found.find((v) => v.name === name)?.variablesReference ?? 0;
      found = await this.children(reference);
    }
    return found;
  }

  async children(variablesReference: number, more: Body = {}): Promise<VariableBody[]> {
    const { variables } = await this.request<{ variables: VariableBody[] }>('variables', {
      variablesReference,
      ...more,
    });
    return variables;
  }

  async evaluate(expression: string, context = 'watch'): Promise<string> {
    const [frame] = await this.frames();
    const body = await this.request<{ result: string }>('evaluate', {
      expression,
      context,
      frameId: frame?.id,
    });
    return body.result;
  }
}

export interface FrameBody {
  id: number;
  name: string;
  line: number;
  source?: { path: string };
  instructionPointerReference: string;
}

interface ScopeBody {
  name: string;
  variablesReference: number;
}

export interface VariableBody {
  name: string;
  value: string;
  type?: string;
  variablesReference: number;
  memoryReference?: string;
  evaluateName?: string;
  indexedVariables?: number;
}
