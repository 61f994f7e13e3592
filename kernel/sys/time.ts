// Time (sys/time.h). Inside the kernel all times are nanoseconds in a double; 2^53 ns are 104 days,
// and since 1970 they are exact to 256 ns.

export const NSEC_PER_SEC = 1e9;
/** Virtual nanoseconds that an instruction takes: the machine runs at 100 MHz, one per cycle. */
export const NSEC_PER_INSTRUCTION = 10;
/** Ticks of the statistics clock per second, as programs see them. */
export const hz = 1000;
export const stathz = 127;

export const CLOCK_REALTIME = 0;
export const CLOCK_VIRTUAL = 1;
export const CLOCK_PROF = 2;
export const CLOCK_MONOTONIC = 4;
export const CLOCK_UPTIME = 5;
export const CLOCK_UPTIME_PRECISE = 7;
export const CLOCK_UPTIME_FAST = 8;
export const CLOCK_REALTIME_PRECISE = 9;
export const CLOCK_REALTIME_FAST = 10;
export const CLOCK_MONOTONIC_PRECISE = 11;
export const CLOCK_MONOTONIC_FAST = 12;
export const CLOCK_SECOND = 13;
export const CLOCK_THREAD_CPUTIME_ID = 14;
export const CLOCK_PROCESS_CPUTIME_ID = 15;

export const ITIMER_REAL = 0;
export const ITIMER_VIRTUAL = 1;
export const ITIMER_PROF = 2;

/** An interval timer: nanoseconds; it_value is the time it fires, 0 when it is off. */
export interface itimer {
  it_interval: number;
  it_value: number;
}
