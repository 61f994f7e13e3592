/* Names and descriptions of signals. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

const char *const sys_signame[SYS_SIGNAMES] = {
    [SIGHUP] = "HUP",     [SIGINT] = "INT",       [SIGQUIT] = "QUIT",   [SIGILL] = "ILL",
    [SIGTRAP] = "TRAP",   [SIGABRT] = "ABRT",     [SIGFPE] = "FPE",     [SIGKILL] = "KILL",
    [SIGBUS] = "BUS",     [SIGSEGV] = "SEGV",     [SIGSYS] = "SYS",     [SIGPIPE] = "PIPE",
    [SIGALRM] = "ALRM",   [SIGTERM] = "TERM",     [SIGURG] = "URG",     [SIGSTOP] = "STOP",
    [SIGTSTP] = "TSTP",   [SIGCONT] = "CONT",     [SIGCHLD] = "CHLD",   [SIGTTIN] = "TTIN",
    [SIGTTOU] = "TTOU",   [SIGIO] = "IO",         [SIGXCPU] = "XCPU",   [SIGXFSZ] = "XFSZ",
    [SIGPROF] = "PROF",   [SIGVTALRM] = "VTALRM", [SIGWINCH] = "WINCH", [SIGUSR1] = "USR1",
    [SIGUSR2] = "USR2",
#ifndef FAULTLINE_LINUX
    [SIGEMT] = "EMT",     [SIGINFO] = "INFO",
#endif
};

static const char *const descriptions[SYS_SIGNAMES] = {
    [SIGHUP] = "Hangup",
    [SIGINT] = "Interrupt",
    [SIGQUIT] = "Quit",
    [SIGILL] = "Illegal instruction",
    [SIGTRAP] = "Trace/BPT trap",
    [SIGABRT] = "Abort trap",
    [SIGFPE] = "Floating point exception",
    [SIGKILL] = "Killed",
    [SIGBUS] = "Bus error",
    [SIGSEGV] = "Segmentation fault",
    [SIGSYS] = "Bad system call",
    [SIGPIPE] = "Broken pipe",
    [SIGALRM] = "Alarm clock",
    [SIGTERM] = "Terminated",
    [SIGXCPU] = "Cputime limit exceeded",
    [SIGXFSZ] = "Filesize limit exceeded",
    [SIGUSR1] = "User defined signal 1",
    [SIGUSR2] = "User defined signal 2",
};

char *strsignal(int sig)
{
	static char other[24];

	if (sig > 0 && sig < SYS_SIGNAMES && descriptions[sig])
		return (char *)descriptions[sig];
	snprintf(other, sizeof other, "Signal %d", sig);
	return other;
}
