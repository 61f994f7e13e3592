/* Are the structures of statfs, getfsstat and F_GETLK those of FreeBSD 11, and are eaccess, pathconf
 * and the calls about attributes that a file system can lack answered as there? */
#include "test.h"
#ifdef FAULTLINE_LINUX
int main(void)
{
	return 0;
}
#else
#include "native.h"

enum {
	SYS_chflags = 34, SYS_pathconf = 191, SYS_extattr_get_file = 357, SYS_eaccess = 376,
	SYS_getfsstat = 395, SYS_statfs = 396, SYS_fexecve = 492, SYS_lpathconf = 513,
	SYS_fcntl = 92,
};

struct statfs {
	uint32_t f_version, f_type;
	uint64_t f_flags, f_bsize, f_iosize, f_blocks, f_bfree;
	int64_t f_bavail;
	uint64_t f_files;
	int64_t f_ffree;
	uint64_t f_io[4], f_spare[10];
	uint32_t f_namemax, f_owner;
	int32_t f_fsid[2];
	char f_charspare[80], f_fstypename[16], f_mntfromname[88], f_mntonname[88];
};
_Static_assert(sizeof(struct statfs) == 472, "struct statfs");

static void file_systems(void)
{
	static struct statfs one, all[16];

	memset(&one, 0xee, sizeof one);
	CHECK(CALL2(SYS_statfs, "/dev", &one) == 0, "statfs fails");
	CHECK(one.f_version == 0x20030518 && one.f_namemax == 255, "f_namemax %u", one.f_namemax);
	CHECK(strcmp(one.f_fstypename, "devfs") == 0, "f_fstypename is '%s'", one.f_fstypename);
	CHECK(strcmp(one.f_mntonname, "/dev") == 0, "f_mntonname is '%s'", one.f_mntonname);
	long n = CALL3(SYS_getfsstat, 0, 0, 0);
	CHECK(n >= 2 && n <= 16, "getfsstat counts %ld", n);
	long got = CALL3(SYS_getfsstat, all, sizeof all, 0);
	CHECK(got == n, "getfsstat gives %ld of %ld", got, n);
	CHECK(strcmp(all[0].f_mntonname, "/") == 0, "the first is on '%s'", all[0].f_mntonname);
	CHECK(CALL3(SYS_getfsstat, all, sizeof all[0] + 1, 0) == 1, "not as many as fit");
}

static void locks(void)
{
	struct flock_11 {
		int64_t l_start, l_len;
		int32_t l_pid;
		int16_t l_type, l_whence;
		int32_t l_sysid;
	} lock = {10, 20, 0, 3, 0, 0}, query = {0, 0, 0, 3, 0, 99};
	int fd = make_file(100);

	_Static_assert(sizeof lock == 28, "struct flock");
	CHECK(CALL3(SYS_fcntl, fd, 12, &lock) == 0, "F_SETLK");
	pid_t pid = MUST(fork());
	if (pid == 0) {
		CHECK(CALL3(SYS_fcntl, fd, 11, &query) == 0, "F_GETLK");
		CHECK(query.l_pid == getppid() && query.l_start == 10 && query.l_len == 20,
		    "pid %d, %d+%d", query.l_pid, (int)query.l_start, (int)query.l_len);
		CHECK(query.l_sysid == 0, "l_sysid is %d", query.l_sysid);
		_exit(0);
	}
	expect_child(pid, 0);
}

int main(int argc, char **argv)
{
	char value[8];

	if (argc > 1)
		return 42;
	file_systems();
	locks();
	CHECK(CALL2(SYS_eaccess, "/tmp", W_OK) == 0, "eaccess");
	CHECK(CALL2(SYS_eaccess, "/nowhere", R_OK) == -ENOENT, "eaccess of nothing");
	CHECK(CALL2(SYS_pathconf, "/tmp", 4) == 255, "_PC_NAME_MAX");
	CHECK(CALL2(SYS_lpathconf, "/tmp", 64) == -EINVAL, "_PC_ACL_NFS4");
	CHECK(CALL2(SYS_chflags, "/tmp", 1) == -EOPNOTSUPP, "chflags");
	CHECK(CALL5(SYS_extattr_get_file, "/tmp", 1, "x", value, 8) == -EOPNOTSUPP, "extattr");
	pid_t pid = MUST(fork());
	if (pid == 0) {
		char *args[] = {"native_files", "again", NULL}, *env[] = {NULL};
		CALL3(SYS_fexecve, MUST(open(argv[0], O_RDONLY)), args, env);
		_exit(1);
	}
	expect_child(pid, 42);
	return 0;
}
#endif
