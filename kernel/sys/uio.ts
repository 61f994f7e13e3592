// A transfer between the kernel and somewhere (sys/uio.h).

export interface iovec {
  /** Guest virtual address. */
  iov_base: number;
  /** Bytes. */
  iov_len: number;
}

export interface uio {
  /** User buffers, or `uio_kernel` for a transfer within the kernel. */
  uio_iov: iovec[];
  uio_kernel: Uint8Array | null;
  /** Bytes done so far, from the start of the buffers. */
  uio_done: number;
  /** Bytes left. */
  uio_resid: number;
  /** File offset in bytes. */
  uio_offset: number;
}
