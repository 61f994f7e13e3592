// faultline dap: a debug adapter for editors, on standard input and output or on a port.

import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { Adapter } from '../dap/adapter.js';
import { encodeMessage } from '../dap/framing.js';
import { UsageError, describeOptions, parseOptions, valueOf } from './options.js';
import type { OptionSpec } from './options.js';

const DAP_OPTIONS: readonly OptionSpec[] = [
  {
    names: ['--port'],
    value: 'N',
    help: 'listen on port N of the loopback interface (0: any that is free;\nits number is printed) instead of using standard input and output',
  },
  { names: ['-h', '--help'], help: 'this text' },
];

function dapHelp(): string {
  return `Usage: faultline dap [OPTION...]

A debug adapter: an editor that speaks the Debug Adapter Protocol starts it, and
debugs guest programs with it, forwards and backwards. The program and all else
about it are attributes of the editor's launch request; docs/debug-adapter.md
lists them, with a launch.json for VS Code.

Options:
${describeOptions(DAP_OPTIONS)}
`;
}

/** Serves one client. @returns when it has gone. */
function serve(input: Readable, output: Writable): Promise<void> {
  return new Promise((resolve) => {
    let full: Promise<void> = Promise.resolve();
    const adapter = new Adapter({
      send(message) {
        if (output.destroyed || output.write(encodeMessage(message))) return;
        full = new Promise((done) => {
          const settle = (): void => {
            output.off('drain', settle).off('close', settle);
            done();
          };
          output.on('drain', settle).on('close', settle);
        });
      },
      drained: () => full,
      end: () => finish(),
    });
    let finished = false;
    const finish = (): void => {
      if (finished) return;
      finished = true;
      input.off('data', receive);
      void adapter.close().then(() => {
        if (output.destroyed) resolve();
        else output.write('', () => resolve());
      });
    };
    const receive = (bytes: Buffer): void => adapter.receive(bytes);
    input.on('data', receive).on('end', finish).on('close', finish).on('error', finish);
    output.on('error', finish);
  });
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65535))
    throw new UsageError(`--port wants a number from 0 to 65535, not '${text}'`);
  return port;
}

/** Serves one client after another until the process is ended. */
function listen(port: number): Promise<number> {
  return new Promise((_resolve, reject) => {
    const server = createServer((socket: Socket) => {
      void serve(socket, socket).then(() => socket.destroy());
    });
    server.on('error', (error) => reject(new UsageError(`cannot listen: ${error.message}`)));
    server.listen(port, '127.0.0.1', () => {
      const { port: actual } = server.address() as AddressInfo;
      process.stdout.write(`listening on 127.0.0.1:${actual}\n`);
    });
  });
}

/** Runs `faultline dap` with its words. @returns the exit status. @throws UsageError */
export async function dapCommand(words: string[]): Promise<number> {
  const options = parseOptions(DAP_OPTIONS, words);
  if (options.flags.has('help')) {
    process.stdout.write(dapHelp());
    return 0;
  }
  if (options.rest.length > 0)
    throw new UsageError(
      `dap takes no '${options.rest[0]}': the program is an attribute of the launch request`,
    );
  const port = valueOf(options, 'port');
  if (port !== undefined) return listen(portOf(port));
  if (process.stdin.isTTY)
    process.stderr.write('faultline: this speaks the Debug Adapter Protocol with an editor\n');
  await serve(process.stdin, process.stdout);
  return 0;
}
