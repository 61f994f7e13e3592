// Where gdb is waited for.

import { UsageError } from '../cli/options.js';

export type ListenAddress = { host: string; port: number } | { path: string };

const LOOPBACK = '127.0.0.1';

/**
 * Reads `PORT`, `HOST:PORT` or the path of a socket. A port alone is one of this machine's own.
 * @throws UsageError for a port that is none.
 */
export function parseAddress(text: string): ListenAddress {
  const match = /^(?:(\[[\da-f:.]+\]|[^/:]*):)?(\d+)$/i.exec(text);
  if (match === null) {
    if (text === '' || text.includes('\0') || /^[^/]*:\w*$/.test(text))
      throw new UsageError(`--gdb wants [HOST:]PORT or the path of a socket, not '${text}'`);
    return { path: text };
  }
  const port = Number(match[2]);
  if (port > 65535) throw new UsageError(`--gdb: ${match[2]} is no port (0 to 65535)`);
  const host = (match[1] ?? '').replace(/^\[|\]$/g, '');
  return { host: host === '' ? LOOPBACK : host, port };
}
