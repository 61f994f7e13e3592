// The terminal's state (sys/tty.h).

import type { pgrp, session } from '../sys/proc.js';

export interface termios {
  c_iflag: number;
  c_oflag: number;
  c_cflag: number;
  c_lflag: number;
  c_cc: Uint8Array;
  c_ispeed: number;
  c_ospeed: number;
}

export interface winsize {
  ws_row: number;
  ws_col: number;
  ws_xpixel: number;
  ws_ypixel: number;
}

export interface tty {
  t_termios: termios;
  t_winsize: winsize;
  t_session: session | null;
  t_pgrp: pgrp | null;
  /** Input ready to be read: whole lines in canonical mode. */
  t_inq: number[];
  /** Lengths of the lines in t_inq (a length of 0 is an end of file). */
  t_lines: number[];
  /** The line being edited. */
  t_edit: number[];
  /** Column, for tabs and erasing. */
  t_column: number;
  t_stopped: boolean;
  /** The next character is taken literally (VLNEXT). */
  t_literal: boolean;
}
