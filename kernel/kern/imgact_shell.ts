// Scripts: `#! interpreter [argument]` (imgact_shell.c).

import { ENAMETOOLONG, ENOEXEC } from '../sys/errno.js';
import type { image_params } from '../sys/imgact.js';

/** The first line of a script. */
export interface shell_script {
  interpreter: string;
  /** Nothing, or the rest of the line as one argument. */
  options: string[];
}

const isblank = (c: number): boolean => c === 0x20 || c === 0x09;

/**
 * The interpreter of a script; 0 when the file is none, or an errno.
 * ENAMETOOLONG when the line does not end in the first page, ENOEXEC without an interpreter.
 */
export function exec_shell_imgact(imgp: image_params): shell_script | number {
  const h = imgp.image_header;
  if (h.length < 2 || h[0] !== 0x23 || h[1] !== 0x21) return 0;
  let at = 2;
  while (at < h.length && isblank(h[at])) at++;
  const nameStart = at;
  while (at < h.length && !isblank(h[at]) && h[at] !== 0x0a && h[at] !== 0x23 && h[at] !== 0) at++;
  if (at === nameStart) return ENOEXEC;
  const interpreter = String.fromCharCode(...h.subarray(nameStart, at));
  let end = at;
  while (end < h.length && h[end] !== 0x0a && h[end] !== 0) end++;
  if (end === h.length && imgp.image_size > h.length) return ENAMETOOLONG;
  while (at < end && isblank(h[at])) at++;
  while (end > at && isblank(h[end - 1])) end--;
  const rest = String.fromCharCode(...h.subarray(at, end));
  return { interpreter, options: rest === '' ? [] : [rest] };
}
