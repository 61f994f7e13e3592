// Kernel assertions (sys/systm.h KASSERT, kern_shutdown.c panic).

/** A broken invariant of the kernel itself; never caused by what a guest does. */
export class KernelPanic extends Error {
  override name = 'KernelPanic';
}

/** Stops the kernel. */
export function panic(message: string): never {
  throw new KernelPanic(`panic: ${message}`);
}

/** Panics with a lazily built message unless `condition` holds. */
export function KASSERT(condition: boolean, message: () => string): asserts condition {
  if (!condition) panic(message());
}
