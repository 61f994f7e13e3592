// What comes from outside the machine. Handed in by whoever creates the kernel;
// the kernel keeps no other way to reach its host.

/** One directory entry or file of the host, as far as guests may see it. */
export interface HostStat {
  kind: 'file' | 'directory' | 'symlink' | 'other';
  /** Bytes. */
  size: number;
  /** Permission bits, 0..0o7777. */
  mode: number;
  uid: number;
  gid: number;
  /** Stable identity of the file on the host. */
  ino: number;
  nlink: number;
  /** Nanoseconds since 1970. */
  mtimeNs: number;
  atimeNs: number;
  ctimeNs: number;
}

/**
 * A host directory shown to guests, read-only. Paths are binary strings relative to the shared
 * directory, without a leading slash ('' is the directory itself); the provider follows no
 * symbolic link, so that a guest cannot leave the directory.
 * Every call returns null when the file is not there or cannot be read.
 */
export interface HostDirectory {
  lstat(path: string): HostStat | null;
  readdir(path: string): string[] | null;
  readlink(path: string): string | null;
  /** Reads at most `into.length` bytes at `offset`; returns how many, 0 at the end of the file. */
  read(path: string, offset: number, into: Uint8Array): number | null;
}

export interface Host {
  /**
   * Output of the console; fd is 1 or 2, so that a guest's stderr can be told apart.
   * @returns the errno for the guest when the bytes could not be written: EPIPE when nobody reads.
   */
  consoleWrite(fd: 1 | 2, bytes: Uint8Array): number | undefined;
  /** One line of ours (unknown system call, console message of the kernel); no newline. */
  log(line: string): void;
  /** Nanoseconds since 1970. Asked once at boot; afterwards time is the machine's. */
  wallClockNs(): number;
  /** Fills `into` with random bytes. */
  entropy(into: Uint8Array): void;
}
