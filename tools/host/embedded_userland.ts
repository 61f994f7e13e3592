// The guest programs that travel with the package, and the few files a system around them has.

import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { vfs_mount_host, vfs_write_file } from '../../kernel/index.js';
import type { HostDirectory, HostStat, Kernel } from '../../kernel/index.js';
import { nodeDirectory } from './node_directory.js';

/** Compiled by `npm run userland`; beside dist/ in the repository and in the package. */
const prebuilt = fileURLToPath(new URL('../userland/prebuilt', import.meta.url));

const ETC: readonly (readonly [name: string, text: string])[] = [
  ['passwd', 'root:*:0:0:Charlie &:/root:/bin/sh\nnobody:*:65534:65534:Nobody:/:/bin/false\n'],
  ['group', 'wheel:*:0:root\nnobody:*:65534:\n'],
  [
    'motd',
    `Welcome to Faultline, a 32-bit x86 machine with a FreeBSD-style kernel.

What the kernel does:  tour   vmstat -s   procstat -v $$   sysctl vm   ps -axl
Programs are in /bin. Nothing you write outlives this session.

`,
  ],
  ['profile', 'umask 022\nif [ -t 0 ] && [ -r /etc/motd ]; then cat /etc/motd; fi\n'],
  ['shells', '/bin/sh\n'],
];

/** The programs as root's, whoever installed the package and with whatever umask. */
function ownedByRoot(directory: HostDirectory): HostDirectory {
  return {
    ...directory,
    lstat(path): HostStat | null {
      const s = directory.lstat(path);
      return s === null ? null : { ...s, uid: 0, gid: 0, mode: path === '' ? 0o755 : 0o555 };
    },
  };
}

/**
 * Puts the programs into /bin of a machine whose root is its own, and accounts, profile and
 * message of the day into /etc. Nothing is read before a guest asks for it.
 */
export function installUserland(k: Kernel): void {
  if (statSync(prebuilt, { throwIfNoEntry: false })) {
    vfs_mount_host(k, '/bin', ownedByRoot(nodeDirectory(prebuilt)), 'faultline');
  }
  for (const [name, text] of ETC) {
    vfs_write_file(k, `/etc/${name}`, Buffer.from(text, 'latin1'), 0o644);
  }
}
