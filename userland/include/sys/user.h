/* What kern.proc.* and vm.objects return: FreeBSD 11's layouts for i386. */
#ifndef _SYS_USER_H_
#define _SYS_USER_H_

#include <limits.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/types.h>

#define SIDL 1
#define SRUN 2
#define SSLEEP 3
#define SSTOP 4
#define SZOMB 5
#define SWAIT 6
#define SLOCK 7

#define P_SYSTEM 0x200
#define P_PROFIL 0x20
#define P_PPWAIT 0x10
#define P_CONTROLT 0x2
#define P_INMEM 0x10000000

struct kinfo_proc {
	int ki_structsize, ki_layout;
	void *ki_args, *ki_paddr, *ki_addr, *ki_tracep, *ki_textvp, *ki_fd, *ki_vmspace, *ki_wchan;
	pid_t ki_pid, ki_ppid, ki_pgid, ki_tpgid, ki_sid, ki_tsid;
	short ki_jobc, ki_spare_short1;
	dev_t ki_tdev;
	sigset_t ki_siglist, ki_sigmask, ki_sigignore, ki_sigcatch;
	uid_t ki_uid, ki_ruid, ki_svuid;
	gid_t ki_rgid, ki_svgid;
	short ki_ngroups, ki_spare_short2;
	gid_t ki_groups[16];
	u_long ki_size;                                       /* bytes */
	int ki_rssize, ki_swrss, ki_tsize, ki_dsize, ki_ssize; /* pages */
	u_short ki_xstat, ki_acflag;
	u_int ki_pctcpu, ki_estcpu, ki_slptime, ki_swtime, ki_cow;
	uint64_t ki_runtime; /* microseconds */
	struct timeval ki_start, ki_childtime;
	long ki_flag, ki_kiflag;
	int ki_traceflag;
	char ki_stat;
	signed char ki_nice;
	char ki_lock, ki_rqindex;
	u_char ki_oncpu_old, ki_lastcpu_old;
	char ki_tdname[17], ki_wmesg[9], ki_login[18], ki_lockname[9], ki_comm[20];
	char ki_emul[17], ki_loginclass[18], ki_moretdname[4], ki_sparestrings[46];
	int ki_spareints[4];
	int ki_oncpu, ki_lastcpu, ki_tracer, ki_flag2, ki_fibnum;
	u_int ki_cr_flags;
	int ki_jid, ki_numthreads, ki_tid;
	struct {
		u_char pri_class, pri_level, pri_native, pri_user;
	} ki_pri;
	struct rusage_words {
		long words[18];
	} ki_rusage, ki_rusage_ch;
	void *ki_pcb, *ki_kstack, *ki_udata, *ki_tdaddr;
	void *ki_spareptrs[6];
	long ki_sparelongs[12];
	long ki_sflag, ki_tdflags;
};
_Static_assert(offsetof(struct kinfo_proc, ki_stat) == 308, "kinfo_proc");
_Static_assert(offsetof(struct kinfo_proc, ki_comm) == 367, "kinfo_proc");
_Static_assert(sizeof(struct kinfo_proc) == 768, "kinfo_proc of FreeBSD 11/i386");

#define KVME_TYPE_NONE 0
#define KVME_TYPE_DEFAULT 1
#define KVME_TYPE_VNODE 2
#define KVME_TYPE_SWAP 3
#define KVME_TYPE_DEVICE 4
#define KVME_TYPE_PHYS 5
#define KVME_TYPE_DEAD 6
#define KVME_TYPE_SG 7
#define KVME_TYPE_MGTDEVICE 8
#define KVME_TYPE_UNKNOWN 255

#define KVME_PROT_READ 1
#define KVME_PROT_WRITE 2
#define KVME_PROT_EXEC 4

#define KVME_FLAG_COW 1
#define KVME_FLAG_NEEDS_COPY 2
#define KVME_FLAG_NOCOREDUMP 4
#define KVME_FLAG_SUPER 8
#define KVME_FLAG_GROWS_UP 0x10
#define KVME_FLAG_GROWS_DOWN 0x20

/* Records are cut after the path: kve_structsize leads to the next. */
struct kinfo_vmentry {
	int kve_structsize, kve_type;
	uint64_t kve_start, kve_end, kve_offset, kve_vn_fileid;
	uint32_t kve_vn_fsid;
	int kve_flags, kve_resident, kve_private_resident, kve_protection;
	int kve_ref_count, kve_shadow_count, kve_vn_type;
	uint64_t kve_vn_size;
	uint32_t kve_vn_rdev;
	uint16_t kve_vn_mode, kve_status;
	int _kve_ispare[12];
	char kve_path[PATH_MAX];
};
_Static_assert(offsetof(struct kinfo_vmentry, kve_path) == 136, "kinfo_vmentry");

struct kinfo_vmobject {
	int kvo_structsize, kvo_type;
	uint64_t kvo_size, kvo_vn_fileid;
	uint32_t kvo_vn_fsid;
	int kvo_ref_count, kvo_shadow_count, kvo_memattr;
	uint64_t kvo_resident, kvo_active, kvo_inactive;
	uint64_t _kvo_qspare[8];
	uint32_t _kvo_ispare[8];
	char kvo_path[PATH_MAX];
};
_Static_assert(offsetof(struct kinfo_vmobject, kvo_path) == 160, "kinfo_vmobject");

/* vm.zone_stats: a header, then per zone a type header and one record per CPU. */
struct uma_stream_header {
	uint32_t ush_version, ush_maxcpus, ush_count, _ush_pad;
};
struct uma_type_header {
	char uth_name[32];
	uint32_t uth_align, uth_size, uth_rsize, uth_maxpages, uth_limit;
	uint32_t uth_pages, uth_keg_free, uth_zone_free, uth_bucketsize, uth_zone_flags;
	uint64_t uth_allocs, uth_frees, uth_fails, uth_sleeps, _uth_reserved1[2];
};
struct uma_percpu_stat {
	uint64_t ups_allocs, ups_frees, ups_cache_free, _ups_reserved[5];
};

#endif
