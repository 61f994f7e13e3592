// kern.*, hw.*, machdep.* and their like (kern_mib.c and others).

import { EINVAL } from '../sys/errno.js';
import type { Kernel } from '../sys/kernel.js';
import {
  ARG_MAX,
  DFLDSIZ,
  DFLSSIZ,
  MAXDSIZ,
  MAXSSIZ,
  MAXTSIZ,
  PAGE_SIZE,
  SGROWSIZ,
  USRSTACK,
} from '../sys/param.js';
import { NSEC_PER_SEC, hz, stathz } from '../sys/time.js';
import { latin1 } from '../i386/support.js';
import { VM_PROT_ALL } from '../vm/vm_param.js';
import { __FreeBSD_version } from '../i386/elf_machdep.js';
import { mib_int, mib_quad, mib_string, state_int } from './subr_mib.js';
import type { sysctl_oid } from './subr_mib.js';

export const OSTYPE = 'FreeBSD';
export const OSRELEASE = '11.0-RELEASE';
export const VERSION = 'FreeBSD 11.0-RELEASE (FAULTLINE)\n';

/** sizeof(cpuset_t) for 32 processors. */
export const CPUSET_BYTES = 4;

type value = (k: Kernel) => Uint8Array;

const ro = (name: string, number: number | undefined, fmt: string, get: value): sysctl_oid => ({
  name,
  number,
  fmt,
  get,
});
const int = (name: string, number: number | undefined, get: (k: Kernel) => number): sysctl_oid =>
  ro(name, number, 'I', (k) => mib_int(get(k)));
const uint = (name: string, number: number | undefined, get: (k: Kernel) => number): sysctl_oid =>
  ro(name, number, 'IU', (k) => mib_int(get(k)));
const ulong = (name: string, number: number | undefined, get: (k: Kernel) => number): sysctl_oid =>
  ro(name, number, 'LU', (k) => mib_int(get(k)));
const string = (name: string, number: number | undefined, get: (k: Kernel) => string): sysctl_oid =>
  ro(name, number, 'A', (k) => mib_string(get(k)));
/** A number that nothing depends on, but that can be read and set. */
const knob = (name: string, initial: number, number?: number): sysctl_oid => ({
  name,
  number,
  fmt: 'I',
  get: (k) => mib_int(Number(k.kern.sysctl_values.get(name) ?? initial)),
  set(k, _td, v) {
    if (v.length !== 4) return EINVAL;
    k.kern.sysctl_values.set(name, new DataView(v.buffer, v.byteOffset).getInt32(0, true));
    return 0;
  },
});
function text_of(v: Uint8Array): string {
  const end = v.indexOf(0);
  return latin1(v, 0, end < 0 ? v.length : end);
}

/** CPU time by state in ticks of the statistics clock. */
function cp_time(k: Kernel): Uint8Array {
  return mib_int(...k.kern.cp_time.map((ns) => Math.floor((ns / NSEC_PER_SEC) * stathz)));
}

function arandom(k: Kernel): Uint8Array {
  const bytes = new Uint8Array(256);
  k.host.entropy(bytes);
  return bytes;
}

const FSCALE = 2048;

const USER_NAMES = [
  'bc_base_max', 'bc_dim_max', 'bc_scale_max', 'bc_string_max', 'coll_weights_max', 'expr_nest_max',
  'line_max', 're_dup_max', 'posix2_version',
  'posix2_c_bind', 'posix2_c_dev', 'posix2_char_term', 'posix2_fort_dev', 'posix2_fort_run', 'posix2_localedef',
  'posix2_sw_dev', 'posix2_upe', 'stream_max', 'tzname_max',
]; // prettier-ignore

