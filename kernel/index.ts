// The public surface of the kernel: all that the tools and tests may use.

export { createKernel, kernel_check, kernel_run, kernel_signal } from './kernel.js';
export type { KernelExit, KernelLimits } from './kernel.js';
export { kernel_mount_root, spawn_init } from './kern/init_main.js';
export type { init_params } from './kern/init_main.js';
export type { Kernel, KernelOptions } from './sys/kernel.js';
export type { Host, HostDirectory, HostStat } from './sys/host.js';
export * from './sys/event.js';
export { KernelPanic } from './sys/panic.js';
export { npx_tag_word, npxgetregs } from './i386/npx.js';
export * from './sys/signal.js';
export type { Proc, Thread } from './sys/proc.js';
export { proc_writemem } from './kern/sys_process.js';
export type { vm_map_entry, vm_object, vmmeter } from './vm/vm_types.js';
export { vfs_host_file, vfs_mount_host, vfs_write_file } from './fs/vfs_init.js';
export { stdin_eof, stdin_input, stdin_wanted } from './kern/host_stream.js';
export type { host_stream_kind } from './kern/host_stream.js';
export { tty_create, tty_hangup, tty_input, tty_resize } from './kern/tty.js';
export type { tty } from './kern/tty_types.js';
export { vm_check } from './vm/vm_check.js';
