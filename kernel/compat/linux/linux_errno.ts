// FreeBSD's errno to Linux's (include/uapi/asm-generic/errno*.h). The first 34 agree but for
// EDEADLK, which is EAGAIN's number there.

// prettier-ignore
const BSD_TO_LINUX = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
  10, 35, 12, 13, 14, 15, 16, 17, 18, 19,
  20, 21, 22, 23, 24, 25, 26, 27, 28, 29,
  30, 31, 32, 33, 34, 11, 115, 114, 88, 89,
  90, 91, 92, 93, 94, 95, 96, 97, 98, 99,
  100, 101, 102, 103, 104, 105, 106, 107, 108, 109,
  110, 111, 40, 36, 112, 113, 39, 11, 87, 122,
  116, 66, 6, 6, 6, 6, 6, 37, 38, 22,
  6, 6, 43, 42, 75, 125, 84, 61, 22, 74,
  72, 67, 71, 1, 1, 131, 130,
];

const LINUX_EINVAL = 22;

/** The Linux number (positive) for a FreeBSD errno. */
export function bsd_to_linux_errno(error: number): number {
  return BSD_TO_LINUX[error] ?? LINUX_EINVAL;
}
