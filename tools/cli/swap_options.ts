// --swap and --swap-file: the disks that the guest kernel swaps to.

import type { swap_device } from '../../kernel/index.js';
import { SwapFileError, openSwapFile } from '../host/node_swap_file.js';
import { UsageError, parseSize } from './options.js';
import type { ParsedOptions } from './options.js';

const MB = 1 << 20;
const PAGE_SIZE = 4096;

/** FILE or FILE:SIZE; a colon that no size follows belongs to the name. */
function splitFile(text: string): [path: string, bytes: number | null] {
  const match = /^(.+):(\d+[kmg]?(?:i?b)?)$/i.exec(text);
  if (match === null) return [text, null];
  const bytes = parseSize('--swap-file', match[2], MB, 4096 * MB);
  return [match[1], bytes - (bytes % PAGE_SIZE)];
}

/** The disks asked for; 128M in memory when none is. @throws UsageError */
export function swapDevices(options: ParsedOptions): swap_device[] {
  const sizes = options.values.get('swap');
  const files = options.values.get('swap-file') ?? [];
  const inMemory = sizes ?? (files.length > 0 ? [] : ['128M']);
  const devices: swap_device[] = inMemory.map((text) => {
    const bytes = parseSize('--swap', text, 0, 4096 * MB);
    return { bytes: bytes - (bytes % PAGE_SIZE), file: null };
  });
  for (const text of files) {
    const [path, bytes] = splitFile(text);
    try {
      const file = openSwapFile(path, bytes);
      if (file.size < MB) {
        file.close();
        throw new UsageError(`cannot swap to ${path}: it is smaller than 1M`);
      }
      devices.push({ bytes: file.size, file });
    } catch (error) {
      if (error instanceof SwapFileError) throw new UsageError(error.message);
      throw error;
    }
  }
  return devices;
}
