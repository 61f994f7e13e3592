int counter, seen;
char line[16];
int table[8];

static int call4(int n, int a, int b, int c, int d) {
  int r;
  __asm__ volatile("int $0x80" : "=a"(r) : "a"(n), "b"(a), "c"(b), "d"(c), "S"(d) : "memory");
  return r;
}

int square(int n) {
  int result = n * n;
  return result;
}

int sum(int n) {
  int total = 0;
  for (int i = 1; i <= n; i++)
    total += square(i);
  counter = total;
  return total;
}

void handler(int signo) {
  seen = signo;
}

__attribute__((noreturn)) void child(void) {
  counter = 99;
  for (;;)
    call4(1, 3, 0, 0, 0);
}

int main(void) {
  struct { void (*handler)(int); int flags; void *restorer; int mask[2]; } action = { handler, 0, 0, { 0, 0 } };
  int status = 0;
  call4(3, 0, (int)line, 15, 0);
  sum(4);
  for (int i = 0; i < 50; i++)
    table[i & 7] = i * 3;
  call4(174, 10, (int)&action, 0, 8);
  call4(37, call4(20, 0, 0, 0, 0), 10, 0, 0);
  int pid = call4(2, 0, 0, 0, 0);
  if (pid == 0)
    child();
  call4(7, pid, (int)&status, 0, 0);
  counter += status;
  call4(4, 1, (int)line, 5, 0);
  return seen;
}

__attribute__((naked)) void _start(void) {
  __asm__("xor %ebp, %ebp\n call main\n mov %eax, %ebx\n mov $1, %eax\n int $0x80");
}
