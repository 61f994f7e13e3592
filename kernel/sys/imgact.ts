// The image that execve is loading (sys/imgact.h).

import type { vnode } from './vnode.js';

/** Arguments of execve, as binary strings. */
export interface image_args {
  fname: string;
  argv: string[];
  envv: string[];
}

export interface image_params {
  args: image_args;
  vp: vnode;
  /** First page of the file. */
  image_header: Uint8Array;
  /** Size of the file in bytes. */
  image_size: number;
  interpreted: boolean;
  /** Path of the interpreter of a script. */
  interpreter_name: string;
  execpath: string;
  entry_addr: number;
  /** Relocation base of a position-independent image. */
  reloc_base: number;
  /** Auxiliary vector: type and value, without AT_NULL. */
  auxargs: [type: number, value: number][];
  /** VM_PROT_* of the stack, 0 for the default. */
  stack_prot: number;
  /** From the notes. */
  osrel: number;
  ps_strings: number;
  /** Where argv and env strings ended up on the stack, for procfs and ps. */
  arg_start: number;
  env_start: number;
}
