/* vm#3 vm#93 System V shared memory: shared by key, across fork, gone with exec and exit, removed
 * with its last attachment; and what the calls refuse. */
#include "test.h"
#ifdef FAULTLINE_LINUX
int main(void)
{
	return 0;
}
#else
#include "native.h"

enum { SYS_shmat = 228, SYS_shmdt = 230, SYS_shmget = 231, SYS_shmctl = 512 };
enum { IPC_CREAT = 01000, IPC_EXCL = 02000, IPC_RMID = 0, IPC_SET, IPC_STAT, RDONLY = 010000 };

static struct {
	unsigned cuid, cgid, uid, gid;
	unsigned short mode, seq;
	int key, segsz, lpid, cpid, nattch, atime, dtime, ctime;
} ds;

static int attached(long id)
{
	CHECK(CALL3(SYS_shmctl, id, IPC_STAT, &ds) == 0, "IPC_STAT");
	return ds.nattch;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return attached(strtol(argv[1], NULL, 10));
	long id = CALL3(SYS_shmget, 77, 3 * PAGE - 5, IPC_CREAT | IPC_EXCL | 0600);

	CHECK(id >= 0, "shmget gives %ld", id);
	CHECK(CALL3(SYS_shmget, 77, 0, 0600) == id, "the same key gives another segment");
	CHECK(CALL3(SYS_shmget, 77, PAGE, IPC_CREAT | IPC_EXCL | 0600) == -EEXIST, "IPC_EXCL");
	CHECK(CALL3(SYS_shmget, 77, 4 * PAGE, 0600) == -EINVAL, "more than there is");
	CHECK(CALL3(SYS_shmget, 78, PAGE, 0600) == -ENOENT, "an unknown key");
	CHECK(CALL3(SYS_shmget, 0, 0, 0600) == -EINVAL, "an empty segment");
	CHECK(CALL3(SYS_shmat, id + 1, 0, 0) == -EINVAL, "another id");

	char *p = (char *)CALL3(SYS_shmat, id, 0, 0), *q = (char *)CALL3(SYS_shmat, id, 0, RDONLY);

	CHECK((unsigned)p % PAGE == 0 && (unsigned)q % PAGE == 0 && p != q, "at %p and %p", p, q);
	CHECK(attached(id) == 2 && ds.segsz == 3 * PAGE - 5 && ds.cpid == getpid(), "IPC_STAT");
	p[PAGE] = 5;
	CHECK(q[PAGE] == 5 && q[0] == 0, "the two are not one");
	catch_faults();
	EXPECT_FAULT(try_write(q, 1), SIGSEGV, SEGV_ACCERR, q);
	MUST_FAIL(mprotect(q, PAGE, PROT_READ | PROT_WRITE), EACCES);

	pid_t pid = MUST(fork());
	if (pid == 0) {
		CHECK(attached(id) == 4, "%d attached after fork", ds.nattch);
		p[PAGE + 1] = 6;
		CHECK(CALL1(SYS_shmdt, q) == 0 && attached(id) == 3, "shmdt");
		CHECK(CALL1(SYS_shmdt, q) == -EINVAL, "shmdt again");
		EXPECT_FAULT(try_read(q), SIGSEGV, SEGV_MAPERR, q);
		/* exec lets go of the other. */
		char number[16];
		snprintf(number, sizeof number, "%ld", id);
		execve(argv[0], (char *[]){argv[0], number, NULL}, environ);
		FAIL("exec: %s", strerror(errno));
	}
	expect_child(pid, 2);
	CHECK(attached(id) == 2, "%d attached after exit", ds.nattch);
	CHECK(p[PAGE + 1] == 6, "what the child wrote is lost");

	CHECK(CALL3(SYS_shmctl, id, IPC_RMID, 0) == 0, "IPC_RMID");
	CHECK(CALL3(SYS_shmget, 77, 0, 0600) == -ENOENT, "a removed segment is found");
	CHECK(q[PAGE + 1] == 6 && CALL1(SYS_shmdt, p) == 0 && q[PAGE + 1] == 6, "gone too early");
	CHECK(CALL1(SYS_shmdt, q) == 0, "shmdt");
	CHECK(CALL3(SYS_shmctl, id, IPC_STAT, &ds) == -EINVAL, "it is still there");
	return 0;
}
#endif
