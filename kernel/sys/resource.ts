// Resource limits and usage (sys/resource.h, sys/resourcevar.h).

export const RLIMIT_CPU = 0;
export const RLIMIT_FSIZE = 1;
export const RLIMIT_DATA = 2;
export const RLIMIT_STACK = 3;
export const RLIMIT_CORE = 4;
export const RLIMIT_RSS = 5;
export const RLIMIT_MEMLOCK = 6;
export const RLIMIT_NPROC = 7;
export const RLIMIT_NOFILE = 8;
export const RLIMIT_SBSIZE = 9;
export const RLIMIT_VMEM = 10;
export const RLIMIT_NPTS = 11;
export const RLIMIT_SWAP = 12;
export const RLIMIT_KQUEUES = 13;
export const RLIMIT_UMTXP = 14;
export const RLIM_NLIMITS = 15;
/** As a number; on the wire it is 2^63 - 1. */
export const RLIM_INFINITY = Infinity;

export const PRIO_PROCESS = 0;
export const PRIO_PGRP = 1;
export const PRIO_USER = 2;
export const PRIO_MIN = -20;
export const PRIO_MAX = 20;

export const RUSAGE_SELF = 0;
export const RUSAGE_CHILDREN = -1;
export const RUSAGE_THREAD = 1;

export interface rlimit {
  /** Bytes, seconds or a count; RLIM_INFINITY for none. */
  rlim_cur: number;
  rlim_max: number;
}

/** struct plimit: shared by processes until one changes it. */
export interface plimit {
  pl_rlimit: rlimit[];
  pl_refcnt: number;
}

/** struct rusage; times in nanoseconds. */
export interface rusage {
  ru_utime: number;
  ru_stime: number;
  /** KB. */
  ru_maxrss: number;
  ru_ixrss: number;
  ru_idrss: number;
  ru_isrss: number;
  /** Faults served without, and with, I/O. */
  ru_minflt: number;
  ru_majflt: number;
  ru_nswap: number;
  ru_inblock: number;
  ru_oublock: number;
  ru_msgsnd: number;
  ru_msgrcv: number;
  ru_nsignals: number;
  ru_nvcsw: number;
  ru_nivcsw: number;
}

export function rusage_zero(): rusage {
  return {
    ru_utime: 0,
    ru_stime: 0,
    ru_maxrss: 0,
    ru_ixrss: 0,
    ru_idrss: 0,
    ru_isrss: 0,
    ru_minflt: 0,
    ru_majflt: 0,
    ru_nswap: 0,
    ru_inblock: 0,
    ru_oublock: 0,
    ru_msgsnd: 0,
    ru_msgrcv: 0,
    ru_nsignals: 0,
    ru_nvcsw: 0,
    ru_nivcsw: 0,
  };
}