const POSIX_2001 = 200112;
/** Optional parts of POSIX.1b by number from 1; 0 for what there is not (posix4_mib.c). */
const P1003_1B: readonly (readonly [name: string, value: number])[] = [
  ['asynchronous_io', 0],
  ['mapped_files', POSIX_2001],
  ['memlock', 0],
  ['memlock_range', 0],
  ['memory_protection', 0],
  ['message_passing', 0],
  ['prioritized_io', 0],
  ['priority_scheduling', POSIX_2001],
  ['realtime_signals', POSIX_2001],
  ['semaphores', 0],
  ['fsync', POSIX_2001],
  ['shared_memory_objects', POSIX_2001],
  ['synchronized_io', 0],
  ['timers', POSIX_2001],
  ['aio_listio_max', 0],
  ['aio_max', 0],
  ['aio_prio_delta_max', 0],
  ['delaytimer_max', 0x7fffffff],
  ['mq_open_max', 0],
  ['pagesize', PAGE_SIZE],
  ['rtsig_max', 62],
  ['sem_nsems_max', 0],
  ['sem_value_max', 0],
  ['sigqueue_max', 128],
  ['timer_max', 32],
];

export const kern_mib: readonly sysctl_oid[] = [
  string('kern.ostype', 1, () => OSTYPE),
  string('kern.osrelease', 2, () => OSRELEASE),
  int('kern.osrevision', 3, () => 199506),
  string('kern.version', 4, () => VERSION),
  knob('kern.maxvnodes', 40000, 5),
  int('kern.maxproc', 6, (k) => k.kern.maxproc),
  int('kern.maxfiles', 7, (k) => k.kern.maxfiles),
  int('kern.argmax', 8, () => ARG_MAX),
  knob('kern.securelevel', -1, 9),
  {
    name: 'kern.hostname',
    number: 10,
    fmt: 'A',
    get: (k) => mib_string(k.kern.hostname),
    set(k, _td, v) {
      k.kern.hostname = text_of(v).slice(0, 255);
      return 0;
    },
  },
  knob('kern.hostid', 0, 11),
  ro('kern.clockrate', 12, 'S,clockinfo', () => mib_int(hz, 1e6 / hz, 0, stathz, 8128)),
  int('kern.posix1version', 17, () => 200112),
  int('kern.ngroups', 18, () => 1023),
  int('kern.job_control', 19, () => 1),
  int('kern.saved_ids', 20, () => 0),
  ro('kern.boottime', 21, 'S,timeval', (k) =>
    mib_int(
      Math.floor(k.kern.boottime / NSEC_PER_SEC),
      Math.floor((k.kern.boottime % NSEC_PER_SEC) / 1000),
    ),
  ),
  {
    name: 'kern.domainname',
    number: 22,
    fmt: 'A',
    get: (k) => mib_string(k.kern.domainname),
    set(k, _td, v) {
      k.kern.domainname = text_of(v).slice(0, 255);
      return 0;
    },
  },
  int('kern.osreldate', 24, () => __FreeBSD_version),
  string('kern.bootfile', 26, () => '/boot/kernel/kernel'),
  int('kern.maxfilesperproc', 27, (k) => k.kern.maxfilesperproc),
  int('kern.maxprocperuid', 28, (k) => k.kern.maxprocperuid),
  ulong('kern.ps_strings', 32, () => USRSTACK - 16),
  ulong('kern.usrstack', 33, () => USRSTACK),
  state_int('kern.logsigexit', 34, (k) => Number(k.kern.log_sigexit), (k, v) => {
    k.kern.log_sigexit = v !== 0;
  }), // prettier-ignore
  int('kern.iov_max', 35, () => 1024),
  string('kern.hostuuid', 36, () => '00000000-0000-0000-0000-000000000000'),
  ro('kern.arandom', 37, 'Q', arandom),
  int('kern.maxusers', undefined, (k) => k.kern.maxusers),
  int('kern.nbuf', undefined, (k) => k.kern.nbuf),
  ulong('kern.ipc.maxpipekva', undefined, (k) => k.kern.maxpipekva),
  ulong('kern.ipc.pipekva', undefined, (k) => k.kern.amountpipekva),
  int('kern.openfiles', undefined, (k) => k.vfs.open_files),
  knob('kern.coredump', 0),
  knob('kern.sugid_coredump', 0),
  ro('kern.cp_time', undefined, 'L', cp_time),
  ro('kern.cp_times', undefined, 'L', cp_time),
  string('kern.ident', undefined, () => 'FAULTLINE'),
  int('kern.smp.cpus', undefined, () => 1),
  int('kern.smp.active', undefined, () => 0),
  int('kern.smp.maxcpus', undefined, () => 1),
  string('kern.sched.name', undefined, () => '4BSD'),
  int('kern.sched.quantum', undefined, () => 10000),
  int('kern.sched.cpusetsize', undefined, () => CPUSET_BYTES),
  ulong('kern.maxtsiz', undefined, () => MAXTSIZ),
  ulong('kern.dfldsiz', undefined, () => DFLDSIZ),
  ulong('kern.maxdsiz', undefined, () => MAXDSIZ),
  ulong('kern.dflssiz', undefined, () => DFLSSIZ),
  ulong('kern.maxssiz', undefined, () => MAXSSIZ),
  ulong('kern.sgrowsiz', undefined, () => SGROWSIZ),
  int('kern.stackprot', undefined, () => VM_PROT_ALL),
  string('kern.console', undefined, () => '/'),
  knob('kern.elf32.fallback_brand', 3),
  int('kern.fscale', undefined, () => FSCALE),
  // exp(-1/20): how fast ki_pctcpu forgets.
  uint('kern.ccpu', undefined, () => Math.floor(Math.exp(-1 / 20) * FSCALE)),
  int('kern.pid_max', undefined, () => 99999),
  int('kern.lastpid', undefined, (k) => k.kern.lastpid),
  int('kern.ps_arg_cache_limit', undefined, (k) => k.kern.ps_arg_cache_limit),
  string('kern.timecounter.hardware', undefined, () => 'instructions'),
  int('kern.ipc.maxsockbuf', undefined, () => 2097152),
  string('hw.machine', 1, () => 'i386'),
  string('hw.model', 2, () => 'Faultline i686'),
  int('hw.ncpu', 3, () => 1),
  int('hw.byteorder', 4, () => 1234),
  ro('hw.physmem', 5, 'LU', (k) => mib_int(k.machine.ramBytes)),
  ro('hw.usermem', 6, 'LU', (k) => mib_int(k.machine.ramBytes - k.vm.cnt.v_wire_count * PAGE_SIZE)),
  int('hw.pagesize', 7, () => PAGE_SIZE),
  int('hw.floatingpoint', 10, () => 1),
  string('hw.machine_arch', 11, () => 'i386'),
  ro('hw.realmem', 12, 'LU', (k) => mib_int(k.machine.ramBytes)),
  ro('hw.pagesizes', undefined, 'LU', (k) =>
    mib_int(PAGE_SIZE, k.pmap.pg_ps_enabled ? 4 << 20 : 0),
  ),
  int('hw.availpages', undefined, (k) => k.machine.ramBytes / PAGE_SIZE),
  ro('machdep.tsc_freq', undefined, 'Q', () => mib_quad(1e8)),
  state_int(
    'machdep.prot_fault_translation',
    undefined,
    (k) => k.kern.prot_fault_translation,
    (k, v) => {
      k.kern.prot_fault_translation = v;
    },
  ),
  state_int('security.bsd.map_at_zero', undefined, (k) => Number(k.kern.map_at_zero), (k, v) => {
    k.kern.map_at_zero = v !== 0;
  }), // prettier-ignore
  state_int('security.bsd.stack_guard_page', undefined, (k) => k.kern.stack_guard_page, (k, v) => {
    k.kern.stack_guard_page = Math.min(Math.max(v, 0), 16);
  }), // prettier-ignore
  int('security.jail.jailed', undefined, () => 0),
  knob('security.bsd.see_other_uids', 1),
  knob('security.bsd.unprivileged_proc_debug', 1),
  string('user.cs_path', 1, () => '/usr/bin:/bin:/usr/sbin:/sbin'),
  ...[99, 2048, 99, 1000, 0, 32, 2048, 255, 199212, 0, 0, 0, 0, 0, 0, 0, 0, 20, 255].map((v, i) =>
    int(`user.${USER_NAMES[i]}`, 2 + i, () => v),
  ),
  ...P1003_1B.map(([name, value], i) => int(`p1003_1b.${name}`, 1 + i, () => value)),
];
