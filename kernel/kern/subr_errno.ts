// Errors in words, for lines that people read.

const TEXTS: Record<number, string> = {
  1: 'operation not permitted',
  2: 'no such file or directory',
  5: 'input/output error',
  7: 'argument list too long',
  8: 'exec format error',
  12: 'cannot allocate memory',
  13: 'permission denied',
  14: 'bad address',
  20: 'not a directory',
  21: 'is a directory',
  22: 'invalid argument',
  26: 'text file busy',
  40: 'message too long',
  62: 'too many levels of symbolic links',
  63: 'file name too long',
};

/** What FreeBSD's errno `error` means. */
export function errno_text(error: number): string {
  return TEXTS[error] ?? `error ${error}`;
}
